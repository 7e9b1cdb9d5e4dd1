"""What must hold of stored series at any moment, looked up in the tables and not through the code that reads them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from headrace.stores.sql.blocks.codec import decode
from headrace.stores.sql.blocks.points import Points, from_raw
from headrace.stores.sql.blocks.summary import RECORD
from headrace.stores.sql.connection import Database

Place = tuple[int, int, bool, float]


def keys_of(points: Points) -> list[Place]:
    return [
        (step, time, math.isnan(value), 0.0 if math.isnan(value) else value)
        for step, time, value in zip(points.steps.tolist(), points.times.tolist(), points.values.tolist(), strict=True)
    ]


def check(db: Database) -> None:
    blocks = dict(db.execute("SELECT id, payload FROM metric_block").fetchall())
    owners: set[int] = set()
    in_batches = bool(db.execute("SELECT 1 FROM metric_batch LIMIT 1").fetchone())
    for series_id, loose, tail, *extremes in db.execute(
        "SELECT id, loose, tail, min_value, max_value FROM metric_series"
    ).fetchall():
        own = check_series(db, series_id, blocks)
        owners |= own
        rows = db.execute("SELECT payload FROM metric_loose WHERE series_id = ?", (series_id,)).fetchall()
        assert loose == sum(len(from_raw(row[0])) for row in rows)
        assert len(tail) % 24 == 0
        if not in_batches:
            parts = [from_raw(b"".join([*(row[0] for row in rows), tail])), *(decode(blocks[block]) for block in own)]
            numbers = [value for part in parts for value in part.values.tolist() if not math.isnan(value)]
            assert extremes == [min(numbers, default=math.inf), max(numbers, default=-math.inf)]
    check_batches(db)
    assert owners == set(blocks), "a block that no page names, or the other way round"


def check_batches(db: Database) -> None:
    """A point for each key, and each key has its series."""
    there = {tuple(row) for row in db.execute("SELECT run_ref, key_ref FROM metric_series").fetchall()}
    for run_ref, payload in db.execute("SELECT run_ref, payload FROM metric_batch").fetchall():
        count, rest = divmod(len(payload), 32)
        keys = np.frombuffer(payload, "<i8", count).tolist()
        assert rest == 0
        assert len(set(keys)) == count
        assert there >= {(run_ref, key) for key in keys}


def check_series(db: Database, series_id: int, blocks: dict[int, bytes]) -> set[int]:
    """The ids of its blocks."""
    rows = db.execute(
        "SELECT n, min_step, max_step, min_timestamp, max_timestamp, payload FROM metric_page WHERE series_id = ? "
        "ORDER BY place",
        (series_id,),
    ).fetchall()
    everything: list[Place] = []
    ids: list[int] = []
    for n, min_step, max_step, min_time, max_time, payload in rows:
        records = np.frombuffer(payload, RECORD)
        within: list[Place] = []
        for record in records:
            ids.append(int(record["block"]))
            points = decode(blocks[ids[-1]])
            check_record(record, keys_of(points))
            within += keys_of(points)
        assert n == len(within) > 0
        assert (min_step, max_step) == (within[0][0], within[-1][0])
        assert (min_time, max_time) == (min(key[1] for key in within), max(key[1] for key in within))
        everything += within
    assert everything == sorted(set(everything)), "blocks overlap, or hold repeats"
    assert len(ids) == len(set(ids))
    return set(ids)


def check_record(record: Any, keys: list[Place]) -> None:
    assert record["n"] == len(keys)
    steps, times = [key[0] for key in keys], [key[1] for key in keys]
    for end, key in (("first", keys[0]), ("last", keys[-1])):
        assert (record[f"{end}_step"], record[f"{end}_time"]) == key[:2]
        assert same(record[f"{end}_value"], key)
    late = max(keys, key=lambda key: (key[1], key[0], *key[2:]))
    assert (record["min_time"], record["max_time"], record["late_step"]) == (min(times), max(times), late[0])
    assert same(record["late_value"], late)
    numbers = [key for key in keys if not key[2]]
    for name, extreme in (("low", min), ("high", max)):
        if not numbers:
            assert math.isnan(record[f"{name}_value"])
            assert (record[f"{name}_step"], record[f"{name}_time"]) == (max(steps), max(times))
            continue
        value = extreme(key[3] for key in numbers)
        assert record[f"{name}_value"] == value
        assert record[f"{name}_step"] == min(key[0] for key in numbers if key[3] == value)
        assert record[f"{name}_time"] == min(key[1] for key in numbers if key[3] == value)


def same(value: float, key: Place) -> bool:
    return math.isnan(value) if key[2] else value == key[3]
