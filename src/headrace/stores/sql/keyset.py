"""Keyset paging: a page starts after the place where the last one ended, so that page 1000 costs what page 1 does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

from headrace.entities import limits
from headrace.stores import tokens
from headrace.stores.sql.conditions import Part


class Term(NamedTuple):
    """One expression that a result is ordered by; never NULL, without parameters."""

    sql: str
    kind: Literal["int", "real", "text"]
    descending: bool = False


def order(terms: Sequence[Term]) -> str:
    """For a SELECT that names the terms k0, k1 …"""
    return ", ".join(f"k{i} DESC" if term.descending else f"k{i}" for i, term in enumerate(terms))


def columns(terms: Sequence[Term]) -> str:
    return ", ".join(f"{term.sql} AS k{i}" for i, term in enumerate(terms))


def after(terms: Sequence[Term], place: Sequence[Any]) -> Part:
    """The rows behind a place. The first term also stands alone, for the index that it may be in."""
    condition = "1 = 0"
    values: tuple[Any, ...] = ()
    for term, value in zip(reversed(terms), reversed(place), strict=True):
        sign = "<" if term.descending else ">"
        condition = f"({term.sql} {sign} ? OR ({term.sql} = ? AND {condition}))"
        values = (value, value, *values)
    first = terms[0]
    return Part(f"{first.sql} {'<=' if first.descending else '>='} ? AND {condition}", (place[0], *values))


def checked_place(token: str, place: Any, terms: Sequence[Term]) -> list[Any]:
    """InvalidValue for values that no page can have ended with."""
    if not isinstance(place, list) or len(place) != len(terms):
        raise tokens.refused(token)
    for value, term in zip(place, terms, strict=True):
        if not _fits(value, term.kind):
            raise tokens.refused(token)
    return [float(value) if term.kind == "real" else value for value, term in zip(place, terms, strict=True)]


def _fits(value: Any, kind: str) -> bool:
    if kind == "text":
        return isinstance(value, str) and "\x00" not in value
    if isinstance(value, bool) or not isinstance(value, int if kind == "int" else int | float):
        return False
    return kind == "real" or limits.INT64_MIN <= value <= limits.INT64_MAX
