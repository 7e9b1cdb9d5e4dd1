"""Rows of several requests put together for one `predict`, and its answer taken apart again.

Only what is of one kind is joined: the same columns or names, types and shapes of a row, so that each request's rows
are to the model what they would be alone.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from headrace.packaging.payload.quick import Rows, frame_of_rows


class Mould(NamedTuple):
    """kind: equal for what can be joined; None for what can't. rows: 0 where there is no telling."""

    kind: Hashable | None
    rows: int


ALONE = Mould(None, 0)


def mould_of(data: Any) -> Mould:
    if isinstance(data, Rows):
        return Mould(("rows", data.names), len(data.cells))
    if isinstance(data, np.ndarray):
        return Mould(_of_array(data), len(data)) if data.ndim else ALONE
    if isinstance(data, dict):
        return _of_arrays(data)
    if isinstance(data, list):
        return Mould("list", len(data)) if data else ALONE
    if _is_frame(data):
        return _of_frame(data)
    return ALONE


def _of_array(array: np.ndarray[Any, Any]) -> Hashable | None:
    if not array.ndim or not len(array) or array.dtype.kind == "O":
        return None
    return ("array", array.dtype.str, array.shape[1:])


def _of_arrays(data: Mapping[Any, Any]) -> Mould:
    if not data or not all(isinstance(value, np.ndarray) and value.ndim for value in data.values()):
        return ALONE
    counts = {len(value) for value in data.values()}
    kinds = [(name, _of_array(value)) for name, value in data.items()]
    if len(counts) != 1 or any(kind is None for _, kind in kinds):
        return ALONE
    return Mould(("arrays", tuple(kinds)), counts.pop())


def _is_frame(data: Any) -> bool:
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(data, pandas.DataFrame)


def _of_frame(frame: Any) -> Mould:
    pandas = sys.modules["pandas"]
    index = frame.index
    numbered = isinstance(index, pandas.RangeIndex) and index.start == 0 and index.step == 1 and index.name is None
    if not numbered or not len(frame) or not frame.columns.is_unique:
        return Mould(None, len(frame))
    dtypes = frame.dtypes.tolist()
    if any(type(dtype).__name__ == "CategoricalDtype" for dtype in dtypes):
        return Mould(None, len(frame))
    return Mould(("frame", tuple(frame.columns), tuple(map(str, dtypes))), len(frame))


def joined(parts: Sequence[Any]) -> Any:
    """parts: of one mould, or a single one of any."""
    first = parts[0]
    if isinstance(first, Rows):
        cells = first.cells if len(parts) == 1 else list(itertools.chain.from_iterable(part.cells for part in parts))
        return frame_of_rows(first.names, first.kinds, cells)
    if len(parts) == 1:
        return first
    if isinstance(first, np.ndarray):
        return np.concatenate(parts)
    if isinstance(first, dict):
        return {name: np.concatenate([part[name] for part in parts]) for name in first}
    if isinstance(first, list):
        return list(itertools.chain.from_iterable(parts))
    return sys.modules["pandas"].concat(parts, ignore_index=True)


def parted(predictions: Any, counts: Sequence[int]) -> list[Any] | None:
    """The answer by request; None where it hasn't as many rows as they had."""
    if not has_rows(predictions, sum(counts)):
        return None
    ends = list(itertools.accumulate(counts))
    return [cut(predictions, end - count, end) for count, end in zip(counts, ends, strict=True)]


def has_rows(predictions: Any, count: int) -> bool:
    """One answer a row. Text, or an object that isn't made of columns, is one answer to all."""
    if isinstance(predictions, dict):
        return bool(predictions) and all(_is_rows(value) and len(value) == count for value in predictions.values())
    return _is_rows(predictions) and len(predictions) == count


def _is_rows(value: Any) -> bool:
    return isinstance(value, list) or (hasattr(value, "shape") and len(value.shape) > 0)


def cut(data: Any, start: int, end: int) -> Any:
    """Some of the rows."""
    if isinstance(data, dict):
        return {name: cut(value, start, end) for name, value in data.items()}
    return data.iloc[start:end] if hasattr(data, "iloc") else data[start:end]
