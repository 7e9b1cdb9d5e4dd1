"""Data of any form that models take, as columns."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from headrace.errors import InvalidValue

WIDE = 200  # columns of an array: above, a row's mean and norm stand for it
VALUE = "value"  # the name of a column that has none
MEAN, NORM, LENGTH = "mean", "norm", "length"


def columns_of(data: Any) -> Iterator[tuple[str, Any]]:
    """Name and values, rows in order. data: a frame of pandas or polars, an Arrow table, a series, an array of rows, a
    list of values or of objects, or a mapping of any of these by name. Raises InvalidValue for anything else."""
    if _is_arrow(data):
        data = data.to_pandas()
    if _is_frame(data):
        for label in data.columns:
            yield from _column(str(label), data[label])
    elif _is_series(data):
        yield from _column(VALUE if data.name in (None, "") else str(data.name), data)
    elif isinstance(data, Mapping):
        for name, values in data.items():
            yield from _column(str(name), values)
    elif isinstance(data, np.ndarray):
        yield from _array("", data)
    elif isinstance(data, (list, tuple)) and data and all(isinstance(row, Mapping) for row in data):
        for name in dict.fromkeys(name for row in data for name in row):
            yield from _column(str(name), [row.get(name) for row in data])
    elif isinstance(data, (list, tuple)):
        yield from _column(VALUE, list(data))
    elif hasattr(data, "toarray"):  # a sparse matrix
        yield from _array("", np.asarray(data.toarray()))
    else:
        raise InvalidValue(
            "training_data", type(data).__name__, "a frame, an array, a list, or a dict of these by name."
        )


def _is_arrow(data: Any) -> bool:
    arrow = sys.modules.get("pyarrow")
    return arrow is not None and isinstance(data, arrow.Table)


def _is_frame(data: Any) -> bool:
    return any(isinstance(data, library.DataFrame) for library in _libraries())


def _is_series(data: Any) -> bool:
    return any(isinstance(data, library.Series) for library in _libraries())


def _libraries() -> Iterator[Any]:
    return (sys.modules[name] for name in ("pandas", "polars") if hasattr(sys.modules.get(name), "DataFrame"))


def _column(name: str, values: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(values, np.ndarray) and values.ndim != 1:
        yield from _array(name, values)
    elif _is_series(values) or isinstance(values, (list, tuple, np.ndarray)):
        yield name, values
    else:
        yield name, [values]


def _array(name: str, values: np.ndarray[Any, Any]) -> Iterator[tuple[str, Any]]:
    """Rows of one number are a column; of up to WIDE, a column each, by position; else what a row is like."""
    if values.ndim < 2:
        yield name or VALUE, np.atleast_1d(values)
        return
    flat = values.reshape(len(values), -1)
    if flat.shape[1] == 1 and name:
        yield name, flat[:, 0]
    elif flat.shape[1] <= WIDE:
        for place in range(flat.shape[1]):
            yield f"{name}[{place}]" if name else str(place), flat[:, place]
    elif flat.dtype.kind in "iufb":
        numbers = flat.astype(np.float64)
        prefix = f"{name}." if name else ""
        yield f"{prefix}{MEAN}", numbers.mean(axis=1)
        yield f"{prefix}{NORM}", np.linalg.norm(numbers, axis=1)
