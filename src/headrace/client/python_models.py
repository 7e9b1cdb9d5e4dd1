"""`pyfunc.save_model`, `log_model` and `load_model`: models of any kind behind one `predict`."""

from __future__ import annotations

import inspect
import json
import warnings
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from headrace.client.artifacts import download_artifacts
from headrace.client.flavored import COMMON, LOGGING
from headrace.client.log_model import Logging, log
from headrace.client.resolve import resolve_model
from headrace.client.training_data import opened
from headrace.errors import InvalidValue
from headrace.lazy import optional_import
from headrace.packaging import payload
from headrace.packaging.env_files import CONDA, REQUIREMENTS
from headrace.packaging.info import ModelInfo
from headrace.packaging.load import load_pyfunc, open_model
from headrace.packaging.mlmodel import Model
from headrace.packaging.pyfunc.artifacts import HUB_PREFIX
from headrace.packaging.pyfunc.loaded import PyFuncModel
from headrace.packaging.pyfunc.save import PythonSource, write_python_model
from headrace.packaging.save import Common, Written, beside, finish

_SOURCE = tuple(each.name for each in fields(PythonSource) if each.name != "fetch")


def save_model(path: str | Path, **given: Any) -> Model:
    """python_model: a PythonModel, a function of one argument, or the path of a .py file that says `set_model`; or
    loader_module with data_path. artifacts: name → path or address, copied into the model."""
    source, common = _split(given, (*_SOURCE, *COMMON))
    with beside(Path(path)) as folder:
        written = write_python_model(source, folder, opened(common))
        finish(written)
    return written.draft.model


def log_model(artifact_path: str | None = None, **given: Any) -> ModelInfo:
    """As save_model, into the store: a logged model, of the open run if there is one."""
    names = [name for name in LOGGING if name in given]
    logging = Logging(artifact_path=artifact_path, **{name: given.pop(name) for name in names})
    source, common = _split(given, (*LOGGING, *_SOURCE, *COMMON))

    def write_to(folder: Path, shared: Common) -> Written:
        return write_python_model(source, folder, shared)

    return log(write_to, common, logging)


def load_model(
    model_uri: str,
    suppress_warnings: bool = False,
    dst_path: str | None = None,
    model_config: str | Mapping[str, Any] | None = None,
    *,
    allow_pickle: bool | None = None,
) -> PyFuncModel:
    """model_config overrides keys that the model was saved with. allow_pickle: True to run what the policy would
    refuse, False to refuse all that could run code."""
    source = open_model(resolve_model(str(model_uri), dst_path), model_config=model_config, allow_pickle=allow_pickle)
    return load_pyfunc(source, suppress_warnings=suppress_warnings)


def validate_serving_input(model_uri: str, serving_input: str | dict[str, Any]) -> Any:
    """What the model answers to a body as a scoring server gets it: JSON, as text or parsed."""
    loaded = load_model(model_uri, suppress_warnings=True)
    body = serving_input if isinstance(serving_input, str) else json.dumps(serving_input)
    request = payload.decode("application/json", body, loaded.metadata)
    return loaded.predict(request.data, params=request.params)


def get_model_dependencies(model_uri: str, format: str = "pip") -> str:
    """The local path of the model's requirements.txt ("pip") or conda.yaml ("conda")."""
    names = {"pip": REQUIREMENTS, "conda": CONDA}
    if format not in names:
        raise InvalidValue("format", format, "allowed are pip and conda.")
    return download_artifacts(f"{str(model_uri).rstrip('/')}/{names[format]}")


def _split(given: dict[str, Any], known: tuple[str, ...]) -> tuple[PythonSource, Common]:
    if given.pop("infer_code_paths", False):
        warnings.warn("infer_code_paths isn't there yet: name the model's own modules by code_paths.", stacklevel=3)
    unknown = sorted(set(given) - {*_SOURCE, *COMMON})
    if unknown:
        raise TypeError(f"pyfunc: unknown argument {', '.join(unknown)}; there are {', '.join(sorted(set(known)))}.")
    source = PythonSource(fetch=fetch, **{name: given[name] for name in _SOURCE if name in given})
    return source, Common(**{name: given[name] for name in COMMON if name in given})


def fetch(address: str, scratch: Path) -> Path:
    """An artifact of a PythonModel, on this machine. hf:/REPO/NAME is a snapshot from the Hugging Face hub."""
    if address.startswith(HUB_PREFIX):
        hub = optional_import("huggingface_hub", why=f"for the artifact {address}")
        name = address.removeprefix(HUB_PREFIX).lstrip("/")
        try:
            return Path(hub.snapshot_download(name, local_dir=str(scratch)))
        except (OSError, ValueError) as error:
            raise InvalidValue(
                "artifacts",
                address,
                f"{name} can't be fetched from the Hugging Face hub: {error} Give the path of a folder that has it.",
            ) from error
    local = Path(address).expanduser()
    if local.exists():
        return local.absolute()
    if "://" not in address and ":/" not in address:
        raise InvalidValue("artifacts", address, "there is no such file or folder.")
    scratch.mkdir()
    target = None if address.startswith("file:") else str(scratch)
    return Path(download_artifacts(artifact_uri=address, dst_path=target))


def _show(function: Any, first: str, names: tuple[str, ...]) -> None:
    shown = [name for name in dict.fromkeys(names) if name != first]
    function.__signature__ = inspect.Signature(
        [
            inspect.Parameter(first, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=None),
            *(inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None) for name in shown),
        ]
    )


_show(save_model, "path", (*_SOURCE, *COMMON))
_show(log_model, "artifact_path", (*LOGGING, *_SOURCE, *COMMON))
