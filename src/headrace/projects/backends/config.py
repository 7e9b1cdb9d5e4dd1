"""What `--backend-config` holds, read into the record of a backend.

A key that the backend doesn't know is refused by name, with those that look like it: a resource that was misspelt is a
job on the wrong machine. `-` and `_` are the same in keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, TypeVar

import msgspec

from headrace.errors import InvalidValue

FIELD = "backend_config"


class Config(msgspec.Struct, frozen=True, kw_only=True, rename="kebab"):
    """Base of the backends' records. Their keys are written with `-`."""


T = TypeVar("T", bound=Config)


def decoded(kind: type[T], config: Mapping[str, Any], backend: str) -> T:
    """The backend's record of what was given. InvalidValue names the key that is wrong, and how."""
    known = [field.encode_name for field in msgspec.structs.fields(kind)]
    found: dict[str, Any] = {}
    for key, value in config.items():
        name = str(key).replace("_", "-")
        if name not in known:
            raise InvalidValue(FIELD, key, _unknown(name, known, backend))
        if name in found:
            raise InvalidValue(FIELD, key, "the key is there twice, with - and with _.")
        found[name] = value
    try:
        return msgspec.convert(found, kind)
    except msgspec.ValidationError as error:
        what, _, path = str(error).partition(" - at ")
        raise InvalidValue(FIELD, _at(found, path), f"{_key(path)} of backend {backend!r}: {_lower(what)}.") from None


def _unknown(name: str, known: list[str], backend: str) -> str:
    near = get_close_matches(name, known)
    hint = f"Did you mean {' or '.join(map(repr, near))}?" if near else f"There are: {', '.join(known)}."
    return f"backend {backend!r} knows no such key. {hint}"


def _key(path: str) -> str:
    return repr(path.strip("`").removeprefix("$").removeprefix("."))


def _at(found: Mapping[str, Any], path: str) -> object:
    value: Any = found
    for part in path.strip("`").removeprefix("$").removeprefix(".").split("."):
        name = part.partition("[")[0]
        value = value.get(name, value) if isinstance(value, Mapping) else value
    return value


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
