"""Points of one series as three arrays of equal length."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Key = tuple[int, int, bool, float]
"""(step, time, is NaN, value): the order of points in blocks; equal keys are repeats."""

_RAW = np.dtype([("step", "<i8"), ("time", "<i8"), ("value", "<f8")])


@dataclass(frozen=True, slots=True)
class Points:
    steps: Ints
    times: Ints
    values: Floats

    def __len__(self) -> int:
        return len(self.steps)

    def part(self, low: int, high: int) -> Points:
        return Points(self.steps[low:high], self.times[low:high], self.values[low:high])

    def where(self, mask: Bools) -> Points:
        return Points(self.steps[mask], self.times[mask], self.values[mask])

    def at(self, order: NDArray[np.intp]) -> Points:
        return Points(self.steps[order], self.times[order], self.values[order])

    def key(self, index: int) -> Key:
        return key(int(self.steps[index]), int(self.times[index]), float(self.values[index]))


EMPTY = Points(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float64))


def key(step: int, time: int, value: float) -> Key:
    return (step, time, True, 0.0) if value != value else (step, time, False, value)  # noqa: PLR0124 - NaN


def from_raw(raw: bytes) -> Points:
    """raw: step, time, value, little-endian, 8 bytes each, point after point."""
    records = np.frombuffer(raw, _RAW)
    return Points(
        records["step"].astype(np.int64), records["time"].astype(np.int64), records["value"].astype(np.float64)
    )


def to_raw(points: Points) -> bytes:
    records = np.empty(len(points), _RAW)
    records["step"], records["time"], records["value"] = points.steps, points.times, points.values
    return records.tobytes()


def joined(parts: Iterable[Points]) -> Points:
    kept = [part for part in parts if len(part)]
    if len(kept) == 1:
        return kept[0]
    if not kept:
        return EMPTY
    return Points(
        np.concatenate([part.steps for part in kept]),
        np.concatenate([part.times for part in kept]),
        np.concatenate([part.values for part in kept]),
    )


def distinct(points: Points) -> Points:
    """By (step, time, value), each once; NaN is last and equal to itself."""
    return _ordered(points, points.steps, points.times)


def by_time(points: Points) -> Points:
    """By (time, step, value), each once."""
    return _ordered(points, points.times, points.steps)


def _ordered(points: Points, major: Ints, minor: Ints) -> Points:
    if _is_ordered(points.values, major, minor):
        return points
    order = np.lexsort((points.values, minor, major))
    points = points.at(order)
    return points.where(~repeats(points))


def _is_ordered(values: Floats, major: Ints, minor: Ints) -> bool:
    """Strictly, so that there are no repeats either."""
    ascending: Bools = major[1:] > major[:-1]
    if ascending.all():
        return True
    ascending |= (major[1:] == major[:-1]) & (minor[1:] > minor[:-1])
    if ascending.all():
        return True
    greater = (values[1:] > values[:-1]) | (np.isnan(values[1:]) & ~np.isnan(values[:-1]))
    ascending |= (major[1:] == major[:-1]) & (minor[1:] == minor[:-1]) & greater
    return bool(ascending.all())


def repeats(points: Points) -> Bools:
    """Of sorted points: which ones equal the one before."""
    values = points.values
    same = np.zeros(len(points), np.bool_)
    same[1:] = (
        (points.steps[1:] == points.steps[:-1])
        & (points.times[1:] == points.times[:-1])
        & ((values[1:] == values[:-1]) | (np.isnan(values[1:]) & np.isnan(values[:-1])))
    )
    return same


def missing_from(points: Points, others: Points) -> Points:
    """Those of `points` that aren't among `others`; both sorted by key and without repeats."""
    if not len(others) or not len(points):
        return points
    both = joined((others, points))
    order = np.lexsort((both.values, both.times, both.steps))
    repeated = order[repeats(both.at(order))]  # the sort is stable, so the second of two is from `points`
    mask = np.ones(len(points), np.bool_)
    mask[repeated - len(others)] = False
    return points.where(mask)


def first_index(size: int, reached: Callable[[int], bool]) -> int:
    """The least index for which `reached` holds, or size; once true it stays true."""
    low, high = 0, size
    while low < high:
        middle = (low + high) // 2
        if reached(middle):
            high = middle
        else:
            low = middle + 1
    return low
