"""The engines' background work of metric storage: points that wait move on, a few ms at a time.

No numpy until there is enough to merge: a script that only logs to its embedded store need not load it.
"""

from __future__ import annotations

from headrace.clock import monotonic_s
from headrace.stores.sql.blocks.tails import POINT_BYTES, spill
from headrace.stores.sql.connection import Database, Dialect
from headrace.stores.sql.migrations.revisions import SERIES_DUE

STEP_S = 0.008  # what an append may have to wait for
RETRY_S = 30.0  # after a failure
MERGE_POINTS = 512  # fewer loose points stay loose
_PATIENCE: dict[Dialect, int] = {"sqlite": 1, "postgresql": 4}  # there, nobody waits but for the same series
_SERIES_AT_ONCE = 128

_DUE = f"SELECT id, loose, length(tail) FROM metric_series WHERE ({SERIES_DUE}) AND id > ? ORDER BY id LIMIT ?"


class Merges:
    """What an engine's background hook asks and calls. Series take turns by id."""

    def __init__(self, step_s: float = STEP_S) -> None:
        self.step_s = step_s
        self.looks = 1  # for what an earlier process left
        self.retry_at_s = 0.0
        self.turn = 0  # the series before the next one
        self.merging: int | None = None
        self.avoided: dict[int, float] = {}  # series whose merge failed: until when they are left alone

    def notice(self) -> None:
        """Points were appended, or are about to be: a second look sees what the first one came too early for."""
        self.looks = 2

    def pending(self) -> bool:
        return self.looks > 0 and monotonic_s() >= self.retry_at_s

    def step(self, db: Database) -> None:
        looks, self.looks = self.looks, 1  # before looking, since `notice` may come from another thread meanwhile
        try:
            more = self._moved_on(db, monotonic_s() + self.step_s * _PATIENCE[db.dialect])
        except BaseException:
            later_s = monotonic_s() + RETRY_S
            if self.merging is None:
                self.retry_at_s = later_s
            else:  # the other series needn't wait
                self.avoided[self.merging] = later_s
                self.merging = None
            raise
        if more:
            self.notice()
        elif looks == 1 and self.looks == 1:
            self.looks = 0

    def _moved_on(self, db: Database, until_s: float) -> bool:
        """Takes at least one series. False: nothing is left."""
        skip = " FOR UPDATE SKIP LOCKED" if db.dialect == "postgresql" else ""
        from_start, moved = self.turn == 0, False
        while True:
            rows = db.execute(_DUE + skip, (self.turn, _SERIES_AT_ONCE)).fetchall()
            if not rows:
                self.turn = 0
                if from_start and not moved:
                    return False
                from_start, moved = True, False
                continue
            spill(db, [row[0] for row in rows if _waiting(row) < MERGE_POINTS])
            for row in rows:
                if _waiting(row) < MERGE_POINTS:
                    moved = True
                elif monotonic_s() >= self.avoided.get(row[0], 0.0):
                    if moved and monotonic_s() > until_s:
                        return True
                    self._merge(db, row[0], until_s)
                    moved = True
                self.turn = row[0]
            if monotonic_s() > until_s:
                return True

    def _merge(self, db: Database, series_id: int, until_s: float) -> None:
        from headrace.stores.sql.blocks.merge import merge_series

        self.merging = series_id
        merge_series(db, series_id, until_s)
        self.merging = None


def _waiting(row: tuple[int, int, int]) -> int:
    _, loose, tail_bytes = row
    return loose + tail_bytes // POINT_BYTES
