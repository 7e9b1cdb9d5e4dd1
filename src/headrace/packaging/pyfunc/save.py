"""Writing Python models: a PythonModel, a function, a file of code, or a loader module with its data."""

from __future__ import annotations

import inspect
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cloudpickle
import yaml

from headrace import settings
from headrace.errors import InvalidValue
from headrace.packaging import code, hints
from headrace.packaging.draft import Draft
from headrace.packaging.load import load_draft
from headrace.packaging.mlmodel import PYFUNC
from headrace.packaging.pyfunc import artifacts as artifact_files
from headrace.packaging.pyfunc import code_model, pickling
from headrace.packaging.pyfunc.agents import example_for, loader_module_of, prepare_agent
from headrace.packaging.pyfunc.model import FunctionModel, PythonModel, streams, user_function
from headrace.packaging.save import Common, Written, write
from headrace.packaging.signature import ModelSignature

MODEL_FILE = "python_model.pkl"
DATA_FOLDER = "data"
CODE_LOADER = "mlflow.pyfunc.loaders.code_model"


@dataclass(frozen=True, kw_only=True)
class PythonSource:
    """What `pyfunc.save_model` is given. Either python_model (an object, a function or the path of a .py file) with
    artifacts, or loader_module (with `_load_pyfunc(path)`) with data_path."""

    python_model: Any = None
    artifacts: Mapping[str, Any] | None = None
    loader_module: str | None = None
    data_path: str | Path | None = None
    model_config: dict[str, Any] | str | Path | None = None
    streamable: bool | None = None
    fetch: artifact_files.Fetch | None = None


def write_python_model(given: PythonSource, folder: Path, common: Common) -> Written:
    _check(given, common)
    if given.loader_module is not None:
        return write(
            PYFUNC,
            lambda draft: _write_loader(given, draft),
            load_draft,
            folder,
            common,
            roots=[],
        )
    model = given.python_model
    path = Path(model) if isinstance(model, str | Path) else None
    config = _config(given.model_config)
    if path is not None:
        model = code_model.run(_code_file(path), config)
    if callable(model) and not isinstance(model, PythonModel):
        model = FunctionModel(model)
    if not isinstance(model, PythonModel):
        raise InvalidValue(
            "python_model",
            model,
            "a PythonModel instance (not its class), a function of one argument, or the path of a .py file.",
        )
    if common.input_example is None:
        common = replace(common, input_example=example_for(model))
    return write(
        PYFUNC,
        lambda draft: _write_python(given, model, path, config, draft),
        load_draft,
        folder,
        common,
        roots=[model, user_function(model)],
        distributions=["cloudpickle"],
    )


def _write_python(given: PythonSource, model: PythonModel, path: Path | None, config: Any, draft: Draft) -> None:
    prepare_agent(model, draft)
    _sign_by_hint(model, draft)
    keys: dict[str, Any] = {}
    if path is not None:
        place = draft.path / path.name
        shutil.copyfile(path, place)
        keys["model_code_path"] = path.name
        loader = CODE_LOADER
        draft.modules |= code.imports_of(place)
    else:
        compression = settings.MODEL_COMPRESSION.get()
        keys["python_model"] = f"{MODEL_FILE}.{compression}" if compression else MODEL_FILE
        if compression:
            keys["python_model_compression"] = compression
        pickling.dump(model, draft.path / keys["python_model"], compression)
        keys["cloudpickle_version"] = cloudpickle.__version__
        loader = loader_module_of(model)
    if given.artifacts:
        keys["artifacts"] = artifact_files.store(given.artifacts, draft, given.fetch or _local_only)
    if config:
        keys["config"] = config
    streamable = streams(model) if given.streamable is None else given.streamable
    draft.set_pyfunc(loader, streamable=streamable, **keys)


def _write_loader(given: PythonSource, draft: Draft) -> None:
    keys: dict[str, Any] = {}
    if given.data_path is not None:
        data = Path(given.data_path)
        if not data.exists():
            raise InvalidValue("data_path", str(data), "there is no such file or folder.")
        if data.is_dir():
            keys["data"] = DATA_FOLDER
        else:
            keys["data"] = f"{DATA_FOLDER}/{data.name}"
        draft.copy_in(data, keys["data"])
    config = _config(given.model_config)
    if config:
        keys["config"] = config
    draft.set_pyfunc(given.loader_module, streamable=bool(given.streamable), **keys)


def _sign_by_hint(model: PythonModel, draft: Draft) -> None:
    """A type hint on predict's input is the signature, unless the caller gave one."""
    found: ModelSignature | None = hints.signature_from_hints(user_function(model))
    if found is None:
        return
    if draft.signature is None:
        draft.signature = found
        draft.model.is_signature_from_type_hint = True


def _check(given: PythonSource, common: Common) -> None:
    if (given.python_model is None) == (given.loader_module is None):
        raise InvalidValue(
            message="pyfunc models need exactly one of `python_model` (a PythonModel, a function, a .py file) and "
            "`loader_module` (a module with _load_pyfunc)."
        )
    if not isinstance(given.artifacts, Mapping | None):
        raise InvalidValue("artifacts", given.artifacts, "a dict of name and path, or address, is expected.")
    if given.loader_module is not None and given.artifacts:
        raise InvalidValue(
            "artifacts", sorted(given.artifacts), "they go with python_model; loader_module has data_path."
        )
    if given.python_model is not None and given.data_path is not None:
        raise InvalidValue("data_path", str(given.data_path), "it goes with loader_module; python_model has artifacts.")
    model = given.python_model
    if inspect.isclass(model):
        raise InvalidValue("python_model", model, f"give an instance: {model.__name__}().")
    if inspect.isfunction(model):
        arguments = [name for name in inspect.signature(model).parameters if name != "params"]
        if len(arguments) != 1:
            raise InvalidValue(
                "python_model", model, "a function that is a model has one argument, and may have params."
            )
        if common.input_example is None and common.pip_requirements is None and common.extra_pip_requirements is None:
            raise InvalidValue(
                "python_model",
                model.__name__,
                "a function needs input_example, pip_requirements or extra_pip_requirements beside it.",
            )


def _code_file(path: Path) -> Path:
    if not path.is_file():
        raise InvalidValue("python_model", str(path), "there is no such file.")
    return path


def _config(given: Any) -> dict[str, Any] | None:
    if given is None or isinstance(given, dict):
        return given
    path = Path(given)
    if not path.is_file():
        raise InvalidValue("model_config", str(given), "a dict, or the path of a YAML file.")
    try:
        loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise InvalidValue("model_config", str(given), f"it isn't YAML: {error}") from error
    if not isinstance(loaded, dict):
        raise InvalidValue("model_config", str(given), "the YAML file must hold a mapping.")
    return loaded


def _local_only(address: str, _scratch: Path) -> Path:
    path = Path(address.removeprefix("file://"))
    if not path.exists():
        raise InvalidValue("artifacts", address, "there is no such file or folder.")
    return path.absolute()
