"""PostgreSQL: a pool of connections, each request in a transaction of its own, any number of server processes.

After fork the child opens a pool of its own; the parent's sockets are left alone.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
import weakref
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg
from psycopg_pool import ConnectionPool

from headrace import settings
from headrace.clock import jitter, monotonic_s
from headrace.errors import StoreUnavailable
from headrace.stores.sql.connection import Background, Dialect, Names, Work
from headrace.stores.sql.faults import is_conflict, sql_errors
from headrace.stores.sql.names import CommittingNames, NameCache, ReaderNames
from headrace.stores.sql.postgres_connection import PostgresDatabase

T = TypeVar("T")

CONNECT_TIMEOUT_S = 10
WAIT_S = 30.0  # for a free connection, and until conflicting transactions are given up
READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"  # several statements, one snapshot
WRITE = "BEGIN"
# Searches are short walks along indexes: the usual guesses (a spinning disk, time for compiling and for workers of its
# own) would have the planner read whole tables.
PLANNING = (
    "SET SESSION random_page_cost = 1.1",
    "SET SESSION jit = off",
    "SET SESSION max_parallel_workers_per_gather = 0",
)
ADD_NAMES = "INSERT INTO name (text) SELECT unnest(%s::text[]) ON CONFLICT (text) DO NOTHING"
FIND_NAMES = "SELECT id, text FROM name WHERE text = ANY(%s)"
BACKGROUND_GAP_S = 0.1  # between two steps of background work

_log = logging.getLogger("headrace.stores.sql")


def connect(conninfo: str) -> psycopg.Connection[Any]:
    """In autocommit mode: BEGIN and COMMIT are ours."""
    return psycopg.connect(conninfo, autocommit=True, connect_timeout=CONNECT_TIMEOUT_S)


class PostgresEngine:
    dialect: Dialect = "postgresql"

    def __init__(self, conninfo: str, *, background: Background | None = None) -> None:
        """conninfo: of a database whose schema is in order."""
        self.conninfo, self.background = conninfo, background
        self.closed = False
        self._start()
        _engines.add(self)

    def _start(self) -> None:
        self.size = settings.POSTGRES_POOL_SIZE.get()
        self.gate = threading.Lock()
        self.naming = threading.Lock()
        self.naming_connection: psycopg.Connection[Any] | None = None
        self.opened: ConnectionPool[Any] | None = None
        self.opened_threads: ThreadPoolExecutor | None = None
        self.helper: threading.Thread | None = None
        self.written = threading.Event()
        cache = NameCache()
        self.reader_names, self.writer_names = ReaderNames(cache), CommittingNames(cache, self._commit_names)

    def read(self, work: Work[T]) -> T:
        with sql_errors():
            return self._transaction(READ, self.reader_names, work)

    def write(self, work: Work[T]) -> T:
        with sql_errors():
            result = self._transaction(WRITE, self.writer_names, work)
        if self.background is not None:
            self._help()
        return result

    def submit(self, work: Work[T]) -> Future[T]:
        try:
            return self._threads().submit(self.write, work)
        except RuntimeError:
            failed: Future[T] = Future()
            failed.set_exception(_closed())
            return failed

    def close(self) -> None:
        """Waits for what was submitted before."""
        threads = self.opened_threads
        if threads is not None:
            threads.shutdown()
        with self.gate:
            if self.closed:
                return
            self.closed = True
            pool, helper = self.opened, self.helper
        self.written.set()
        if pool is not None:
            pool.close()  # first: a helper that waits for a connection of a server that is gone stops waiting
        if helper is not None:
            helper.join()
        if self.naming_connection is not None:
            self.naming_connection.close()

    def _transaction(self, begin: str, names: Names, work: Work[T]) -> T:
        deadline = monotonic_s() + WAIT_S
        attempt = 0
        while True:
            try:
                with self._begun(begin) as connection:
                    result = work(PostgresDatabase(connection, names))
                    connection.execute("COMMIT")
                    return result
            except psycopg.Error as error:
                attempt += 1
                if not is_conflict(error) or monotonic_s() > deadline:
                    raise
                time.sleep(jitter(min(0.002 * 2**attempt, 0.2)))

    @contextmanager
    def _begun(self, begin: str) -> Iterator[psycopg.Connection[Any]]:
        pool = self._pool()
        connection = self._answering(pool, begin)
        try:
            yield connection
        except BaseException:
            # A connection whose transaction can't be ended is closed, and replaced by the pool.
            try:
                connection.execute("ROLLBACK")
            except psycopg.Error:
                connection.close()
            raise
        finally:
            pool.putconn(connection)

    def _answering(self, pool: ConnectionPool[Any], begin: str) -> psycopg.Connection[Any]:
        """A connection with a transaction begun. Those that died with a restarted server are thrown away."""
        tries = self.size + 1
        while True:
            connection: psycopg.Connection[Any] = pool.getconn(WAIT_S)
            try:
                connection.execute(begin)
            except psycopg.OperationalError:
                connection.close()
                pool.putconn(connection)
                tries -= 1
                if not tries:
                    raise
            else:
                return connection

    def _pool(self) -> ConnectionPool[Any]:
        if self.opened is None or self.closed:
            with self.gate:
                if self.closed:
                    raise _closed()
                if self.opened is None:
                    self.opened = ConnectionPool(
                        self.conninfo,
                        kwargs={"autocommit": True, "connect_timeout": CONNECT_TIMEOUT_S},
                        min_size=1,
                        max_size=self.size,
                        open=True,
                        timeout=WAIT_S,
                        name="headrace",
                        configure=_configure,
                    )
        return self.opened

    def _threads(self) -> ThreadPoolExecutor:
        if self.opened_threads is None:
            with self.gate:
                if self.closed:
                    raise RuntimeError("closed")
                if self.opened_threads is None:
                    self.opened_threads = ThreadPoolExecutor(self.size, thread_name_prefix="headrace-writer")
        return self.opened_threads

    def _commit_names(self, texts: list[str]) -> list[tuple[int, str]]:
        with self.naming:
            if self.naming_connection is not None:
                try:
                    return _named(self.naming_connection, texts)
                except psycopg.OperationalError:  # it died with a restarted server
                    self.naming_connection.close()
            self.naming_connection = connect(self.conninfo)
            return _named(self.naming_connection, texts)

    def _help(self) -> None:
        """Background work follows writes, in a thread of its own."""
        with self.gate:
            if self.helper is None and not self.closed:
                self.helper = threading.Thread(target=self._background, name="headrace-background", daemon=True)
                self.helper.start()
        self.written.set()

    def _background(self) -> None:
        background = self.background
        assert background is not None
        going_on = True
        while going_on:
            self.written.wait()
            self.written.clear()
            going_on = self._background_steps(background)

    def _background_steps(self, background: Background) -> bool:
        """False once the engine is closed."""
        while not self.closed:
            if not background.pending():
                return True
            try:
                with sql_errors():
                    self._transaction(WRITE, self.writer_names, background.step)
            except Exception as error:  # noqa: BLE001 - thread top: a failed merge is tried again later
                if not self.closed:
                    _log.warning("Background work on PostgreSQL failed; it is tried again later: %s", error)
            time.sleep(BACKGROUND_GAP_S)
        return False

    def start_anew(self) -> None:
        """In a forked child."""
        _parents.append((self.opened, self.opened_threads, self.naming_connection))
        self._start()


def _named(connection: psycopg.Connection[Any], texts: list[str]) -> list[tuple[int, str]]:
    connection.execute(ADD_NAMES, (texts,))
    return connection.execute(FIND_NAMES, (texts,)).fetchall()


def _configure(connection: psycopg.Connection[Any]) -> None:
    for statement in PLANNING:
        connection.execute(statement)


def _closed() -> StoreUnavailable:
    return StoreUnavailable("The store is closed; open it again.")


_engines: weakref.WeakSet[PostgresEngine] = weakref.WeakSet()
_parents: list[Any] = []  # keeps the parent's sockets from being closed by garbage collection


def _after_fork() -> None:
    for engine in list(_engines):
        engine.start_anew()


def _at_exit() -> None:
    for engine in list(_engines):
        engine.close()


os.register_at_fork(after_in_child=_after_fork)
atexit.register(_at_exit)
