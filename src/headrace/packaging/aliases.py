"""MLflow's module names, for as long as a pickle is written or read.

Models that MLflow pickled name its modules (`mlflow.pyfunc.model`), and ours must name the same, so that either side
loads them. While `mlflow_names` is entered, `import mlflow.x` gives `headrace.x` in this process, whatever MLflow may
be installed; afterwards everything is as it was.
"""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

OWN, THEIRS = "headrace", "mlflow"

_lock = threading.RLock()
_depth = 0


def public_name(module: str) -> str | None:
    """MLflow's name of a public module of ours; None for others."""
    if module == OWN or module.startswith(f"{OWN}."):
        return THEIRS + module.removeprefix(OWN)
    return None


class _Finder(MetaPathFinder):
    def find_spec(self, fullname: str, *_unused: object) -> ModuleSpec | None:
        top, _, rest = fullname.partition(".")
        if top != THEIRS:
            return None
        # By name and not by import statement: it is the pickle that says which public module it wants.
        name = f"{OWN}.{rest}" if rest else OWN
        try:
            module = importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
                return None
            raise
        return ModuleSpec(fullname, _Present(module), is_package=hasattr(module, "__path__"))


class _Present(Loader):
    """Loads a module that is there already, and leaves it as it is."""

    def __init__(self, module: ModuleType) -> None:
        self._module, self._spec = module, module.__spec__

    def create_module(self, _: ModuleSpec) -> ModuleType:
        return self._module

    def exec_module(self, module: ModuleType) -> None:
        if self._spec is not None:
            module.__spec__ = self._spec


@contextmanager
def mlflow_names() -> Iterator[None]:
    """One thread at a time; may be entered again within."""
    global _depth  # noqa: PLW0603 — the process has one sys.modules
    with _lock:
        if _depth or sys.modules.get(THEIRS) is sys.modules.get(OWN):
            yield  # entered already, or for good (headrace.shim)
            return
        before = {name: sys.modules.pop(name) for name in list(sys.modules) if name.partition(".")[0] == THEIRS}
        finder = _Finder()
        sys.meta_path.insert(0, finder)
        _depth += 1
        try:
            yield
        finally:
            _depth -= 1
            sys.meta_path.remove(finder)
            for name in [name for name in sys.modules if name.partition(".")[0] == THEIRS]:
                del sys.modules[name]
            sys.modules.update(before)
