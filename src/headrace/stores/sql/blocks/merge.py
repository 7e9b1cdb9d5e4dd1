"""Loose points of a series go into its blocks."""

from __future__ import annotations

from headrace.stores.sql.blocks.insert import insert
from headrace.stores.sql.blocks.points import distinct, from_raw, to_raw
from headrace.stores.sql.blocks.tails import POINT_BYTES
from headrace.stores.sql.connection import Database

_ROWS_AT_ONCE = 32  # 1,000 points each at most
_ROW_POINTS = 1024

_TAIL = "SELECT tail FROM metric_series WHERE id = ?"
_LOOSE = "SELECT id, payload FROM metric_loose WHERE series_id = ? ORDER BY id LIMIT ?"
_MERGED = "UPDATE metric_series SET loose = loose + ?, tail = ? WHERE id = ?"
_FORGET = "DELETE FROM metric_loose WHERE series_id = ? AND id <= ?"
_ADD = "INSERT INTO metric_loose (series_id, payload) VALUES (?, ?)"


def merge_series(db: Database, series_id: int, until_s: float) -> None:
    """Its loose points, the tail's too, go into blocks; what is left when `until_s` has passed stays loose."""
    tail = db.execute(_TAIL + db.for_update, (series_id,)).fetchone()[0]
    rows = db.execute(_LOOSE, (series_id, _ROWS_AT_ONCE)).fetchall()
    raw = b"".join([*(row[1] for row in rows), tail])
    if not raw:
        return
    rest = insert(db, series_id, distinct(from_raw(raw)), until_s)
    if rows:
        db.execute(_FORGET, (series_id, rows[-1][0]))
    if len(rest):
        parts = [rest.part(start, start + _ROW_POINTS) for start in range(0, len(rest), _ROW_POINTS)]
        db.executemany(_ADD, [(series_id, to_raw(part)) for part in parts])
    moved = (len(raw) - len(tail)) // POINT_BYTES
    db.execute(_MERGED, (len(rest) - moved, b"", series_id))
