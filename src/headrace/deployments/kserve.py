"""KServe: an InferenceService as YAML, which `-C apply=true` gives to a cluster by kubectl.

With an image of `headrace models build-docker`, the predictor is a container of ours, which speaks the Open Inference
Protocol and everything else that `headrace models serve` speaks; `storage_uri` has KServe fetch the model for a general
image. Without an image, KServe's own runtime for MLflow's format serves the storage URI. Fields: the CRD
serving.kserve.io/v1beta1.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from headrace.deployments import predictions
from headrace.deployments.config import described
from headrace.deployments.fetched import Fetched
from headrace.deployments.folders import FOLDER_TEXT, FolderClient, FolderConfig, write_yaml
from headrace.deployments.local import run_local
from headrace.environments.tool import Tool, ToolFailed
from headrace.errors import InvalidState, InvalidValue, MissingValue
from headrace.serving.image import contents
from headrace.serving.image.dockerfile import PORT, USER

__all__ = ["FILE", "KServeDeploymentClient", "manifest", "run_local", "target_help"]

FILE = "inferenceservice.yaml"
MOUNTED = "/mnt/models"  # where KServe's storage initializer puts a model
KUBECTL = Tool(name="kubectl", hint="install it: https://kubernetes.io/docs/tasks/tools")

_LABEL = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")  # a service's name: a DNS label that begins with a letter
_QUANTITY = re.compile(r"(\d+(\.\d*)?|\.\d+)([numkMGTPE]|[KMGTPE]i)?")
_STORAGE = re.compile(r"(s3|gs|https?|hdfs|pvc|hf|wasbs|abfss)://.+")


class KServeConfig(FolderConfig, frozen=True, kw_only=True):
    image: str | None = None
    storage_uri: str | None = None
    namespace: str | None = None
    min_replicas: int = 1
    max_replicas: int | None = None
    cpu: str = "1"
    memory: str = "2Gi"
    gpus: int = 0
    service_account: str | None = None
    apply: bool = False
    context: str | None = None
    allow_pickle: bool | None = None


_TEXTS = {
    **FOLDER_TEXT,
    "image": "of `headrace models build-docker`: with the model, or a general one for storage_uri",
    "storage_uri": "where KServe fetches the model from: s3://…, gs://…, pvc://…; image or storage_uri is needed",
    "namespace": "of the cluster; also in the target: kserve:/NAMESPACE",
    "min_replicas": "0 lets it go to sleep, where Knative is",
    "max_replicas": "with more requests",
    "cpu": "that a replica is given",
    "memory": "that a replica is given",
    "gpus": "that a replica is given",
    "service_account": "that may read storage_uri or pull the image",
    "apply": "true gives the manifest to the cluster by kubectl",
    "context": "of kubectl's configuration, instead of its current one",
    "allow_pickle": "let a model run the code that it brings, trusted here or not",
}


class KServeDeploymentClient(FolderClient):
    target = "kserve"
    config = KServeConfig

    def __init__(self, target_uri: str) -> None:
        super().__init__(target_uri)
        self.namespace = target_uri.partition(":/")[2].strip("/") or None

    def write(self, name: str, model: Fetched, config: KServeConfig, folder: Path) -> str:
        runs_code = False
        if config.image and config.storage_uri:  # an image with the model in it was judged when it was made
            runs_code = contents.of_model(model.path, model.origin, allow_pickle=config.allow_pickle).runs_code
        namespace = config.namespace or self.namespace
        write_yaml(folder / FILE, manifest(name, model, config, namespace, runs_code=runs_code))
        return _readme(name, namespace)

    def create_deployment(self, *args: Any, **given: Any) -> dict[str, Any]:
        made = super().create_deployment(*args, **given)
        return self.put(made, made["config"])

    def put(self, made: dict[str, Any], config: Mapping[str, Any]) -> dict[str, Any]:
        chosen = self._chosen(None, config)
        assert isinstance(chosen, KServeConfig)
        if not chosen.apply:
            return made
        KUBECTL.ask(*_context(chosen), "apply", "--filename", str(Path(made["folder"], FILE)))
        return {**made, "status": "applied"}

    def delete_deployment(
        self, name: str, config: Mapping[str, Any] | None = None, endpoint: str | None = None
    ) -> None:
        """From the cluster too, where it was applied; the folder stays if that fails."""
        folder = self._folder(name, self._chosen(None, config))
        if (folder / FILE).is_file():
            chosen = self._chosen(None, self._known(folder, name)["config"])
            assert isinstance(chosen, KServeConfig)
            if chosen.apply:
                KUBECTL.ask(*_context(chosen), "delete", "--ignore-not-found", "--filename", str(folder / FILE))
        super().delete_deployment(name, config, endpoint)

    def get_deployment(self, name: str, endpoint: str | None = None) -> dict[str, Any]:
        """With what the cluster says, where it was applied."""
        known = super().get_deployment(name, endpoint)
        chosen = self._chosen(None, known["config"])
        assert isinstance(chosen, KServeConfig)
        if not chosen.apply:
            return known
        written = yaml.safe_load(Path(known["folder"], FILE).read_text(encoding="utf-8"))
        namespace = written["metadata"].get("namespace")
        place = ("--namespace", namespace) if namespace else ()
        try:
            said = KUBECTL.ask(*_context(chosen), "get", "inferenceservice", name, *place, "--output", "json")
        except ToolFailed as error:
            return {**known, "status": "unknown", "said": error.said}
        status = json.loads(said).get("status") or {}
        ready = [each for each in status.get("conditions") or [] if each.get("type") == "Ready"]
        is_ready = bool(ready) and ready[0].get("status") == "True"
        why = {} if is_ready or not ready else {"said": ready[0].get("message") or ready[0].get("reason")}
        return {**known, "status": "running" if is_ready else "not ready", "url": status.get("url"), **why}

    def predict(self, deployment_name: str | None = None, inputs: Any = None, endpoint: str | None = None) -> Any:
        """By the address that the cluster tells."""
        name = deployment_name or endpoint
        if name is None:
            raise MissingValue("deployment_name")
        found = self.get_deployment(name)
        if not found.get("url"):
            raise InvalidState(message=f"The deployment {name!r} is {found['status']} and has no address to ask.")
        return predictions.ask(found["url"], inputs)


def target_help() -> str:
    return (
        "kserve[:/NAMESPACE]: an InferenceService as YAML, and in a cluster with -C apply=true. run-local serves the\n"
        "model on this machine, with -C of the target local.\n\n"
        f"{described(KServeConfig, _TEXTS)}"
    )


def manifest(
    name: str, model: Fetched, config: KServeConfig, namespace: str | None, *, runs_code: bool
) -> dict[str, Any]:
    """The InferenceService. InvalidValue names what the API server would refuse."""
    _check(name, config, namespace)
    predictor: dict[str, Any] = {"minReplicas": config.min_replicas}
    if config.max_replicas is not None:
        predictor["maxReplicas"] = config.max_replicas
    if config.service_account:
        predictor["serviceAccountName"] = config.service_account
    resources = _resources(config)
    if config.image is None:
        predictor["model"] = {
            "modelFormat": {"name": "mlflow"},
            "protocolVersion": "v2",
            "storageUri": config.storage_uri,
            "resources": resources,
        }
    else:
        predictor["securityContext"] = {"runAsNonRoot": True, "runAsUser": USER}
        predictor["volumes"] = [{"name": "tmp", "emptyDir": {}}]
        predictor["containers"] = [_container(config, resources, runs_code=runs_code)]
    metadata: dict[str, Any] = {"name": name}
    if namespace:
        metadata["namespace"] = namespace
    if model.name:
        metadata["annotations"] = {"headrace.org/model": model.name, "headrace.org/version": model.version}
    return {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": metadata,
        "spec": {"predictor": predictor},
    }


def _container(config: KServeConfig, resources: dict[str, Any], *, runs_code: bool) -> dict[str, Any]:
    env = []
    if config.storage_uri:
        env = [{"name": "STORAGE_URI", "value": config.storage_uri}, {"name": "HEADRACE_IMAGE_MODEL", "value": MOUNTED}]
        env += [{"name": "HEADRACE_ALLOW_PICKLE", "value": "1"}] if runs_code else []
    return {
        "name": "kserve-container",
        "image": config.image,
        "ports": [{"containerPort": PORT, "protocol": "TCP"}],
        **({"env": env} if env else {}),
        "readinessProbe": {"httpGet": {"path": "/ping", "port": PORT}, "periodSeconds": 5},
        "resources": resources,
        "securityContext": {"readOnlyRootFilesystem": True, "allowPrivilegeEscalation": False},
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108 — in the container
    }


def _resources(config: KServeConfig) -> dict[str, Any]:
    wanted = {"cpu": config.cpu, "memory": config.memory}
    gpus = {"nvidia.com/gpu": str(config.gpus)} if config.gpus else {}
    return {"requests": {**wanted, **gpus}, "limits": {"memory": config.memory, **gpus}}


def _check(name: str, config: KServeConfig, namespace: str | None) -> None:
    for field, value in (("name", name), ("namespace", namespace)):
        if value is not None and not _LABEL.fullmatch(value):
            raise InvalidValue(field, value, "lower-case letters, digits and -, at most 63, a letter first.")
    if config.image is None and config.storage_uri is None:
        raise MissingValue("-C image or -C storage_uri")
    if config.storage_uri is not None and not _STORAGE.fullmatch(config.storage_uri):
        raise InvalidValue(
            "storage_uri", config.storage_uri, "an address that KServe fetches: s3://…, gs://…, pvc://…."
        )
    for field in ("cpu", "memory"):
        if not _QUANTITY.fullmatch(getattr(config, field)):
            raise InvalidValue(field, getattr(config, field), "a quantity such as 2, 500m or 4Gi.")
    for field, low in (("min_replicas", 0), ("gpus", 0)):
        if getattr(config, field) < low:
            raise InvalidValue(field, getattr(config, field), f"a whole number of at least {low}.")
    if config.max_replicas is not None and config.max_replicas < max(config.min_replicas, 1):
        raise InvalidValue("max_replicas", config.max_replicas, "no less than min_replicas, and at least 1.")


def _context(config: KServeConfig) -> tuple[str, ...]:
    return ("--context", config.context) if config.context else ()


def _readme(name: str, namespace: str | None) -> str:
    where = f" --namespace {namespace}" if namespace else ""
    return (
        f"# {name} on KServe\n\n"
        f"    kubectl apply --filename {FILE}\n"
        f"    kubectl wait{where} --for=condition=Ready inferenceservice/{name} --timeout=10m\n"
        f"    kubectl get{where} inferenceservice {name}\n"
    )
