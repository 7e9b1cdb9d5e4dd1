"""Columns of a frame that came as text or JSON, cast to a schema; cells that can't be are told by row and column.

JSON has one kind of number and CSV has text only, so here 1 is a double, "2024-05-31" a time and base64 text bytes;
`enforce` then sees the types that it asks for. Nothing is lost on the way: 1.5 isn't a long, and 2**40 no integer.
Typed sources (Parquet) take the same way: what they hold exactly in another type is cast too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from headrace.packaging.payload import cells
from headrace.packaging.payload.cells import Wrong
from headrace.packaging.payload.errors import BadPayload
from headrace.packaging.schema import ColSpec, Schema, TensorSpec
from headrace.packaging.types import DataType


@dataclass(frozen=True, kw_only=True)
class BadCell:
    """row: its position in the frame, from 0."""

    row: int
    column: Any
    expected: str
    found: str

    def __str__(self) -> str:
        return f"column {self.column!r}: expected {self.expected}, found {self.found}"


def cast_frame(frame: Any, schema: Schema | None) -> tuple[Any, list[BadCell]]:
    """The frame with the schema's types, without the rows that hold a bad cell; those, at most one a row, by row.

    Columns that are missing or too many are left to `enforce`.
    """
    if schema is None or not len(frame):
        return frame, []
    wanted = list(_wanted(frame, schema))
    made, bad = _cast(frame, wanted)
    if bad:
        good = np.ones(len(frame), dtype=bool)
        good[list(bad)] = False
        made, more = _cast(frame[good], wanted)
        assert not more
        frame = frame[good]
    return _with(frame, made), [bad[row] for row in sorted(bad)]


def cast_or_refuse(frame: Any, schema: Schema | None) -> Any:
    """As cast_frame, but a bad cell is an error."""
    made, bad = cast_frame(frame, schema)
    if bad:
        first, more = bad[0], len(bad) - 1
        rest = f" ({more} more rows don't fit either)" if more else ""
        raise BadPayload(f"Row {first.row}, {first}.{rest}", field=str(first.column))
    return made


def _with(frame: Any, made: dict[int, Any]) -> Any:
    if not made:
        return frame
    frame = frame.copy(deep=False)
    for position, series in made.items():
        frame.isetitem(position, series)
    return frame


def _wanted(frame: Any, schema: Schema) -> Iterator[tuple[int, Any, Any]]:
    """Position, label and spec of every column that the schema says something of."""
    labels = frame.columns.tolist()
    if schema.has_input_names():
        by_name = schema.input_dict()
        seen: set[Any] = set()
        for position, label in enumerate(labels):
            if label in by_name and label not in seen:
                seen.add(label)
                yield position, label, by_name[label]
    elif schema.is_tensor_spec():
        for position, label in enumerate(labels):
            yield position, label, schema.inputs[0]
    else:
        for position, (label, spec) in enumerate(zip(labels, schema.inputs, strict=False)):
            yield position, label, spec


def _cast(frame: Any, wanted: list[tuple[int, Any, Any]]) -> tuple[dict[int, Any], dict[int, BadCell]]:
    made: dict[int, Any] = {}
    bad: dict[int, BadCell] = {}
    for position, label, spec in wanted:
        series = frame.iloc[:, position]
        try:
            cast = cast_column(series, spec)
        except Wrong as wrong:
            for row, found in wrong.found.items():
                bad.setdefault(row, BadCell(row=row, column=label, expected=wrong.expected, found=found))
            continue
        if cast is not series:
            made[position] = cast
    return made, bad


def cast_column(series: Any, spec: ColSpec | TensorSpec) -> Any:
    """The very series where nothing is to be done. Raises Wrong, which names all the rows."""
    if isinstance(spec, TensorSpec):
        if spec.type.kind not in "iufb" or _holds_lists(series):
            return series
        return cells.numbers(series, spec.type, spec.type.name, required=True)
    kind, required = spec.type, spec.required
    if not isinstance(kind, DataType):
        return cells.nested(series, kind, required)
    match kind:
        case DataType.boolean:
            return cells.flags(series, required)
        case DataType.datetime:
            return cells.times(series)
        case DataType.string:
            return cells.texts(series)
        case DataType.binary:
            return cells.blobs(series)
        case _:
            return cells.numbers(series, kind.to_numpy(), kind.name, required)


def _holds_lists(series: Any) -> bool:
    return len(series) > 0 and isinstance(series.iloc[0], (list, tuple, np.ndarray))
