"""The door of enforcement: picks by the schema (columns or tensors) and by what holds the data."""

from __future__ import annotations

import sys
from typing import Any

from headrace.packaging.enforce.columns import ColumnPlan, enforce_frame
from headrace.packaging.enforce.forms import as_frame
from headrace.packaging.enforce.tensors import enforce_tensors
from headrace.packaging.infer.data import is_spark_frame
from headrace.packaging.schema import Schema

_SPARK_SAMPLE_ROWS = 10


def enforce_input(data: Any, schema: Schema) -> Any:
    """The data as the schema states them: a DataFrame for columns, arrays for tensors. Spark frames stay Spark's.

    data: frame (pandas, polars, Spark, Arrow), series, array, sparse matrix, list, dict or scalar. It isn't changed,
    and comes back itself where nothing in it had to be. Raises SchemaMismatch: where, what was expected, what was
    found, how to mend it.
    """
    if schema.is_tensor_spec():
        return enforce_tensors(data, schema)
    plan: ColumnPlan = schema.plan(ColumnPlan.of)
    pandas = sys.modules["pandas"]
    if isinstance(data, pandas.DataFrame):
        return enforce_frame(data, plan)
    if is_spark_frame(data):
        return _enforce_spark(data, plan)
    return enforce_frame(as_frame(data, schema), plan)


def validate_schema(data: Any, expected_schema: Schema) -> None:
    """Raises SchemaMismatch where the data don't fit."""
    enforce_input(data, expected_schema)


def _enforce_spark(data: Any, plan: ColumnPlan) -> Any:
    """Types are the same in all rows of a Spark frame, so that a few rows tell."""
    sample = data.limit(_SPARK_SAMPLE_ROWS).toPandas()
    enforce_frame(sample, plan)
    names = set(plan.names) if plan.named else set(data.columns[: len(plan.specs)])
    return data.drop(*[name for name in data.columns if name not in names])
