"""Background work: points that wait move on, a few ms at a time."""

from __future__ import annotations

from dataclasses import dataclass, field

from headrace.clock import monotonic_s
from headrace.stores.sql.blocks.insert import insert
from headrace.stores.sql.blocks.points import distinct, from_raw, to_raw
from headrace.stores.sql.blocks.tails import POINT_BYTES, spill
from headrace.stores.sql.connection import Database
from headrace.stores.sql.migrations.revisions import SERIES_DUE

MERGE_POINTS = 512  # fewer loose points stay loose
_SERIES_AT_ONCE = 128
_ROWS_AT_ONCE = 32  # 1,000 points each at most
_ROW_POINTS = 1024

_DUE = f"SELECT id, loose, length(tail) FROM metric_series WHERE ({SERIES_DUE}) AND id > ? ORDER BY id LIMIT ?"
_TAIL = "SELECT tail FROM metric_series WHERE id = ?"
_LOOSE = "SELECT id, payload FROM metric_loose WHERE series_id = ? ORDER BY id LIMIT ?"
_MERGED = "UPDATE metric_series SET loose = loose + ?, tail = ? WHERE id = ?"
_FORGET = "DELETE FROM metric_loose WHERE series_id = ? AND id <= ?"
_ADD = "INSERT INTO metric_loose (series_id, payload) VALUES (?, ?)"


@dataclass(slots=True)
class Cursor:
    """Series take turns by id. series_id: the one before the next. merging: the one that is worked on. avoided: those
    whose merge failed, until that moment of the monotonic clock."""

    series_id: int = 0
    merging: int | None = None
    avoided: dict[int, float] = field(default_factory=dict)

    def avoids(self, series_id: int) -> bool:
        return series_id in self.avoided and monotonic_s() < self.avoided[series_id]


def merge_step(db: Database, cursor: Cursor, step_s: float) -> bool:
    """Moves on what waits, from the cursor on, for about `step_s`, but at least a little. False: nothing is left."""
    until_s = monotonic_s() + step_s
    skip = " FOR UPDATE SKIP LOCKED" if db.dialect == "postgresql" else ""
    from_start, moved, merged = cursor.series_id == 0, False, False
    while True:
        rows = db.execute(_DUE + skip, (cursor.series_id, _SERIES_AT_ONCE)).fetchall()
        if not rows:
            cursor.series_id = 0
            if from_start and not moved:
                return False
            from_start, moved = True, False
            continue
        spill(db, [row[0] for row in rows if _waiting(row) < MERGE_POINTS])
        for row in rows:
            if _waiting(row) >= MERGE_POINTS:
                if cursor.avoids(row[0]):
                    continue
                if merged and monotonic_s() > until_s:
                    return True
                cursor.merging = row[0]
                merge_series(db, row[0], until_s)
                cursor.merging, merged = None, True
            cursor.series_id, moved = row[0], True
        cursor.series_id = rows[-1][0]
        if monotonic_s() > until_s:
            return True


def _waiting(row: tuple[int, int, int]) -> int:
    _, loose, tail_bytes = row
    return loose + tail_bytes // POINT_BYTES


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
