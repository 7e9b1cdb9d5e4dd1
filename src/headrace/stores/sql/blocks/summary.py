"""What a page knows of a block: enough to place it, and to draw it where no bucket's edge cuts it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from headrace.stores.sql.blocks.points import Floats, Ints, Key, Points, key

RECORD = np.dtype(
    [
        ("block", "<i8"),
        ("n", "<i8"),
        ("first_step", "<i8"),
        ("first_time", "<i8"),
        ("first_value", "<f8"),
        ("last_step", "<i8"),
        ("last_time", "<i8"),
        ("last_value", "<f8"),
        ("min_time", "<i8"),
        ("max_time", "<i8"),
        ("late_step", "<i8"),  # of the last point by (time, step, value), whose time is max_time
        ("late_value", "<f8"),
        ("low_value", "<f8"),  # the least value that isn't NaN, and the least step and time where it stands
        ("low_step", "<i8"),
        ("low_time", "<i8"),
        ("high_value", "<f8"),
        ("high_step", "<i8"),
        ("high_time", "<i8"),
    ]
)
Records = NDArray[np.void]


def summary(block: int, points: Points) -> Records:
    """points: 1 or more, sorted by key. One record."""
    steps, times, values = points.steps, points.times, points.values
    late = _latest(points)
    low, high = float(np.fmin.reduce(values)), float(np.fmax.reduce(values))
    low_step, low_time = _where(points, low)
    high_step, high_time = _where(points, high)
    row = (
        block,
        len(points),
        steps[0],
        times[0],
        values[0],
        steps[-1],
        times[-1],
        values[-1],
        times.min(),
        times[late],
        steps[late],
        values[late],
        low,
        low_step,
        low_time,
        high,
        high_step,
        high_time,
    )
    return np.array([row], RECORD)


def _latest(points: Points) -> int:
    times = points.times
    top = times.max()
    # Points stand by (step, time, value): of those at the greatest time the last is the greatest.
    return int(len(times) - 1 - np.argmax(times[::-1] == top))


def _where(points: Points, value: float) -> tuple[int, int]:
    """The least step and the least time at which the value stands; the last point's where all are NaN."""
    found = np.flatnonzero(points.values == value)
    if not len(found):
        return int(points.steps[-1]), int(points.times.max())
    return int(points.steps[found[0]]), int(points.times[found].min())


def united(parts: Iterable[Records]) -> Records:
    """In that order. By bytes: numpy's concatenate takes 20 µs a part to compare the record types."""
    return np.frombuffer(b"".join([part.tobytes() for part in parts]), RECORD)


def first_keys(records: Records) -> list[Key]:
    return _keys(records, "first")


def last_key(records: Records) -> Key:
    return _keys(records[-1:], "last")[0]


def _keys(records: Records, end: str) -> list[Key]:
    columns: Sequence[list[object]] = [records[f"{end}_{part}"].tolist() for part in ("step", "time", "value")]
    return [key(step, time, value) for step, time, value in zip(*columns, strict=True)]


def ints(records: Records, field: str) -> Ints:
    found: Ints = records[field].astype(np.int64)
    return found


def floats(records: Records, field: str) -> Floats:
    found: Floats = records[field].astype(np.float64)
    return found
