"""Filters and orders of run searches as SQL over `run r`.

An order becomes phases, read one after the other: runs with a number, runs with NaN, runs without the metric; each can
follow an index, since no phase mixes present and missing values. A phase's lead is the index row `d` of the order's
first key.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from headrace.query import Comparison, Filter, OrderKey
from headrace.query.records import DATASET_CONTEXT_TAG
from headrace.stores.sql import conditions
from headrace.stores.sql.conditions import NEVER, Part
from headrace.stores.sql.connection import Database
from headrace.stores.sql.keyset import Term


class Lead(NamedTuple):
    """Rows of a table with (experiment_id, key_ref, run_ref), and the index on their values."""

    table: str
    index_name: str
    key_ref: int
    condition: Part
    """On `d`, beside experiment and key."""


class Phase(NamedTuple):
    lead: Lead | None
    joins: tuple[Part, ...]
    conditions: tuple[Part, ...]
    terms: tuple[Term, ...]

    @property
    def by_start(self) -> bool:
        """Follows the index of start times."""
        return self.lead is None and self.terms[0].sql == "r.start_time"


def filter_conditions(db: Database, rule: Filter, every_run_of: Sequence[int] = ()) -> list[Part]:
    """every_run_of: experiments all of whose runs are to be looked at: then a filter's index is read in one go, in half
    the time of a probe for each run."""
    return [_condition(db, each, every_run_of) for each in rule.comparisons]


def _condition(db: Database, comparison: Comparison, every_run_of: Sequence[int]) -> Part:
    if comparison.entity == "attribute":
        column = f"r.{comparison.key}"
        if comparison.key in ("start_time", "end_time"):
            return conditions.number(column, comparison)
        return conditions.text(db, column, comparison)
    if comparison.entity == "dataset":
        return _dataset(db, comparison)
    key_ref = db.names.find(db, comparison.key)
    absent = comparison.op == "IS NULL"
    if key_ref is None:
        return Part("1 = 1") if absent else NEVER
    table = "metric_series" if comparison.entity == "metric" else comparison.entity
    if comparison.entity == "metric":
        test = conditions.real("c.last_class", "c.last_value", comparison)
    elif comparison.op in ("IS NULL", "IS NOT NULL"):
        test = Part("1 = 1")
    else:
        test = conditions.text(db, "c.value", comparison)
    if every_run_of and not absent:  # NOT IN is slow on PostgreSQL where there is much in it
        return Part(
            f"r.id IN (SELECT c.run_ref FROM {table} c WHERE c.experiment_id {db.any_of} AND c.key_ref = ? "
            f"AND {test.sql})",
            (db.among(every_run_of), key_ref, *test.values),
        )
    # LIMIT 1 OFFSET 0 keeps PostgreSQL from turning the probe into a join that reads the whole table first.
    probe = f"EXISTS (SELECT 1 FROM {table} c WHERE c.run_ref = r.id AND c.key_ref = ? AND {test.sql} LIMIT 1 OFFSET 0)"
    return Part(f"NOT {probe}" if absent else probe, (key_ref, *test.values))


def _dataset(db: Database, comparison: Comparison) -> Part:
    if comparison.key == "context":
        test = conditions.text(db, "t.value", comparison)
        return Part(
            "EXISTS (SELECT 1 FROM dataset_input i JOIN input_tag t ON t.input_ref = i.id "
            f"WHERE i.run_ref = r.id AND t.key = ? AND {test.sql})",
            (DATASET_CONTEXT_TAG, *test.values),
        )
    test = conditions.text(db, f"s.{comparison.key}", comparison)
    return Part(
        "EXISTS (SELECT 1 FROM dataset_input i JOIN dataset s ON s.id = i.dataset_ref "
        f"WHERE i.run_ref = r.id AND {test.sql})",
        test.values,
    )


class Candidate(NamedTuple):
    """A comparison that an index can answer. others: the conditions that its rows don't fulfil by themselves."""

    lead: Lead
    others: list[Part]


