"""CSV with a header, in chunks.

Columns that the signature calls text are never taken for numbers. Without a signature the first megabyte decides which
columns are text, so that a chunk's own look can't change it: what isn't a number later is a bad cell.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import numpy as np

from headrace.lazy import optional_import
from headrace.packaging.batch.chunk import Chunk, Limits
from headrace.packaging.batch.source import Counted, Input
from headrace.packaging.payload.columns import cast_frame
from headrace.packaging.payload.errors import BadPayload
from headrace.packaging.payload.request import text_columns
from headrace.packaging.schema import ColSpec, Schema
from headrace.packaging.types import DataType

_SAMPLE_BYTES = 1 << 20
_FIRST_ROWS = 1_000  # whose size tells how many rows make a chunk


def chunks(source: Input, schema: Schema | None, limits: Limits) -> Iterator[Chunk]:
    pandas = optional_import("pandas", extra="pandas", why="to read CSV")
    row = 0
    with source.stream() as stream:
        try:
            kinds, guessed = _columns(pandas, stream, schema)
            # Without low_memory, each chunk's column has one type.
            with pandas.read_csv(
                io.BufferedReader(stream), dtype=kinds, iterator=True, low_memory=False, index_col=False
            ) as reader:
                size = min(_FIRST_ROWS, limits.rows)
                while True:
                    try:
                        frame = reader.get_chunk(size)
                    except StopIteration:
                        return
                    yield _chunk(frame, row, schema or guessed)
                    row += len(frame)
                    row_bytes = max(1.0, stream.done_bytes / row)
                    size = max(1, min(limits.rows, int(limits.size_bytes / row_bytes)))
        except (UnicodeDecodeError, ValueError) as error:
            after = f"after row {row}" if row else "at its beginning"
            raise BadPayload(f"{source.name} can't be read as CSV {after}: {error}") from None


def _chunk(frame: Any, row: int, schema: Schema | None) -> Chunk:
    rows = len(frame)
    frame.index = range(rows)
    made, bad = cast_frame(frame, schema)
    return Chunk(data=made, rows=rows, first_row=row, bad={each.row: str(each) for each in bad})


def _columns(pandas: Any, stream: Counted, schema: Schema | None) -> tuple[dict[Any, type], Schema | None]:
    """Columns to be read as text; and, where no schema says anything, one that says which are text and numbers."""
    if schema is not None and (schema.has_input_names() or not schema.is_tensor_spec()):
        return text_columns(schema), None
    sample = stream.look(_SAMPLE_BYTES)
    if len(sample) == _SAMPLE_BYTES:
        sample = sample[: sample.rfind(b"\n") + 1]
    try:
        frame = pandas.read_csv(io.BytesIO(sample), low_memory=False, on_bad_lines="skip", index_col=False)
    except (ValueError, UnicodeDecodeError):
        return {}, None  # the real read says what is wrong
    text: dict[Any, type] = {label: str for label, dtype in frame.dtypes.items() if not _is_number(dtype)}
    specs = [
        ColSpec(DataType.double, label, required=False)
        for label, dtype in frame.dtypes.items()
        if isinstance(dtype, np.dtype) and dtype.kind == "f"
    ]
    return text, Schema(specs) if specs and schema is None else None


def _is_number(dtype: Any) -> bool:
    return isinstance(dtype, np.dtype) and dtype.kind in "iufb"
