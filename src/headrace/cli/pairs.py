"""NAME=VALUE, as options that may be repeated take it."""

from __future__ import annotations

from collections.abc import Iterable

from headrace.errors import InvalidValue


def pairs_of(option: str, texts: Iterable[str], form: str = "NAME=VALUE", *, once: bool = False) -> dict[str, str]:
    """The value may hold = itself. once: a name that is given twice is refused; else the last one counts."""
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise InvalidValue(option, text, f"write {form}.")
        if once and name in found:
            raise InvalidValue(option, text, f"{name} is given twice.")
        found[name] = value
    return found
