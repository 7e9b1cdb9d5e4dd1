"""A model in the worker processes of Spark and Ray: loaded once in each, here or in a child in its own environment."""

from __future__ import annotations

import hashlib
import os
import tarfile
import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from headrace import clock
from headrace.errors import Forbidden
from headrace.packaging import trust
from headrace.packaging.batch.remote import RemoteModel
from headrace.packaging.load import load_pyfunc, open_model
from headrace.packaging.trust import Origin

_lock = threading.Lock()
_models: dict[Any, Predicts] = {}


class Predicts(Protocol):
    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any: ...


@dataclass(frozen=True, kw_only=True)
class WorkerModel:
    """Travels to the workers. folder: where they find the model, if they share a file system with the driver.
    archive_digest: of the archive that holds it, if they don't."""

    folder: str
    origin: Origin
    allow_pickle: bool | None = None
    model_config: tuple[tuple[str, Any], ...] = ()
    env_manager: str = "local"
    variables: tuple[tuple[str, str], ...] = ()
    archive_digest: str | None = None

    @property
    def path(self) -> Path:
        return Path(self.folder)


def worker_model(
    folder: Path,
    origin: Origin,
    *,
    allow_pickle: bool | None,
    model_config: Mapping[str, Any] | None,
    env_manager: str | None,
    variables: Mapping[str, str] | None,
) -> WorkerModel:
    """What this process trusts, its workers do: they have no list of their own."""
    if allow_pickle is None and (origin.vouches_for(folder) or trust.is_trusted(folder)):
        allow_pickle = True
    return WorkerModel(
        folder=str(folder),
        origin=origin,
        allow_pickle=allow_pickle,
        model_config=tuple((model_config or {}).items()),
        env_manager=env_manager or "local",
        variables=tuple((variables or {}).items()),
    )


def loaded(model: WorkerModel, archive: Callable[[], Path] | None = None) -> Predicts:
    """In this process only once. archive: gets the packed model, where the folder isn't at hand."""
    key = repr(model)
    with _lock:
        if key not in _models:
            here = model if archive is None else replace(model, folder=str(_unpacked(archive(), model)))
            _models[key] = _start(here)
        return _models[key]


def _start(model: WorkerModel) -> Predicts:
    if model.env_manager != "local":
        return RemoteModel(
            model.path,
            model.origin,
            allow_pickle=model.allow_pickle,
            model_config=dict(model.model_config),
            env_manager=model.env_manager,
            variables=dict(model.variables),
        )
    os.environ.update(dict(model.variables))
    source = open_model(model, model_config=dict(model.model_config) or None, allow_pickle=model.allow_pickle)
    return load_pyfunc(source, suppress_warnings=True)


def pack(model: WorkerModel, target: Path) -> WorkerModel:
    """The folder as a tar file, not compressed: weights hardly shrink."""
    with tarfile.open(target, "w") as archive:
        archive.add(model.path, arcname="model")
    with target.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return replace(model, archive_digest=digest)


def _unpacked(archive: Path, model: WorkerModel) -> Path:
    """The model's folder on this machine; workers that come at once may unpack it twice, and one of them wins."""
    target = Path(tempfile.gettempdir(), f"headrace-worker-{os.getuid()}", str(model.archive_digest))
    target.parent.mkdir(mode=0o700, exist_ok=True)
    if target.parent.lstat().st_uid != os.getuid():
        raise Forbidden(f"{target.parent} belongs to somebody else, who could put another model there; remove it.")
    if not target.is_dir():
        part = target.with_name(f"{target.name}.{clock.hex_id()[:8]}")
        with tarfile.open(archive) as packed:
            packed.extractall(part, filter="data")
        try:
            part.rename(target)
        except OSError:
            if not target.is_dir():
                raise
    return target / "model"
