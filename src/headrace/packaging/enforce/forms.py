"""What callers hand to `predict`, brought into a frame: the form in which columns are checked.

A scalar is one row of one column. A dict is one row where all its values are scalars or lists of text, or where the
schema has nested columns; else its values are columns. A list or array is rows.
"""

from __future__ import annotations

import datetime as dt
import sys
from typing import Any

import numpy as np

from headrace.lazy import optional_import
from headrace.packaging.enforce.mismatch import SchemaMismatch
from headrace.packaging.schema import Schema
from headrace.packaging.types import Array, Map, Object


def as_frame(data: Any, schema: Schema) -> Any:
    pandas = optional_import("pandas", extra="pandas", why="input in columns")
    if isinstance(data, pandas.Series):
        return data.to_frame() if data.name is not None else pandas.DataFrame(data)
    data = _plain(data)
    if isinstance(data, dict):
        return _dict_as_frame(pandas, data, schema)
    if isinstance(data, (list, np.ndarray)):
        return _built(pandas, [_plain(item) for item in data] if isinstance(data, list) else data)
    if np.isscalar(data) or isinstance(data, dt.date):
        return pandas.DataFrame([data])
    frame = _foreign(pandas, data)
    if frame is not None:
        return frame
    sparse = hasattr(data, "toarray")
    mend = "Give data.toarray()." if sparse else "Give a DataFrame, a dict of columns, a list of rows, or one value."
    raise SchemaMismatch("", "a DataFrame, or what can become one", f"a {type(data).__name__}", mend)


def _plain(value: Any) -> Any:
    pydantic = sys.modules.get("pydantic")
    if pydantic is not None and isinstance(value, pydantic.BaseModel):
        return value.model_dump()
    return value


def _built(pandas: Any, data: Any) -> Any:
    try:
        return pandas.DataFrame(data)
    except (ValueError, TypeError) as error:
        mend = "Give all columns the same number of values."
        raise SchemaMismatch(
            "", "data that a DataFrame can be made of", f"a {type(data).__name__} ({error})", mend
        ) from error


def _dict_as_frame(pandas: Any, data: dict[Any, Any], schema: Schema) -> Any:
    nested = any(isinstance(one.type, (Array, Object, Map)) for one in schema)
    if nested or all(map(_is_one_row, data.values())):
        return _built(pandas, [data])
    # numpy arrays of several dimensions become lists, for which the types' own message is clearer than pandas'.
    return _built(pandas, {name: _listed(value) for name, value in data.items()})


def _listed(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray) and value.ndim > 1 else value


def _is_one_row(value: Any) -> bool:
    if value is None or np.isscalar(value) or isinstance(value, dt.date):
        return True
    if isinstance(value, list):
        return all(isinstance(item, str) for item in value)
    return isinstance(value, np.ndarray) and value.shape == () and value.dtype.kind == "U"


def _foreign(pandas: Any, data: Any) -> Any:
    """Frames of other libraries; None for anything else."""
    polars, arrow = sys.modules.get("polars"), sys.modules.get("pyarrow")
    if polars is not None and isinstance(data, polars.LazyFrame):
        data = data.collect()
    if polars is not None and isinstance(data, polars.Series):
        data = data.to_frame()
    if polars is not None and isinstance(data, polars.DataFrame):
        return pandas.DataFrame({name: _polars_column(pandas, data[name]) for name in data.columns})
    if arrow is not None and isinstance(data, (arrow.Table, arrow.RecordBatch)):
        columns = zip(data.schema.names, data.columns, strict=True)
        return pandas.DataFrame({name: _arrow_column(pandas, arrow, column) for name, column in columns})
    return None


def _polars_column(pandas: Any, series: Any) -> Any:
    family = series.dtype.base_type().__name__
    if family in ("List", "Array", "Struct", "Decimal", "Binary"):
        return pandas.Series(series.to_list(), dtype=object)
    if family in ("String", "Categorical", "Enum"):
        return pandas.Series(series.to_list(), dtype=None if len(series) else object)
    if series.null_count() and (series.dtype.is_integer() or family == "Boolean"):
        return _masked(
            pandas, series.fill_null(0 if series.dtype.is_integer() else False).to_numpy(), series.is_null().to_numpy()
        )
    if family == "Date":
        return series.to_numpy().astype("datetime64[ns]")
    return series.to_numpy()


def _arrow_column(pandas: Any, arrow: Any, column: Any) -> Any:
    kinds, kind = arrow.types, column.type
    if column.null_count and (kinds.is_integer(kind) or kinds.is_boolean(kind)):
        full = column.fill_null(False if kinds.is_boolean(kind) else 0)
        return _masked(pandas, np.asarray(full), np.asarray(column.is_null()))
    if kinds.is_nested(kind) or kinds.is_binary(kind) or kinds.is_large_binary(kind):
        return pandas.Series(column.to_pylist(), dtype=object)
    if kinds.is_date(kind):
        return np.asarray(column).astype("datetime64[ns]")
    return column.to_pandas()


def _masked(pandas: Any, values: Any, mask: Any) -> Any:
    kind = pandas.arrays.BooleanArray if values.dtype.kind == "b" else None
    if kind is not None:
        return kind(values, mask)
    float_or_int = pandas.arrays.IntegerArray
    return float_or_int(values, mask)
