"""Comparisons of the filter language as SQL conditions. Meaning: `headrace.query.evaluate`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple, cast

from headrace.query import Comparison, fold
from headrace.stores.sql.connection import Database
from headrace.stores.sql.migrations.revisions import INDEXED_VALUE_CHARS

_GLOB = {"%": "*", "_": "?", "*": "[*]", "?": "[?]", "[": "[[]"}
_GLOB_SPECIAL = re.compile(r"[%_*?\[]")


class Part(NamedTuple):
    """A piece of SQL and the values of its `?`."""

    sql: str
    values: tuple[Any, ...] = ()


NEVER = Part("1 = 0")


def joined(parts: Sequence[Part], separator: str) -> Part:
    return Part(separator.join(part.sql for part in parts), tuple(value for part in parts for value in part.values))


def text(db: Database, column: str, comparison: Comparison) -> Part:
    op, value = comparison.op, comparison.value
    if op in ("IN", "NOT IN"):
        inside = f"{column} {db.any_of}"
        return Part(inside if op == "IN" else f"NOT ({inside})", (db.among(cast(tuple[str, ...], value)),))
    assert isinstance(value, str), comparison
    if op == "LIKE":
        return _like(db, column, value)
    if op == "ILIKE":
        folded = f"lower({column})" if db.dialect == "sqlite" else f'lower({column} COLLATE "C")'
        return _like(db, folded, fold(value))
    return Part(f"{column} {op} ?", (value,))


def _like(db: Database, column: str, pattern: str) -> Part:
    if db.dialect == "sqlite":  # GLOB is case-sensitive always, LIKE only by a deprecated pragma
        return Part(f"{column} GLOB ?", (_GLOB_SPECIAL.sub(lambda found: _GLOB[found[0]], pattern),))
    return Part(f"{column} LIKE ? ESCAPE ''", (pattern,))


def number(column: str, comparison: Comparison) -> Part:
    return Part(f"{column} {comparison.op} ?", (comparison.value,))


def real(class_column: str, column: str, comparison: Comparison) -> Part:
    """Of a (class, value) pair: NaN satisfies only !=."""
    if comparison.op == "!=":
        return Part(f"({class_column} = 1 OR {column} != ?)", (comparison.value,))
    return Part(f"{class_column} = 0 AND {column} {comparison.op} ?", (comparison.value,))


def indexed(db: Database, column: str) -> str:
    """What the index on texts holds: on PostgreSQL their beginnings only, in the same order."""
    return column if db.dialect == "sqlite" else f"substr({column}, 1, {INDEXED_VALUE_CHARS})"


def indexed_text(db: Database, column: str, value: str) -> Part:
    """Holds wherever column = value; on PostgreSQL perhaps elsewhere too."""
    return Part(f"{indexed(db, column)} = ?", (value if db.dialect == "sqlite" else value[:INDEXED_VALUE_CHARS],))
