"""The engines' background work of metric storage."""

from __future__ import annotations

from headrace.stores.sql.connection import Database

STEP_S = 0.008  # what an append may have to wait for


class Merges:
    """What an engine's background hook asks and calls. Series take turns by id."""

    def __init__(self, step_s: float = STEP_S) -> None:
        self.step_s = step_s
        self.looks = 1  # for what an earlier process left
        self.cursor = 0

    def notice(self) -> None:
        """Points were appended, or are about to be: a second look sees what the first one came too early for."""
        self.looks = 2

    def pending(self) -> bool:
        return self.looks > 0

    def step(self, db: Database) -> None:
        from headrace.stores.sql.blocks.merge import merge_step  # numpy costs 0.1 s and 20 MB that loggers may not need

        self.looks -= 1  # before looking, since `notice` may come from another thread meanwhile
        self.cursor, more = merge_step(db, self.cursor, self.step_s)
        if more:
            self.notice()
