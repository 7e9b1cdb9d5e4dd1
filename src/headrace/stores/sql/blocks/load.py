"""What a reader needs of a series before it opens blocks: summaries, and the points that are in no block yet."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from headrace.entities import limits
from headrace.stores.sql.blocks import batches, pages
from headrace.stores.sql.blocks.codec import decode_all, decode_steps
from headrace.stores.sql.blocks.points import Bools, Ints, Points, distinct, from_raw, joined, missing_from
from headrace.stores.sql.blocks.summary import Records, first_keys, ints, last_key
from headrace.stores.sql.connection import Database

_SERIES = (
    "SELECT s.id, r.run_id, s.key_ref, s.tail, s.loose, r.id FROM metric_series s "
    "JOIN run r ON r.id = s.run_ref WHERE r.run_id {any_of} AND s.key_ref {any_of}"
)
_LOOSE = "SELECT series_id, payload FROM metric_loose WHERE series_id {any_of} ORDER BY id"
_PAGES = (
    "SELECT payload FROM metric_page WHERE series_id = ? AND max_step >= ? AND min_step <= ? "
    "AND max_timestamp >= ? AND min_timestamp <= ? ORDER BY place"
)
_BLOCKS = "SELECT id, payload FROM metric_block WHERE id {any_of}"


@dataclass(frozen=True, slots=True)
class Range:
    """Steps and times that are asked for, all ends included."""

    first_step: int = limits.INT64_MIN
    last_step: int = limits.INT64_MAX
    first_time: int = limits.INT64_MIN
    last_time: int = limits.INT64_MAX

    def cut(self, points: Points) -> Points:
        if self == EVERYTHING:
            return points
        return points.where(
            (points.steps >= self.first_step)
            & (points.steps <= self.last_step)
            & (points.times >= self.first_time)
            & (points.times <= self.last_time)
        )

    def touches(self, records: Records) -> Bools:
        """Blocks that may hold points of the range."""
        found: Bools = (
            (records["last_step"] >= self.first_step)
            & (records["first_step"] <= self.last_step)
            & (records["max_time"] >= self.first_time)
            & (records["min_time"] <= self.last_time)
        )
        return found

    def holds(self, records: Records) -> Bools:
        """Blocks all of whose points are in the range."""
        found: Bools = (
            (records["first_step"] >= self.first_step)
            & (records["last_step"] <= self.last_step)
            & (records["min_time"] >= self.first_time)
            & (records["max_time"] <= self.last_time)
        )
        return found


EVERYTHING = Range()


@dataclass(frozen=True, slots=True)
class Series:
    """A series as its row has it. raw: the points that are in no block, as they came."""

    series_id: int
    run_id: str
    key_ref: int
    raw: bytes


@dataclass(frozen=True, slots=True)
class Loaded:
    """All points of a range, each once: the blocks whose summaries these are, in order, and `points`, by key."""

    records: Records
    points: Points

    def __len__(self) -> int:
        return int(self.records["n"].sum()) + len(self.points)


def series(db: Database, run_ids: Sequence[str], key_refs: Sequence[int]) -> list[Series]:
    """Those that there are, in any order."""
    rows = db.execute(_SERIES.format(any_of=db.any_of), (db.among(run_ids), db.among(key_refs))).fetchall()
    waiting = [row[0] for row in rows if row[4]]
    raw: dict[int, list[bytes]] = {series_id: [] for series_id in waiting}
    if waiting:
        for series_id, payload in db.execute(_LOOSE.format(any_of=db.any_of), (db.among(waiting),)):
            raw[series_id].append(payload)
    together = batches.points_of(db, ((row[5], row[2]) for row in rows))
    return [
        Series(series_id, run_id, key, b"".join([*raw.get(series_id, ()), *together[run_ref, key], tail]))
        for series_id, run_id, key, tail, _, run_ref in rows
    ]


def load(db: Database, one: Series, within: Range = EVERYTHING, *, whole: bool = True) -> Loaded:
    """whole: blocks that the range cuts are opened and their points kept; else they stay blocks, and so do points of
    theirs that are out of the range."""
    ends = (within.first_step, within.last_step, within.first_time, within.last_time)
    parts = [row[0] for row in db.execute(_PAGES, (one.series_id, *ends))]
    records = pages.records_of(b"".join(parts))
    records = records[within.touches(records)]
    points = _new(db, records, within.cut(distinct(from_raw(one.raw))))
    inside = within.holds(records)
    if whole and not inside.all():
        opened = within.cut(read(db, records[~inside]))
        points, records = distinct(joined((opened, points))), records[inside]
    return Loaded(records, points)


def _new(db: Database, records: Records, points: Points) -> Points:
    """Those that are in none of the blocks."""
    if not len(points) or not len(records) or points.key(0) > last_key(records):
        return points
    owners = sorted({index for index in owning(records, points) if index >= 0})
    return missing_from(points, read(db, records[owners]))


def owning(records: Records, points: Points) -> list[int]:
    """Of each point the block that it would go to; -1 before the first one."""
    if len(records) and len(points) and points.key(0) > last_key(records):
        return [len(records) - 1] * len(points)
    firsts = first_keys(records)
    return [bisect_right(firsts, points.key(i)) - 1 for i in range(len(points))]


def read(db: Database, records: Records) -> Points:
    """All points of these blocks, block after block."""
    return decode_all(_payloads(db, ints(records, "block").tolist()))


def read_in_order(db: Database, records: Records, ordinals: Ints) -> Points:
    """All points of these blocks with their block's ordinal instead of the time: it orders points of equal steps."""
    steps, values = decode_steps(_payloads(db, ints(records, "block").tolist()))
    return Points(steps, np.repeat(ordinals, records["n"]), values)


def _payloads(db: Database, ids: Sequence[int]) -> Iterable[bytes]:
    if not ids:
        return ()
    found = dict(db.execute(_BLOCKS.format(any_of=db.any_of), (db.among(ids),)).fetchall())
    return [found[each] for each in ids]
