"""Points of certain steps leave the series of a run and are hidden. What is left is what any reader finds: the row of a
series, its blocks and their summaries are then as if the points had never come.

Blocks that lie within the steps move as they are, so that a cut costs what copying them costs; only those that an end
of the steps cuts are opened.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from headrace.stores.sql.blocks import batches, hidden, insert, pages
from headrace.stores.sql.blocks.codec import decode
from headrace.stores.sql.blocks.pages import Page
from headrace.stores.sql.blocks.points import Bools, Key, Points, distinct, from_raw, to_raw
from headrace.stores.sql.blocks.summary import Records, floats, last_key, united
from headrace.stores.sql.blocks.tails import TAIL_POINTS
from headrace.stores.sql.connection import Database

_ROW_POINTS = 1024  # of a loose row

_SERIES = "SELECT id, key_ref, tail FROM metric_series WHERE run_ref = ? AND last_step >= ? ORDER BY id"
_LOOSE = "SELECT payload FROM metric_loose WHERE series_id = ? ORDER BY id"
_PAGES = "SELECT place, payload FROM metric_page WHERE series_id = ? AND max_step >= ? AND min_step <= ? ORDER BY place"
_ALL_PAGES = "SELECT payload FROM metric_page WHERE series_id = ? ORDER BY place"
_BLOCK = "SELECT payload FROM metric_block WHERE id = ?"
_FORGET_PAGE = "DELETE FROM metric_page WHERE series_id = ? AND place = ?"
_FORGET_LOOSE = "DELETE FROM metric_loose WHERE series_id = ?"
_FORGET_SERIES = "DELETE FROM metric_series WHERE id = ?"
_ADD_LOOSE = "INSERT INTO metric_loose (series_id, payload) VALUES (?, ?)"
_CHANGE = (
    "UPDATE metric_series SET n = ?, last_step = ?, last_timestamp = ?, last_class = ?, last_value = ?, min_value = ?, "
    "max_value = ?, loose = ?, tail = ? WHERE id = ?"
)


class Steps:
    """first to last, both included."""

    def __init__(self, first: int, last: int) -> None:
        self.first, self.last = first, last

    def among(self, points: Points) -> Bools:
        found: Bools = (points.steps >= self.first) & (points.steps <= self.last)
        return found

    def hold(self, first: int, last: int) -> bool:
        return self.first <= first and last <= self.last

    def touch(self, first: int, last: int) -> bool:
        return self.first <= last and first <= self.last


def cut(db: Database, run_ref: int, steps: Steps, rewind_ref: int, is_cut: Callable[[int], bool]) -> None:
    """Inside a transaction that holds the run. is_cut: whether points of a key (by its number) are hidden at all."""
    batches.hand_out_all(db, run_ref)
    # Background work, which doesn't hold the run, may be moving points of a series on.
    rows = db.execute(_SERIES + db.for_update, (run_ref, steps.first)).fetchall()
    for series_id, key_ref, tail in rows:
        if is_cut(key_ref):
            _Series(db, series_id, key_ref, rewind_ref).cut(steps, tail)


class _Series:
    def __init__(self, db: Database, series_id: int, key_ref: int, rewind_ref: int) -> None:
        self.db, self.series_id, self.key_ref, self.rewind_ref = db, series_id, key_ref, rewind_ref

    def cut(self, steps: Steps, tail: bytes) -> None:
        loose = [row[0] for row in self.db.execute(_LOOSE, (self.series_id,)).fetchall()]
        waiting = from_raw(b"".join([*loose, tail]))
        gone = steps.among(waiting)
        for place, payload in self.db.execute(_PAGES, (self.series_id, steps.first, steps.last)).fetchall():
            self._cut_page(Page(place, pages.records_of(payload)), steps)
        hidden.add(self.db, self.rewind_ref, self.key_ref, waiting.where(gone))
        self._write(distinct(waiting.where(~gone)))

    def _cut_page(self, page: Page, steps: Steps) -> None:
        left: list[Records] = []
        moved: list[tuple[int, int, int, int]] = []
        fields = (page.records[name].tolist() for name in ("block", "n", "first_step", "last_step"))
        for i, (block, n, first, last) in enumerate(zip(*fields, strict=True)):
            if steps.hold(first, last):
                moved.append((block, n, first, last))
            elif steps.touch(first, last):
                left.append(self._cut_block(block, steps))
            else:
                left.append(page.records[i : i + 1])
        if moved:
            hidden.move_blocks(self.db, self.rewind_ref, self.key_ref, moved)
        if left:
            pages.write(self.db, self.series_id, Page(page.place, united(left)), last=False)
        else:
            self.db.execute(_FORGET_PAGE, (self.series_id, page.place))

    def _cut_block(self, block: int, steps: Steps) -> Records:
        points = decode(self.db.execute(_BLOCK, (block,)).fetchone()[0])
        gone = steps.among(points)
        hidden.add(self.db, self.rewind_ref, self.key_ref, points.where(gone))
        return insert.changed(self.db, block, points.where(~gone))

    def _write(self, waiting: Points) -> None:
        """waiting: what is left of the points that are in no block, sorted."""
        self.db.execute(_FORGET_LOOSE, (self.series_id,))
        rows = self.db.execute(_ALL_PAGES, (self.series_id,)).fetchall()
        records = pages.records_of(b"".join([row[0] for row in rows]))
        if not len(records) and not len(waiting):
            self.db.execute(_FORGET_SERIES, (self.series_id,))
            return
        in_tail = len(waiting) <= TAIL_POINTS
        parts = [] if in_tail else [waiting.part(at, at + _ROW_POINTS) for at in range(0, len(waiting), _ROW_POINTS)]
        self.db.executemany(_ADD_LOOSE, [(self.series_id, to_raw(part)) for part in parts])
        step, time, is_nan, value = _last(records, waiting)
        least, most = _extremes(records, waiting)
        self.db.execute(
            _CHANGE,
            (
                int(records["n"].sum()) + len(waiting),
                step,
                time,
                int(is_nan),
                value,
                least,
                most,
                0 if in_tail else len(waiting),
                to_raw(waiting) if in_tail else b"",
                self.series_id,
            ),
        )


def _last(records: Records, waiting: Points) -> Key:
    ends = [last_key(records)] if len(records) else []
    return max([*ends, waiting.key(len(waiting) - 1)] if len(waiting) else ends)


def _extremes(records: Records, waiting: Points) -> tuple[float, float]:
    """Over the points that aren't NaN; +inf and -inf if there is none."""
    low = np.concatenate((floats(records, "low_value"), waiting.values))
    high = np.concatenate((floats(records, "high_value"), waiting.values))
    least, most = float(np.fmin.reduce(low)), float(np.fmax.reduce(high))
    return (math.inf, -math.inf) if math.isnan(least) else (least, most)
