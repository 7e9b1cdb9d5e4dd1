"""Arrow IPC streams: a request's columns as they are, and predictions as one table."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

from headrace.errors import UserCodeError
from headrace.lazy import optional_import
from headrace.packaging.payload.answer import jsonable
from headrace.packaging.payload.columns import cast_or_refuse
from headrace.packaging.payload.errors import BadPayload
from headrace.packaging.payload.quick import frame_of_columns
from headrace.packaging.schema import Schema
from headrace.packaging.types import DataType

_UNNAMED = "predictions"
_EXACT = {
    DataType.double: "double",
    DataType.float: "float",
    DataType.long: "int64",
    DataType.integer: "int32",
    DataType.boolean: "bool",
}
_INDEX = re.compile(r"__index_level_\d+__")  # what pandas puts beside the columns


def of_arrow(content: bytes, schema: Schema | None) -> Any:
    """A frame with the schema's types. Raises BadPayload, for a cell of another type too."""
    arrow = optional_import("pyarrow", why="to read Arrow")
    try:
        with arrow.ipc.open_stream(content) as stream:
            table = stream.read_all()
        table.validate(full=True)  # what doesn't hold what it says would be read beyond its end
        frame = _of_exact_types(table, schema)
        if frame is not None:
            return frame
        places = [place for place, name in enumerate(table.column_names) if not _INDEX.fullmatch(name)]
        # Types are the schema's business, and pandas' notes of them may be damaged. Threads cost more than they save.
        frame = table.select(places).to_pandas(ignore_metadata=True, use_threads=False)
    except (arrow.ArrowException, ValueError, OSError) as error:
        raise BadPayload(f"The body can't be read as an Arrow stream: {error}.") from None
    return cast_or_refuse(frame, schema)


def _of_exact_types(table: Any, schema: Schema | None) -> Any:
    """The frame of a table whose columns hold numbers and flags, none missing, in just the types of the schema."""
    if schema is None or schema.is_tensor_spec() or not schema.has_input_names() or not table.num_rows:
        return None
    names, sent = schema.input_names(), table.column_names
    columns = []
    for name, spec in zip(names, schema.inputs, strict=True):
        kind = _EXACT.get(spec.type) if isinstance(spec.type, DataType) else None
        if kind is None or sent.count(name) != 1:
            return None
        column = table.column(name)
        if str(column.type) != kind or column.null_count:
            return None
        columns.append(column.to_numpy())
    return frame_of_columns(names, columns)


def to_arrow(predictions: Any) -> bytes:
    """Columns keep their names; what has none becomes the column `predictions`."""
    arrow = optional_import("pyarrow", why="to answer in Arrow")
    try:
        table = _table(arrow, predictions)
    except (arrow.ArrowException, ValueError, TypeError) as error:
        raise UserCodeError(f"The model's answer can't become an Arrow table: {error}.", "BAD_REQUEST") from error
    sink = arrow.BufferOutputStream()
    with arrow.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    made: bytes = sink.getvalue().to_pybytes()
    return made


def _table(arrow: Any, predictions: Any) -> Any:
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(predictions, pandas.Series):
        predictions = predictions.to_frame(_UNNAMED if predictions.name is None else str(predictions.name))
    if pandas is not None and isinstance(predictions, pandas.DataFrame):
        return arrow.Table.from_pandas(predictions.rename(columns=str), preserve_index=False)
    if isinstance(predictions, Mapping):
        return arrow.table({str(name): _column(arrow, value) for name, value in predictions.items()})
    return arrow.table({_UNNAMED: _column(arrow, predictions)})


def _column(arrow: Any, values: Any) -> Any:
    plain = jsonable(values) if not isinstance(values, np.ndarray) else values
    if isinstance(plain, np.ndarray) and plain.ndim > 1:
        plain = plain.tolist()
    return arrow.array(plain if isinstance(plain, (list, np.ndarray)) else [plain])
