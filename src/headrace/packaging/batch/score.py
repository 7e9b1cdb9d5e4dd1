"""A whole file through a model: chunk by chunk, in order, in memory that doesn't grow with the file.

A bad row (one that can't be read, doesn't fit the signature, or makes `predict` raise) ends the run and is named with
its column, or, with on_error="null", gets a null in its place. Where a chunk fails, halves of it are tried until the
row is known.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from headrace.errors import CallerError, HeadraceError, InvalidValue, UserCodeError
from headrace.packaging.batch import csv_input, json_input, output, parquet_input
from headrace.packaging.batch.chunk import Chunk, Limits, cut, length
from headrace.packaging.batch.progress import Progress
from headrace.packaging.batch.source import Input
from headrace.packaging.enforce import SchemaMismatch, enforce_input
from headrace.packaging.payload.answer import as_rows
from headrace.packaging.pyfunc.loaded import PyFuncModel
from headrace.packaging.schema import Schema

CONTENT_TYPES = ("json", "jsonl", "csv", "parquet")
ON_ERROR = ("fail", "null")
_SHOWN_BAD = 10
_HOPELESS = 100  # so many rows fail before one succeeds: it isn't the rows


class BadRow(CallerError):
    """A row that can't be scored. The model's own error, if it was one, is chained."""

    code = "BAD_REQUEST"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """bad: how many rows got a null. shown: the first of them, in words."""

    rows: int
    bad: int
    shown: list[str] = field(default_factory=list)


def score(
    model: PyFuncModel,
    input_path: str | Path | None,
    output_path: str | Path | None,
    *,
    content_type: str | None = None,
    output_type: str | None = None,
    on_error: str = "fail",
    limits: Limits | None = None,
    quiet: bool = False,
) -> Outcome:
    """Paths: None for stdin and stdout. Types: by the file names' endings if not given, else JSON."""
    if on_error not in ON_ERROR:
        raise InvalidValue("on_error", on_error, f"allowed are {', '.join(ON_ERROR)}.")
    kind = kind_of(content_type, input_path, "content_type")
    out_kind = kind_of(output_type, output_path, "output_type")
    source = Input(input_path)
    progress = Progress(source, quiet=quiet)
    shown: list[str] = []
    with output.opened(output_path, out_kind) as out:
        for chunk in _chunks(source, kind, model, limits or Limits()):
            if chunk.bad and on_error == "fail":
                offset = min(chunk.bad)
                raise BadRow(f"{source.name}, {chunk.place(offset)}: {chunk.bad[offset]}.")
            predictions, chunk = _predict(model, chunk, source.name, on_error)  # noqa: PLW2901 — with what was found bad
            first = sorted(chunk.bad)[: _SHOWN_BAD - len(shown)]
            shown += [f"{source.name}, {chunk.place(offset)}: {chunk.bad[offset]}" for offset in first]
            out.write(predictions, chunk)
            progress.add(chunk.rows, len(chunk.bad))
    progress.end()
    return Outcome(rows=progress.rows, bad=progress.bad, shown=shown)


def kind_of(given: str | None, path: str | Path | None, name: str) -> str:
    if given is not None:
        if given not in CONTENT_TYPES:
            raise InvalidValue(name, given, f"allowed are {', '.join(CONTENT_TYPES)}.")
        return given
    return output.SUFFIXES.get(Path(path).suffix.lower(), "json") if path is not None else "json"


def _chunks(source: Input, kind: str, model: PyFuncModel, limits: Limits) -> Iterator[Chunk]:
    meta = model.metadata
    schema = meta.signature.inputs if meta.signature else None
    if kind == "csv":
        return csv_input.chunks(source, schema, limits)
    if kind == "parquet":
        return parquet_input.chunks(source, schema, limits)
    return (json_input.chunks if kind == "json" else json_input.line_chunks)(source, meta, limits)


