"""What callers pass, as what a store keeps: numbers of any array library as float, anything as text."""

from __future__ import annotations

import operator
from typing import Any

from headrace.errors import InvalidValue


def as_number(key: str, value: Any) -> float:
    """float of a number, numpy scalar, 0-d or one-element array or tensor, or numeric text; no array library is
    imported for it."""
    if type(value) is float:
        return value
    item = getattr(value, "item", None)
    try:
        return float(item() if callable(item) else value)
    except (TypeError, ValueError, RuntimeError, OverflowError) as error:
        # torch says RuntimeError and numpy ValueError for what has more than one element.
        raise InvalidValue(
            "value", value, f"metric {key!r} needs one number (float, or what converts to one): {error}."
        ) from None


def as_integer(field: str, value: Any) -> int:
    """int of any integer; a fraction is cut off as MLflow does."""
    try:
        return operator.index(value)
    except TypeError:
        pass
    item = getattr(value, "item", None)
    try:
        return int(item() if callable(item) else value)
    except (TypeError, ValueError, RuntimeError, OverflowError):
        raise InvalidValue(field, value, "an integer is needed.") from None


def as_key(field: str, key: Any) -> str:
    if not isinstance(key, str):
        raise InvalidValue(field, key, "a name is text.")
    return key


def as_text(value: Any) -> str:
    return value if isinstance(value, str) else str(value)
