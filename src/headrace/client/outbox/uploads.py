"""The thread that sends the files which wait beside a journal, again and again until the store has them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import NamedTuple

from headrace import clock, settings
from headrace.blobs.base import BlobStore
from headrace.client.outbox.waiting import Waiting
from headrace.errors import HeadraceError, NotFound

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0
IMPATIENT_PAUSE_S = 0.5  # while somebody waits
LEAVE_S = 0.15  # a thread that is in the middle of a file ends with the process

log = logging.getLogger("headrace.outbox")


class _Span(NamedTuple):
    """Numbers of the first and last file of a run, by which they were queued, that aren't known to be sent."""

    first: int
    last: int


class Uploads:
    """root: opens the place of a run's files at the store, NotFound where the store doesn't have the run yet; None:
    nothing is sent. Thread safe."""

    def __init__(self, waiting: Waiting, root: Callable[[str], BlobStore] | None) -> None:
        self.waiting = waiting
        self._root = root
        self._moved = threading.Condition()
        self._wake, self._urgent, self._stop = threading.Event(), threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None
        self._count = 0  # of files queued by this process
        self._unsent: dict[str, _Span] = {}  # of each run
        self._left: list[str] = []  # runs of which other processes have left files
        self._failures = 0  # since the last success
        self._attempts_failed = 0  # ever
        self._waiting_callers = 0
        self._known: set[tuple[str, str]] = set()
        self._aside = self._lost = 0

    def root(self, run_id: str) -> BlobStore:
        """The run's place at the store."""
        assert self._root is not None, "asked only where there is one"
        return self._root(run_id)

    def add(self, run_id: str) -> None:
        """A file of the run waits."""
        with self._moved:
            self._count += 1
            first = self._unsent[run_id].first if run_id in self._unsent else self._count
            self._unsent[run_id] = _Span(first, self._count)
        self._begin()

    def send_left(self) -> None:
        """What other processes have left, too."""
        with self._moved:
            if self._root is not None:
                self._left = [run_id for run_id in self.waiting.runs() if run_id not in self._unsent]
        if self._left:
            self._begin()

    def lose(self, path: str, error: HeadraceError) -> None:
        """Neither the folder nor the store has taken a file."""
        if settings.STRICT.get():
            raise error
        self._lost += 1
        if self._lost == 1:
            log.warning(
                "A logged file is lost, %r: neither is it kept here nor does it reach the store. %s", path, error
            )

    def waits(self, run_id: str | None = None) -> bool:
        """Whether files that this process has queued, of the run or of any, aren't sent."""
        return bool(self._unsent) if run_id is None else run_id in self._unsent

    def flush(self, timeout_s: float, run_id: str | None = None, *, patient: bool = True) -> bool:
        """Whether the store has the files that were queued before the call, of the run or of all; waits for it as long
        as that. Not patient: only until an attempt has failed."""
        with self._moved:
            asked = {each: span.last for each, span in self._unsent.items() if run_id in (None, each)}
        if not asked or self._root is None:
            return not asked
        return self._until(lambda: not self._missing(asked), timeout_s, patient=patient)

    def close(self, timeout_s: float, *, patient: bool, left: bool) -> bool:
        """Flushes, then ends the thread. Whether all that this process has queued is sent. left: what other processes
        have left is waited for, too."""
        ends_s = clock.monotonic_s() + timeout_s
        drained = self.flush(timeout_s, patient=patient)
        if drained and left:
            self.send_left()
            self._until(lambda: not self._left, ends_s - clock.monotonic_s(), patient=False)
        self._stop.set()
        self._urgent.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout_s if drained else LEAVE_S)
        if self._aside > 1:
            log.warning("%d logged files could not be sent as they were logged, in all.", self._aside)
        if self._lost:
            log.warning("%d logged files are lost.", self._lost)
        return drained

    def _until(self, done: Callable[[], bool], timeout_s: float, *, patient: bool) -> bool:
        if self._thread is None and not done():
            self._send_here()
            return done()
        ends_s = clock.monotonic_s() + timeout_s
        with self._moved:
            failures, self._waiting_callers = self._attempts_failed, self._waiting_callers + 1
            self._urgent.set()
            self._wake.set()
            try:
                while not done() and not self._stop.is_set():
                    left_s = ends_s - clock.monotonic_s()
                    if left_s <= 0 or (not patient and self._attempts_failed > failures):
                        break
                    self._moved.wait(left_s)
            finally:
                self._waiting_callers -= 1
        return done()

    def _begin(self) -> None:
        if self._root is None:
            return
        with self._moved:
            if self._thread is None:
                thread = threading.Thread(target=self._work, name="headrace-uploads", daemon=True)
                try:
                    thread.start()
                except RuntimeError:  # the interpreter ends, and starts no thread any more: then `flush` sends
                    return
                self._thread = thread
        self._wake.set()

    def _missing(self, asked: dict[str, int]) -> bool:
        return any(each in self._unsent and self._unsent[each].first <= last for each, last in asked.items())

    def _work(self) -> None:
        while not self._stop.is_set():
            self._wake.wait()
            self._wake.clear()
            self._urgent.clear()
            if not self._send_here() and not self._stop.is_set():
                self._urgent.wait(self._pause_s())
                self._wake.set()

    def _send_here(self) -> bool:
        """False where it is worth trying again after a pause."""
        sent = True
        with self._moved:
            runs = [*self._unsent, *self._left]
        for run_id in runs:
            if self._stop.is_set():
                return False
            try:
                sent = self._send(run_id) and sent
            except NotFound as error:
                # The journal that begins the run isn't delivered yet, or goes elsewhere.
                log.debug("Files of run %s wait: %s", run_id, error)
                if run_id in self._unsent:
                    self._failed()
                    sent = False
            except Exception as error:  # noqa: BLE001 — a thread's top: whatever it is, the folder keeps the files
                self._trouble(error)
                self._put_last(run_id)
                return False
        with self._moved:
            self._left = [run_id for run_id in self._left if run_id not in runs]  # others came meanwhile
            self._moved.notify_all()
        return sent

    def _send(self, run_id: str) -> bool:
        from headrace.client.outbox.file_delivery import send_files

        span = self._unsent.get(run_id)
        sent = send_files(self.waiting, run_id, lambda: self.root(run_id), self._stop.is_set)
        for path, reason in sent.aside:
            self._aside += 1
            if self._aside == 1:
                log.warning("The logged file %r isn't sent, but kept beside the journal: %s", path, reason)
        if sent.busy or self._stop.is_set():
            return span is None
        if self._known:
            log.warning("Logged files reach the store again.")
        self._failures, self._known = 0, set()
        if span is not None:
            with self._moved:
                last = self._unsent.pop(run_id).last
                if last > span.last:  # queued meanwhile
                    self._unsent[run_id] = _Span(span.last + 1, last)
                self._moved.notify_all()
        return True

    def _put_last(self, run_id: str) -> None:
        """One whose place can't be reached mustn't keep the others from theirs."""
        with self._moved:
            if run_id in self._unsent:
                self._unsent[run_id] = self._unsent.pop(run_id)
            elif run_id in self._left:
                self._left = [*(each for each in self._left if each != run_id), run_id]

    def _failed(self) -> None:
        with self._moved:
            self._failures += 1
            self._attempts_failed += 1
            self._moved.notify_all()

    def _trouble(self, error: Exception) -> None:
        self._failed()
        cause = (type(error).__name__, getattr(error, "error_code", ""))
        if cause not in self._known:
            self._known.add(cause)
            log.warning("Logged files don't reach the store for now, and wait; it is tried again. %s", error)

    def _pause_s(self) -> float:
        longest_s = IMPATIENT_PAUSE_S if self._waiting_callers else LONGEST_PAUSE_S
        pause_s: float = min(longest_s, FIRST_PAUSE_S * 2.0 ** min(max(0, self._failures - 1), 10))
        return pause_s + clock.jitter(pause_s / 2)
