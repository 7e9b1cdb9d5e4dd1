"""Rows of metric_page: which there are, and how they are written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from headrace.stores.sql.blocks.points import Key, Points
from headrace.stores.sql.blocks.summary import RECORD, Records, first_keys, last_key
from headrace.stores.sql.connection import Database

PAGE_RECORDS = 64
PLACE_GAP = 1 << 32  # between neighbours, so that halves of a page find room between them

_LAST = "SELECT place, payload FROM metric_page WHERE series_id = ? ORDER BY place DESC LIMIT 1"
_WITHIN = (
    "SELECT place, payload FROM metric_page WHERE series_id = ? AND max_step >= ? AND min_step <= ? "
    "ORDER BY place LIMIT ?"
)
_BEFORE = "SELECT place, payload FROM metric_page WHERE series_id = ? AND max_step < ? ORDER BY place DESC LIMIT 1"
_FIRST = "SELECT place, payload FROM metric_page WHERE series_id = ? ORDER BY place LIMIT 1"
_NEXT_PLACE = "SELECT min(place) FROM metric_page WHERE series_id = ? AND place > ?"
_COLUMNS = "n, min_step, max_step, min_timestamp, max_timestamp, payload"
_INSERT = f"INSERT INTO metric_page (series_id, place, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_PUT = f"{_INSERT} ON CONFLICT (series_id, place) DO UPDATE SET " + ", ".join(
    f"{column} = excluded.{column}" for column in _COLUMNS.split(", ")
)
_ALL = f"SELECT {_COLUMNS} FROM metric_page WHERE series_id = ? ORDER BY place"
_FORGET = "DELETE FROM metric_page WHERE series_id = ?"

EMPTY: Records = np.empty(0, RECORD)


@dataclass(slots=True)
class Page:
    place: int
    records: Records


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The pages where points belong, in order. in_order: all points come after everything that is stored.
    bound: where the next page begins, if there is one that points may belong to as well."""

    pages: list[Page]
    in_order: bool
    bound: Key | None = None


def neighbours(db: Database, series_id: int, points: Points, most: int) -> Neighbours:
    """points: sorted. At most `most` pages, from the one of the first point on."""
    rows = db.execute(_LAST, (series_id,)).fetchall()
    if not rows:
        return Neighbours([], in_order=True)
    last = _page(rows[0])
    if points.key(0) > last_key(last.records):
        return Neighbours([last], in_order=True)
    low, high = int(points.steps[0]), int(points.steps[-1])
    rows = db.execute(_WITHIN, (series_id, low, high, most + 1)).fetchall()
    if not rows:
        rows = db.execute(_BEFORE, (series_id, low)).fetchall() or db.execute(_FIRST, (series_id,)).fetchall()
    found = [_page(row) for row in rows]
    if len(found) <= most:
        return Neighbours(found, in_order=False)
    return Neighbours(found[:most], in_order=False, bound=first_keys(found[most].records[:1])[0])


def _page(row: Sequence[object]) -> Page:
    place, payload = row
    assert isinstance(place, int)
    assert isinstance(payload, bytes)
    return Page(place, records_of(payload))


def records_of(payload: bytes) -> Records:
    return np.frombuffer(payload, RECORD)


def write(db: Database, series_id: int, page: Page, *, last: bool) -> bool:
    """The page as one row, or cut into several. last: no page comes after it. True: other pages got new places."""
    records = page.records
    if len(records) <= PAGE_RECORDS:
        db.execute(_PUT, _row(series_id, page.place, records))
        return False
    if last:  # what is appended later fills the last one
        size = PAGE_RECORDS
    else:
        count = -(-len(records) // PAGE_RECORDS)
        size = -(-len(records) // count)
    parts = [records[start : start + size] for start in range(0, len(records), size)]
    place = page.place
    gap = _gap(db, series_id, place, len(parts))
    moved = gap == 0
    if moved:
        gap = 1
        place = _renumber(db, series_id, place, max(PLACE_GAP, len(parts)))
    db.executemany(_PUT, [_row(series_id, place + i * gap, part) for i, part in enumerate(parts)])
    return moved


def _gap(db: Database, series_id: int, place: int, count: int) -> int:
    """The distance at which `count` pages from `place` on stay before the next one; 0: there is no room."""
    following = db.execute(_NEXT_PLACE, (series_id, place)).fetchone()[0]
    return PLACE_GAP if following is None else int((following - place) // count)


def _renumber(db: Database, series_id: int, place: int, gap: int) -> int:
    """Gives all pages new places at that distance; the new one of `place`."""
    rank = db.execute(
        "SELECT count(*) FROM metric_page WHERE series_id = ? AND place < ?", (series_id, place)
    ).fetchone()[0]
    rows = db.execute(_ALL, (series_id,)).fetchall()
    db.execute(_FORGET, (series_id,))
    db.executemany(_INSERT, [(series_id, i * gap, *row) for i, row in enumerate(rows)])
    return int(rank) * gap


def _row(series_id: int, place: int, records: Records) -> tuple[object, ...]:
    return (
        series_id,
        place,
        int(records["n"].sum()),
        int(records["first_step"][0]),
        int(records["last_step"][-1]),
        int(records["min_time"].min()),
        int(records["max_time"].max()),
        records.tobytes(),
    )
