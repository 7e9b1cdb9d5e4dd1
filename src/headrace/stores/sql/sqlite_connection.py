"""One connection to a SQLite file, set up, as the `Database` that store functions get."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal

import msgspec

from headrace.stores.sql.connection import Dialect, Names, Rows, RunRow

Durability = Literal["full", "normal"]
"""full: what was acknowledged survives a power cut. normal: it survives a killed process or server, but a power cut
may take the last moments (no corruption); commits are then cheaper by one fsync."""

MAX_ACTIVE_RUNS = 50_000  # about 15 MB
READER_CACHE_KIB = 2048
# Readers see the file through the page cache of the system: a search that probes 2,000 runs of a 335 MB database takes
# 12 ms so, 25 ms when each page is copied. A mapping that is not read costs nothing.
READER_MAP_BYTES = 1 << 30
WRITER_CACHE_KIB = 8192
CACHED_STATEMENTS = 256
BUSY_TIMEOUT_S = 30.0
CHANGE = (
    "INSERT INTO run_change (run_ref, experiment_id, seq) VALUES (?, ?, ?) "
    "ON CONFLICT (run_ref) DO UPDATE SET seq = excluded.seq"
)


class SqliteDatabase:
    dialect: Dialect = "sqlite"
    any_of = "IN (SELECT value FROM json_each(?))"
    for_share = for_update = ""  # there is one writer

    def __init__(self, connection: sqlite3.Connection, names: Names) -> None:
        self.connection = connection
        self.names = names
        self.touched: dict[int, int] = {}
        self.active_runs: dict[str, RunRow] = {}
        self.last_number: int | None = None  # of a transaction that wrote runs
        self.numbered = False
        self.version = -1
        # The driver's own methods: a wrapper would cost as much as a small statement.
        self._execute = connection.execute
        self._executemany = connection.executemany

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> Rows:
        return self._execute(sql, parameters)

    def executemany(self, sql: str, parameters: Iterable[Sequence[Any]], /) -> object:
        return self._executemany(sql, parameters)

    def among(self, values: Sequence[int] | Sequence[str]) -> str:
        return msgspec.json.encode(values).decode()

    def touch(self, run_ref: int, experiment_id: int) -> int | None:
        self.touched[run_ref] = experiment_id
        return None

    def touch_all(self, experiment_id: int) -> None:
        self._execute(
            "UPDATE run_change SET seq = ? WHERE run_ref IN (SELECT id FROM run WHERE experiment_id = ?)",
            (self._number(), experiment_id),
        )

    def _number(self) -> int:
        """Of this transaction: one more than the last one's, since there is one writer at a time. Whoever deletes runs
        for good has to leave the row with the greatest number."""
        self.numbered = True
        if self.last_number is None:
            self.last_number = self._execute("SELECT coalesce(max(seq), 0) FROM run_change").fetchone()[0]
        return self.last_number + 1

    def write_changes(self) -> None:
        """The last thing before COMMIT."""
        if self.touched:
            number = self._number()
            self._executemany(CHANGE, [(ref, experiment, number) for ref, experiment in self.touched.items()])
            self.touched.clear()
        if self.numbered:
            self.last_number = self._number()
            self.numbered = False

    def look_around(self) -> None:
        """The first thing in a write transaction: has anybody else written meanwhile?"""
        version = self._execute("PRAGMA data_version").fetchone()[0]
        if version != self.version:
            self.forget_all()
            self.version = version
        elif len(self.active_runs) > MAX_ACTIVE_RUNS:
            self.active_runs.clear()

    def forget_all(self) -> None:
        """What was read or noted in a transaction that is undone, or before somebody else's."""
        self.touched.clear()
        self.active_runs.clear()
        self.last_number, self.numbered = None, False


def connect(
    path: str,
    *,
    durability: Durability = "full",
    cache_kib: int = READER_CACHE_KIB,
    busy_timeout_s: float = BUSY_TIMEOUT_S,
    map_bytes: int = 0,
) -> sqlite3.Connection:
    """In autocommit mode: BEGIN and COMMIT are ours. Usable from any thread, by one at a time.

    busy_timeout_s: of what is done with it. Opening waits in any case: for a moment, others hold all of a database that
    they make, recover or close.
    """
    connection = sqlite3.connect(
        path,
        timeout=BUSY_TIMEOUT_S,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=CACHED_STATEMENTS,
    )
    try:
        connection.execute(f"PRAGMA synchronous = {'FULL' if durability == 'full' else 'NORMAL'}")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute(f"PRAGMA cache_size = -{cache_kib}")
        connection.execute(f"PRAGMA mmap_size = {map_bytes}")
        connection.execute(f"PRAGMA busy_timeout = {round(busy_timeout_s * 1000)}")
    except BaseException:
        connection.close()
        raise
    return connection


@contextlib.contextmanager
def snapshot(connection: sqlite3.Connection) -> Iterator[None]:
    """All reads inside see one state of the database."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")  # nothing was written; also right after an error
