"""MLflow's JSON of predictions as bytes, written by msgspec where it says the same as `encode`: arrays and frames of
finite numbers, flags and text. Without blanks; all else goes the general way, which knows NaN and every other class."""

from __future__ import annotations

import sys
from typing import Any

import msgspec
import numpy as np

from headrace.packaging.payload.answer import encode

_write = msgspec.json.Encoder().encode


def encode_quickly(predictions: Any, *, unwrapped: bool = False) -> bytes:
    """Raises UserCodeError for what has no JSON form."""
    plain = _plain(predictions)
    if plain is None:
        return encode(predictions, unwrapped=unwrapped).encode()
    return _write(plain if unwrapped else {"predictions": plain})


def _plain(predictions: Any) -> list[Any] | None:
    if isinstance(predictions, np.ndarray):
        return _values(predictions)
    pandas = sys.modules.get("pandas")
    if pandas is None:
        return None
    if isinstance(predictions, pandas.Series):
        predictions = predictions.to_frame()
    if isinstance(predictions, pandas.DataFrame):
        return _records(predictions)
    return None


def _values(array: np.ndarray[Any, Any]) -> list[Any] | None:
    kind = array.dtype.kind
    if not array.ndim or kind not in "iufb" or array.dtype.itemsize > 8:
        return None
    if kind == "f" and not np.isfinite(array).all():
        return None
    values: list[Any] = array.tolist()
    return values


def _records(frame: Any) -> list[Any] | None:
    labels = frame.columns.tolist()
    if not all(type(label) in (str, int) for label in labels) or len(set(map(str, labels))) != len(labels):
        return None
    columns = []
    for place in range(len(labels)):
        column = frame.iloc[:, place]
        values = _values(column.to_numpy()) if isinstance(column.dtype, np.dtype) else _texts(column)
        if values is None:
            return None
        columns.append(values)
    if not columns:
        return None
    return [dict(zip(labels, row, strict=True)) for row in zip(*columns, strict=True)]


def _texts(column: Any) -> list[Any] | None:
    if type(column.dtype).__name__ != "StringDtype" or column.isna().any():
        return None
    values: list[Any] = column.tolist()
    return values
