from __future__ import annotations

from collections.abc import Sequence

from headrace.entities import Experiment, Page, ViewType, limits
from headrace.query import EXPERIMENTS, Comparison, parse_filter, parse_order
from headrace.stores import tokens
from headrace.stores.sql import conditions, experiments, keyset
from headrace.stores.sql.conditions import Part, joined
from headrace.stores.sql.connection import Database, Work
from headrace.stores.sql.keyset import Term
from headrace.stores.sql.lifecycle import seen

COLUMNS = {
    "name": "e.name",
    "experiment_id": "e.id",
    "creation_time": "e.creation_time",
    "last_update_time": "e.last_update_time",
}


def search(
    view_type: ViewType,
    max_results: int,
    filter_string: str | None,
    order_by: Sequence[str],
    page_token: str | None,
) -> Work[Page[Experiment]]:
    limits.check_max_results(max_results)
    rule, order = parse_filter(filter_string, EXPERIMENTS), parse_order(order_by, EXPERIMENTS)
    digest = tokens.search_digest("experiments", int(view_type), filter_string or "", list(order_by))
    terms = [Term(COLUMNS[key.key], "text" if key.key == "name" else "int", not key.ascending) for key in order]
    place = keyset.checked_place(page_token, tokens.decode(page_token, digest), terms) if page_token else None

    def work(db: Database) -> Page[Experiment]:
        tests = [Part("1 = 1"), *(_condition(db, each) for each in rule.comparisons)]
        if sees := seen(ViewType(view_type), "e"):
            tests.append(Part(sees))
        if place is not None:
            tests.append(keyset.after(terms, place))
        where = joined(tests, " AND ")
        rows = db.execute(
            f"SELECT {experiments.COLUMNS}, {keyset.columns(terms)} FROM experiment e WHERE {where.sql} "
            f"ORDER BY {keyset.order(terms)} LIMIT ?",
            (*where.values, max_results + 1),
        ).fetchall()
        kept = rows[:max_results]
        token = tokens.encode(digest, list(kept[-1][-len(terms) :])) if len(rows) > len(kept) else None
        return Page(experiments.records(db, [row[: -len(terms)] for row in kept]), token)

    return work


def _condition(db: Database, comparison: Comparison) -> Part:
    op, value = comparison.op, comparison.value
    if comparison.entity == "attribute":
        column = COLUMNS[comparison.key]
        if comparison.key == "name":
            return conditions.text(db, column, comparison)
        if comparison.key != "experiment_id":
            return conditions.number(column, comparison)
        # Ids compare as numbers; digits beyond int64 name no experiment.
        digits = value if isinstance(value, tuple) else (str(value),)
        known = [int(each) for each in digits if len(each) <= 20 and limits.INT64_MIN <= int(each) <= limits.INT64_MAX]
        inside = f"{column} {db.any_of}"
        return Part(inside if op in ("=", "IN") else f"NOT ({inside})", (db.among(known),))
    probe = "SELECT 1 FROM experiment_tag t WHERE t.experiment_id = e.id AND t.key = ?"
    if op in ("IS NULL", "IS NOT NULL"):
        return Part(f"{'NOT ' if op == 'IS NULL' else ''}EXISTS ({probe})", (comparison.key,))
    test = conditions.text(db, "t.value", comparison)
    return Part(f"EXISTS ({probe} AND {test.sql})", (comparison.key, *test.values))
