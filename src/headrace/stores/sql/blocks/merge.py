"""Background work: points that wait move on, a few ms at a time."""

from __future__ import annotations

from dataclasses import dataclass

from headrace.clock import monotonic_s
from headrace.stores.sql.blocks.insert import insert
from headrace.stores.sql.blocks.points import RAW_POINT_BYTES, distinct, from_raw, to_raw
from headrace.stores.sql.connection import Database
from headrace.stores.sql.migrations.revisions import SERIES_DUE

MERGE_POINTS = 512  # fewer loose points stay loose
_SERIES_AT_ONCE = 128
_ROWS_AT_ONCE = 64

_DUE = f"SELECT id, loose, length(tail) FROM metric_series WHERE ({SERIES_DUE}) AND id > ? ORDER BY id LIMIT ?"
_SPILL = "INSERT INTO metric_loose (series_id, payload) SELECT id, tail FROM metric_series WHERE id"
_SPILLED = f"UPDATE metric_series SET loose = loose + length(tail) / {RAW_POINT_BYTES}, tail = ? WHERE id"
_TAIL = "SELECT tail FROM metric_series WHERE id = ?"
_LOOSE = "SELECT id, payload FROM metric_loose WHERE series_id = ? ORDER BY id LIMIT ?"
_MERGED = "UPDATE metric_series SET loose = loose + ?, tail = ? WHERE id = ?"
_FORGET = "DELETE FROM metric_loose WHERE series_id = ? AND id <= ?"
_ADD = "INSERT INTO metric_loose (series_id, payload) VALUES (?, ?)"


@dataclass(slots=True)
class Cursor:
    """The series that was looked at last. Series take turns by id, also past one whose merge fails."""

    series_id: int = 0


def merge_step(db: Database, cursor: Cursor, step_s: float) -> bool:
    """Moves on what waits, from the series after the cursor on, for about `step_s`. False: nothing is left."""
    until_s = monotonic_s() + step_s
    skip = " FOR UPDATE SKIP LOCKED" if db.dialect == "postgresql" else ""
    while True:
        rows = db.execute(_DUE + skip, (cursor.series_id, _SERIES_AT_ONCE)).fetchall()
        if not rows:
            if cursor.series_id == 0:
                return False
            cursor.series_id = 0
            continue
        spill(db, [row[0] for row in rows if _waiting(row) < MERGE_POINTS])
        for row in rows:
            if _waiting(row) >= MERGE_POINTS:
                if monotonic_s() > until_s:
                    return True
                cursor.series_id = row[0]
                merge_series(db, row[0], until_s)
            cursor.series_id = row[0]
        if monotonic_s() > until_s:
            return True


def _waiting(row: tuple[int, int, int]) -> int:
    _, loose, tail_bytes = row
    return loose + tail_bytes // RAW_POINT_BYTES


def spill(db: Database, ids: list[int]) -> None:
    """The tails of these series become loose rows."""
    if ids:
        db.execute(f"{_SPILL} {db.any_of}", (db.among(ids),))
        db.execute(f"{_SPILLED} {db.any_of}", (b"", db.among(ids)))


def merge_series(db: Database, series_id: int, until_s: float) -> None:
    """Its loose points, the tail's too, go into blocks; what is left when `until_s` has passed stays loose."""
    tail = db.execute(_TAIL, (series_id,)).fetchone()[0]
    rows = db.execute(_LOOSE, (series_id, _ROWS_AT_ONCE)).fetchall()
    moved = sum(len(row[1]) for row in rows) // RAW_POINT_BYTES
    rest = insert(db, series_id, distinct(from_raw(b"".join([*(row[1] for row in rows), tail]))), until_s)
    if rows:
        db.execute(_FORGET, (series_id, rows[-1][0]))
    if len(rest):
        db.execute(_ADD, (series_id, to_raw(rest)))
    db.execute(_MERGED, (len(rest) - moved, b"", series_id))
