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

COUNTED = 10_000  # index entries; a millisecond
UNKNOWN_SHARE = 0.3  # of the rows that a comparison without an index is taken to leave
WALK_COST, LEAD_COST = 1.0, 2.5  # of a row that is looked at, by whether its neighbours lie beside it
LAST = "\U0010ffff"


class Kind(NamedTuple):
    """A table that is searched, under alias r. live: what a row must satisfy to be there at all. ref: of a tag's row to
    it. order_indexes: by the first key of an order. indexed: attributes that an index finds."""

    table: str
    live: str
    columns: str
    attributes: Mapping[str, str]
    tags: str
    ref: str
    order_indexes: Mapping[str, str]
    indexed: Sequence[str]

    def terms(self, order: Order) -> list[Term]:
        text = ("name",)
        return [
            Term(f"r.{self.attributes[key.key]}", "text" if key.key in text else "int", not key.ascending)
            for key in order
        ]


class Lead(NamedTuple):
    """Rows that a comparison leaves, found by an index: `source` is joined to r, or is r itself. n: capped."""

    source: str
    condition: Part
    n: int


def find(db: Database, kind: Kind, rule: Filter, order: Order, place: Sequence[Any] | None, limit: int) -> list[Any]:
    """(columns…, terms…) in order."""
    terms = kind.terms(order)
    scope = [Part("r.prompt = ?", (int(asks_for_prompts(rule)),)), Part(kind.live)]
    tests = [_condition(db, kind, each) for each in rule.comparisons]
    behind = [] if place is None else [keyset.after(terms, place)]
    lead = _lead(db, kind, rule, limit)
    if lead is None:
        index = kind.order_indexes.get(order[0].key)
        forced = f" INDEXED BY {index}" if index and db.dialect == "sqlite" else ""
        source, leading = f"{kind.table} r{forced}", []
    else:
        source, leading = lead.source, [lead.condition]
    where = joined([*leading, *scope, *tests, *behind], " AND ")
    return db.execute(
        f"SELECT {kind.columns}, {keyset.columns(terms)} FROM {source} WHERE {where.sql} "
        f"ORDER BY {keyset.order(terms)} LIMIT ?",
        (*where.values, limit),
    ).fetchall()


def _condition(db: Database, kind: Kind, comparison: Comparison) -> Part:
    if comparison.entity == "attribute":
        return _attribute(db, kind, comparison)
    if comparison.key == PROMPT_TAG:
        return conditions.text(db, "CASE WHEN r.prompt = 1 THEN 'true' ELSE 'false' END", comparison)
    test = conditions.text(db, "t.value", comparison)
    return Part(
        f"EXISTS (SELECT 1 FROM {kind.tags} t WHERE t.{kind.ref} = r.id AND t.key = ? AND {test.sql})",
        (comparison.key, *test.values),
    )


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
    leads, share = [], 1.0
    for comparison in rule.comparisons:
        lead = _of_tag(db, kind, comparison) if comparison.entity == "tag" else _of_attribute(db, kind, comparison)
        if lead is None:
            share *= UNKNOWN_SHARE
        else:
            leads.append(lead)
            share *= min(1.0, lead.n / max(rows, 1)) if lead.n < COUNTED else 1.0
    if not leads:
        return None
    best = min(leads, key=lambda lead: lead.n)
    walked = min(rows, limit / share if share else math.inf)
    return best if best.n < COUNTED and best.n * LEAD_COST < walked * WALK_COST else None


def _of_tag(db: Database, kind: Kind, comparison: Comparison) -> Lead | None:
    if comparison.key == PROMPT_TAG:
        return None
    condition = Part("d.key = ?", (comparison.key,))
    if comparison.op == "=":
        assert isinstance(comparison.value, str)
        start = comparison.value[:INDEXED_VALUE_CHARS]
        condition = Part(
            f"{condition.sql} AND substr(d.value, 1, {INDEXED_VALUE_CHARS}) = ?", (*condition.values, start)
        )
    cross = "CROSS JOIN" if db.dialect == "sqlite" else "JOIN"
    source = f"{kind.tags} d {cross} {kind.table} r ON r.id = d.{kind.ref}"
    return Lead(source, condition, _count(db, f"{kind.tags} d", condition))


def _of_attribute(db: Database, kind: Kind, comparison: Comparison) -> Lead | None:
    found = comparison.op in ("=", "IN") and comparison.value != ""
    if comparison.key not in kind.indexed or not (found or (comparison.key == "name" and _prefix(comparison))):
        return None
    condition = _attribute(db, kind, comparison)
    column = kind.attributes[comparison.key]
    partial = Part(f"{condition.sql} AND {kind.live} AND r.{column} != ''", condition.values)
    return Lead(f"{kind.table} r", partial, _count(db, f"{kind.table} r", partial))


def _count(db: Database, source: str, condition: Part) -> int:
    row = db.execute(
        f"SELECT count(*) FROM (SELECT 1 AS one FROM {source} WHERE {condition.sql} LIMIT ?) AS few",
        (*condition.values, COUNTED),
    ).fetchone()
    return int(row[0])
