"""Opening a model folder: first looked at, then judged, then built.

A `Resolver` turns an address into a folder on this machine and says where it came from; this room knows no store.
"""

from __future__ import annotations

import importlib
import inspect
import json
import warnings
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from headrace import settings
from headrace.errors import Corrupt, HeadraceError, InvalidValue, NotFound
from headrace.lazy import MissingPackage
from headrace.packaging import manifest, requirements, trust
from headrace.packaging.aliases import OWN, THEIRS, mlflow_names
from headrace.packaging.draft import Draft
from headrace.packaging.flavor import Predictor, flavor, has_flavor
from headrace.packaging.mlmodel import FILE_NAME, PYFUNC, Model
from headrace.packaging.pyfunc import agents, artifacts, code_model, pickling
from headrace.packaging.pyfunc.loaded import PyFuncModel
from headrace.packaging.pyfunc.model import PythonModel, PythonModelContext
from headrace.packaging.source import Source

PYTHON_LOADERS = "mlflow.pyfunc.model", "mlflow.pyfunc.loaders."
SMALL_BYTES = 8 << 20  # up to here every byte is checked at each load, in some 10 ms


class Resolved(Protocol):
    """path: the model's folder. origin: as `trust` judges it."""

    @property
    def path(self) -> Path: ...

    @property
    def origin(self) -> trust.Origin: ...


class Resolver(Protocol):
    """From an address (path, models:/…, runs:/…, s3://…) to its folder. dst_path: where a download goes."""

    def __call__(self, uri: str, dst_path: str | Path | None = None) -> Resolved: ...


class DependencyMismatch(UserWarning):
    """What is installed isn't what the model was made with."""


def open_model(
    resolved: Resolved, *, model_config: Mapping[str, Any] | str | None = None, allow_pickle: bool | None = None
) -> Source:
    """Looks at the folder; runs nothing of it. Corrupt where files aren't what the manifest says."""
    folder = resolved.path
    if folder.is_file() and folder.name == FILE_NAME:
        folder = folder.parent
    model = Model.load(folder)
    _check_files(folder)
    saved = (model.pyfunc or {}).get("config")
    return Source(
        path=folder,
        model=model,
        origin=resolved.origin,
        allow_pickle=allow_pickle,
        model_config=_merged(saved, _given_config(model_config)),
    )


def load_pyfunc(source: Source, *, suppress_warnings: bool = False) -> PyFuncModel:
    keys = source.model.pyfunc
    if keys is None:
        raise NotFound(
            "flavor",
            PYFUNC,
            by="name",
            hint=f"The model has {_names(source.model)}; load it by that flavor's load_model."
            if source.model.flavors
            else "Its MLmodel names no flavor at all.",
        )
    if not suppress_warnings:
        _warn_of_mismatches(source.path)
    _import_code(source, keys)
    try:
        predictor = _predictor(source, str(keys.get("loader_module", "")))
    except (HeadraceError, MissingPackage):
        raise
    except Exception as error:
        _explain(source, error)
        raise
    return PyFuncModel(source.model, predictor, source.model_config)


def load_draft(draft: Draft) -> Predictor:
    """What was just written, for its example: the folder isn't finished, but this process wrote it."""
    keys = draft.model.pyfunc or {}
    source = Source(
        path=draft.path, model=draft.model, origin=trust.Origin(), allow_pickle=True, model_config=keys.get("config")
    )
    _import_code(source, keys)
    return _predictor(source, str(keys.get("loader_module", "")))


def load_native(source: Source, flavor_name: str, **options: Any) -> Any:
    """The framework's object."""
    keys = source.flavor(flavor_name)
    source.import_code(keys)
    try:
        return flavor(flavor_name).load(source, **options)
    except HeadraceError:
        raise
    except Exception as error:
        _explain(source, error)
        raise


def _import_code(source: Source, keys: Mapping[str, Any]) -> None:
    """The user's modules; not the loader that a flavor of ours put there for others, which the flavor doesn't name."""
    loader = str(keys.get("loader_module", ""))
    name = None if loader.startswith(PYTHON_LOADERS) else _flavor_of(source.model, loader)
    source.import_code(keys if name is None else source.model.flavors.get(name, keys))


def _predictor(source: Source, loader_module: str) -> Predictor:
    if loader_module.startswith(PYTHON_LOADERS):
        return _load_python_model(source)
    name = _flavor_of(source.model, loader_module)
    if name is not None:
        return flavor(name).load_pyfunc(source)
    return _load_by_module(source, loader_module)


def _flavor_of(model: Model, loader_module: str) -> str | None:
    """The flavor of ours that loads it. A loader of the folder's own gives way to the flavor beside it."""
    top, _, name = loader_module.partition(".")
    if top in (THEIRS, OWN):
        if has_flavor(name):
            return name
        raise NotFound(
            "flavor",
            name,
            by="name",
            hint=f"The model's loader is {loader_module}; install a plugin that has it, or load it with MLflow.",
        )
    beside = [other for other in model.flavors if other != PYFUNC and has_flavor(other)]
    return beside[0] if beside and not model.flavors[beside[0]].get("loader_module") else None


