"""Imports that wait: of what only some users have, and of public names that live elsewhere."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from headrace.errors import HeadraceError


class MissingPackage(HeadraceError, ImportError):
    """An optional package is needed now and isn't installed."""

    code = "BAD_REQUEST"


def optional_import(module: str, *, extra: str | None = None, why: str = "") -> ModuleType:
    """The module, or MissingPackage with the install command. extra: Headrace's extra that carries it."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        package = module.partition(".")[0]
        if error.name is None or error.name.partition(".")[0] != package:
            raise  # the package is there, one of its own imports is not
        wanted = f"headrace[{extra}]" if extra else package
        reason = f" ({why})" if why else ""
        raise MissingPackage(f"{module!r} is needed{reason}; install it with: pip install '{wanted}'") from error


def door(
    module: str, places: Mapping[str, str], otherwise: str | None = None
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """`__getattr__` and `__dir__` of a module whose public names are imported when they are first asked for.

    places: name → "package.module:name", or "package.module" for a module itself. otherwise: the place of a function
    (module, name) → value or AttributeError that is asked for names without a place.
    """

    def __getattr__(name: str) -> Any:  # noqa: N807 — the module's, not ours
        place = places.get(name)
        if place is not None:
            value = _at(place)
        elif otherwise is not None and not name.startswith("__"):
            value = _at(otherwise)(module, name)
        else:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        setattr(sys.modules[module], name, value)
        return value

    def __dir__() -> list[str]:  # noqa: N807 — the module's, not ours
        return sorted({*vars(sys.modules[module]), *places})

    return __getattr__, __dir__


def _at(place: str) -> Any:
    where, _, name = place.partition(":")
    found = importlib.import_module(where)
    return getattr(found, name) if name else found
