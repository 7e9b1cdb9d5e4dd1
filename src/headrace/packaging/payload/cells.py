"""One column at a time to one scalar type, by whole arrays; row by row only to name what doesn't fit."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from headrace.errors import shown
from headrace.lazy import optional_import
from headrace.packaging.enforce import mismatch
from headrace.packaging.enforce.values import enforce_nested
from headrace.packaging.types import AnyType, Array, ColumnType, DataType, Map, Object, SparkMLVector

_TRUE, _FALSE = {"true", "1"}, {"false", "0"}
_EXACT_FLOAT = 2**53  # above, not every integer is a float64


class Wrong(Exception):
    """found: row → the value's description, for every row that doesn't fit."""

    def __init__(self, expected: str, found: Mapping[int, str]) -> None:
        super().__init__(expected)
        self.expected, self.found = expected, dict(found)


def numbers(series: Any, wanted: np.dtype[Any], name: str, required: bool) -> Any:
    """Integers and floats. A missing float is NaN; a missing integer has to be optional."""
    dtype = series.dtype
    if isinstance(dtype, np.dtype):
        if dtype == wanted:
            return series
        if dtype.kind in "iu" and wanted.kind == "f":
            return series.astype(wanted)
        if dtype == np.float64 and wanted == np.float32 and not _overflows(series.to_numpy(), wanted).any():
            return series.astype(wanted)
    pandas = optional_import("pandas")
    missing = series.isna().to_numpy()
    present = series[~missing] if missing.any() else series
    rows = np.flatnonzero(~missing)
    values = _parsed(pandas, present)
    wrong = _unfit(values, wanted)
    if wanted.kind in "iu" and required and missing.any():
        found = {int(row): "null" for row in np.flatnonzero(missing)}
    else:
        found = {}
    if wrong.any():
        kept = present.to_numpy(dtype=object)
        found |= {int(rows[place]): shown(_plain(kept[place])) for place in np.flatnonzero(wrong)}
    if found:
        raise Wrong(name, found)
    if wanted.kind == "f":
        made = np.full(len(series), np.nan, dtype=wanted)
    else:
        made = np.zeros(len(series), dtype=wanted)
    made[rows] = values.astype(wanted)
    if missing.any() and wanted.kind in "iu":
        made = pandas.arrays.IntegerArray(made, missing)
    return pandas.Series(made, index=series.index, name=series.name)


def _parsed(pandas: Any, present: Any) -> np.ndarray[Any, Any]:
    """Numbers, NaN for what is none. Integers stay integers if all are."""
    dtype = present.dtype
    if isinstance(dtype, np.dtype) and dtype.kind in "iufb":
        return np.asarray(present.to_numpy())
    if not isinstance(dtype, np.dtype) and getattr(dtype, "kind", "O") in "iufb":
        return np.asarray(present.to_numpy(dtype=dtype.numpy_dtype))
    plain = present.astype(object).map(lambda value: value if isinstance(value, (str, int, float, np.number)) else None)
    parsed = pandas.to_numeric(plain, errors="coerce")
    return np.asarray(parsed.to_numpy(dtype=np.float64 if parsed.dtype == object else None, na_value=np.nan))


def _unfit(values: np.ndarray[Any, Any], wanted: np.dtype[Any]) -> np.ndarray[Any, Any]:
    if values.dtype.kind == "b":
        return np.zeros(len(values), dtype=bool)
    if wanted.kind == "f":
        return np.isnan(values) | _overflows(values, wanted) if values.dtype.kind == "f" else _all(values, False)
    low, high = (0, 1) if wanted.kind == "b" else (np.iinfo(wanted).min, np.iinfo(wanted).max)
    if values.dtype.kind in "iu":
        return (values < low) | (values > high)
    with np.errstate(invalid="ignore"):
        # The bounds of 64 bits aren't floats: their neighbours are.
        fits = (values == np.trunc(values)) & (values >= float(low)) & (values < float(high) + (high < _EXACT_FLOAT))
    return np.asarray(~fits)


def _all(values: np.ndarray[Any, Any], value: bool) -> np.ndarray[Any, Any]:
    return np.full(len(values), value)


def _overflows(values: np.ndarray[Any, Any], wanted: np.dtype[Any]) -> np.ndarray[Any, Any]:
    if wanted.itemsize == 8:
        return _all(values, False)
    return np.asarray(np.isfinite(values) & (np.abs(values) > np.finfo(wanted).max))


def flags(series: Any, required: bool) -> Any:
    if isinstance(series.dtype, np.dtype) and series.dtype.kind == "b":
        return series
    pandas = optional_import("pandas")
    missing = series.isna().to_numpy()
    made, found = np.zeros(len(series), dtype=bool), {}
    for row, value in enumerate(series.tolist()):
        if missing[row]:
            if required:
                found[row] = "null"
            continue
        flag = _flag(value)
        if flag is None:
            found[row] = shown(_plain(value))
        else:
            made[row] = flag
    if found:
        raise Wrong("boolean", found)
    values = pandas.arrays.BooleanArray(made, missing) if missing.any() else made
    return pandas.Series(values, index=series.index, name=series.name)


def _flag(value: Any) -> bool | None:
    if isinstance(value, str):
        word = value.strip().lower()
        return True if word in _TRUE else False if word in _FALSE else None
    if isinstance(value, (bool, np.bool_, int, float, np.number)) and value in (0, 1):
        return bool(value)
    return None


def times(series: Any) -> Any:
    """Text in ISO 8601, or what pandas knows; with a time zone it becomes UTC, as the type has none."""
    pandas = optional_import("pandas")
    kind = getattr(series.dtype, "kind", "O")
    if kind == "M":
        made = series if getattr(series.dtype, "tz", None) is None else series.dt.tz_convert("UTC").dt.tz_localize(None)
        return made.dt.as_unit("ns")
    missing = series.isna().to_numpy()
    made = pandas.to_datetime(series, errors="coerce", utc=True, format="ISO8601")
    wrong = made.isna().to_numpy() & ~missing
    if wrong.any():
        made = pandas.to_datetime(series, errors="coerce", utc=True)
        wrong = made.isna().to_numpy() & ~missing
    if wrong.any():
        raise Wrong("datetime", {int(row): shown(_plain(series.iloc[row])) for row in np.flatnonzero(wrong)})
    return made.dt.tz_localize(None).dt.as_unit("ns")


def texts(series: Any) -> Any:
    if getattr(series.dtype, "na_value", None) is not None and type(series.dtype).__name__ == "StringDtype":
        return series
    return _each(series, "string", _text)


def _text(value: Any) -> Any:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, (int, float, np.number)) and not isinstance(value, bool):
        return None if value != value else str(value)  # noqa: PLR0124 — NaN
    raise ValueError(shown(value))


def blobs(series: Any) -> Any:
    return _each(series, "binary (base64 text)", _blob)


def _blob(value: Any) -> Any:
    if value is None or isinstance(value, (bytes, bytearray)):
        return value
    if isinstance(value, float) and value != value:  # noqa: PLR0124 — NaN
        return None
    try:
        # MLflow's own encoder breaks lines, so whitespace is let pass.
        return base64.b64decode("".join(value.split()), validate=True)
    except (AttributeError, ValueError, binascii.Error):
        raise ValueError(shown(value)) from None


def nested(series: Any, wanted: ColumnType, required: bool) -> Any:
    """Arrays, objects and maps; in CSV they are JSON."""
    if isinstance(wanted, (AnyType, SparkMLVector)):
        return series

    def one(value: Any) -> Any:
        if isinstance(value, float) and value != value:  # noqa: PLR0124 — NaN: an absent key
            value = None
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except ValueError:
                raise ValueError(shown(value)) from None
        try:
            return enforce_nested(widened(value, wanted), wanted, required)
        except mismatch.Wrong as wrong:
            where = "".join(reversed(wrong.path))
            raise ValueError(f"{wrong.args[1]}{f' at {where}' if where else ''}") from None

    return _each(series, repr(wanted), one)


def widened(value: Any, wanted: ColumnType) -> Any:
    """JSON writes 1.0 as 1 and times as text; where the type says so they are what they were."""
    if isinstance(wanted, DataType):
        if wanted in (DataType.double, DataType.float) and type(value) is int:
            return float(value)
        if wanted is DataType.float and type(value) is float:
            return np.float32(value)
        if wanted is DataType.integer and type(value) is int and -(2**31) <= value < 2**31:
            return np.int32(value)
        if wanted is DataType.binary and isinstance(value, str):
            return _blob(value)
        return value
    if isinstance(wanted, Array) and isinstance(value, list):
        return [widened(item, wanted.dtype) for item in value]
    if isinstance(wanted, Map) and isinstance(value, dict):
        return {key: widened(item, wanted.value_type) for key, item in value.items()}
    if isinstance(wanted, Object) and isinstance(value, dict):
        known = wanted.by_name
        return {key: widened(item, known[key].dtype) if key in known else item for key, item in value.items()}
    return value


def _each(series: Any, expected: str, convert: Callable[[Any], Any]) -> Any:
    values = series.tolist()
    made, found, changed = np.empty(len(values), dtype=object), {}, False
    for row, value in enumerate(values):
        try:
            made[row] = one = convert(value)
        except ValueError as error:
            found[row] = str(error)
        else:
            changed = changed or one is not value
    if found:
        raise Wrong(expected, found)
    return type(series)(made, index=series.index, name=series.name) if changed else series


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
