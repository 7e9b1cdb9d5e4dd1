"""Stand-ins for names of MLflow's that Headrace doesn't have yet: the first use of each says so, then it does nothing.

`hasattr`, `from … import`, `isinstance`, base classes and decorators work on them; a name that MLflow doesn't have
either is an AttributeError.
"""

from __future__ import annotations

import importlib
import sys
import threading
import warnings
from collections.abc import Iterator
from functools import partial
from types import ModuleType
from typing import Any

from headrace.client.mlflow_names import CLIENT_METHODS, DECORATORS, MODULES, PLACES, TOP

_lock = threading.Lock()
_warned: set[str] = set()
_modules: dict[str, ModuleType] = {}
_ROOT = "headrace"


class NotThereYet(UserWarning):
    """A name of MLflow's was used that Headrace doesn't have yet."""


def warn_once(name: str, stacklevel: int = 3) -> None:
    with _lock:
        if name in _warned:
            return
        _warned.add(name)
    warnings.warn(f"Headrace has no {name} yet; it does nothing.", NotThereYet, stacklevel=stacklevel)


class Absent:
    """A function or class that isn't there."""

    def __init__(self, name: str) -> None:
        self.__dict__["_name"] = name

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        warn_once(self._name)
        if (
            self._name.removeprefix("mlflow.") in DECORATORS
            and len(arguments) == 1
            and not named
            and callable(arguments[0])
        ):
            return arguments[0]
        return AbsentResult(f"{self._name}()")

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        return AbsentResult(f"{self._name}.{attribute}")

    def __setattr__(self, attribute: str, value: Any) -> None:
        """Forgotten: there is nothing to configure."""

    def __repr__(self) -> str:
        return f"<{self._name}: not in Headrace yet>"

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[type, ...]:
        warn_once(self._name)
        return ()

    def __instancecheck__(self, instance: object) -> bool:
        return False

    def __subclasscheck__(self, subclass: type) -> bool:
        return False

    def __or__(self, other: object) -> Any:
        return Any

    __ror__ = __or__


class AbsentResult(Absent):
    """What a call of an absent name gives: empty, false, a context manager, and a decorator that changes nothing."""

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        if len(arguments) == 1 and not named and callable(arguments[0]):
            return arguments[0]
        return AbsentResult(f"{self._name}()")

    def __enter__(self) -> AbsentResult:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def __bool__(self) -> bool:
        return False

    def __len__(self) -> int:
        return 0

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __getitem__(self, key: object) -> Any:
        return AbsentResult(f"{self._name}[…]")

    def __setitem__(self, key: object, value: object) -> None:
        """Forgotten."""


class AbsentModule(ModuleType):
    """A module that isn't there; its public names are."""

    def __init__(self, dotted: str) -> None:
        super().__init__(f"{_ROOT}.{dotted}", f"MLflow's {dotted}, which Headrace doesn't have yet.")
        self.__path__: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return lookup(self.__name__, name)


def lookup(module: str, name: str) -> Any:
    """A public name of MLflow's that the module of ours (headrace, headrace.x) doesn't define; AttributeError if MLflow
    has none of that name there."""
    parent = module.removeprefix(_ROOT).removeprefix(".")
    dotted = f"{parent}.{name}" if parent else name
    if dotted in PLACES:
        return importlib.import_module(PLACES[dotted])
    if dotted in MODULES:
        own = _own_module(dotted)
        if own is not None:
            return own
        with _lock:
            return _modules.setdefault(dotted, AbsentModule(dotted))
    if name in (TOP if not parent else MODULES.get(parent, ())):
        return Absent(f"mlflow.{dotted}")
    raise AttributeError(f"module {module!r} has no attribute {name!r}")


def absent_method(name: str) -> Absent:
    if name not in CLIENT_METHODS:
        raise AttributeError(f"'MlflowClient' object has no attribute {name!r}")
    return Absent(f"MlflowClient.{name}")


def module_for(dotted: str) -> ModuleType | None:
    """What `mlflow.<dotted>` means: a module of ours, one with its content, or a stand-in; None: no such module."""
    if not dotted:
        return importlib.import_module(_ROOT)
    found = _own_module(dotted)
    if found is None:
        parent, _, name = dotted.rpartition(".")
        try:
            found = lookup(f"{_ROOT}.{parent}" if parent else _ROOT, name)
        except AttributeError:
            return None
        return found if isinstance(found, ModuleType) else None
    if dotted in MODULES and not hasattr(found, "__getattr__"):
        vars(found)["__getattr__"] = partial(lookup, found.__name__)
    return found


def _own_module(dotted: str) -> ModuleType | None:
    name = f"{_ROOT}.{dotted}"
    if name in sys.modules:
        return sys.modules[name]
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            return None
        raise  # ours is there, something that it needs is not
