"""Modules as pickles and TorchScript archives: `data/model.pth`, beside the name of the module that unpickles it."""

from __future__ import annotations

import importlib
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any

from headrace.errors import Corrupt, NotFound
from headrace.flavors.pytorch import cloud_pickle
from headrace.packaging.aliases import mlflow_names, public_name
from headrace.packaging.pyfunc import pickling
from headrace.packaging.source import Source

FILE = "model.pth"
MODULE_FILE = "pickle_module_info.txt"
PICKLE_MODULE = "mlflow.pytorch.pickle_module"  # ours is `cloud_pickle`


def save(model: Any, folder: Path, pickle_module: ModuleType | None, **options: Any) -> str:
    """Returns the name of the pickle module, as MLflow finds it."""
    import torch

    module = cloud_pickle if pickle_module is None else pickle_module
    written = PICKLE_MODULE if module is cloud_pickle else public_name(module.__name__) or module.__name__
    path = folder / FILE
    if isinstance(model, torch.jit.ScriptModule):
        torch.jit.save(model, path)
    else:
        with mlflow_names():
            try:
                torch.save(model, path, pickle_module=module, **options)
            except Exception as error:
                path.unlink(missing_ok=True)
                raise pickling.CannotPickle(
                    f"The {type(model).__name__} can't be pickled: {error}. Give an input_example that it can be "
                    "exported with, or take out what can't be (locks, files, generators)."
                ) from error
    (folder / MODULE_FILE).write_text(written, encoding="utf-8")
    return written


def load(source: Source, name: str, device: str | None, **options: Any) -> Any:
    """name: of the file. options: torch.load's. With weights_only=True nothing of the file runs."""
    import torch

    path = source.file(name)
    if not torch.cuda.is_available():
        options.setdefault("map_location", "cpu")
    elif device is not None:
        options.setdefault("map_location", device)
    if options.get("weights_only"):
        options.pop("pickle_module", None)
        model = torch.load(path, **options)
    else:
        source.allow_code([name])
        model = _load(path, options)
    if hasattr(model, "eval"):
        model.eval()
    return model.to(device) if device is not None else model


def _load(path: Path, options: dict[str, Any]) -> Any:
    import torch

    if _is_script(path):
        return torch.jit.load(path, map_location=options.get("map_location"))
    options["weights_only"] = False
    with mlflow_names():
        if "pickle_module" not in options:
            options["pickle_module"] = _pickle_module(path.parent / MODULE_FILE)
        try:
            return torch.load(path, **options)
        except (EOFError, RuntimeError) as error:
            if "zip archive" not in str(error) and not isinstance(error, EOFError):
                raise
            raise Corrupt(f"{path} isn't a whole PyTorch file: {str(error).splitlines()[0]}") from error


def _is_script(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.endswith("/constants.pkl") for name in archive.namelist())
    except zipfile.BadZipFile:
        return False


def _pickle_module(path: Path) -> ModuleType:
    name = path.read_text(encoding="utf-8").strip() if path.is_file() else "pickle"
    if name == PICKLE_MODULE:
        return cloud_pickle
    try:
        return importlib.import_module(name)
    except (ImportError, ValueError) as error:
        raise NotFound(
            "pickle module", name, by="name", hint="The model was pickled with it; install the package that has it."
        ) from error
