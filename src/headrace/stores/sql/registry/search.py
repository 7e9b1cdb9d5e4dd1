"""Which models or versions a search finds, and how: along the index of the order's first key until the page is full,
or from the few rows that one comparison leaves, sorted. A capped count of each comparison's index decides.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from headrace.query import Comparison, Filter, Order, asks_for_prompts
from headrace.query.records import PROMPT_TAG
from headrace.stores.sql import conditions, keyset
from headrace.stores.sql.conditions import Part, joined
from headrace.stores.sql.connection import Database
from headrace.stores.sql.keyset import Term
from headrace.stores.sql.migrations.revisions import INDEXED_VALUE_CHARS
from headrace.stores.sql.registry import tags
from headrace.stores.sql.registry.tags import TagTable

COUNTED = 8_000  # index entries; half a millisecond
# Of the rows, what a comparison is taken to leave that no index counts.
SHARES = {"=": 0.01, "IN": 0.01, "LIKE": 0.1, "ILIKE": 0.1, "!=": 0.9, "NOT IN": 0.9}
OTHER_SHARE = 0.3
WALK_COST, LEAD_COST = 1.0, 2.5  # of a row that is looked at, by whether its neighbours lie beside it
LAST = "\U0010ffff"


class Kind(NamedTuple):
    """A table that is searched, under alias r. live: what a row must satisfy to be there at all.
    order_indexes: by the first key of an order. indexes: by an attribute, what finds its values."""

    table: str
    live: Sequence[Part]
    columns: str
    attributes: Mapping[str, str]
    tags: TagTable
    order_indexes: Mapping[str, str]
    indexes: Mapping[str, str]

    def terms(self, order: Order) -> list[Term]:
        text = ("name",)
        return [
            Term(f"r.{self.attributes[key.key]}", "text" if key.key in text else "int", not key.ascending)
            for key in order
        ]


class Lead(NamedTuple):
    """Rows that a comparison leaves, found by an index. source: r, or what it is joined to. n: of them, capped. exact:
    the comparison need not be tested again."""

    comparison: Comparison
    source: str
    condition: Part
    n: int
    exact: bool = True

    def rows(self, db: Database) -> Part:
        """As r. PostgreSQL, which would rather follow the order and hope, is made to find these rows first."""
        if db.dialect == "sqlite":
            return Part(f"(SELECT r.* FROM {self.source} WHERE {self.condition.sql}) AS r", self.condition.values)
        return Part(f"(SELECT r.* FROM {self.source} WHERE {self.condition.sql} OFFSET 0) AS r", self.condition.values)

    def tests(self, comparison: Comparison) -> bool:
        return self.exact and comparison is self.comparison


def find(db: Database, kind: Kind, rule: Filter, order: Order, place: Sequence[Any] | None, limit: int) -> list[Any]:
    """(columns…, terms…) in order."""
    terms = kind.terms(order)
    lead = _lead(db, kind, rule, limit)
    if lead is None:
        source = Part(_forced(db, kind, kind.order_indexes.get(order[0].key)))
    elif lead.n == 0:
        return []
    else:
        source = lead.rows(db)
    where = [Part("r.prompt = ?", (int(asks_for_prompts(rule)),)), *kind.live]
    # Attributes first: most lie in the index that is followed.
    comparisons = sorted(rule.comparisons, key=lambda each: each.entity == "tag")
    where += [_condition(db, kind, each) for each in comparisons if not (lead and lead.tests(each))]
    if place is not None:
        where.append(keyset.after(terms, place))
    all_of = joined(where, " AND ")
    return db.execute(
        f"SELECT {kind.columns}, {keyset.columns(terms)} FROM {source.sql} WHERE {all_of.sql} "
        f"ORDER BY {keyset.order(terms)} LIMIT ?",
        (*source.values, *all_of.values, limit),
    ).fetchall()


def _condition(db: Database, kind: Kind, comparison: Comparison) -> Part:
    if comparison.entity == "attribute":
        return _attribute(db, kind, comparison)
    if comparison.key == PROMPT_TAG:
        return conditions.text(db, "CASE WHEN r.prompt = 1 THEN 'true' ELSE 'false' END", comparison)
    # A value, not EXISTS, which PostgreSQL turns into a join that it has no good idea of.
    value = f"(SELECT t.value FROM {kind.tags.name} t WHERE t.{kind.tags.ref} = r.id AND t.key = ?)"
    test = conditions.text(db, value, comparison)
    return Part(test.sql, (comparison.key, *test.values))


def _attribute(db: Database, kind: Kind, comparison: Comparison) -> Part:
    column = f"r.{kind.attributes[comparison.key]}"
    if isinstance(comparison.value, int):
        return conditions.number(column, comparison)
    prefix = _prefix(comparison)
    test = conditions.text(db, column, comparison)
    if not prefix:
        return test
    # What LIKE says too, but so that an index is used.
    behind = _behind(prefix)
    end = f" AND {column} < ?" if behind else ""
    return Part(f"{test.sql} AND {column} >= ?{end}", (*test.values, prefix, *behind))


def _prefix(comparison: Comparison) -> str:
    """What every match of a LIKE starts with."""
    if comparison.op != "LIKE" or not isinstance(comparison.value, str):
        return ""
    ends = [at for at in (comparison.value.find("%"), comparison.value.find("_")) if at >= 0]
    return comparison.value[: min(ends, default=len(comparison.value))]


def _behind(prefix: str) -> tuple[str, ...]:
    """The first text behind all that starts so, by code point; none where there is no such text."""
    kept = prefix.rstrip(LAST)
    if not kept:
        return ()
    following = ord(kept[-1]) + 1
    return (kept[:-1] + chr(0xE000 if following == 0xD800 else following),)


def _lead(db: Database, kind: Kind, rule: Filter, limit: int) -> Lead | None:
    """None: the index of the order leads."""
    rows = db.execute(f"SELECT coalesce(max(id), 0) FROM {kind.table}").fetchone()[0]
    best: Lead | None = None
    share, most = 1.0, COUNTED
    # Attributes are counted first: they tend to leave less, and nothing is counted beyond the least so far.
    for comparison in sorted(rule.comparisons, key=lambda each: each.entity == "tag"):
        lead = (
            _of_tag(db, kind, comparison, most)
            if comparison.entity == "tag"
            else _of_attribute(db, kind, comparison, most)
        )
        if lead is None:
            share *= SHARES.get(comparison.op, OTHER_SHARE)
        elif lead.n < most:
            share *= min(1.0, lead.n / max(rows, 1))
            best, most = lead, lead.n
    if best is None:
        return None
    walked = min(rows, limit / share if share else math.inf)
    return best if best.n * LEAD_COST < walked * WALK_COST else None


def _of_tag(db: Database, kind: Kind, comparison: Comparison, most: int) -> Lead | None:
    if comparison.key == PROMPT_TAG:
        return None
    condition, exact = Part("d.key = ?", (comparison.key,)), False
    if comparison.op == "=":
        assert isinstance(comparison.value, str)
        start = tags.start(comparison.value)
        condition = Part(f"{condition.sql} AND d.start = ?", (*condition.values, start))
        exact = len(start) < INDEXED_VALUE_CHARS
    cross = "CROSS JOIN" if db.dialect == "sqlite" else "JOIN"
    count = _count(db, f"{kind.tags.name} d", condition, most)
    source = f"{kind.tags.name} d {cross} {kind.table} r ON r.id = d.{kind.tags.ref}"
    return Lead(comparison, source, condition, count, exact)


def _of_attribute(db: Database, kind: Kind, comparison: Comparison, most: int) -> Lead | None:
    values = comparison.value if isinstance(comparison.value, tuple) else (comparison.value,)
    found = comparison.op in ("=", "IN") and "" not in values
    if comparison.key not in kind.indexes or not (found or (comparison.key == "name" and _prefix(comparison))):
        return None
    # The index of run ids holds none where there is no run.
    there = Part(f"r.{kind.attributes[comparison.key]} != ''")
    condition = joined([_attribute(db, kind, comparison), there, *kind.live], " AND ")
    source = _forced(db, kind, kind.indexes[comparison.key])
    return Lead(comparison, source, condition, _count(db, source, condition, most))


def _forced(db: Database, kind: Kind, index: str | None) -> str:
    """SQLite, which knows nothing of the data, would rather follow any index that has the order."""
    return f"{kind.table} r INDEXED BY {index}" if index and db.dialect == "sqlite" else f"{kind.table} r"


def _count(db: Database, source: str, condition: Part, most: int) -> int:
    row = db.execute(
        f"SELECT count(*) FROM (SELECT 1 AS one FROM {source} WHERE {condition.sql} LIMIT ?) AS few",
        (*condition.values, most),
    ).fetchone()
    return int(row[0])
