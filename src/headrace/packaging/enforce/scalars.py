"""Single values against a scalar type. What fits is returned as it is, not as an equal value of another class."""

from __future__ import annotations

import datetime as dt
import decimal
import math
from typing import Any

import numpy as np

from headrace.errors import shown
from headrace.packaging.enforce.mismatch import Wrong
from headrace.packaging.enforce.rules import Rule, rule_for_dtype
from headrace.packaging.types import DataType

_INT64 = (-(2**63), 2**63 - 1)
_EXACT: dict[type, DataType] = {
    str: DataType.string,
    bool: DataType.boolean,
    float: DataType.double,
    bytes: DataType.binary,
    bytearray: DataType.binary,
}
_TEXT = (DataType.string, DataType.binary)
_MENDS = {
    (DataType.double, int): "Write it with a decimal point, or state the type as long when the signature is made.",
    (DataType.integer, int): "Python's int is 64 bits wide: give numpy.int32, or state the type as long.",
    (DataType.float, float): "Python's float is 64 bits wide: give numpy.float32, or state the type as double.",
}


def is_null(value: object) -> bool:
    """None, NaN, or what pandas has for them."""
    if value is None:
        return True
    if isinstance(value, float):
        return math.isnan(value)
    return type(value).__name__ in ("NAType", "NaTType")


def enforce_scalar(value: Any, wanted: DataType, required: bool = True) -> Any:
    kind = type(value)
    if _EXACT.get(kind) is wanted and (required or kind is not float):
        return value
    if kind is int and wanted is DataType.long and _INT64[0] <= value <= _INT64[1]:
        return value
    if is_null(value):
        if not required:
            return None
        if value is None:
            raise Wrong(wanted.name, "None", "Only an optional value may be null.")
    if wanted is DataType.datetime:
        return _enforce_datetime(value)
    if wanted in _TEXT and isinstance(value, (str, bytes, bytearray)):
        return value  # text stands for bytes in JSON, and a column of objects holds either
    dtype = _dtype_of(value)
    if dtype is None:
        raise Wrong(wanted.name, f"{shown(value)} of class {kind.__name__}")
    match rule_for_dtype(dtype, wanted):
        case Rule.KEEP:
            return value
        case Rule.CAST:
            return _cast(value, wanted)
        case Rule.ZERO_ONE if value in (0, 1):
            return _cast(value, wanted)
        case _:
            raise Wrong(wanted.name, f"{shown(value)} ({_named(value)})", _MENDS.get((wanted, kind), ""))


def _named(value: Any) -> str:
    return str(value.dtype) if isinstance(value, np.generic) else type(value).__name__


def _dtype_of(value: Any) -> np.dtype[Any] | None:
    """As numpy would store it; None for what is no scalar."""
    if isinstance(value, np.generic):
        return value.dtype
    if isinstance(value, bool):
        return np.dtype(bool)
    if isinstance(value, int):
        return np.dtype(np.int64) if _INT64[0] <= value <= _INT64[1] else None
    if isinstance(value, float):
        return np.dtype(np.float64)
    if isinstance(value, str):
        return np.dtype(str)
    if isinstance(value, (bytes, bytearray)):
        return np.dtype(bytes)
    return None


def _cast(value: Any, wanted: DataType) -> Any:
    if isinstance(value, decimal.Decimal):
        return float(value)
    kind = wanted.to_numpy().type
    return kind(value) if wanted is DataType.float else kind(value).item()


def _enforce_datetime(value: Any) -> Any:
    if isinstance(value, str):
        try:
            value = dt.datetime.fromisoformat(value)
        except ValueError:
            raise Wrong("datetime", shown(value), "Text must be a time in ISO 8601, as 2024-05-31T12:00:00.") from None
    if isinstance(value, dt.datetime) and value.tzinfo is not None:
        raise Wrong("datetime without a time zone", shown(value), "Convert it to UTC and drop the zone.")
    if isinstance(value, (dt.date, np.datetime64)) or is_null(value):
        return value
    raise Wrong("datetime", f"{shown(value)} of class {type(value).__name__}")
