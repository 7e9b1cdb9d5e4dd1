"""Column types as Spark's. Any has none there: Spark columns are of one type each."""

from __future__ import annotations

from typing import Any

from headrace.errors import InvalidValue
from headrace.lazy import optional_import
from headrace.packaging.types import Array, ColumnType, DataType, Map, Object, SparkMLVector


def to_spark(kind: ColumnType) -> Any:
    if isinstance(kind, DataType):
        return kind.to_spark()
    if isinstance(kind, SparkMLVector):
        return optional_import("pyspark.ml.linalg", why="Spark ML's vectors").VectorUDT()
    spark = optional_import("pyspark.sql.types", why="Spark's column types")
    match kind:
        case Array():
            return spark.ArrayType(to_spark(kind.dtype))
        case Map():
            return spark.MapType(spark.StringType(), to_spark(kind.value_type))
        case Object():
            return spark.StructType(
                [spark.StructField(one.name, to_spark(one.dtype), nullable=not one.required) for one in kind.properties]
            )
    raise InvalidValue(message="Spark has no column type for Any; state the column's type in the signature.")
