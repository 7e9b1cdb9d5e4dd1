"""State dicts as files and artifacts, without a model around them: `state_dict.pth`, as MLflow has it."""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from headrace.client.log_files import log_artifacts
from headrace.client.resolve import resolve_model
from headrace.errors import InvalidValue, NotFound
from headrace.lazy import optional_import
from headrace.packaging import trust

FILE = "state_dict.pth"


def save_state_dict(state_dict: Mapping[str, Any], path: str | Path, **options: Any) -> None:
    """Into the folder `path`. options: torch.save's."""
    torch = optional_import("torch")
    if not isinstance(state_dict, dict):
        raise InvalidValue("state_dict", f"a {type(state_dict).__name__}", "a dict, such as model.state_dict().")
    folder = Path(path)
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(state_dict, folder / FILE, **options)


def log_state_dict(state_dict: Mapping[str, Any], artifact_path: str, **options: Any) -> None:
    """As artifact of the open run."""
    with tempfile.TemporaryDirectory(prefix="headrace-state-") as folder:
        save_state_dict(state_dict, folder, **options)
        log_artifacts(folder, artifact_path)


def load_state_dict(state_dict_uri: str, *, allow_pickle: bool | None = None, **options: Any) -> Any:
    """options: torch.load's. A file with more than tensors and plain values is loaded only if its origin is trusted."""
    torch = optional_import("torch")
    resolved = resolve_model(str(state_dict_uri))
    path = resolved.path / FILE
    if not path.is_file():
        raise NotFound("state dict", str(state_dict_uri), by="uri", hint=f"There is no {FILE}.")
    if options.get("weights_only"):
        return torch.load(path, **options)
    options.pop("weights_only", None)
    try:
        return torch.load(path, weights_only=True, **options)
    except pickle.UnpicklingError:
        trust.may_run(resolved.path, what=[FILE], origin=resolved.origin, allow_pickle=allow_pickle)
        return torch.load(path, weights_only=False, **options)
