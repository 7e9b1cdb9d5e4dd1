"""Python objects as cloudpickle files that genuine MLflow reads, and back.

Classes of ours that have a public place in MLflow are written under that place; a reference to the module `headrace`
(`import headrace as mlflow`, then used in `predict`) becomes one to `mlflow`.
"""

from __future__ import annotations

import bz2
import errno
import gzip
import importlib
import lzma
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FunctionType, ModuleType
from typing import IO, Any

import cloudpickle

from headrace.errors import Corrupt, InvalidValue, StoreUnavailable, UserCodeError
from headrace.packaging.aliases import mlflow_names, public_name

_OF_THE_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO)  # and not of the object
_OPENERS: dict[str, Any] = {"lzma": lzma.open, "bzip2": bz2.open, "gzip": gzip.open}

# Modules of ours whose classes MLflow has in another place. Pickles name MLflow's.
PUBLIC = {
    "headrace.packaging.llm.chat": "mlflow.types.llm",
    "headrace.packaging.llm.messages": "mlflow.types.llm",
    "headrace.packaging.pyfunc.agent_types": "mlflow.types.agent",
    "headrace.packaging.pyfunc.chats": "mlflow.pyfunc.model",
    "headrace.packaging.pyfunc.model": "mlflow.pyfunc.model",
    "headrace.packaging.pyfunc.responses": "mlflow.types.responses_helpers",
    "headrace.packaging.schema": "mlflow.types.schema",
    "headrace.packaging.signature": "mlflow.models.signature",
    "headrace.packaging.types": "mlflow.types.schema",
}
_PUBLIC_CLASSES = {
    "ResponsesAgentRequest": "mlflow.types.responses",
    "ResponsesAgentResponse": "mlflow.types.responses",
    "ResponsesAgentStreamEvent": "mlflow.types.responses",
    "ChatUsage": "mlflow.types.chat",
}


class CannotPickle(UserCodeError):
    """Part of a model can't be pickled."""

    code = "INVALID_PARAMETER_VALUE"


def dump(value: Any, path: Path, compression: str | None = None) -> None:
    """CannotPickle says which part can't be, and what to do."""
    try:
        with _opened(path, "wb", compression) as file, mlflow_names(), _as_published():
            Pickler(file).dump(value)
    except Exception as error:
        path.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno in _OF_THE_DISK:
            raise StoreUnavailable(f"{path} can't be written: {error}.") from error
        raise CannotPickle(_why(value, error)) from error


def load(path: Path, compression: str | None = None) -> Any:
    """Runs what the file says: the caller has asked `trust` before."""
    with _opened(path, "rb", compression) as file, mlflow_names():
        try:
            return cloudpickle.load(file)
        except (EOFError, lzma.LZMAError, gzip.BadGzipFile) as error:
            raise Corrupt(f"{path} ends too early or isn't a pickle: {error}.") from error


class Pickler(cloudpickle.Pickler):  # type: ignore[misc]
    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, ModuleType):
            name = public_name(obj.__name__)
            if name is not None:
                return cloudpickle.cloudpickle.subimport, (name,)
        elif isinstance(obj, FunctionType):
            self._leave_out_paths(obj)
        return super().reducer_override(obj)

    def _leave_out_paths(self, function: FunctionType) -> None:
        """cloudpickle gives every function the path of its script, unless it finds that others have brought these
        globals along. Names are what relative imports need."""
        shared = self.globals_ref.setdefault(id(function.__globals__), {})
        if not shared:
            shared.update((key, function.__globals__.get(key)) for key in ("__package__", "__name__"))


def _opened(path: Path, mode: str, compression: str | None) -> IO[bytes]:
    if compression is None:
        file: IO[bytes] = path.open(mode)
        return file
    if compression not in _OPENERS:
        raise InvalidValue("python_model_compression", compression, f"allowed are {', '.join(sorted(_OPENERS))}.")
    compressed: IO[bytes] = _OPENERS[compression](path, mode)
    return compressed


@contextmanager
def _as_published() -> Iterator[None]:
    """pickle writes a class by its __module__, and looks there whether it finds it."""
    before: list[tuple[type, str]] = []
    try:
        for own, public in PUBLIC.items():
            for made in _classes_of(sys.modules.get(own), own):
                place = _PUBLIC_CLASSES.get(made.__name__, public)
                if getattr(importlib.import_module(place), made.__name__, None) is made:
                    before.append((made, own))
                    made.__module__ = place
        yield
    finally:
        for made, own in before:
            made.__module__ = own


def _classes_of(module: ModuleType | None, name: str) -> list[type]:
    """Those that the module itself defines; none if it isn't loaded."""
    return (
        [made for made in vars(module).values() if isinstance(made, type) and made.__module__ == name] if module else []
    )


def _why(value: Any, error: Exception) -> str:
    culprit = _unpicklable_attribute(value)
    if culprit is None:
        return (
            f"{type(value).__name__} can't be pickled: {error}. Build what can't be in load_context (from "
            "context.artifacts), not in __init__; or give the model as code: python_model='file.py' with set_model()."
        )
    name, held = culprit
    return (
        f"{type(value).__name__}.{name} holds a {type(held).__module__}.{type(held).__qualname__}, which can't be "
        f"pickled: {error}. Build it in load_context (from context.artifacts) instead of before saving, or leave it "
        "out by __getstate__; or give the model as code: python_model='file.py' with set_model()."
    )


def _unpicklable_attribute(value: Any) -> tuple[str, Any] | None:
    for name, held in getattr(value, "__dict__", {}).items():
        try:
            cloudpickle.dumps(held)
        except Exception:  # noqa: BLE001 — whatever a foreign object raises when it is pickled
            return name, held
    return None
