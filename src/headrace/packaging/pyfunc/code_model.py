"""Models from code: a Python file that says `set_model(obj)` is the model; nothing of it is pickled.

The file runs when the model is saved and each time it is loaded, as a module of its own. `ModelConfig` in it reads the
configuration that the model was saved with, or its own development_config where the file runs by itself.
"""

from __future__ import annotations

import importlib.util
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from headrace import clock
from headrace.errors import InvalidValue, UserCodeError
from headrace.packaging.aliases import mlflow_names


class _Running(threading.local):
    """What the file that runs in this thread has said. config: None outside of a load."""

    model: Any = None
    config: Any = None


_running = _Running()


def set_model(model: Any) -> None:
    """In a file that is a model: `model` is what is saved."""
    _running.model = model


class ModelConfig:
    """The model's configuration, in a file that is a model. development_config: a dict or the path of a YAML file,
    used where the file runs by itself."""

    def __init__(self, *, development_config: str | Path | dict[str, Any] | None = None) -> None:
        given = development_config if _running.config is None else _running.config
        if not given:
            raise FileNotFoundError(
                "There is no model configuration: give `model_config` when the model is saved, or `development_config` "
                "where its file runs by itself."
            )
        if not isinstance(given, dict) and not Path(given).is_file():
            raise FileNotFoundError(f"The model configuration {str(given)!r} isn't a file.")
        self.config = given

    def to_dict(self) -> dict[str, Any]:
        if isinstance(self.config, dict):
            return self.config
        try:
            return dict(yaml.safe_load(Path(self.config).read_text(encoding="utf-8")) or {})
        except (yaml.YAMLError, ValueError, TypeError) as error:
            raise InvalidValue("model_config", str(self.config), f"it must be a YAML mapping: {error}") from error

    def get(self, key: str) -> Any:
        found = self.to_dict()
        if key not in found:
            raise KeyError(f"The model configuration has no key {key!r}; it has {sorted(map(str, found))}.")
        return found[key]


def run(path: Path, config: dict[str, Any] | str | None) -> Any:
    """What the file gives to set_model. Runs it: the caller has asked `trust` before."""
    if path.suffix != ".py":
        raise InvalidValue("python_model", str(path), "a model from code is a .py file.")
    name = f"_headrace_model_{path.stem}_{clock.hex_id()[:8]}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with _context(config), mlflow_names(), _beside(path.parent):
        sys.modules[name] = module  # pickle, dataclasses and typing look modules up by name
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[name]
            raise
        found = _running.model
    if found is None:
        raise UserCodeError(
            f"{path} ran, but it set no model; it must say mlflow.models.set_model(MODEL) once.", "BAD_REQUEST"
        )
    return found


@contextmanager
def _context(config: dict[str, Any] | str | None) -> Iterator[None]:
    before = _running.model, _running.config
    _running.model, _running.config = None, config if config is not None else ""
    try:
        yield
    finally:
        _running.model, _running.config = before


@contextmanager
def _beside(folder: Path) -> Iterator[None]:
    """Modules beside the file can be imported by it."""
    entry = str(folder)
    sys.path.insert(0, entry)
    try:
        yield
    finally:
        sys.path.remove(entry)
