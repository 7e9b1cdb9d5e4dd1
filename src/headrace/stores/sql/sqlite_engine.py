"""SQLite: readers in parallel, one writer thread a process, several processes on one file.

After fork the child starts anew with its own connections and writer; the parent's are left alone, not closed, since
closing them would let go of locks and files that the parent needs.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import threading
import weakref
from collections import deque
from concurrent.futures import Future
from typing import Any, TypeVar

from headrace.errors import CallerError, StoreUnavailable
from headrace.stores.sql.connection import Background, Dialect, Work
from headrace.stores.sql.faults import sql_errors
from headrace.stores.sql.names import NameCache, ReaderNames
from headrace.stores.sql.sqlite_connection import READER_MAP_BYTES, Durability, SqliteDatabase, connect, snapshot
from headrace.stores.sql.sqlite_writer import Writer

T = TypeVar("T")

FORK_WAIT_S = 5.0  # for the end of a transaction; groups of writes take milliseconds
IDLE_READERS = 8  # kept open, about 0.3 to 4 MB each; more may be in use at once


class SqliteEngine:
    dialect: Dialect = "sqlite"

    def __init__(self, path: str, *, durability: Durability = "full", background: Background | None = None) -> None:
        """path: of a database whose schema is in order."""
        self.path, self.durability, self.background = path, durability, background
        self.closed = False
        self._start()
        _engines.add(self)

    def _start(self) -> None:
        self.cache = NameCache()
        self.idle: deque[SqliteDatabase] = deque()
        self.writer = Writer(self.path, self.durability, self.cache, self.background)
        # An engine that nobody closed takes its thread with it.
        weakref.finalize(self, self.writer.queue.put, None).atexit = False

    def read(self, work: Work[T]) -> T:
        with sql_errors():
            db = self._reader()
            kept = False
            try:
                with snapshot(db.connection):
                    result = work(db)
                kept = True
                return result
            except CallerError:
                kept = True
                raise
            finally:
                if kept and len(self.idle) < IDLE_READERS and not self.closed:
                    self.idle.append(db)
                else:
                    db.connection.close()

    def write(self, work: Work[T]) -> T:
        return self.writer.submit(work).result()

    def submit(self, work: Work[T]) -> Future[T]:
        return self.writer.submit(work)

    def close(self) -> None:
        self.closed = True
        self.writer.close()
        while self.idle:
            with contextlib.suppress(IndexError):
                self.idle.pop().connection.close()

    def _reader(self) -> SqliteDatabase:
        if self.closed:
            raise StoreUnavailable("The store is closed; open it again.")
        try:
            return self.idle.pop()
        except IndexError:
            return SqliteDatabase(connect(self.path, map_bytes=READER_MAP_BYTES), ReaderNames(self.cache))

    def start_anew(self) -> None:
        """In a forked child."""
        _parents.append((self.idle, self.writer))
        self._start()


_engines: weakref.WeakSet[SqliteEngine] = weakref.WeakSet()
_parents: list[Any] = []  # keeps the parent's connections from being closed by garbage collection


class _Fork(threading.local):
    held: tuple[Writer, ...] = ()  # kept from writing by this thread


_fork = _Fork()


def _before_fork() -> None:
    """Between transactions: in the child SQLite would take one of the parent's for its own, that never ends, and let
    nobody there write."""
    writers = [engine.writer for engine in list(_engines)]
    _fork.held = tuple(writer for writer in writers if writer.writing.acquire(timeout=FORK_WAIT_S))


def _go_on() -> None:
    held, _fork.held = _fork.held, ()
    for writer in held:
        writer.writing.release()


def _after_fork() -> None:
    _fork.held = ()
    for engine in list(_engines):
        engine.start_anew()


def _at_exit() -> None:
    for engine in list(_engines):
        engine.close()


os.register_at_fork(before=_before_fork, after_in_parent=_go_on, after_in_child=_after_fork)
atexit.register(_at_exit)
