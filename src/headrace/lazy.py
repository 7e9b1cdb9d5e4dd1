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
        package = module.partition(".")[0]
        if error.name is None or error.name.partition(".")[0] != package:
            raise  # the package is there, one of its own imports is not
        wanted = f"headrace[{extra}]" if extra else package
        reason = f" ({why})" if why else ""
        raise MissingPackage(f"{module!r} is needed{reason}; install it with: pip install '{wanted}'") from error