def _predict(model: PyFuncModel, chunk: Chunk, name: str, on_error: str) -> tuple[Any, Chunk]:
    """The answer for the good rows, and the chunk with those that turned out bad."""
    if not len(chunk.good):
        return [], chunk
    _check_columns(model, chunk.data)
    try:
        return model.predict(chunk.data, params=chunk.params), chunk
    except Exception as error:
        rows = length(chunk.data)
        if rows is None or rows != len(chunk.good) or (chunk.whole and on_error == "fail" and rows == 1):
            raise
        if on_error == "fail":
            raise _first_bad(model, chunk, name, error) from error
        return _without_bad(model, chunk, name)


def _check_columns(model: PyFuncModel, data: Any) -> None:
    """A column that isn't there is missing from all rows: no row is to blame."""
    schema: Schema | None = model.input_schema
    if schema is None or schema.is_tensor_spec() or not hasattr(data, "columns"):
        return
    if schema.has_input_names():
        names = set(data.columns)
        if any(name not in names for name in schema.required_input_names()):
            enforce_input(data, schema)
    elif data.shape[1] < len(schema):
        enforce_input(data, schema)


def _first_bad(model: PyFuncModel, chunk: Chunk, name: str, error: Exception) -> Exception:
    start, stop = 0, len(chunk.good)
    while stop - start > 1:
        middle = (start + stop) // 2
        if _error_of(model, chunk, start, middle) is None:
            start = middle
        else:
            stop = middle
    found = _error_of(model, chunk, start, stop)
    if found is None:  # rows that are well alone fail together
        return error if isinstance(error, HeadraceError) else UserCodeError(_in_full(error))
    place = f"{name}, {chunk.place(chunk.good[start])}"
    if isinstance(found, HeadraceError):
        return BadRow(f"{place}: {_of_one_row(found)}")
    return UserCodeError(f"{place}: {_in_full(found)}")


def _error_of(model: PyFuncModel, chunk: Chunk, start: int, stop: int) -> Exception | None:
    try:
        model.predict(cut(chunk.data, start, stop), params=chunk.params)
    except Exception as error:  # noqa: BLE001 — the user's code
        return error
    return None


def _without_bad(model: PyFuncModel, chunk: Chunk, name: str) -> tuple[list[Any], Chunk]:
    """Answers of the rows that have one."""
    rows: list[Any] = []
    bad: dict[int, str] = {}

    def part(start: int, stop: int) -> None:
        try:
            answer = as_rows(model.predict(cut(chunk.data, start, stop), params=chunk.params))
        except Exception as error:  # the user's code
            if stop - start == 1:
                bad[chunk.good[start]] = _of_one_row(error)
                if len(bad) >= _HOPELESS and not rows:
                    where = f"{name}, {chunk.place(chunk.good[0])} and the {_HOPELESS - 1} rows after it"
                    raise UserCodeError(f"{where} all fail; the last: {_in_full(error)}") from error
                return
            middle = (start + stop) // 2
            part(start, middle)
            part(middle, stop)
            return
        if answer is None or len(answer) != stop - start:
            raise output.NotByRow("isn't a list of as many predictions", stop - start)
        rows.extend(answer)

    part(0, len(chunk.good))
    return rows, Chunk(
        data=None,
        rows=chunk.rows,
        first_row=chunk.first_row,
        bad={**chunk.bad, **bad},
        params=chunk.params,
        lines=chunk.lines,
    )


def _of_one_row(error: Exception) -> str:
    if isinstance(error, SchemaMismatch):
        place = error.place.replace(", row 0", "")
        return f"{place}: expected {error.expected}, found {error.found}. {error.mend}".strip().removeprefix(": ")
    if isinstance(error, HeadraceError):
        return error.message
    return f"{type(error).__name__}: {error}"


def _in_full(error: Exception) -> str:
    """With the model's own frames: whoever wrote it needs them."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "headrace/packaging/" not in frame.filename.replace("\\", "/")]
    where = "".join(traceback.format_list(own[-5:]))
    return f"{type(error).__name__}: {error}\n{where}".rstrip()
