"""Runs and points of metrics as CSV, JSON and Parquet files.

A file appears whole or not at all. Points stream, a series at a time; runs are held in memory, since the columns are
the keys of all of them.
"""

from __future__ import annotations

import csv
import json
import math
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

import click

from headrace.cli.output import as_json
from headrace.entities import Metric, Run
from headrace.errors import InvalidValue
from headrace.lazy import optional_import
from headrace.stores.base import MetricStore

FORMATS = ("csv", "json", "parquet")
ATTRIBUTES = ("run_id", "experiment_id", "status", "artifact_uri", "start_time", "end_time")
TIMES = ("start_time", "end_time", "timestamp")
POINT_COLUMNS = ("run_id", "key", "step", "timestamp", "value")
_ROWS_PER_GROUP = 50_000  # a Parquet row group of a few MB: enough to compress, little to hold


def format_of(kind: str | None, output: Path | None) -> str:
    """What was asked for, or what the file's name says, or csv."""
    if kind is None:
        suffix = output.suffix.lower().removeprefix(".") if output is not None else ""
        kind = suffix if suffix in FORMATS else "csv"
    if kind == "parquet" and output is None:
        raise click.UsageError("Parquet needs a file: give --output FILE.")
    return kind


def write_runs(runs: Iterable[Run], kind: str, output: Path | None) -> int:
    """The number of rows."""
    found = list(runs)
    if kind == "json":
        with _text(output) as file:
            file.write(as_json([run.to_dictionary() for run in found]) + "\n")
        return len(found)
    columns = [*ATTRIBUTES]
    for prefix in ("metrics", "params", "tags"):
        columns += sorted({f"{prefix}.{key}" for run in found for key in getattr(run.data, prefix)})
    rows = (_cells(run, columns) for run in found)
    return _write_table(columns, rows, kind, output)


def write_points(points: Iterable[Metric], kind: str, output: Path | None) -> int:
    rows = ([p.run_id, p.key, p.step, p.timestamp, p.value] for p in points)
    if kind == "json":
        return _write_json_rows(POINT_COLUMNS, rows, output)
    return _write_table(POINT_COLUMNS, rows, kind, output)


def points_of(store: MetricStore, runs: Iterable[Run], keys: Sequence[str]) -> Iterator[Metric]:
    """Every distinct point of the runs' metrics, or of those named in keys; run_id set."""
    for run in runs:
        for key in sorted(run.data.metrics):
            if keys and key not in keys:
                continue
            for point in store.get_metric_history(run.info.run_id, key):
                yield Metric(point.key, point.value, point.timestamp, point.step, run_id=run.info.run_id)


def _cells(run: Run, columns: Sequence[str]) -> list[Any]:
    data: dict[str, Mapping[str, Any]] = {"metrics": run.data.metrics, "params": run.data.params, "tags": run.data.tags}
    found: list[Any] = [getattr(run.info, name) for name in ATTRIBUTES]
    for column in columns[len(ATTRIBUTES) :]:
        kind, _, key = column.partition(".")
        found.append(data[kind].get(key))
    return found


def _write_table(columns: Sequence[str], rows: Iterable[Sequence[Any]], kind: str, output: Path | None) -> int:
    if kind == "parquet":
        assert output is not None
        return _write_parquet(columns, rows, output)
    n_rows = 0
    times = [index for index, column in enumerate(columns) if column in TIMES]
    with _text(output) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        for row in rows:
            shown = [_finite(value) for value in row]
            for index in times:
                shown[index] = _iso(shown[index])
            writer.writerow(shown)
            n_rows += 1
    return n_rows


def _write_json_rows(columns: Sequence[str], rows: Iterable[Sequence[Any]], output: Path | None) -> int:
    n_rows = 0
    with _text(output) as file:
        for row in rows:
            file.write("[\n" if n_rows == 0 else ",\n")
            file.write(json.dumps({name: _finite(value) for name, value in zip(columns, row, strict=True)}))
            n_rows += 1
        file.write("\n]\n" if n_rows else "[]\n")
    return n_rows


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def _write_parquet(columns: Sequence[str], rows: Iterable[Sequence[Any]], output: Path) -> int:
    arrow = optional_import("pyarrow", why="writing Parquet")
    parquet = optional_import("pyarrow.parquet", why="writing Parquet")
    schema = arrow.schema([(column, _arrow_type(arrow, column)) for column in columns])
    n_rows = 0
    with _replaced(output) as path, parquet.ParquetWriter(path, schema) as writer:
        rest = iter(rows)
        while part := list(islice(rest, _ROWS_PER_GROUP)):
            arrays = [
                arrow.array(values, type=field.type)
                for values, field in zip(zip(*part, strict=True), schema, strict=True)
            ]
            writer.write_table(arrow.Table.from_arrays(arrays, schema=schema))
            n_rows += len(part)
    return n_rows


def _arrow_type(arrow: Any, column: str) -> Any:
    if column in TIMES:
        return arrow.timestamp("ms", tz="UTC")
    if column == "step":
        return arrow.int64()
    return arrow.float64() if column == "value" or column.startswith("metrics.") else arrow.string()


def _iso(ms: int | None) -> str | int | None:
    if ms is None:
        return None
    try:
        return datetime.fromtimestamp(ms / 1000, UTC).isoformat(sep=" ", timespec="milliseconds")
    except (ValueError, OverflowError, OSError):
        return ms


@contextmanager
def _text(output: Path | None) -> Iterator[TextIO]:
    if output is None:
        yield sys.stdout
        return
    with _replaced(output) as path, path.open("w", encoding="utf-8", newline="") as file:
        yield file


@contextmanager
def _replaced(output: Path) -> Iterator[Path]:
    """A file beside it to write to, which takes its place at the end."""
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{output.name}.", dir=output.absolute().parent)
    except FileNotFoundError:
        raise InvalidValue("--output", str(output), "its folder doesn't exist.") from None
    os.close(descriptor)
    path = Path(name)
    try:
        yield path
        path.chmod(0o666 & ~_umask())
        path.replace(output)
    finally:
        path.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
