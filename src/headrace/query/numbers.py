"""Number literals, and comparisons of integer attributes rewritten so that only int64 integers are left."""

from __future__ import annotations

import math
import re
from fractions import Fraction

from headrace.entities.limits import INT64_MAX, INT64_MIN
from headrace.query.ast import Operator

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_INTEGER = re.compile(r"[+-]?[0-9]+")
_EXACT_CHARS = 40  # longer literals go through a double: they are far outside int64, or a fraction near enough

_NEVER: tuple[Operator, int] = (">", INT64_MAX)
_ALWAYS: tuple[Operator, int] = (">=", INT64_MIN)


def is_number(text: str) -> bool:
    return _NUMBER.fullmatch(text) is not None


def is_integer(text: str) -> bool:
    return _INTEGER.fullmatch(text) is not None


def as_float(text: str) -> float:
    """Infinite where the literal is beyond a double."""
    return float(text)


def as_id(text: str) -> str | None:
    """Canonical decimal digits, None unless the text is an integer of a sane length."""
    return str(int(text)) if is_integer(text) and len(text) <= _EXACT_CHARS else None


def integer_comparison(op: Operator, text: str) -> tuple[Operator, int]:
    """The comparison of an int64 with the literal, as one with an int64. Exact: no rounding to a double for literals
    of up to 40 characters."""
    number = _exact(text)
    if number == math.inf or number > INT64_MAX:
        return _ALWAYS if op in ("<", "<=", "!=") else _NEVER
    if number == -math.inf or number < INT64_MIN:
        return _ALWAYS if op in (">", ">=", "!=") else _NEVER
    whole = math.floor(number)
    if whole == number:
        return op, whole
    return {
        "=": _NEVER,
        "!=": _ALWAYS,
        ">": (">", whole),
        ">=": (">", whole),
        "<": ("<=", whole),
        "<=": ("<=", whole),
    }[op]


def _exact(text: str) -> Fraction | float:
    exponent = text.lower().partition("e")[2]
    if len(text) > _EXACT_CHARS or (exponent and abs(int(exponent)) > _EXACT_CHARS):
        return float(text)
    return Fraction(text)
