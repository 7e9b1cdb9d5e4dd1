"""MLflow's module names, for as long as a pickle is written or read.

Models that MLflow pickled name its modules (`mlflow.pyfunc.model`), and ours must name the same, so that either side
loads them. While `mlflow_names` is entered, `import mlflow.x` gives `headrace.x` in this process, whatever MLflow may
be installed; afterwards everything is as it was.
"""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

OWN, THEIRS = "headrace", "mlflow"
_RECORDING = ("tracing", "entities.span")  # MLflow traces what agents answer, in functions that it pickles with them

_lock = threading.RLock()
_depth = 0


def public_name(module: str) -> str | None:
    """MLflow's name of a public module of ours; None for others."""
    if module == OWN or module.startswith(f"{OWN}."):
        return THEIRS + module.removeprefix(OWN)
    return None


class _Finder(MetaPathFinder):
    def __init__(self, is_meant: Callable[[str], bool]) -> None:
        self._is_meant = is_meant

    def find_spec(self, fullname: str, *_unused: object) -> ModuleSpec | None:
        rest = fullname.partition(".")[2]
        if not self._is_meant(fullname):
            return None
        # By name and not by import statement: it is the pickle that says which public module it wants.
        name = f"{OWN}.{rest}" if rest else OWN
        try:
            module = importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name is None or not (name == error.name or name.startswith(f"{error.name}.")):
                raise
            if not rest.startswith(_RECORDING):
                return None
            module = _Unrecorded(fullname)
        return ModuleSpec(fullname, _Present(module), is_package=hasattr(module, "__path__"))


class _Nothing:
    """Takes every call and every `with`; nothing comes of it."""

    def __call__(self, *_unused: object, **_named: object) -> _Nothing:
        return self

    def __getattr__(self, name: str) -> _Nothing:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __enter__(self) -> _Nothing:
        return self

    def __exit__(self, *_unused: object) -> None:
        return None

    def __instancecheck__(self, _: object) -> bool:
        return False


class _Unrecorded(ModuleType):
    """A module of MLflow's that isn't here and that its pickles only name to record calls."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__path__: list[str] = []

    def __getattr__(self, name: str) -> _Nothing:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Nothing()


class _Present(Loader):
    """Loads a module that is there already, and leaves it as it is."""

    def __init__(self, module: ModuleType) -> None:
        self._module, self._spec = module, module.__spec__

    def create_module(self, _: ModuleSpec) -> ModuleType:
        return self._module

    def exec_module(self, module: ModuleType) -> None:
        if self._spec is not None:
            module.__spec__ = self._spec


def _is_theirs(module: str) -> bool:
    return module.partition(".")[0] == THEIRS


def _is_recording(module: str) -> bool:
    top, _, rest = module.partition(".")
    return top == THEIRS and rest.startswith(_RECORDING)


@contextmanager
def mlflow_names() -> Iterator[None]:
    """One thread at a time; may be entered again within."""
    global _depth  # noqa: PLW0603 — the process has one sys.modules
    with _lock:
        if _depth:
            yield
            return
        # Under headrace.shim the names are there for good, but for those that nobody but a pickle asks for.
        is_meant = _is_recording if sys.modules.get(THEIRS) is sys.modules.get(OWN) else _is_theirs
        before = {name: sys.modules.pop(name) for name in list(sys.modules) if is_meant(name)}
        finder = _Finder(is_meant)
        sys.meta_path.insert(0, finder)
        _depth += 1
        try:
            yield
        finally:
            _depth -= 1
            sys.meta_path.remove(finder)
            for name in [name for name in sys.modules if is_meant(name)]:
                del sys.modules[name]
            sys.modules.update(before)
