"""Tails that are full become loose rows."""

from __future__ import annotations

from headrace import clock
from headrace.stores.sql.connection import Database
from headrace.stores.sql.migrations.revisions import SERIES_DUE

POINT_BYTES = 24  # step, time, value, little-endian, 8 bytes each
TAIL_POINTS = 32
_AT_ONCE = 64

# The plus keeps both databases from walking through all series of the run; the index of those that wait is short.
_FULL = (
    f"SELECT id FROM metric_series WHERE ({SERIES_DUE}) AND length(tail) >= {TAIL_POINTS * POINT_BYTES} "
    "AND +run_ref = ? LIMIT ?"
)
_SPILL = "INSERT INTO metric_loose (series_id, payload) SELECT id, tail FROM metric_series WHERE id"
_SPILLED = f"UPDATE metric_series SET loose = loose + length(tail) / {POINT_BYTES}, tail = ? WHERE id"


def spill_sometimes(db: Database, run_ref: int, appended: int) -> None:
    """After so many points came to tails of the run, now and then: under many small appends tails would grow faster
    than background work can empty them, and every append would carry them along."""
    if clock.jitter(TAIL_POINTS) < appended:
        spill(db, [row[0] for row in db.execute(_FULL, (run_ref, _AT_ONCE)).fetchall()])


def spill(db: Database, ids: list[int]) -> None:
    """ids: of series whose rows are locked, or whose run is."""
    if ids:
        db.execute(f"{_SPILL} {db.any_of}", (db.among(ids),))
        db.execute(f"{_SPILLED} {db.any_of}", (b"", db.among(ids)))
