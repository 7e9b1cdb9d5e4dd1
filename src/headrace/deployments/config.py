"""What `-C key=value` holds, read into the record of a target. Keys that it doesn't know are refused by name."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, TypeVar

import msgspec

from headrace.errors import InvalidValue


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """Base of the targets' records."""


T = TypeVar("T", bound=Config)


def decoded(kind: type[T], config: Mapping[str, Any] | None, target: str) -> T:
    """Numbers and flags may be texts, and lists texts between commas."""
    known = [field.name for field in msgspec.structs.fields(kind)]
    found: dict[str, Any] = {}
    for given, value in (config or {}).items():
        key = str(given).replace("-", "_")
        if key not in known:
            near = get_close_matches(key, known)
            hint = f"Did you mean {' or '.join(near)}?" if near else f"There are: {', '.join(known)}."
            raise InvalidValue("config", given, f"the target {target!r} knows no such key. {hint}")
        if key in found:
            raise InvalidValue("config", given, "the key is there twice, with - and with _.")
        found[key] = value
    lists = {each.name for each in msgspec.structs.fields(kind) if str(each.type).startswith("tuple")}
    for key in lists & found.keys():
        if isinstance(found[key], str):
            found[key] = [part.strip() for part in found[key].split(",") if part.strip()]
    try:
        return msgspec.convert(found, kind, strict=False)
    except msgspec.ValidationError as error:
        what, _, path = str(error).partition(" - at ")
        key = path.strip("`").removeprefix("$.").partition("[")[0]
        raise InvalidValue(
            "config", found.get(key), f"{key!r} of the target {target!r}: {what[:1].lower()}{what[1:]}."
        ) from None


def described(kind: type[Config], texts: Mapping[str, str]) -> str:
    """A line for each key: its default, and what it is for."""
    lines = []
    for field in msgspec.structs.fields(kind):
        shown = "" if field.default in (msgspec.NODEFAULT, None, "") else f" [default: {field.default}]"
        lines.append(f"  -C {field.name}=…  {texts[field.name]}{shown}")
    return "\n".join(lines)
