"""What of a model folder would run code if the model were loaded, or could reach out of the folder; nothing of it runs.

Pickles are the least of it: Python files come with a model, a module may be named as its loader, a configuration may
tell a library to fetch code (`trust_remote_code`), and native libraries run when they are found on the path.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec

from headrace.blobs.paths import InvalidPath
from headrace.packaging.inside import inside
from headrace.packaging.mlmodel import Model
from headrace.packaging.pickles import SKOPS, Finding

CODE_SUFFIXES = frozenset([".py", ".pyc", ".pyd", ".so", ".dll", ".dylib", ".whl", ".egg", ".pyx"])
MAX_CONFIG_BYTES = 4 << 20
MAX_LISTED = 1000
_MLFLOW, _OURS = "mlflow.", "headrace."
# Keys of flavors that name a place in the folder, over all flavors of MLflow 1 to 3.
_PATH_KEYS = frozenset(
    "data model_data code python_model pickled_model model_path model_binary path peft_adaptor saved_model_dir "
    "artifact_path serving_input_path extra_files requirements_file local_base_model_path keras_module custom_objects "
    "tool tools_data agent_data retriever_data model_config".split()
)


class Verdict(StrEnum):
    """suspicious: something in it is there in no honest model, or could not be read to its end."""

    NO_CODE = "no code"
    RUNS_CODE = "runs code"
    SUSPICIOUS = "suspicious"


class Risk(msgspec.Struct, frozen=True, kw_only=True):
    """path: from the folder. kind: pickle, skops, code, loader, remote code, path. what: for people."""

    path: str
    kind: str
    what: str
    suspicious: bool = False


def risks_of(folder: Path, model: Model, files: Iterable[str], findings: Iterable[Finding]) -> list[Risk]:
    names = list(files)
    found = [
        *_paths(folder, model),
        *_loaders(model),
        *(risk for finding in findings if (risk := _of_finding(finding))),
        *(Risk(path=name, kind="code", what=_code(name, model)) for name in names if _is_code(name)),
        *_remote_code(folder, model, names),
    ]
    return found[:MAX_LISTED]


def verdict_of(risks: Iterable[Risk]) -> Verdict:
    found = list(risks)
    if any(risk.suspicious for risk in found):
        return Verdict.SUSPICIOUS
    return Verdict.RUNS_CODE if found else Verdict.NO_CODE


def _of_finding(finding: Finding) -> Risk | None:
    if finding.kind == SKOPS and not finding.names and not finding.trouble:
        return None
    listed = ", ".join(finding.names[:8]) + (f" and {len(finding.names) - 8} more" if len(finding.names) > 8 else "")
    verb = "makes types that skops doesn't know to be harmless:" if finding.kind == SKOPS else "imports"
    what = f"{verb} {listed}" if listed else "imports nothing"
    if finding.alarming:
        what = f"no model needs {', '.join(finding.alarming[:4])}; {what}"
    if finding.trouble:
        what = f"{finding.trouble}; {what}"
    return Risk(path=finding.path, kind=finding.kind, what=what, suspicious=finding.is_suspicious)


def _is_code(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in CODE_SUFFIXES


def _code(name: str, model: Model) -> str:
    top = name.partition("/")[0]
    if any(keys.get("code") == top for keys in model.flavors.values()):
        return "is importable while the model is loaded"
    script = str((model.pyfunc or {}).get("model_code_path") or "").replace("\\", "/").rpartition("/")[2]
    return "is run to make the model" if name == script else "is code"


def _loaders(model: Model) -> Iterator[Risk]:
    loader = str((model.pyfunc or {}).get("loader_module") or "")
    if loader and not loader.startswith((_MLFLOW, _OURS)):
        yield Risk(path="MLmodel", kind="loader", what=f"the module {loader} is imported and loads the model")


def _paths(folder: Path, model: Model) -> Iterator[Risk]:
    """Those that an MLmodel may name and no loader would follow."""
    example = model.saved_input_example_info
    places = {**model.flavors, **({"saved_input_example_info": example} if isinstance(example, Mapping) else {})}
    for where, key, value in _named(places):
        try:
            inside(folder, value)
        except InvalidPath as error:
            yield Risk(path="MLmodel", kind="path", what=f"{where}: {key}: {error.message}", suspicious=True)


def _named(value: Any, where: str = "", key: str = "") -> Iterator[tuple[str, str, str]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _named(inner, where or str(name), str(name))
    elif isinstance(value, list):
        for inner in value:
            yield from _named(inner, where, key)
    elif isinstance(value, str) and key in _PATH_KEYS:
        yield where, key, value


def _remote_code(folder: Path, model: Model, names: list[str]) -> Iterator[Risk]:
    for flavor, keys in model.flavors.items():
        if _says(keys, "trust_remote_code"):
            yield Risk(path="MLmodel", kind="remote code", what=f"{flavor}: trust_remote_code fetches code and runs it")
    for name in names:
        if name.endswith("config.json") and (folder / name).stat().st_size <= MAX_CONFIG_BYTES:
            try:
                config = json.loads((folder / name).read_bytes())
            except (ValueError, RecursionError, OSError):
                continue
            auto = config.get("auto_map") if isinstance(config, dict) else None
            if auto:
                yield Risk(
                    path=name, kind="remote code", what=f"auto_map names code of its own: {json.dumps(auto)[:200]}"
                )


def _says(value: Any, key: str) -> bool:
    if isinstance(value, Mapping):
        return any((name == key and bool(inner)) or _says(inner, key) for name, inner in value.items())
    return isinstance(value, list) and any(_says(inner, key) for inner in value)
