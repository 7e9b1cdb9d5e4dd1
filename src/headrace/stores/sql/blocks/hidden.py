"""Points that a rewind hid: blocks of their own in `metric_hidden`, in no order, that no reader of series looks at."""

from __future__ import annotations

from collections.abc import Sequence

from headrace.stores.sql.blocks.codec import decode_all, encode
from headrace.stores.sql.blocks.insert import BLOCK_POINTS
from headrace.stores.sql.blocks.points import Points, by_time, distinct, missing_from
from headrace.stores.sql.connection import Database

_COLUMNS = "rewind_ref, key_ref, n, first_step, last_step, payload"
_ADD = f"INSERT INTO metric_hidden ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)"
_MOVE = f"INSERT INTO metric_hidden ({_COLUMNS}) SELECT ?, ?, ?, ?, ?, payload FROM metric_block WHERE id = ?"
_OVERLAPPING = (
    "SELECT payload FROM metric_hidden WHERE rewind_ref = ? AND key_ref = ? AND first_step <= ? AND last_step >= ?"
)
_ALL = "SELECT payload FROM metric_hidden WHERE rewind_ref = ? AND key_ref = ? ORDER BY first_step"
_COUNTS = "SELECT rewind_ref, key_ref, sum(n) FROM metric_hidden WHERE rewind_ref {any_of} GROUP BY rewind_ref, key_ref"


def move_blocks(db: Database, rewind_ref: int, key_ref: int, blocks: Sequence[tuple[int, int, int, int]]) -> None:
    """blocks: (id, points, first step, last step). Their rows become hidden ones, unopened."""
    db.executemany(_MOVE, [(rewind_ref, key_ref, n, first, last, block) for block, n, first, last in blocks])
    db.execute(f"DELETE FROM metric_block WHERE id {db.any_of}", (db.among([each[0] for each in blocks]),))


def add(db: Database, rewind_ref: int, key_ref: int, points: Points) -> None:
    """points: in any order; those that are hidden already count once."""
    points = distinct(points)
    if not len(points):
        return
    ends = (int(points.steps[-1]), int(points.steps[0]))
    there = [row[0] for row in db.execute(_OVERLAPPING, (rewind_ref, key_ref, *ends)).fetchall()]
    points = missing_from(points, distinct(decode_all(there)))
    parts = [points.part(start, start + BLOCK_POINTS) for start in range(0, len(points), BLOCK_POINTS)]
    db.executemany(
        _ADD,
        [(rewind_ref, key_ref, len(part), int(part.steps[0]), int(part.steps[-1]), encode(part)) for part in parts],
    )


def points_of(db: Database, rewind_ref: int, key_ref: int) -> Points:
    """By (time, step, value)."""
    rows = db.execute(_ALL, (rewind_ref, key_ref)).fetchall()
    return by_time(decode_all([row[0] for row in rows]))


def counts(db: Database, rewind_refs: Sequence[int]) -> dict[tuple[int, int], int]:
    """By (rewind_ref, key_ref)."""
    rows = db.execute(_COUNTS.format(any_of=db.any_of), (db.among(rewind_refs),)).fetchall()
    return {(rewind_ref, key_ref): int(n) for rewind_ref, key_ref, n in rows}
