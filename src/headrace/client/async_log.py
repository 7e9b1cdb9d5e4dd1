"""Writes with synchronous=False: a few threads work them off, those of one run in the order they were given."""

from __future__ import annotations

import logging
import os
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

from headrace.client.sink import Sink
from headrace.errors import TimedOut
from headrace.wire.convert.errors import error_of

_THREADS = 4

log = logging.getLogger("headrace.client")


class RunOperations:
    """What an asynchronous call returns. `wait` raises the first error that one of its writes met."""

    def __init__(self, futures: list[Future[None]]) -> None:
        self._futures = futures

    def wait(self, timeout_s: float | None = None) -> None:
        wait(self._futures, timeout_s)
        for future in self._futures:
            future.result(timeout=0)


class JournalOperations(RunOperations):
    """Of writes that are in the journal already. `wait` waits for the store and raises the first thing it refused."""

    def __init__(self, sink: Sink, run_id: str, after: int, upto: int) -> None:
        super().__init__([])
        self._sink, self._run_id, self._after, self._upto = sink, run_id, after, upto

    def wait(self, timeout_s: float | None = None) -> None:
        if not self._sink.flush(timeout_s):
            raise TimedOut("The store hasn't taken what was logged yet; the journal keeps it, and it is tried again.")
        for refused in self._sink.refusals(self._run_id, self._after, self._upto):
            raise error_of(refused.error_code, refused.message)


class FileOperations(RunOperations):
    """Of files that wait beside the journal already. `wait` waits for the store to have the run's."""

    def __init__(self, sink: Sink, run_id: str) -> None:
        super().__init__([])
        self._sink, self._run_id = sink, run_id

    def wait(self, timeout_s: float | None = None) -> None:
        if not self._sink.flush_files(timeout_s, self._run_id):
            raise TimedOut("The store doesn't have the files yet; they are kept here, and it is tried again.")


class _Lane:
    """The writes of one run that wait. `running`: a thread is at work on them."""

    def __init__(self) -> None:
        self.waiting: deque[tuple[Callable[[], None], Future[None]]] = deque()
        self.running = False


class AsyncLog:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lanes: dict[str, _Lane] = {}
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="headrace-log")
        self._open: set[Future[None]] = set()

    def submit(self, run_id: str, write: Callable[[], None]) -> RunOperations:
        future: Future[None] = Future()
        with self._lock:
            lane = self._lanes.setdefault(run_id, _Lane())
            lane.waiting.append((write, future))
            self._open.add(future)
            start = not lane.running
            lane.running = True
        if start:
            self._threads.submit(self._work_off, run_id, lane)
        return RunOperations([future])

    def flush(self, run_id: str | None = None) -> None:
        """Returns when what was submitted before (for the run, or at all) is written or has failed."""
        with self._lock:
            lane = self._lanes.get(run_id) if run_id else None
            if run_id is None:
                waiting = list(self._open)
            elif lane is None:
                return
            else:
                last: Future[None] = Future()
                lane.waiting.append((lambda: None, last))
                waiting = [last]
        wait(waiting)

    def _work_off(self, run_id: str, lane: _Lane) -> None:
        while True:
            with self._lock:
                if not lane.waiting:
                    lane.running = False
                    self._lanes.pop(run_id, None)
                    return
                write, future = lane.waiting.popleft()
            self._finish(write, future, run_id)

    def _finish(self, write: Callable[[], None], future: Future[None], run_id: str) -> None:
        try:
            write()
        except Exception as error:  # noqa: BLE001 — a thread's top: the future carries it to whoever waits
            log.warning("A write to run %s failed: %s", run_id, error)
            future.set_exception(error)
        else:
            future.set_result(None)
        with self._lock:
            self._open.discard(future)


_log = AsyncLog()


def submit(run_id: str, write: Callable[[], Any]) -> RunOperations:
    return _log.submit(run_id, write)


def flush_async_logging() -> None:
    """Waits until every write that was started with synchronous=False is done."""
    _log.flush()


def flush_run(run_id: str) -> None:
    _log.flush(run_id)


def _after_fork() -> None:
    global _log  # noqa: PLW0603 — the parent's threads don't live in the child
    _log = AsyncLog()


os.register_at_fork(after_in_child=_after_fork)
