"""What a request brings, into the series' rows: prepared outside the transaction, written inside it.

No numpy here: a script that only logs to its embedded store need not load it.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import chain
from typing import NamedTuple

from headrace.entities import Metric
from headrace.stores.sql.blocks import batches
from headrace.stores.sql.blocks.tails import spill_sometimes
from headrace.stores.sql.connection import Database, Dialect

LOOSE_POINTS = 16  # of one series in one request; fewer go to its tail
ROWS_AT_ONCE = 32  # SQLite: a fifth less time than row by row, and the interpreter lock is fought for less often
PLAIN_ROWS_AT_ONCE = 200

_POINT = struct.Struct("<qqd")
Row = tuple[int | float | bytes, ...]


class Batch(NamedTuple):
    """rows: by key, what the series' row takes from this request, in the order of _TAKEN.
    payloads: points that become loose rows."""

    rows: dict[str, Row]
    payloads: dict[str, bytes]


class Wide(NamedTuple):
    """A point each of many keys."""

    keys: list[str]
    steps: list[int]
    times: list[int]
    values: list[float]
    points: bytes

    @property
    def is_plain(self) -> bool:
        """No value is NaN."""
        return not math.isnan(sum(self.values))

    def rows(self, *, with_tails: bool) -> dict[str, Row]:
        found = map(_row_of_one, self.steps, self.times, self.values)
        return dict(zip(self.keys, found if with_tails else ((*row[:-1], b"") for row in found), strict=True))


_LAST = ("last_step", "last_timestamp", "last_class", "last_value")
_TAKEN = {
    "n": "bigint",
    "last_step": "bigint",
    "last_timestamp": "bigint",
    "last_class": "smallint",
    "last_value": "double precision",
    "min_value": "double precision",
    "max_value": "double precision",
    "loose": "bigint",
    "tail": "bytea",
}


def prepared(metrics: Sequence[Metric]) -> Batch | Wide:
    """metrics: checked."""
    if len(metrics) == 1:
        only = metrics[0]
        return Batch({only.key: _row_of_one(only.step, only.timestamp, only.value)}, {})
    if len(metrics) >= batches.FEWEST_KEYS:
        keys = [point.key for point in metrics]
        if len(set(keys)) == len(keys):
            columns = _columns(metrics)
            return Wide(keys, *columns, _raw(*columns))
    groups: dict[str, list[Metric]] = {}
    for point in metrics:
        group = groups.get(point.key)
        if group is None:
            groups[point.key] = [point]
        else:
            group.append(point)
    rows: dict[str, Row] = {}
    payloads: dict[str, bytes] = {}
    for key, group in groups.items():
        if len(group) == 1:
            only = group[0]
            rows[key] = _row_of_one(only.step, only.timestamp, only.value)
        else:
            rows[key], payload = _row_of_many(group)
            if payload:
                payloads[key] = payload
    return Batch(rows, payloads)


def _columns(points: Sequence[Metric]) -> tuple[list[int], list[int], list[float]]:
    return [point.step for point in points], [point.timestamp for point in points], [point.value for point in points]


def _raw(steps: list[int], times: list[int], values: list[float]) -> bytes:
    n = len(steps)
    flat: list[int | float] = [0] * (3 * n)
    flat[0::3], flat[1::3], flat[2::3] = steps, times, values
    return _points(n).pack(*flat)


def _row_of_one(step: int, time: int, value: float) -> Row:
    tail = _POINT.pack(step, time, value)
    if math.isnan(value):
        return (1, step, time, 1, 0.0, math.inf, -math.inf, 0, tail)
    return (1, step, time, 0, value, value, value, 0, tail)


def _row_of_many(group: Sequence[Metric]) -> tuple[Row, bytes]:
    steps, times, values = _columns(group)
    n = len(group)
    raw = _raw(steps, times, values)
    top = max(steps)
    if steps[-1] == top and steps.count(top) == 1:
        last_time, last_value = times[-1], values[-1]
    else:
        last_time, _, last_value = max(
            (time, value != value, value)  # noqa: PLR0124 - NaN is last
            for step, time, value in zip(steps, times, values, strict=True)
            if step == top
        )
    numbers = values if not math.isnan(sum(values)) else [value for value in values if not math.isnan(value)]
    loose = n >= LOOSE_POINTS
    is_nan = math.isnan(last_value)
    row = (
        n,
        top,
        last_time,
        int(is_nan),
        0.0 if is_nan else last_value,
        min(numbers, default=math.inf),
        max(numbers, default=-math.inf),
        n if loose else 0,
        b"" if loose else raw,
    )
    return row, raw if loose else b""


@lru_cache(maxsize=1024)  # a batch has at most 1,000 points
def _points(n: int) -> struct.Struct:
    return struct.Struct("<" + "qqd" * n)


def append(db: Database, run_ref: int, experiment_id: int, batch: Batch | Wide) -> None:
    """Inside a transaction that holds the run."""
    if isinstance(batch, Wide):
        _append_wide(db, run_ref, experiment_id, batch)
        return
    numbers = db.names.ensure(db, batch.rows)
    _upsert_all(db, run_ref, experiment_id, batch.rows, numbers)
    spill_sometimes(db, run_ref, len(batch.rows) - len(batch.payloads))
    if batch.payloads:
        db.executemany(_ADD_LOOSE, [(payload, run_ref, numbers[key]) for key, payload in batch.payloads.items()])


def _append_wide(db: Database, run_ref: int, experiment_id: int, batch: Wide) -> None:
    numbers = db.names.ensure(db, batch.keys)
    keys = [numbers[key] for key in batch.keys]
    together = batches.has_room(db, run_ref)
    if together and batch.is_plain and db.dialect == "sqlite":
        _upsert_plain(db, run_ref, experiment_id, list(zip(keys, batch.steps, batch.times, batch.values, strict=True)))
    else:
        _upsert_all(db, run_ref, experiment_id, batch.rows(with_tails=not together), numbers)
    if together:
        batches.add(db, run_ref, keys, batch.points)
    else:
        spill_sometimes(db, run_ref, len(keys))


def _upsert_plain(db: Database, run_ref: int, experiment_id: int, rows: list[tuple[int | float, ...]]) -> None:
    """rows: key, step, time, value of a point each, none of them NaN."""
    for start in range(0, len(rows), PLAIN_ROWS_AT_ONCE):
        some = rows[start : start + PLAIN_ROWS_AT_ONCE]
        db.execute(_upsert_plain_rows(len(some)), [run_ref, experiment_id, *chain.from_iterable(some)])


def _upsert_all(db: Database, run_ref: int, experiment_id: int, rows: dict[str, Row], numbers: dict[str, int]) -> None:
    if db.dialect == "postgresql":
        _upsert_arrays(db, run_ref, experiment_id, rows, numbers)
    else:
        _upsert_rows(db, [(run_ref, numbers[key], experiment_id, *row) for key, row in rows.items()])


def _upsert_rows(db: Database, rows: list[Row]) -> None:
    if len(rows) == 1:
        db.execute(_UPSERT_ROW, rows[0])
        return
    many = len(rows) - len(rows) % ROWS_AT_ONCE
    for start in range(0, many, ROWS_AT_ONCE):
        db.execute(_UPSERT_ROWS, list(chain.from_iterable(rows[start : start + ROWS_AT_ONCE])))
    if many < len(rows):
        db.executemany(_UPSERT_ROW, rows[many:])


def _upsert_arrays(
    db: Database, run_ref: int, experiment_id: int, rows: dict[str, Row], numbers: dict[str, int]
) -> None:
    # One order for all, so that no two transactions wait for each other.
    ascending = sorted((numbers[key], *row) for key, row in rows.items())
    arrays = [_array(column) for column in zip(*ascending, strict=True)]
    db.execute(_UPSERT_ARRAYS, (run_ref, experiment_id, *arrays))


def _array(column: Row) -> str:
    """As PostgreSQL writes it; the driver takes four times as long to turn a list into one."""
    parts = [f'"\\\\x{each.hex()}"' if isinstance(each, bytes) else repr(each) for each in column]
    return f"{{{','.join(parts)}}}"


def _upsert(dialect: Dialect, rows: int = 1) -> str:
    columns = ", ".join(("run_ref", "key_ref", "experiment_id", *_TAKEN))
    if dialect == "sqlite":
        row = f"({', '.join('?' * (3 + len(_TAKEN)))})"
        source = f"VALUES {', '.join([row] * rows)}"
    else:
        arrays = ", ".join(f"?::{kind}[]" for kind in ("bigint", *_TAKEN.values()))
        names = ", ".join(("key_ref", *_TAKEN))
        taken = ", ".join(f"u.{column}" for column in _TAKEN)
        source = f"SELECT ?, u.key_ref, ?, {taken} FROM unnest({arrays}) AS u ({names})"
    # SQLite's || makes text of bytes.
    tail = "CAST(s.tail || excluded.tail AS BLOB)" if dialect == "sqlite" else "s.tail || excluded.tail"
    changes = {**_added("n", "loose"), "tail": tail}
    return _into_series(columns, source, changes)


@cache
def _upsert_plain_rows(rows: int) -> str:
    """SQLite's, of single points that go to no tail: 4 values a row and 2 for all cost half of 12 a row."""
    row = "(?1, ?2, ?{0}, 1, ?{1}, ?{2}, 0, ?{3}, ?{3}, ?{3}, 0, x'')"
    source = ", ".join(row.format(*range(first, first + 4)) for first in range(3, 3 + 4 * rows, 4))
    return _into_series(", ".join(("run_ref", "experiment_id", "key_ref", *_TAKEN)), f"VALUES {source}", _added("n"))


