"""The engines' background work of metric storage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headrace.clock import monotonic_s
from headrace.stores.sql.connection import Database, Dialect

if TYPE_CHECKING:
    from headrace.stores.sql.blocks.merge import Cursor

STEP_S = 0.008  # what an append may have to wait for
RETRY_S = 30.0  # after a failure
_PATIENCE: dict[Dialect, int] = {"sqlite": 1, "postgresql": 4}  # there, nobody waits but for the same series


class Merges:
    """What an engine's background hook asks and calls."""

    def __init__(self, step_s: float = STEP_S) -> None:
        self.step_s = step_s
        self.looks = 1  # for what an earlier process left
        self.retry_at_s = 0.0
        self.cursor: Cursor | None = None

    def notice(self) -> None:
        """Points were appended, or are about to be: a second look sees what the first one came too early for."""
        self.looks = 2

    def pending(self) -> bool:
        return self.looks > 0 and monotonic_s() >= self.retry_at_s

    def step(self, db: Database) -> None:
        # numpy costs 0.1 s and 20 MB that a script which only logs may not need
        from headrace.stores.sql.blocks.merge import Cursor, merge_step

        self.cursor = self.cursor or Cursor()
        looks, self.looks = self.looks, 1  # before looking, since `notice` may come from another thread meanwhile
        try:
            more = merge_step(db, self.cursor, self.step_s * _PATIENCE[db.dialect])
        except BaseException:
            later_s = monotonic_s() + RETRY_S
            if self.cursor.merging is None:
                self.retry_at_s = later_s
            else:  # the other series needn't wait
                self.cursor.avoided[self.cursor.merging] = later_s
                self.cursor.merging = None
            raise
        if more:
            self.notice()
        elif looks == 1 and self.looks == 1:
            self.looks = 0
