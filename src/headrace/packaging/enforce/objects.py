"""Columns whose values have to be looked at, and the words for those that don't fit."""

from __future__ import annotations

from typing import Any

import numpy as np

from headrace.errors import shown
from headrace.lazy import optional_import
from headrace.packaging.enforce.mismatch import SchemaMismatch
from headrace.packaging.enforce.rules import Rule, rule_for_dtype
from headrace.packaging.schema import ColSpec
from headrace.packaging.types import DataType


def enforce_objects(series: Any, wanted: Any, place: str) -> Any:
    """A column of Python objects, or of text where times are wanted."""
    if series.dtype.kind == "O" and isinstance(series.dtype, np.dtype):
        series = series.infer_objects()
    if isinstance(series.dtype, np.dtype) and series.dtype.kind != "O":
        match rule_for_dtype(series.dtype, wanted):
            case Rule.KEEP:
                return series
            case Rule.CAST:
                return series.astype(wanted.to_numpy())
            case Rule.ZERO_ONE:
                check_zero_one(series, wanted, place)
                return series.astype(wanted.to_numpy())
            case _:
                raise refusal(series, wanted, place)
    if wanted is DataType.datetime:
        return _as_datetime(series, place)
    text = _first_text(series)
    if text is None and wanted is DataType.boolean:
        return series  # a cast would turn None into False
    if text is None and wanted is DataType.double:
        return _as_double(series, place)
    raise refusal(series, wanted, place, text)


def _first_text(series: Any) -> int | None:
    if series.dtype.kind == "O" and not isinstance(series.dtype, np.dtype):
        return 0
    return next((row for row, value in enumerate(series.tolist()) if isinstance(value, (str, bytes))), None)


def _as_double(series: Any, place: str) -> Any:
    """Of Decimals, and of numbers beside None."""
    pandas = optional_import("pandas")
    try:
        return pandas.to_numeric(series, errors="raise").astype(np.float64)
    except (ValueError, TypeError, OverflowError):
        raise refusal(series, DataType.double, place, _first_failing(series, float)) from None


def _as_datetime(series: Any, place: str) -> Any:
    pandas = optional_import("pandas")
    try:
        return series.astype(object).astype(np.dtype("datetime64[ns]"))
    except (ValueError, TypeError, OverflowError):
        row = _first_failing(series, lambda value: pandas.Series([value], dtype=object).astype("datetime64[ns]"))
        raise refusal(series, DataType.datetime, place, row) from None


def _first_failing(series: Any, convert: Any) -> int | None:
    for row, value in enumerate(series.tolist()):
        try:
            if value is not None:
                convert(value)
        except (ValueError, TypeError, OverflowError):
            return row
    return None


def enforce_nullable(series: Any, spec: ColSpec, place: str) -> Any:
    """pandas' nullable types become numpy's; integers and flags with missing values stay, where they are optional."""
    wanted = spec.type
    assert isinstance(wanted, DataType)
    dtype = wanted.to_numpy()
    if dtype.kind == "f":
        return series.astype(dtype)
    missing = series.isna().to_numpy()
    if not missing.any():
        return series.astype(dtype)
    if spec.required:
        row = int(missing.argmax())
        mend = "Fill the missing values, or infer the signature from data that have some."
        raise SchemaMismatch(f"{place}, row {row}", wanted.name, f"a missing value in {series.dtype}", mend)
    return series


def check_zero_one(series: Any, wanted: Any, place: str) -> None:
    values = series.to_numpy()
    if values.size and (int(values.min()) < 0 or int(values.max()) > 1):
        row = int(np.argmax((values < 0) | (values > 1)))
        raise refusal(series, wanted, place, row)


def refusal(series: Any, wanted: Any, place: str, row: int | None = None) -> SchemaMismatch:
    """What to say of a column of the wrong type. row: of the first value that doesn't fit, where one can be named."""
    expected = wanted.name
    if isinstance(wanted, DataType) and wanted not in (DataType.string, DataType.binary):
        expected += f" ({wanted.to_numpy()})"
    found = str(series.dtype)
    if row is None and len(series) and series.dtype.kind == "O":
        row = 0
    if row is not None:
        place += f", row {row}"
        value = series.iloc[row]
        found += f" with the value {shown(value.item() if isinstance(value, np.generic) else value)}"
    return SchemaMismatch(place, expected, found, _mend(series, wanted))


def _unfit(series: Any, wanted: DataType) -> str:
    """Of the first number that no cast could save; "" if there is none."""
    values = series.dropna().to_numpy(dtype=np.dtype(f"{series.dtype.kind}8"))
    limits = np.iinfo(wanted.to_numpy())
    lost = (values < limits.min) | (values > limits.max)
    if values.dtype.kind == "f":
        lost |= np.trunc(values) != values
    if not lost.any():
        return ""
    row = int(np.flatnonzero(series.notna())[lost.argmax()])
    taken = f"{wanted.name} takes whole numbers from {limits.min} to {limits.max}"
    return f"Row {row} holds {values[lost.argmax()]}; {taken}."


def _mend(series: Any, wanted: DataType) -> str:
    kind, name = series.dtype.kind, repr(series.name)
    if kind == "f" and wanted in (DataType.integer, DataType.long):
        values = series.to_numpy(dtype=np.float64, na_value=np.nan)
        missing = np.isnan(values)
        if missing.any() and np.array_equal(values[~missing], np.trunc(values[~missing])):
            return (
                f"The column has {int(missing.sum())} missing values (the first in row {int(missing.argmax())}), and "
                "integers with missing values become floats. Fill them, or infer the signature from data that have "
                "some."
            )
    if kind in "iuf" and wanted in (DataType.integer, DataType.long) and (unfit := _unfit(series, wanted)):
        return unfit
    if kind in "iuf" and wanted.to_numpy().kind in "iuf":
        return f"If it loses nothing: data[{name}] = data[{name}].astype('{wanted.to_numpy()}')."
    if kind == "M" and wanted is DataType.datetime:
        return f"Drop the time zone: data[{name}].dt.tz_convert('UTC').dt.tz_localize(None)."
    if wanted is DataType.string:
        return f"Turn it into text: data[{name}] = data[{name}].astype(str)."
    return ""
