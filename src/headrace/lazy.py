"""Imports of what only some users have, with the command that brings it."""

from __future__ import annotations

import importlib
from types import ModuleType

from headrace.errors import HeadraceError


class MissingPackage(HeadraceError, ImportError):
    """An optional package is needed now and isn't installed."""

    code = "BAD_REQUEST"


def optional_import(module: str, *, extra: str | None = None, why: str = "") -> ModuleType:
    """The module, or MissingPackage with the install command. extra: Headrace's extra that carries it."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or module.split(".")[0] != error.name.split(".")[0]:
            raise  # the package is there, one of its own imports is not
        package = f"headrace[{extra}]" if extra else module.split(".")[0]
        reason = f" ({why})" if why else ""
        raise MissingPackage(
            f"{module!r} is needed{reason}; install it with: pip install '{package}'"
        ) from error
