"""Requests of many keys with a point each: their points stay together, one row of `metric_batch` a request.

A tail for each of a thousand keys would grow with every request, and so would the pages that are written; one row of
32 kB costs a fifth. When the same keys have come HANDED_OUT times in a run, the series get their points from these
rows at once, as loose rows, in the transaction of the request that was one too many. A run keeps MOST_OF_A_RUN rows at
most, so that whoever reads one of its series reads little for nothing; then points go to tails.

payload: n numbers of keys, then their n points (form of metric_loose). key_set: a hash of the former.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain
from zlib import crc32

from headrace.stores.sql.connection import Database

FEWEST_KEYS = 64
HANDED_OUT = 32
MOST_OF_A_RUN = 64
_POINT_BYTES, _KEY_BYTES = 24, 8
_ROWS_AT_ONCE = 250

_COUNT = "SELECT count(*) FROM metric_batch WHERE run_ref = ?"
_COUNT_SAME = f"{_COUNT} AND key_set = ?"
_ADD = "INSERT INTO metric_batch (run_ref, key_set, payload) VALUES (?, ?, ?)"
_SAME = "SELECT id, payload FROM metric_batch WHERE run_ref = ? AND key_set = ? ORDER BY id"
_ANY = "SELECT key_set, payload FROM metric_batch WHERE run_ref = ? LIMIT 1"
_FORGET = "DELETE FROM metric_batch WHERE id"
_OF_RUNS = "SELECT run_ref, key_set, payload FROM metric_batch WHERE run_ref"
_SERIES = "SELECT key_ref, id FROM metric_series WHERE run_ref = ? AND key_ref"
_ADD_LOOSE = "INSERT INTO metric_loose (series_id, payload) VALUES"
_LOOSER = "UPDATE metric_series SET loose = loose + ? WHERE id"


def has_room(db: Database, run_ref: int) -> bool:
    return int(db.execute(_COUNT, (run_ref,)).fetchone()[0]) < MOST_OF_A_RUN


def add(db: Database, run_ref: int, keys: Sequence[int], points: bytes) -> None:
    """Inside a transaction that holds the run, whose series are there. keys: each once, in the order of points."""
    head = _numbers(len(keys)).pack(*keys)
    key_set = crc32(head)
    db.execute(_ADD, (run_ref, key_set, head + points))
    if db.execute(_COUNT_SAME, (run_ref, key_set)).fetchone()[0] >= HANDED_OUT:
        _hand_out(db, run_ref, key_set, head)


def hand_out_all(db: Database, run_ref: int) -> None:
    """The series of the run get all that waits here, inside a transaction that holds the run."""
    while row := db.execute(_ANY, (run_ref,)).fetchone():
        key_set, payload = row
        _hand_out(db, run_ref, key_set, payload[: len(payload) // (_KEY_BYTES + _POINT_BYTES) * _KEY_BYTES])


def _hand_out(db: Database, run_ref: int, key_set: int, head: bytes) -> None:
    rows = [row for row in db.execute(_SAME, (run_ref, key_set)).fetchall() if _begins(row[1], head)]
    keys = _numbers(len(head) // _KEY_BYTES).unpack(head)
    cut = struct.Struct(f"{_POINT_BYTES}s" * len(keys))
    by_key = zip(*(cut.unpack_from(payload, len(head)) for _, payload in rows), strict=True)
    series = dict(db.execute(f"{_SERIES} {db.any_of}", (run_ref, db.among(keys))).fetchall())
    loose = [(series[key], b"".join(points)) for key, points in zip(keys, by_key, strict=True)]
    if db.dialect == "postgresql":
        db.executemany(f"{_ADD_LOOSE} (?, ?)", loose)
    else:  # the interpreter lock is fought for once a statement
        for start in range(0, len(loose), _ROWS_AT_ONCE):
            some = loose[start : start + _ROWS_AT_ONCE]
            db.execute(f"{_ADD_LOOSE} {', '.join(['(?, ?)'] * len(some))}", list(chain.from_iterable(some)))
    # Ascending, as all writers of several series take them; the caller holds the run.
    db.execute(f"{_LOOSER} {db.any_of}", (len(rows), db.among(sorted(series.values()))))
    db.execute(f"{_FORGET} {db.any_of}", (db.among([row[0] for row in rows]),))


def points_of(db: Database, series: Iterable[tuple[int, int]]) -> dict[tuple[int, int], list[bytes]]:
    """Of each (run_ref, key_ref) what lies in batches, in any order."""
    found: dict[tuple[int, int], list[bytes]] = {each: [] for each in series}
    if not found:
        return found
    wanted: dict[int, list[int]] = {}
    for run_ref, key in found:
        wanted.setdefault(run_ref, []).append(key)
    heads: dict[int, tuple[bytes, dict[int, int]]] = {}  # by key set: who shares a hash takes turns
    for run_ref, key_set, payload in db.execute(f"{_OF_RUNS} {db.any_of}", (db.among(list(wanted)),)):
        head, places = heads.get(key_set, (b"", {}))
        if not _begins(payload, head):
            n = len(payload) // (_KEY_BYTES + _POINT_BYTES)
            head = payload[: n * _KEY_BYTES]
            places = {key: i for i, key in enumerate(_numbers(n).unpack(head))}
            heads[key_set] = head, places
        for key in wanted[run_ref]:
            i = places.get(key)
            if i is not None:
                start = len(head) + i * _POINT_BYTES
                found[run_ref, key].append(payload[start : start + _POINT_BYTES])
    return found


def _begins(payload: bytes, head: bytes) -> bool:
    """Is that its head? Other keys may have the same hash."""
    return len(payload) * _KEY_BYTES == len(head) * (_KEY_BYTES + _POINT_BYTES) and payload.startswith(head)


@lru_cache(maxsize=1024)  # a batch has at most 1,000 points
def _numbers(n: int) -> struct.Struct:
    return struct.Struct(f"<{n}q")
