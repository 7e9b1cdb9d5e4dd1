"""Columns of pandas and polars frames, Arrow tables and Spark frames."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from headrace.errors import InvalidValue
from headrace.packaging.infer.values import item_type
from headrace.packaging.schema import ColSpec, Schema
from headrace.packaging.types import AnyType, Array, ColumnType, DataType, Object, Property, SparkMLVector


def type_of_dtype(dtype: Any) -> DataType:
    """Of a numpy dtype or a pandas extension type, by what its values need."""
    kind, itemsize = dtype.kind, getattr(dtype, "itemsize", 0)
    if kind in "iu":
        bits = itemsize * 8 + (kind == "u")  # an unsigned type needs the next larger signed one
        if bits <= 64:
            return DataType.integer if bits <= 32 else DataType.long
    elif kind == "f" and itemsize <= 8:
        return DataType.float if itemsize <= 4 else DataType.double
    elif kind in "bUSM":
        return {"b": DataType.boolean, "U": DataType.string, "S": DataType.binary, "M": DataType.datetime}[kind]
    raise InvalidValue(message=f"No column type holds the values of {dtype}; convert them to another.")


def pandas_series(series: Any) -> Schema:
    return Schema([_pandas_column(series, series.name)])


def pandas_frame(frame: Any) -> Schema:
    if not frame.columns.is_unique:
        raise InvalidValue("columns", list(frame.columns), "each name may stand only once.")
    return Schema([_pandas_column(frame[name], name) for name in frame.columns])


def _pandas_column(series: Any, name: Any) -> ColSpec:
    if series.dtype.kind == "O":
        series = series.infer_objects()
    try:
        kind = _type_of_objects(series) if series.dtype.kind == "O" else type_of_dtype(series.dtype)
    except InvalidValue as error:
        raise InvalidValue(message=f"Column {name!r}: {error.message}") from error
    return ColSpec(kind, name, not series.isna().any())


def _type_of_objects(series: Any) -> ColumnType:
    kind = item_type(series.to_list()) if len(series) else DataType.string
    if kind is None:
        raise InvalidValue(message="It holds only empty arrays, which tell no type.")
    return kind


_POLARS: dict[str, ColumnType] = {
    "Boolean": DataType.boolean,
    "Int8": DataType.integer,
    "Int16": DataType.integer,
    "Int32": DataType.integer,
    "UInt8": DataType.integer,
    "UInt16": DataType.integer,
    "UInt32": DataType.long,
    "Int64": DataType.long,
    "Float32": DataType.float,
    "Float64": DataType.double,
    "String": DataType.string,
    "Categorical": DataType.string,
    "Enum": DataType.string,
    "Binary": DataType.binary,
    "Date": DataType.datetime,
    "Datetime": DataType.datetime,
    "Null": AnyType(),
}


def polars_frame(frame: Any) -> Schema:
    return Schema([_polars_column(frame[name], name) for name in frame.columns])


def polars_series(series: Any) -> Schema:
    return Schema([_polars_column(series, series.name or None)])


def _polars_column(series: Any, name: Any) -> ColSpec:
    family = series.dtype.base_type().__name__
    required = not series.null_count() and not (family.startswith("Float") and series.is_nan().any())
    if family in ("List", "Array", "Struct"):
        kind = item_type(series.to_list())
    else:
        kind = _POLARS.get(family)
    if kind is None:
        raise InvalidValue("column", name, f"no column type holds polars' {series.dtype}; convert the column.")
    return ColSpec(kind, name, required)


def arrow_table(table: Any) -> Schema:
    types = sys.modules["pyarrow"].types
    columns = []
    for name, column in zip(table.column_names, table.columns, strict=True):
        kind = _arrow_type(types, column, column.type)
        if kind is None:
            raise InvalidValue("column", name, f"no column type holds Arrow's {column.type}; convert the column.")
        columns.append(ColSpec(kind, name, not column.null_count))
    return Schema(columns)


def _arrow_type(types: Any, column: Any, kind: Any) -> ColumnType | None:
    if types.is_nested(kind):
        return item_type(column.to_pylist())
    if types.is_dictionary(kind):
        return _arrow_type(types, column, kind.value_type)
    for is_it, found in (
        (types.is_string, DataType.string),
        (types.is_large_string, DataType.string),
        (types.is_binary, DataType.binary),
        (types.is_large_binary, DataType.binary),
        (types.is_date, DataType.datetime),
        (types.is_timestamp, DataType.datetime),
        (types.is_null, AnyType()),
    ):
        if is_it(kind):
            return found
    return type_of_dtype(np.dtype(kind.to_pandas_dtype()))


_SPARK = {
    "ByteType": DataType.integer,
    "ShortType": DataType.integer,
    "IntegerType": DataType.integer,
    "LongType": DataType.long,
    "FloatType": DataType.float,
    "DoubleType": DataType.double,
    "BooleanType": DataType.boolean,
    "StringType": DataType.string,
    "BinaryType": DataType.binary,
    "DateType": DataType.datetime,
    "TimestampType": DataType.datetime,
}


def spark_frame(frame: Any) -> Schema:
    """Spark columns are nearly all nullable, so that says nothing: every column counts as required."""
    return Schema(
        [ColSpec(_spark_type(field.dataType, frame, field.name), field.name) for field in frame.schema.fields]
    )


def _spark_type(kind: Any, frame: Any = None, column: str = "") -> ColumnType:
    family = type(kind).__name__
    if family in _SPARK:
        return _SPARK[family]
    if family == "ArrayType":
        return Array(_spark_type(kind.elementType))
    if family == "StructType":
        return Object([Property(one.name, _spark_type(one.dataType), not one.nullable) for one in kind.fields])
    if family == "VectorUDT":
        return SparkMLVector()
    if family == "MapType" and frame is not None and type(kind.valueType).__name__ != "MapType":
        return Object([Property(key, _spark_type(kind.valueType)) for key in _keys_of(frame, column)])
    raise InvalidValue("column", column or family, f"Spark's {family} has no column type here; use a StructType.")


def _keys_of(frame: Any, column: str) -> list[str]:
    rows = frame.selectExpr(f"explode(map_keys(`{column}`)) as name").distinct().collect()
    return sorted(row["name"] for row in rows)
