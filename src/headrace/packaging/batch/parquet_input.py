"""Parquet in chunks, row group by row group: memory holds one row group's columns at most."""

from __future__ import annotations

from collections.abc import Iterator

from headrace.lazy import optional_import
from headrace.packaging.batch.chunk import Chunk, Limits
from headrace.packaging.batch.source import Input
from headrace.packaging.payload.columns import cast_frame
from headrace.packaging.payload.errors import BadPayload
from headrace.packaging.schema import Schema


def chunks(source: Input, schema: Schema | None, limits: Limits) -> Iterator[Chunk]:
    arrow = optional_import("pyarrow", why="to read Parquet")
    parquet = optional_import("pyarrow.parquet", why="to read Parquet")
    row = 0
    with source.file() as path:
        try:
            with parquet.ParquetFile(path, memory_map=False, pre_buffer=False, buffer_size=1 << 20) as file:
                source.total_rows = file.metadata.num_rows
                size = sum(file.metadata.row_group(place).total_byte_size for place in range(file.num_row_groups))
                row_bytes = max(1, size // max(1, file.metadata.num_rows))
                rows = max(1, min(limits.rows, limits.size_bytes // row_bytes))
                for batch in file.iter_batches(batch_size=rows):
                    frame = batch.to_pandas()
                    frame.index = range(len(frame))
                    made, bad = cast_frame(frame, schema)
                    yield Chunk(data=made, rows=len(frame), first_row=row, bad={each.row: str(each) for each in bad})
                    row += len(frame)
        except (arrow.ArrowException, OSError) as error:
            raise BadPayload(f"{source.name} can't be read as Parquet after row {row}: {error}") from None
