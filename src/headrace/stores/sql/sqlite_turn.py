"""Whose turn it is to write, when several processes share one SQLite file.

SQLite lets whoever asks at the right moment in, so that a busy process starves the others. Here a writer first takes
the turnstile (a lock on a file beside the database) and passes it only once it has the write lock itself: whoever has
just committed must queue behind the process that waits in the turnstile.
The lock goes with the process that held it, so a killed one blocks nobody. The file holds nothing and may be deleted.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import time
from collections.abc import Callable, Iterator

from headrace.clock import jitter, monotonic_s
from headrace.errors import StoreUnavailable

_SHORTEST_PAUSE_S = 0.0001
_LONGEST_PAUSE_S = 0.004  # of a waiting process: eight of them ask 4,000 times a second at most, 1 % of a core


class Turnstile:
    def __init__(self, database: str) -> None:
        self.path = f"{database}-turn"
        try:
            # Reading is enough for a lock, and more than another user's umask may leave us.
            self.file = os.open(self.path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError as error:
            raise StoreUnavailable(
                f"The lock file {self.path!r} of the SQLite database can't be opened: {error}."
            ) from error

    def begin(self, connection: sqlite3.Connection, wait_s: float) -> None:
        """Starts a write transaction on a connection without busy timeout. StoreUnavailable after wait_s."""
        deadline = monotonic_s() + wait_s
        with self.held(deadline):
            _retried(lambda: _begun(connection), deadline)

    @contextlib.contextmanager
    def held(self, deadline: float) -> Iterator[None]:
        _retried(self._taken, deadline)
        try:
            yield
        finally:
            fcntl.flock(self.file, fcntl.LOCK_UN)

    def _taken(self) -> bool:
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        os.close(self.file)


def _begun(connection: sqlite3.Connection) -> bool:
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return False
        raise
    return True


def _retried(attempt: Callable[[], bool], deadline: float) -> None:
    pause_s = _SHORTEST_PAUSE_S
    while not attempt():
        if monotonic_s() > deadline:
            raise StoreUnavailable(
                "Another process has held the SQLite database's write lock for too long. End it, or send the request "
                "again; for many writers `headrace server` or PostgreSQL is the better place."
            )
        time.sleep(pause_s + jitter(pause_s))
        pause_s = min(pause_s * 1.5, _LONGEST_PAUSE_S)
