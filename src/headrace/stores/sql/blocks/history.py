"""The points of a series by (time, step, value), page by page: blocks are opened as their times come up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headrace.stores.sql.blocks.load import EVERYTHING, Range, Series, load, read
from headrace.stores.sql.blocks.points import Bools, Points, by_time, joined
from headrace.stores.sql.blocks.summary import ints
from headrace.stores.sql.connection import Database


@dataclass(frozen=True, slots=True)
class Place:
    """A point after which a page begins."""

    time: int
    step: int
    value: float


def history(db: Database, one: Series, after: Place | None = None, most: int | None = None) -> Points:
    """The first `most` points (None: all) after that place."""
    within = EVERYTHING if after is None else Range(first_time=after.time)
    loaded = load(db, one, within, whole=False)
    records = loaded.records[np.argsort(loaded.records["min_time"], kind="stable")]
    begins = ints(records, "min_time")
    ends = np.cumsum(ints(records, "n"))
    pool = _after(loaded.points, after)
    opened = 0
    while True:
        # Nothing that is still closed comes before `frontier`.
        frontier = begins[opened] if opened < len(records) else None
        ready = pool if frontier is None else pool.where(pool.times < frontier)
        if frontier is None or (most is not None and len(ready) >= most):
            break
        done = int(ends[opened - 1]) if opened else 0
        wanted = len(records) if most is None else int(np.searchsorted(ends, done + most - len(ready))) + 1
        wanted = max(wanted, opened + 1)
        pool = joined((pool, _after(read(db, records[opened:wanted]), after)))
        opened = min(wanted, len(records))
    ordered = by_time(ready)
    return ordered if most is None else ordered.part(0, most)


def _after(points: Points, place: Place | None) -> Points:
    if place is None or not len(points):
        return points
    same_time = points.times == place.time
    same: Bools = same_time & (points.steps == place.step)
    if np.isnan(place.value):
        greater = np.zeros(len(points), np.bool_)
    else:
        greater = (points.values > place.value) | np.isnan(points.values)
    return points.where((points.times > place.time) | (same_time & (points.steps > place.step)) | (same & greater))
