"""The meaning of filters and orders in plain Python: what the SQL of a store is tested against.

Text compares by code point. A comparison holds if any of the values it looks at satisfies it (a run's datasets, a
logged model's points); an absent value satisfies only IS NULL. NaN satisfies only `!=`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from headrace.entities import Experiment, LoggedModel, Run
from headrace.query.ast import Comparison, Filter, Order, OrderKey
from headrace.query.like import fold, like
from headrace.query.records import Scalar, Searchable, float_rank, searchable

Record = Run | Experiment | LoggedModel | Searchable
T = TypeVar("T", bound=Record)

_HOLDS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "LIKE": like,
    "ILIKE": lambda text, pattern: like(fold(text), fold(pattern)),
    "IN": lambda text, texts: text in texts,
    "NOT IN": lambda text, texts: text not in texts,
}


def evaluate(filter: Filter, record: Record) -> bool:
    read = searchable(record)
    return all(holds(comparison, read) for comparison in filter.comparisons)


def holds(comparison: Comparison, record: Searchable) -> bool:
    values = record.values(comparison.entity, comparison.key)
    if comparison.op == "IS NULL":
        return not values
    if comparison.op == "IS NOT NULL":
        return bool(values)
    holds_for = _HOLDS[comparison.op]
    return any(holds_for(value, comparison.value) for value in values)


def ordered(records: Iterable[T], order: Order) -> list[T]:
    """By the order's keys: values, then NaN, then missing ones, in both directions."""
    rows = [(record, searchable(record)) for record in records]
    for key in reversed(order):  # stable sorts from the last key to the first
        rows = _sorted_by(rows, key)
    return [record for record, _ in rows]


def _sorted_by(rows: list[tuple[T, Searchable]], key: OrderKey) -> list[tuple[T, Searchable]]:
    real: list[tuple[Scalar, tuple[T, Searchable]]] = []
    nan: list[tuple[T, Searchable]] = []
    missing: list[tuple[T, Searchable]] = []
    for row in rows:
        value = row[1].order_value(key)
        if value is None:
            missing.append(row)
        elif isinstance(value, float) and float_rank(value)[0]:
            nan.append(row)
        else:
            real.append((value, row))
    real.sort(key=operator.itemgetter(0), reverse=not key.ascending)
    return [row for _, row in real] + nan + missing
