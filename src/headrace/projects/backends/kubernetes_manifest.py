"""The manifest of a Job: a template with image, command and environment put into its first container.

`problems` holds the rules of a batch/v1 Job for what is written here and for what templates get wrong most often; the
rest is the API server's to judge. Rules: Kubernetes' API conventions (names, labels, quantities) and its validation of
Jobs and pod templates.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from headrace.errors import InvalidValue

MAX_NAME = 63  # characters: the Job's name is a label of its pods

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_VARIABLE = re.compile(r"[-._a-zA-Z][-._a-zA-Z0-9]*")
_QUANTITY = re.compile(r"[+]?(\d+(\.\d*)?|\.\d+)([numkMGTPE]|[KMGTPE]i|[eE][+-]?\d+)?")
_COUNTS = ("activeDeadlineSeconds", "backoffLimit", "completions", "parallelism", "ttlSecondsAfterFinished")
_POLICIES = ("Never", "OnFailure")
_LABEL_RULE = "lower-case letters, digits and -, at most 63, a letter or digit at both ends"

# Without a template: one pod, no second try (a run has one outcome), gone a day after its end.
PLAIN: dict[str, Any] = {
    "apiVersion": "batch/v1",
    "kind": "Job",
    "metadata": {},
    "spec": {
        "backoffLimit": 0,
        "ttlSecondsAfterFinished": 24 * 3600,
        "template": {"spec": {"restartPolicy": "Never", "containers": [{}]}},
    },
}


def template(path: str | Path | None) -> dict[str, Any]:
    """The template of a file, or a plain one. InvalidValue if the file can't be one."""
    if path is None:
        return copy.deepcopy(PLAIN)
    try:
        found = list(yaml.safe_load_all(Path(path).expanduser().read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise InvalidValue("kube-job-template-path", str(path), "there is no such file.") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InvalidValue("kube-job-template-path", str(path), f"it isn't YAML: {error}") from None
    if len(found) != 1 or not isinstance(found[0], dict):
        raise InvalidValue("kube-job-template-path", str(path), "it must hold one manifest, that of a Job.")
    return found[0]


def filled(
    given: Mapping[str, Any], *, name: str, container: str, image: str, command: list[str], env: Mapping[str, str]
) -> dict[str, Any]:
    """The Job, valid as far as `problems` knows. Variables of the template stay, but for those of the same name.

    InvalidValue lists everything that is wrong with it, each by its path.
    """
    made = copy.deepcopy(dict(given))
    wrong = [f"{path}: {what}" for path, what in _frame(made)]
    if not wrong:
        made["metadata"] = {**(made.get("metadata") or {}), "name": name}
        made["metadata"].pop("generateName", None)
        first = made["spec"]["template"]["spec"]["containers"][0]
        kept = [entry for entry in first.get("env") or [] if not _gives_way(entry, env)]
        added = [{"name": variable, "value": value} for variable, value in env.items()]
        first |= {"name": container, "image": image, "command": command, "env": kept + added}
        first.pop("args", None)  # they would follow the command
        wrong = problems(made)
    if wrong:
        raise InvalidValue(message="The Job's template isn't valid:\n" + "\n".join(f"  {line}" for line in wrong))
    return made


def _gives_way(entry: object, env: Mapping[str, str]) -> bool:
    """A variable of ours, or the "{appended with …}" of the template in MLflow's documentation."""
    if isinstance(entry, str):
        return entry.startswith("{") and entry.endswith("}")
    return isinstance(entry, dict) and entry.get("name") in env


def job_name(project: str | None, suffix: str) -> str:
    """A name that Kubernetes takes and that ends in `suffix`, which tells it from others."""
    return f"{slug(project, MAX_NAME - len(suffix) - 1)}-{suffix}"


def slug(text: str | None, most: int = MAX_NAME) -> str:
    """The text as a DNS label."""
    plain = re.sub(r"[^a-z0-9]+", "-", (text or "").lower()).strip("-")
    return plain[:most].strip("-") or "project"


def problems(job: Mapping[str, Any]) -> list[str]:
    """What the API server would refuse, a line each: the path and what is allowed there. Empty: nothing found."""
    found = list(_frame(job))
    if not found:
        found = [*_metadata(job["metadata"]), *_job(job["spec"]), *_pod(job["spec"]["template"]["spec"])]
    return [f"{path}: {what}" for path, what in found]


Problems = Iterator[tuple[str, str]]


def _frame(job: Mapping[str, Any]) -> Problems:
    """Whether the parts are there that the others stand in."""
    for key, wanted in (("apiVersion", "batch/v1"), ("kind", "Job")):
        if job.get(key) != wanted:
            yield key, f"must be {wanted}, not {job.get(key)!r}"
    if not isinstance(job.get("metadata") or {}, dict):
        yield "metadata", "must be a mapping"
    at: Any = job
    path = ""
    for key in ("spec", "template", "spec"):
        at, path = at.get(key), f"{path}.{key}".lstrip(".")
        if not isinstance(at, dict):
            yield path, "is required, a mapping"
            return
    containers = at.get("containers")
    if not isinstance(containers, list) or not containers:
        yield f"{path}.containers", "is required, a list with at least one container"
    elif not isinstance(containers[0], dict):
        yield f"{path}.containers[0]", "must be a mapping"


def _metadata(metadata: Mapping[str, Any]) -> Problems:
    name = metadata.get("name")
    if not isinstance(name, str) or len(name) > MAX_NAME or not _SUBDOMAIN.fullmatch(name):
        yield "metadata.name", f"{name!r} is no name; allowed are {_LABEL_RULE}"
    namespace = metadata.get("namespace")
    if namespace is not None and not _is_label(namespace):
        yield "metadata.namespace", f"{namespace!r} is no namespace; allowed are {_LABEL_RULE}"
    for part in ("labels", "annotations"):
        for key, value in _mapping(metadata.get(part)).items():
            if not isinstance(value, str):
                yield f"metadata.{part}.{key}", _text_rule(value)


def _job(spec: Mapping[str, Any]) -> Problems:
    for key in _COUNTS:
        value = spec.get(key)
        if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 0):
            yield f"spec.{key}", f"must be a whole number ≥ 0, not {value!r}"
    suspend = spec.get("suspend")
    if suspend is not None and not isinstance(suspend, bool):
        yield "spec.suspend", f"must be true or false, not {suspend!r}"
    if suspend is True:
        yield "spec.suspend", "a suspended Job never begins; leave it out"


def _pod(pod: Mapping[str, Any]) -> Problems:
    path = "spec.template.spec"
    if pod.get("restartPolicy") not in _POLICIES:
        yield f"{path}.restartPolicy", f"must be Never or OnFailure in a Job, not {pod.get('restartPolicy')!r}"
    volumes = set[str]()
    for number, volume in enumerate(pod.get("volumes") or []):
        name = volume.get("name") if isinstance(volume, dict) else None
        if not _is_label(name):
            yield f"{path}.volumes[{number}].name", f"{name!r} is no name; allowed are {_LABEL_RULE}"
        else:
            volumes.add(str(name))
    names = set[str]()
    for part in ("initContainers", "containers"):
        for number, container in enumerate(pod.get(part) or []):
            here = f"{path}.{part}[{number}]"
            if not isinstance(container, dict):
                yield here, "must be a mapping"
                continue
            yield from _container(here, container, volumes)
            name = str(container.get("name"))
            if name in names:
                yield f"{here}.name", f"{name!r} is there twice"
            names.add(name)


def _container(path: str, container: Mapping[str, Any], volumes: set[str]) -> Problems:
    if not _is_label(container.get("name")):
        yield f"{path}.name", f"{container.get('name')!r} is no name; allowed are {_LABEL_RULE}"
    image = container.get("image")
    if not isinstance(image, str) or not image or image != image.strip():
        yield f"{path}.image", f"{image!r} is no image"
    for key in ("command", "args"):
        words = container.get(key)
        if words is not None and not (isinstance(words, list) and all(isinstance(word, str) for word in words)):
            yield f"{path}.{key}", "must be a list of texts"
    yield from _env(path, container.get("env"))
    for kind in ("limits", "requests"):
        for resource, amount in _mapping(_mapping(container.get("resources")).get(kind)).items():
            if isinstance(amount, bool) or not _QUANTITY.fullmatch(str(amount)):
                yield f"{path}.resources.{kind}.{resource}", f"{amount!r} is no quantity, such as 2, 500m or 4Gi"
    for number, mount in enumerate(container.get("volumeMounts") or []):
        name = mount.get("name") if isinstance(mount, dict) else None
        if name not in volumes:
            there = ", ".join(sorted(volumes)) or "none"
            yield f"{path}.volumeMounts[{number}].name", f"no volume {name!r} in the pod; there are: {there}"
        if not isinstance(mount, dict) or not isinstance(mount.get("mountPath"), str):
            yield f"{path}.volumeMounts[{number}].mountPath", "is required, a path"


def _env(path: str, entries: Any) -> Problems:
    if entries is not None and not isinstance(entries, list):
        yield f"{path}.env", "must be a list of name and value"
        return
    for number, entry in enumerate(entries or []):
        here = f"{path}.env[{number}]"
        if not isinstance(entry, dict):
            yield here, "must be a mapping of name and value"
            continue
        name = entry.get("name")
        if not isinstance(name, str) or not _VARIABLE.fullmatch(name):
            yield f"{here}.name", f"{name!r} is no variable's name"
        if "value" in entry and "valueFrom" in entry:
            yield here, "has value and valueFrom; only one may be"
        if not isinstance(entry.get("value", ""), str):
            yield f"{here}.value", _text_rule(entry["value"])


def _text_rule(value: object) -> str:
    return f'must be a text, not {value!r}; in YAML, write it in quotes: "{value}"'


def _is_label(value: object) -> bool:
    return isinstance(value, str) and len(value) <= MAX_NAME and _LABEL.fullmatch(value) is not None


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
