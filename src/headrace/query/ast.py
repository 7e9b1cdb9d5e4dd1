"""What a parsed filter and a parsed order are: the same records for `evaluate` and for the lowering to SQL.

Keys are canonical (aliases are gone), values are normalised so that Python, SQLite and PostgreSQL can compare them
with the same result:
- metric values are floats, never NaN, infinite where the literal is beyond a double: integer literals are rounded to
  the nearest double, as the stored values were. A stored ±inf compares as ±1.7976931348623157e308;
- values of integer attributes are ints within int64: a fraction is rewritten into an equivalent comparison of integers
  (`start_time > 1.5` is `start_time > 1`), one that no or every integer satisfies into `> INT64_MAX` or `>= INT64_MIN`;
- all other values are text; for IN and NOT IN a non-empty tuple of texts;
- for IS NULL and IS NOT NULL the value is None.

The SQL of a comparison on an absent metric, param, tag or attribute is false, `!=` and NOT IN included; only IS NULL
selects absence. A NaN matches `!=` only.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Entity = Literal["metric", "param", "tag", "attribute", "dataset"]
Operator = Literal["=", "!=", ">", ">=", "<", "<=", "LIKE", "ILIKE", "IN", "NOT IN", "IS NULL", "IS NOT NULL"]
Value = str | int | float | tuple[str, ...] | None


class Comparison(msgspec.Struct, frozen=True):
    """One clause. Runs: `run_name` in a filter is already tag `mlflow.runName` here."""

    entity: Entity
    key: str
    op: Operator
    value: Value = None


class Filter(msgspec.Struct, frozen=True):
    """All comparisons must hold; none = everything matches."""

    comparisons: tuple[Comparison, ...] = ()


class OrderKey(msgspec.Struct, frozen=True):
    """One key of an order. Missing values come last in both directions, NaN before them and after all numbers.

    dataset_name, dataset_digest (logged models, metric only): look at the points measured on that data.
    """

    entity: Entity
    key: str
    ascending: bool = True
    dataset_name: str | None = None
    dataset_digest: str | None = None


Order = tuple[OrderKey, ...]
"""Complete: the tie-breaks are in it, so that no two records compare equal."""
