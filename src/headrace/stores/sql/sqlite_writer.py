"""The one writer of a SQLite store in a process: many waiting requests become one COMMIT.

The error of a request undoes only itself: should one fail after it has written something, the group runs again from
the start, each request in a savepoint (savepoints for all would cost every request a sixth). Nobody is answered before
the COMMIT that holds his rows. If the COMMIT fails, everybody in the group gets StoreUnavailable and nothing is there.
A kill at any moment leaves the state after the last COMMIT.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import threading
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from headrace.clock import monotonic_s
from headrace.errors import HeadraceError, StoreUnavailable
from headrace.stores.sql.connection import Background, Work
from headrace.stores.sql.faults import sql_errors, translated
from headrace.stores.sql.names import NameCache, WriterNames
from headrace.stores.sql.sqlite_connection import WRITER_CACHE_KIB, Durability, SqliteDatabase, connect
from headrace.stores.sql.sqlite_turn import Turnstile

T = TypeVar("T")

GROUP_REQUESTS = 512
GROUP_S = 0.008  # what a request waits at most for the others of its group; an fsync takes 0.2 to 5 ms
IDLE_S = 0.05  # quiet for so long: time for background work
LOCK_WAIT_S = 30.0  # for other processes that write
BACKGROUND_GAP_S = 0.1  # between two steps of background work while requests keep coming


_log = logging.getLogger("headrace.stores.sql")


class _Request:
    __slots__ = ("error", "future", "result", "work")

    def __init__(self, work: Work[Any], future: Future[Any]) -> None:
        self.work, self.future = work, future
        self.result: Any = None
        self.error: BaseException | None = None


class Writer:
    def __init__(self, path: str, durability: Durability, cache: NameCache, background: Background | None) -> None:
        self.path, self.durability, self.background = path, durability, background
        self.names = WriterNames(cache)
        self.queue: SimpleQueue[_Request | None] = SimpleQueue()
        self.db: SqliteDatabase | None = None
        self.turnstile: Turnstile | None = None
        self.closed = False
        self.gate = threading.Lock()
        self.thread: threading.Thread | None = None
        self.background_due = 0.0
        self.writing = threading.Lock()  # held while a transaction may be open

    def submit(self, work: Work[T]) -> Future[T]:
        future: Future[T] = Future()
        with self.gate:
            if self.closed:
                future.set_exception(StoreUnavailable("The store is closed; open it again."))
                return future
            if self.thread is None:
                self.thread = threading.Thread(target=self._run, name="headrace-writer", daemon=True)
                self.thread.start()
            self.queue.put(_Request(work, future))
        return future

    def close(self) -> None:
        """Waits for what was submitted before."""
        with self.gate:
            if self.closed:
                return
            self.closed = True
            thread = self.thread
        if thread is not None:
            self.queue.put(None)
            thread.join()
        self._disconnect()

    def _run(self) -> None:
        while (request := self._next()) is not None:
            group = [request]
            try:
                with sql_errors(), self.writing:
                    last = self._commit_group(group)
            except BaseException as error:  # noqa: BLE001 - thread top: whatever happened, nobody may wait for ever
                last = self._fail(group, error)
            for each in group:
                if each.error is None:
                    each.future.set_result(each.result)
                else:
                    each.future.set_exception(each.error)
            del group, request
            if last:
                return

    def _next(self) -> _Request | None:
        """The next request; background work between requests."""
        while self.background is not None and self.background.pending():
            now = monotonic_s()
            if now < self.background_due:
                with contextlib.suppress(Empty):
                    return self.queue.get(timeout=min(IDLE_S, self.background_due - now))
            self._background_step(self.background)
            self.background_due = monotonic_s() + BACKGROUND_GAP_S
        return self.queue.get()

    def _commit_group(self, group: list[_Request]) -> bool:
        """Commits group[0] and what else waits, which it adds to group. True: `close` was among it."""
        db = self._begun()
        ends, closing = monotonic_s() + GROUP_S, False
        request = group[0]
        while True:
            clean = self._try(db, request)
            if not clean or len(group) >= GROUP_REQUESTS or monotonic_s() > ends:
                break
            try:
                following = self.queue.get_nowait()
            except Empty:
                break
            if following is None:
                closing = True
                break
            group.append(request := following)
        if not clean:
            db = self._run_again(group)
        self._commit(db)
        return closing

    def _commit(self, db: SqliteDatabase) -> None:
        db.write_changes()
        db.execute("COMMIT")
        self.names.committed()

    def _try(self, db: SqliteDatabase, request: _Request) -> bool:
        """False where the request failed and left something behind."""
        before = db.connection.total_changes
        try:
            request.result = request.work(db)
        except Exception as error:  # handed to whoever waits for this request
            if not db.connection.in_transaction:
                raise  # a full disk or an I/O error has undone the whole group
            request.error = translated(error) or error
            return db.connection.total_changes == before
        return True

    def _run_again(self, group: list[_Request]) -> SqliteDatabase:
        self._undo()
        db = self._begun()
        for request in group:
            request.result = request.error = None
            self._run_in_savepoint(db, request)
        return db

    def _run_in_savepoint(self, db: SqliteDatabase, request: _Request) -> None:
        mark = self.names.mark()
        db.execute("SAVEPOINT request")
        try:
            request.result = request.work(db)
        except Exception as error:  # handed to whoever waits for this request
            if not db.connection.in_transaction:
                raise  # a full disk or an I/O error has undone the whole group
            request.error = translated(error) or error
            db.execute("ROLLBACK TO request")
            self.names.undo_to(mark)
        db.execute("RELEASE request")

    def _background_step(self, background: Background) -> None:
        try:
            with sql_errors(), self.writing:
                db = self._begun()
                background.step(db)
                self._commit(db)
        except Exception as error:  # noqa: BLE001 - thread top: a failed merge must not end the writer
            _log.warning("Background work on %s failed; it is tried again later: %s", self.path, error)
            self._undo()

    def _fail(self, group: list[_Request], error: BaseException) -> bool:
        """The whole group is undone. Keeps the errors that were the requests' own."""
        self._undo()
        if not isinstance(error, HeadraceError):
            _log.error("A group of %d writes to %s failed", len(group), self.path, exc_info=error)
        for request in group:
            if request.error is None:
                request.error = (
                    error
                    if isinstance(error, HeadraceError)
                    else StoreUnavailable(f"The write could not be committed ({error}); nothing of it was stored.")
                )
        return False

    def _undo(self) -> None:
        self.names.undo_to(0)
        if self.db is not None:
            self.db.forget_all()
            if self.db.connection.in_transaction:
                try:
                    self.db.execute("ROLLBACK")
                except sqlite3.Error:
                    self._disconnect()

    def _begun(self) -> SqliteDatabase:
        """The database with a write transaction open."""
        if self.db is None or self.turnstile is None:
            self.turnstile = Turnstile(self.path)
            connection = connect(self.path, durability=self.durability, cache_kib=WRITER_CACHE_KIB, busy_timeout_s=0)
            self.db = SqliteDatabase(connection, self.names)
        self.turnstile.begin(self.db.connection, LOCK_WAIT_S)
        self.db.look_around()
        return self.db

    def _disconnect(self) -> None:
        db, turnstile = self.db, self.turnstile
        self.db = self.turnstile = None
        if db is not None:
            db.connection.close()
        if turnstile is not None:
            turnstile.close()
