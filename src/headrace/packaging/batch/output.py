"""Where predictions go: a file, complete or not there at all, or stdout.

A file is written under a temporary name beside its place and renamed at the end. JSON is what the scoring server
answers; JSON lines, CSV and Parquet have one row for each row of the input, in its order, and null for a bad one.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO, Protocol

import numpy as np

from headrace import clock
from headrace.errors import InvalidValue, UserCodeError
from headrace.lazy import optional_import
from headrace.packaging.batch.chunk import Chunk
from headrace.packaging.payload.answer import as_rows, jsonable, to_json

SUFFIXES = {".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".parquet": "parquet"}
_COLUMN = "prediction"


class Output(Protocol):
    def write(self, predictions: Any, chunk: Chunk) -> None:
        """Of the chunk's good rows, in their order."""
        ...

    def close(self) -> None: ...


@contextmanager
def opened(path: str | Path | None, kind: str) -> Iterator[Output]:
    """The file is there once all went well. kind: json, jsonl, csv, parquet."""
    kinds: dict[str, Callable[[BinaryIO], Output]] = {"json": Json, "jsonl": JsonLines, "csv": Csv, "parquet": Parquet}
    make = kinds[kind]
    if path is None:
        output = make(sys.stdout.buffer)
        yield output
        output.close()
        sys.stdout.buffer.flush()
        return
    target = Path(path).expanduser().absolute()
    if not target.parent.is_dir():
        raise InvalidValue("output_path", str(path), "its folder isn't there.")
    part = target.with_name(f".{target.name}.{clock.hex_id()[:8]}.part")
    try:
        with part.open("wb") as file:
            output = make(file)
            yield output
            output.close()
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    finally:
        with contextlib.suppress(FileNotFoundError):
            part.unlink()


def _rows(predictions: Any, chunk: Chunk) -> list[Any]:
    found = as_rows(predictions)
    good = chunk.good
    if found is None or len(found) != len(good):
        many = "isn't a list of predictions" if found is None else f"has {len(found)} predictions"
        raise NotByRow(many, len(good))
    if not chunk.bad:
        return found
    spread: list[Any] = [None] * chunk.rows
    for place, item in zip(good, found, strict=True):
        spread[place] = item
    return spread


class NotByRow(UserCodeError):
    """The model's answer can't be told apart by rows."""

    def __init__(self, many: str, rows: int) -> None:
        super().__init__(
            f"The model got {rows} rows, and its answer {many}: it can't be written row by row. A JSON document "
            "(dataframe_split, inputs …) up to 16 MB goes through the model in one piece and may have any answer."
        )


class Json:
    """`{"predictions": …}`; a list, or lists by name."""

    def __init__(self, sink: BinaryIO) -> None:
        self._sink = sink
        self._parts: dict[Any, IO[bytes]] = {}
        self._state = "empty"

    def write(self, predictions: Any, chunk: Chunk) -> None:
        if chunk.whole and not chunk.bad:
            answer = jsonable(predictions)
            self._put(to_json(answer if chunk.unwrapped else {"predictions": answer}))
            self._state = "done"
        elif isinstance(predictions, Mapping):
            self._by_name(predictions, chunk)
        else:
            self._put('{"predictions": [' if self._state == "empty" else ", ")
            self._state = "list"
            self._put(to_json(_rows(predictions, chunk))[1:-1])

    def _by_name(self, predictions: Mapping[Any, Any], chunk: Chunk) -> None:
        self._state = "names"
        for name, values in predictions.items():
            text = to_json(_rows(values, chunk))[1:-1]
            part = self._parts.get(name)
            if part is None:
                part = self._parts[name] = tempfile.TemporaryFile(prefix="headrace-predictions-")  # noqa: SIM115
            else:
                text = f", {text}"
            part.write(text.encode())

    def close(self) -> None:
        if self._state == "names":
            before = '{"predictions": {'
            for name, part in self._parts.items():
                self._put(f"{before}{json.dumps(str(name))}: [")
                part.seek(0)
                shutil.copyfileobj(part, self._sink)
                part.close()
                before = "], "
            self._put("]}}")
        elif self._state != "done":
            self._put("]}" if self._state == "list" else '{"predictions": []}')
        self._put("\n")

    def _put(self, text: str) -> None:
        self._sink.write(text.encode())


class JsonLines:
    def __init__(self, sink: BinaryIO) -> None:
        self._sink = sink

    def write(self, predictions: Any, chunk: Chunk) -> None:
        self._sink.write("".join(f"{to_json(row)}\n" for row in _rows(predictions, chunk)).encode())

    def close(self) -> None:
        pass