def candidates(db: Database, rule: Filter) -> list[Candidate]:
    found = []
    conditions_of_all = filter_conditions(db, rule)
    for i, each in enumerate(rule.comparisons):
        if each.entity not in ("metric", "param", "tag") or each.op == "IS NULL":
            continue
        key_ref = _key_ref(db, each.key)
        others = conditions_of_all[:i] + conditions_of_all[i + 1 :]
        if each.entity == "metric":
            lead = _series(key_ref, conditions.real("d.last_class", "d.last_value", each))
        elif each.op == "=":
            lead = _texts(each.entity, key_ref, conditions.indexed_text(db, "d.value", str(each.value)))
            others = [Part("d.value = ?", (each.value,)), *others]
        elif each.op == "IS NOT NULL":
            lead = _texts(each.entity, key_ref, Part("1 = 1"))
        else:  # all values of the key are looked at, which is still less than to look at all runs
            lead = _texts(each.entity, key_ref, conditions.text(db, "d.value", each))
        found.append(Candidate(lead, others))
    return found


def _series(key_ref: int, condition: Part) -> Lead:
    return Lead("metric_series", "metric_series_by_value", key_ref, condition)


def _texts(table: str, key_ref: int, condition: Part) -> Lead:
    return Lead(table, f"{table}_by_value", key_ref, condition)


def phases(db: Database, order: Sequence[OrderKey]) -> list[Phase]:
    """order: complete, tie-breaks included."""
    first, rest = order[0], order[1:]
    if first.entity == "attribute":
        joins, terms = _terms(db, order)
        return [Phase(None, joins, (), terms)]
    key_ref = _key_ref(db, first.key)
    joins, terms = _terms(db, rest)
    if first.entity == "metric":
        table = "metric_series"
        value = Term("d.last_value", "real", not first.ascending)
        present = [
            Phase(_series(key_ref, Part("d.last_class = 0")), joins, (), (value, *terms)),
            Phase(_series(key_ref, Part("d.last_class = 1")), joins, (), terms),
        ]
    else:
        table = first.entity
        columns = dict.fromkeys((conditions.indexed(db, "d.value"), "d.value"))
        values = [Term(column, "text", not first.ascending) for column in columns]
        present = [Phase(_texts(table, key_ref, Part("1 = 1")), joins, (), (*values, *terms))]
    missing = Part(
        f"NOT EXISTS (SELECT 1 FROM {table} m WHERE m.run_ref = r.id AND m.key_ref = ? LIMIT 1 OFFSET 0)", (key_ref,)
    )
    return present + [phase._replace(conditions=(missing, *phase.conditions)) for phase in phases(db, rest)]


def _key_ref(db: Database, key: str) -> int:
    """-1, which no row has, for a key that nobody used yet: the phases, and so page tokens, stay the same when
    somebody does."""
    number = db.names.find(db, key)
    return -1 if number is None else number


def _terms(db: Database, order: Sequence[OrderKey]) -> tuple[tuple[Part, ...], tuple[Term, ...]]:
    """(joins, terms) of keys that may be missing: presence first, then the value."""
    joins: list[Part] = []
    terms: list[Term] = []
    for i, key in enumerate(order):
        down = not key.ascending
        if key.entity == "attribute":
            if key.key == "end_time":
                terms += [
                    Term("CASE WHEN r.end_time IS NULL THEN 1 ELSE 0 END", "int"),
                    Term("coalesce(r.end_time, 0)", "int", down),
                ]
            else:
                terms.append(Term(f"r.{key.key}", "int" if key.key == "start_time" else "text", down))
            continue
        key_ref = _key_ref(db, key.key)
        table = "metric_series" if key.entity == "metric" else key.entity
        joins.append(Part(f"LEFT JOIN {table} o{i} ON o{i}.run_ref = r.id AND o{i}.key_ref = ?", (key_ref,)))
        if key.entity == "metric":
            terms += [
                Term(f"coalesce(o{i}.last_class, 2)", "int"),
                Term(f"coalesce(o{i}.last_value, 0)", "real", down),
            ]
        else:
            terms += [
                Term(f"CASE WHEN o{i}.value IS NULL THEN 1 ELSE 0 END", "int"),
                Term(f"coalesce(o{i}.value, '')", "text", down),
            ]
    return tuple(joins), tuple(terms)
