"""Which logged models a search finds. There are thousands at most in an experiment: matching ones are sorted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from headrace.entities import DatasetFilter, LoggedModel, ModelOrder, Page, limits
from headrace.query import LOGGED_MODELS, Comparison, OrderKey, parse_filter, parse_model_order
from headrace.stores import checks, tokens
from headrace.stores.sql import conditions, keyset, models
from headrace.stores.sql.conditions import NEVER, Part, joined
from headrace.stores.sql.connection import Database, Work
from headrace.stores.sql.keyset import Term

TIMES = ("creation_timestamp", "last_updated_timestamp")
NULLABLE = ("model_type", "source_run_id")


def search(
    experiment_ids: Sequence[str],
    filter_string: str | None,
    datasets: Sequence[DatasetFilter],
    max_results: int,
    order_by: Sequence[ModelOrder],
    page_token: str | None,
) -> Work[Page[LoggedModel]]:
    limits.check_max_results(max_results)
    rule, order = parse_filter(filter_string, LOGGED_MODELS), parse_model_order(order_by)
    checks.dataset_filters(datasets)
    numbers = sorted({checks.experiment_number(each) for each in experiment_ids})
    digest = tokens.search_digest("models", numbers, filter_string or "", list(datasets), list(order_by))
    place = tokens.decode(page_token, digest) if page_token else None

    def work(db: Database) -> Page[LoggedModel]:
        measured = [_on_any(datasets)] if datasets else []
        tests = [_condition(db, each, measured) for each in rule.comparisons]
        if datasets:
            tests.append(_has_point(measured))
        scope = Part(f"l.experiment_id {db.any_of} AND l.deleted_ms IS NULL", (db.among(numbers),))
        joins, columns, terms = _order(db, order)
        where = joined([scope, *tests], " AND ")
        behind = Part("")
        if page_token:
            after = keyset.after(terms, keyset.checked_place(page_token, place, terms))
            behind = Part(f"WHERE {after.sql}", after.values)
        chosen = joined([columns, Part("FROM logged_model l"), *joins, Part(f"WHERE {where.sql}", where.values)], " ")
        rows = db.execute(
            f"SELECT * FROM (SELECT {chosen.sql}) AS found {behind.sql} ORDER BY {keyset.order(terms)} LIMIT ?",
            (*chosen.values, *behind.values, max_results + 1),
        ).fetchall()
        kept = rows[:max_results]
        width = len(kept[0]) - len(terms) if kept else 0
        token = tokens.encode(digest, list(kept[-1][width:])) if len(rows) > len(kept) else None
        return Page(models.records(db, [row[:width] for row in kept]), token)

    return work


def _on_any(datasets: Sequence[DatasetFilter]) -> Part:
    return joined(
        [
            Part("m.dataset_name = ?", (each.dataset_name,))
            if each.dataset_digest is None
            # '' in a row stands for no digest, which no asked digest equals.
            else Part(
                "m.dataset_name = ? AND m.dataset_digest = ? AND m.dataset_digest != ''",
                (each.dataset_name, each.dataset_digest),
            )
            for each in datasets
        ],
        " OR ",
    )


def _has_point(tests: Sequence[Part]) -> Part:
    all_of = joined([Part("m.model_ref = l.id"), *(Part(f"({each.sql})", each.values) for each in tests)], " AND ")
    return Part(f"EXISTS (SELECT 1 FROM model_metric m WHERE {all_of.sql})", all_of.values)


def _condition(db: Database, comparison: Comparison, measured: Sequence[Part]) -> Part:
    if comparison.entity == "metric":
        key_ref = db.names.find(db, comparison.key)
        if key_ref is None:
            return NEVER
        value = conditions.real("m.class", "m.value", comparison)
        return _has_point([Part("m.key_ref = ?", (key_ref,)), value, *measured])
    if comparison.entity in ("param", "tag"):
        test = conditions.text(db, "c.value", comparison)
        return Part(
            f"EXISTS (SELECT 1 FROM logged_model_{comparison.entity} c WHERE c.model_ref = l.id AND c.key = ? "
            f"AND {test.sql})",
            (comparison.key, *test.values),
        )
    if comparison.key in TIMES:
        return conditions.number(f"l.{comparison.key}", comparison)
    return conditions.text(db, _attribute(comparison.key, as_text=True), comparison)


def _attribute(key: str, *, as_text: bool) -> str:
    if key == "lifecycle_stage":
        return "'active'"  # deleted ones are never searched
    return f"CAST(l.{key} AS TEXT)" if as_text and key in ("status", "experiment_id") else f"l.{key}"


def _order(db: Database, order: Sequence[OrderKey]) -> tuple[list[Part], Part, list[Term]]:
    """(joins, columns, terms): the terms are columns of the inner SELECT, named t0, t1 …"""
    joins: list[Part] = []
    found: list[tuple[str, Term]] = []

    def add(sql: str, kind: Any, *, down: bool = False) -> None:
        found.append((sql, Term(f"k{len(found)}", kind, down)))

    for i, key in enumerate(order):
        down = not key.ascending
        if key.entity == "metric":
            joins.append(_newest_point(db, key, f"o{i}"))
            add(f"coalesce(o{i}.class, 2)", "int")
            add(f"coalesce(o{i}.value, 0)", "real", down=down)
            continue
        column = _attribute(key.key, as_text=False)
        if key.key in NULLABLE:
            add(f"CASE WHEN {column} IS NULL THEN 1 ELSE 0 END", "int")
            column = f"coalesce({column}, '')"
        add(column, "int" if key.key in (*TIMES, "status", "experiment_id") else "text", down=down)
    columns = ", ".join(f"{sql} AS {term.sql}" for sql, term in found)
    return joins, Part(f"{models.COLUMNS}, {columns}"), [term for _, term in found]


def _newest_point(db: Database, key: OrderKey, alias: str) -> Part:
    """By (timestamp, step), then the least run_id, then the greatest value."""
    number = db.names.find(db, key.key)
    tests = [Part("p.key_ref = ?", (-1 if number is None else number,))]
    if key.dataset_name is not None:
        tests.append(Part("p.dataset_name = ?", (key.dataset_name,)))
    if key.dataset_digest is not None:
        tests.append(Part("p.dataset_digest = ?", (key.dataset_digest,)))
    where = joined(tests, " AND ")
    return Part(
        "LEFT JOIN (SELECT p.model_ref, p.class, p.value, row_number() OVER (PARTITION BY p.model_ref "
        "ORDER BY p.timestamp DESC, p.step DESC, r.run_id, p.class DESC, p.value DESC) AS place "
        f"FROM model_metric p JOIN run r ON r.id = p.run_ref WHERE {where.sql}) AS {alias} "
        f"ON {alias}.model_ref = l.id AND {alias}.place = 1",
        where.values,
    )
