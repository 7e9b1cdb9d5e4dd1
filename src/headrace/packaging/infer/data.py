"""The schema of an example, whatever it is kept in. A framework is looked at only where the caller has imported it."""

from __future__ import annotations

import dataclasses
import sys
from typing import Any

import numpy as np

from headrace.errors import InvalidValue
from headrace.packaging.infer import frames, tensors
from headrace.packaging.infer.dataclass_schema import schema_of_dataclass
from headrace.packaging.infer.values import is_null, item_type, known_type, plain
from headrace.packaging.schema import ColSpec, Schema
from headrace.packaging.types import AnyType, DataType


def infer_schema(data: Any) -> Schema:
    """Raises InvalidValue (or what the framework raises) for data that no schema describes."""
    data = plain(data)
    if dataclasses.is_dataclass(data):
        return schema_of_dataclass(data)
    if isinstance(data, dict):
        return _of_dict(data)
    if isinstance(data, list):
        return _of_list(data)
    if tensors.is_tensor(data) or tensors.is_sparse(data):
        return Schema([tensors.tensor_spec(data)])
    reader = _frame_reader(data)
    if reader is not None:
        found: Schema = reader(data)
        return found
    return Schema([ColSpec(known_type(data))])


def _frame_reader(data: Any) -> Any:
    pandas, polars, arrow = (sys.modules.get(name) for name in ("pandas", "polars", "pyarrow"))
    if pandas is not None and isinstance(data, pandas.DataFrame):
        return frames.pandas_frame
    if pandas is not None and isinstance(data, pandas.Series):
        return frames.pandas_series
    if polars is not None and isinstance(data, polars.LazyFrame):
        return lambda lazy: frames.polars_frame(lazy.collect())
    if polars is not None and isinstance(data, polars.DataFrame):
        return frames.polars_frame
    if polars is not None and isinstance(data, polars.Series):
        return frames.polars_series
    if arrow is not None and isinstance(data, (arrow.Table, arrow.RecordBatch)):
        return frames.arrow_table
    if is_spark_frame(data):
        return frames.spark_frame
    return None


def is_spark_frame(data: object) -> bool:
    kind = type(data)
    return kind.__name__ == "DataFrame" and kind.__module__.startswith("pyspark.sql")


def _of_list(data: list[Any]) -> Schema:
    data = [plain(item) for item in data]
    if not data:
        return Schema([ColSpec(DataType.string)])
    if not all(isinstance(item, dict) for item in data):
        kind = item_type(data)
        return Schema([ColSpec(kind if kind is not None else known_type(np.array([])))])
    columns: dict[Any, list[Any]] = {}
    for row in data:
        for name, value in row.items():
            columns.setdefault(name, []).append(value)
    return Schema(
        [
            ColSpec(_known(item_type(values), name), name, all(row.get(name) is not None for row in data))
            for name, values in columns.items()
        ]
    )


def _known(kind: Any, name: Any) -> Any:
    if kind is None:
        raise InvalidValue("column", name, "it holds only empty arrays, which tell no type.")
    return kind


def _of_dict(data: dict[Any, Any]) -> Schema:
    if data and all(tensors.is_tensor(value) for value in data.values()):
        return Schema([tensors.tensor_spec(value, name) for name, value in data.items()])
    for name in data:
        if not isinstance(name, str):
            raise InvalidValue("name", name, "the keys of a dict of columns are strings.")
    return Schema([ColSpec(known_type(value), name, _is_full(value)) for name, value in data.items()])


def _is_full(value: Any) -> bool:
    return not any(map(is_null, value)) if isinstance(value, list) else not is_null(value)


def anything() -> Schema:
    """The schema that nothing is checked against."""
    return Schema([ColSpec(AnyType())])
