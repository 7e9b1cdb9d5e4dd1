"""What a model answered, as the column of a Spark UDF's result type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from headrace.errors import InvalidValue, UserCodeError
from headrace.lazy import optional_import
from headrace.packaging.payload.answer import jsonable
from headrace.packaging.schema import ColSpec, Schema, TensorSpec
from headrace.packaging.spark_types import to_spark
from headrace.packaging.types import DataType

# Which of a frame's columns a scalar type takes its values from, and as what.
_KINDS: dict[str, tuple[str, int, str]] = {
    "ByteType": ("iu", 1, "int8"),
    "ShortType": ("iu", 2, "int16"),
    "IntegerType": ("iu", 4, "int32"),
    "LongType": ("iu", 8, "int64"),
    "FloatType": ("iuf", 8, "float32"),
    "DoubleType": ("iuf", 8, "float64"),
    "BooleanType": ("b", 1, "bool"),
}
_OTHERS = ("StringType", "BinaryType", "TimestampType", "TimestampNTZType", "DateType")
_SPELLINGS = {"integer": "int", "bool": "boolean"}


def result_type_of(given: Any, outputs: Schema | None) -> Any:
    """given: a Spark type, a DDL string or None for what the signature says; a double where it says nothing."""
    types = optional_import("pyspark.sql.types")
    if given is None:
        return types.DoubleType() if outputs is None else _of_schema(outputs)
    if isinstance(given, str):
        text = _SPELLINGS.get(given.strip().lower(), given)
        try:
            given = types._parse_datatype_string(text)
        except Exception as error:
            reason = f"Spark can't read it as a type ({type(error).__name__})."
            raise InvalidValue("result_type", text, reason) from error
    if isinstance(given, type):
        given = given()
    if not _is_known(given):
        raise InvalidValue(
            "result_type",
            getattr(given, "simpleString", lambda: given)(),
            "allowed are int, long, float, double, boolean, string and the like, arrays of them, and structs of both.",
        )
    return given


def _is_known(kind: Any) -> bool:
    name = type(kind).__name__
    if name == "ArrayType":
        return _is_known(kind.elementType)
    if name == "StructType":
        return all(_is_known(field.dataType) for field in kind.fields)
    if name == "MapType":
        return type(kind.keyType).__name__ == "StringType" and _is_known(kind.valueType)
    return name in _KINDS or name in _OTHERS


def _of_schema(outputs: Schema) -> Any:
    types = optional_import("pyspark.sql.types")
    kinds = [_of_spec(spec) for spec in outputs]
    if len(kinds) == 1:
        return kinds[0]
    return types.StructType(
        [types.StructField(str(name), kind) for name, kind in zip(outputs.input_names(), kinds, strict=True)]
    )


def _of_spec(spec: ColSpec | TensorSpec) -> Any:
    if isinstance(spec, ColSpec):
        return to_spark(spec.type)
    scalar = DataType.from_numpy_type(spec.type) or (
        DataType.long if spec.type.kind in "iu" else DataType.double if spec.type.kind == "f" else DataType.string
    )
    kind = scalar.to_spark()
    for _ in spec.shape[1:]:
        kind = optional_import("pyspark.sql.types").ArrayType(kind)
    return kind


def as_column(answer: Any, kind: Any, rows: int) -> Any:
    """A Series; for a struct, a DataFrame. UserCodeError where the answer doesn't fit."""
    pandas = optional_import("pandas")
    name = type(kind).__name__
    made = _struct(pandas, answer, kind) if name == "StructType" else _series(pandas, answer, kind)
    if len(made) != rows:
        raise UserCodeError(
            f"The model got {rows} rows and answered with {len(made)} values; Spark needs one for each row."
        )
    made.index = range(rows)
    return made


def _series(pandas: Any, answer: Any, kind: Any) -> Any:
    name = type(kind).__name__
    frame = _frame(pandas, answer)
    if name == "ArrayType":
        nested = frame.shape[1] == 1 and len(frame) and _is_list(frame.iloc[0, 0])
        rows = frame.iloc[:, 0].tolist() if nested else _picked(frame, kind.elementType).to_numpy().tolist()
        return pandas.Series([_as_list(row, kind) for row in rows], dtype=object)
    if name == "MapType":
        return pandas.Series(frame.to_dict(orient="records"), dtype=object)
    return _picked(frame, kind).iloc[:, 0]


def _picked(frame: Any, kind: Any) -> Any:
    """The columns that can be the type, cast."""
    name = type(kind).__name__
    if name == "StringType":
        return frame.map(_text)
    if name not in _KINDS:
        return frame
    letters, size, dtype = _KINDS[name]
    fits = [
        place
        for place, each in enumerate(frame.dtypes)
        if getattr(each, "kind", "O") in letters and getattr(each, "itemsize", 8) <= size
    ]
    if not fits:
        has = ", ".join(f"{label}: {each}" for label, each in frame.dtypes.items()) or "no column"
        raise UserCodeError(
            f"The model's answer has nothing that is a {kind.simpleString()}; it has {has}. Choose another "
            "result_type: 'string' takes anything."
        )
    return frame.iloc[:, fits].astype(dtype)


def _text(value: Any) -> Any:
    return value if value is None or isinstance(value, str) else str(value)


def _struct(pandas: Any, answer: Any, kind: Any) -> Any:
    frame = _frame(pandas, answer)
    names = [field.name for field in kind.fields]
    frame.columns = [str(label) for label in frame.columns]
    if not set(names) <= set(frame.columns):
        if frame.shape[1] != len(names) or not isinstance(answer, (np.ndarray, list)):
            missing = ", ".join(name for name in names if name not in frame.columns)
            raise UserCodeError(f"The model's answer has no {missing}; it has {', '.join(frame.columns)}.")
        frame.columns = names  # an array has no names: they are given by position
    return pandas.DataFrame({field.name: _series(pandas, frame[[field.name]], field.dataType) for field in kind.fields})


def _frame(pandas: Any, answer: Any) -> Any:
    if isinstance(answer, pandas.DataFrame):
        return answer.copy(deep=False)
    if isinstance(answer, pandas.Series):
        return answer.to_frame()
    if isinstance(answer, Mapping):
        return pandas.DataFrame({name: _by_row(values) for name, values in answer.items()})
    if np.isscalar(answer):
        return pandas.DataFrame([answer])
    plain = answer if isinstance(answer, np.ndarray) else jsonable(answer)
    if isinstance(plain, np.ndarray) and plain.ndim <= 2:
        return pandas.DataFrame(plain)
    if plain is None or not hasattr(plain, "__len__"):
        raise UserCodeError(f"The model answered with a {type(answer).__name__}, which has no rows.")
    listed = [each.model_dump() if hasattr(each, "model_dump") else each for each in plain]
    if listed and isinstance(listed[0], Mapping):
        return pandas.DataFrame(listed)
    if listed and _is_list(listed[0]):
        return pandas.DataFrame({0: pandas.Series(listed, dtype=object)})
    return pandas.DataFrame(listed)


def _by_row(values: Any) -> Any:
    array = values if isinstance(values, np.ndarray) else None
    return list(array) if array is not None and array.ndim > 1 else values


def _is_list(value: Any) -> bool:
    return isinstance(value, (list, tuple, np.ndarray))


def _as_list(row: Any, kind: Any) -> Any:
    if type(kind).__name__ != "ArrayType" or not _is_list(row):
        return row
    return [_as_list(item, kind.elementType) for item in row]