def _added(*columns: str) -> dict[str, str]:
    return {column: f"s.{column} + excluded.{column}" for column in columns}


def _into_series(columns: str, source: str, changes: dict[str, str]) -> str:
    """Adds what came to what is there. "last" moves only if the new one is greater; NaN is greater than any number."""
    new, old = (", ".join(f"{side}.{column}" for column in _LAST) for side in ("excluded", "s"))
    moves = {column: f"CASE WHEN ({new}) > ({old}) THEN excluded.{column} ELSE s.{column} END" for column in _LAST}
    for column, sign in (("min_value", "<"), ("max_value", ">")):
        moves[column] = f"CASE WHEN excluded.{column} {sign} s.{column} THEN excluded.{column} ELSE s.{column} END"
    setting = ", ".join(f"{column} = {change}" for column, change in {**moves, **changes}.items())
    return f"INSERT INTO metric_series AS s ({columns}) {source} ON CONFLICT (run_ref, key_ref) DO UPDATE SET {setting}"


_UPSERT_ROW, _UPSERT_ROWS = _upsert("sqlite"), _upsert("sqlite", ROWS_AT_ONCE)
_UPSERT_ARRAYS = _upsert("postgresql")
_ADD_LOOSE = (
    "INSERT INTO metric_loose (series_id, payload) SELECT id, ? FROM metric_series WHERE run_ref = ? AND key_ref = ?"
)