def _load_python_model(source: Source) -> Predictor:
    keys = source.pyfunc
    config = source.model_config or {}
    if keys.get("model_code_path"):
        # MLflow records where the file lay when it was saved; in the folder it has that name only.
        name = str(keys["model_code_path"]).replace("\\", "/").rpartition("/")[2]
        path = source.file(name)
        source.allow_code([name])
        model = code_model.run(path, config)
    elif keys.get("python_model"):
        name = str(keys["python_model"])
        path = source.file(name)
        source.allow_code([name])
        model = pickling.load(path, keys.get("python_model_compression"))
    else:
        raise Corrupt(f"{source.path / FILE_NAME} names neither python_model nor model_code_path.")
    model = agents.as_python_model(model)
    if not isinstance(model, PythonModel):
        raise Corrupt(f"{path} holds a {type(model).__name__}, which isn't a PythonModel.")
    context = PythonModelContext(artifacts.located(source, keys.get("artifacts") or {}), config)
    if "context" not in inspect.signature(model.load_context).parameters:
        raise InvalidValue("load_context", type(model).__name__, "its argument must be called `context`.")
    with mlflow_names():
        model.load_context(context=context)
    wrapped: Predictor = agents.wrapper_for(model, context)
    return wrapped


def _load_by_module(source: Source, loader_module: str) -> Predictor:
    """A module that anybody may name runs code, so it needs trust, wherever it lies."""
    if not loader_module:
        raise Corrupt(f"{source.path / FILE_NAME}: the flavor {PYFUNC} names no loader_module.")
    source.allow_code([f"{FILE_NAME} (loader_module {loader_module})"])
    with mlflow_names():
        try:
            module = importlib.import_module(loader_module)
        except ModuleNotFoundError as error:
            raise NotFound(
                "loader module",
                loader_module,
                by="name",
                hint="Install the package that has it; the model's requirements.txt may name it.",
            ) from error
    load = getattr(module, "_load_pyfunc", None)
    if load is None:
        raise Corrupt(f"The loader module {loader_module} has no _load_pyfunc.")
    keys = source.pyfunc
    data = source.file(str(keys["data"])) if keys.get("data") else source.path
    given = {"model_config": source.model_config} if "model_config" in inspect.signature(load).parameters else {}
    loaded: Predictor = load(str(data), **given)
    return loaded


def _check_files(folder: Path) -> None:
    known = manifest.read(folder)
    if known is not None:
        manifest.check(folder, known, contents=known.size_bytes <= SMALL_BYTES)
    else:
        deque(manifest.files_of(folder), maxlen=0)  # links that lead out, which a library would follow


def _explain(source: Source, error: Exception) -> None:
    """A framework that fails on a damaged file says anything but that; the digests do."""
    known = manifest.read(source.path)
    if known is not None:
        try:
            manifest.check(source.path, known, contents=True)
        except Corrupt as found:
            raise found from error


def _given_config(given: Mapping[str, Any] | str | None) -> dict[str, Any]:
    if given is None:
        given = settings.PYFUNC_INFERENCE_CONFIG.get()
        if given is None:
            return {}
    if isinstance(given, str):
        if Path(given).is_file():
            import yaml

            given = yaml.safe_load(Path(given).read_text(encoding="utf-8"))
        else:
            try:
                given = json.loads(given)
            except ValueError as error:
                raise InvalidValue(
                    "model_config", given, f"a dict, JSON or the path of a YAML file: {error}."
                ) from None
    if not isinstance(given, Mapping):
        raise InvalidValue("model_config", given, "a mapping.")
    return dict(given)


def _merged(saved: Any, given: dict[str, Any]) -> dict[str, Any] | None:
    """Only keys that the model was saved with can be overridden; MLflow's rule."""
    known = dict(saved) if isinstance(saved, Mapping) else {}
    unknown = sorted(set(given) - set(known))
    if unknown:
        has = f"it has {', '.join(sorted(known))}" if known else "it was saved without one"
        warnings.warn(
            f"model_config: {', '.join(unknown)} ignored, as the model doesn't know them; {has}.", stacklevel=4
        )
    known.update({key: value for key, value in given.items() if key in known})
    return known or None


def _warn_of_mismatches(folder: Path) -> None:
    found = requirements.mismatches(folder)
    if found:
        listed = "; ".join(str(each) for each in found)
        warnings.warn(
            f"The model was made with other packages than are installed: {listed}. To get them: "
            f"{requirements.install_line(found)}",
            DependencyMismatch,
            stacklevel=4,
        )


def _names(model: Model) -> str:
    return ", ".join(sorted(model.flavors))