def table(predictions: Any, chunk: Chunk) -> Any:
    """A DataFrame of as many rows as the chunk has. One column is called prediction, several of an array
    prediction_0, prediction_1, …"""
    pandas = optional_import("pandas", extra="pandas", why="to write CSV and Parquet")
    good = chunk.good
    frame = _frame(pandas, predictions)
    if frame is None or len(frame) != len(good):
        raise NotByRow("isn't a table" if frame is None else f"has {len(frame)} rows", len(good))
    if chunk.bad:
        # What has no type for a missing value gets the one of pandas' that has.
        narrow = {name: "boolean" if dtype.kind == "b" else dtype.name.replace("i", "I").replace("u", "U")
                  for name, dtype in frame.dtypes.items() if getattr(dtype, "kind", "O") in "iub"}  # fmt: skip
        frame = frame.astype(narrow)
        frame.index = good
        return frame.reindex(range(chunk.rows))
    frame.index = range(len(frame))
    return frame


def _frame(pandas: Any, predictions: Any) -> Any:
    if isinstance(predictions, pandas.DataFrame):
        return predictions.rename(columns=str).copy(deep=False)
    if isinstance(predictions, pandas.Series):
        return predictions.to_frame(str(predictions.name or _COLUMN))
    if hasattr(predictions, "to_pandas"):
        return _frame(pandas, predictions.to_pandas())
    if isinstance(predictions, Mapping):
        columns: dict[str, Any] = {}
        for name, values in predictions.items():
            columns |= _columns(str(name), np.asarray(values))
        return pandas.DataFrame(columns)
    if isinstance(predictions, (list, tuple)):
        if predictions and all(isinstance(row, dict) for row in predictions):
            return pandas.DataFrame(list(predictions))
        if any(isinstance(row, (dict, list)) for row in predictions):
            return pandas.DataFrame({_COLUMN: pandas.Series(list(predictions), dtype=object)})
        return pandas.DataFrame({_COLUMN: list(predictions)})
    listed = predictions if isinstance(predictions, np.ndarray) else jsonable(predictions)
    if not isinstance(listed, (np.ndarray, list)):
        return None
    return pandas.DataFrame(_columns(_COLUMN, np.asarray(listed)))


def _columns(name: str, values: np.ndarray[Any, Any]) -> dict[str, Any]:
    if values.ndim == 1:
        return {name: values}
    if values.ndim == 2 and values.shape[1] == 1:
        return {name: values[:, 0]}
    if values.ndim == 2:
        return {f"{name}_{place}": values[:, place] for place in range(values.shape[1])}
    return {name: list(values.tolist())}


class Csv:
    def __init__(self, sink: BinaryIO) -> None:
        self._sink = sink
        self._columns: Sequence[Any] | None = None

    def write(self, predictions: Any, chunk: Chunk) -> None:
        frame = table(predictions, chunk)
        for name in frame.columns:
            if frame[name].dtype.kind == "O" and frame[name].map(lambda cell: isinstance(cell, (dict, list))).any():
                frame[name] = frame[name].map(lambda cell: to_json(cell) if isinstance(cell, (dict, list)) else cell)
        first = self._columns is None
        if self._columns is None:
            self._columns = list(frame.columns)
        frame = _same_columns(frame, self._columns)
        self._sink.write(frame.to_csv(index=False, header=first).encode())

    def close(self) -> None:
        pass


def _same_columns(frame: Any, columns: Sequence[Any]) -> Any:
    if strange := [name for name in frame.columns if name not in columns]:
        raise UserCodeError(
            f"The model's answer has a column {strange[0]!r} that its answer to the first rows hadn't; they had "
            f"{', '.join(map(str, columns))}."
        )
    return frame.reindex(columns=list(columns))


class Parquet:
    """Types are those of the first chunk's answer."""

    def __init__(self, sink: BinaryIO) -> None:
        self._sink = sink
        self._arrow = optional_import("pyarrow", why="to write Parquet")
        self._parquet = optional_import("pyarrow.parquet", why="to write Parquet")
        self._writer: Any = None

    def write(self, predictions: Any, chunk: Chunk) -> None:
        frame = table(predictions, chunk)
        try:
            if self._writer is None:
                made = self._arrow.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
                self._writer = self._parquet.ParquetWriter(self._sink, made.schema)
            else:
                schema = self._writer.schema
                made = self._arrow.Table.from_pandas(
                    _same_columns(frame, schema.names), schema=schema, preserve_index=False
                )
            self._writer.write_table(made)
        except self._arrow.ArrowException as error:
            raise UserCodeError(f"The model's answer can't be written as Parquet: {error}") from error

    def close(self) -> None:
        if self._writer is None:
            empty = self._arrow.table({_COLUMN: self._arrow.array([], self._arrow.null())})
            self._writer = self._parquet.ParquetWriter(self._sink, empty.schema)
        self._writer.close()
