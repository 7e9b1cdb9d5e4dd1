"""The thread that hands a journal to the store: in batches, again and again until the store has it.

Nothing that happens here reaches the thread that logs: a cause of trouble is warned about once, and tried again with
growing pauses. 401, 403, 404 and every failure of server or network keep the records; only a record that the store
refuses for its content is set aside, in `WRITER.rejected.jsonl`, and passed.
"""

from __future__ import annotations

import logging
import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from headrace import clock
from headrace.client.outbox.delivery import Delivery, keep_refused
from headrace.client.outbox.files import segment_path
from headrace.client.outbox.writer import ChunkPlace, JournalWriter
from headrace.entities.journal import JournalMark, RecordRefused
from headrace.errors import HeadraceError

BODY_BYTES = 4 << 20
LINGER_S = 0.05  # what the first record of a batch waits for others
SYNC_S = 0.15
REMEMBERED = 1000
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0
IMPATIENT_PAUSE_S = 1.0  # while somebody waits

log = logging.getLogger("headrace.outbox")


class Piece(NamedTuple):
    """Neighbouring chunks of one file. last_id: of their last record."""

    serial: int
    start: int
    end: int
    last_id: int


def pieces(places: Sequence[ChunkPlace], end: ChunkPlace, sizes: Callable[[int], int]) -> Iterator[Piece]:
    """sizes: of a file, by serial, since a chunk that another file follows ends where its own file does."""
    bounds = [*places, end]
    at = 0
    while at < len(places):
        first, stop = bounds[at], at + 1
        while True:
            until = bounds[stop]
            same_file = until.serial == first.serial
            begins = until.offset if same_file else sizes(first.serial)
            goes_on = stop < len(places) and same_file
            if not goes_on or begins - first.offset >= BODY_BYTES:
                break
            stop += 1
        yield Piece(first.serial, first.offset, begins, until.first_id - 1)
        at = stop


class Sender:
    """delivery: opens it; None: nothing is sent. rejected: the file for records that the store refuses. sync_too:
    brings what lies beside the journal to the disk, as often as the journal."""

    def __init__(
        self,
        writer: JournalWriter,
        delivery: Callable[[], Delivery] | None,
        rejected: Path,
        sync_too: Callable[[], None] = lambda: None,
    ) -> None:
        self._writer, self._open, self._rejected_path, self._sync_too = writer, delivery, rejected, sync_too
        self._delivery: Delivery | None = None
        self._wake, self._urgent, self._stop = threading.Event(), threading.Event(), threading.Event()
        self._moved = threading.Condition()
        self._mark = 0
        self._failures = 0  # since the last success
        self._attempts_failed = 0  # ever
        self._waiting = 0  # callers of flush
        self._known: set[tuple[str, str]] = set()
        self.rejected = 0
        self._refused: deque[RecordRefused] = deque(maxlen=REMEMBERED)
        tasks = [(self._sync_on, "headrace-journal")]
        if delivery is not None:
            tasks.append((self._send_on, "headrace-outbox"))
        self._threads = [threading.Thread(target=task, name=name, daemon=True) for task, name in tasks]

    def start(self) -> None:
        try:
            for thread in self._threads:
                thread.start()
        except RuntimeError:  # the interpreter ends, and starts no thread any more: then `flush` sends
            self._threads = []

    def notice(self) -> None:
        """There is something to send."""
        self._wake.set()

    def refusals(self, after: int, upto: int) -> list[RecordRefused]:
        """Of these records; the last thousand are remembered."""
        return [each for each in self._refused.copy() if after < each.record_id <= upto]

    @property
    def mark(self) -> int:
        """The id of the last record that the store has."""
        return self._mark

    @property
    def failing(self) -> bool:
        """Whether the last attempt failed."""
        return self._failures > 0

    def flush(self, timeout_s: float, *, patient: bool = True) -> bool:
        """Whether the store has all that was written before the call; waits for it as long as that. Not patient: only
        until an attempt has failed."""
        target = self._writer.last_id
        if self._mark >= target or self._open is None:
            return self._mark >= target
        if not self._threads:
            self._send_here()
            return self._mark >= target
        ends_s = clock.monotonic_s() + timeout_s
        with self._moved:
            failures, self._waiting = self._attempts_failed, self._waiting + 1
            self._urgent.set()
            self._wake.set()
            try:
                while self._mark < target and not self._stop.is_set():
                    left_s = ends_s - clock.monotonic_s()
                    if left_s <= 0 or (not patient and self._attempts_failed > failures):
                        break
                    self._moved.wait(left_s)
            finally:
                self._waiting -= 1
        return self._mark >= target

    def _send_here(self) -> None:
        try:
            self._send_all()
        except Exception as error:  # noqa: BLE001 — as in the thread: the journal keeps the records
            self._trouble(error)

    def close(self, timeout_s: float) -> bool:
        """Flushes, then ends the threads. Whether the store has everything. While the store can't be reached, whoever
        ended the run has waited for it already: then only one more attempt."""
        drained = self.flush(timeout_s, patient=not self.failing)
        self._stop.set()
        self._urgent.set()
        self._wake.set()
        for thread in self._threads:
            thread.join(timeout_s if drained else SYNC_S)
        return drained

    def _send_on(self) -> None:
        while not self._stop.is_set():
            self._wake.wait()
            if not self._urgent.wait(LINGER_S) and self._stop.is_set():
                return
            self._wake.clear()
            self._urgent.clear()
            try:
                self._send_all()
            except Exception as error:  # noqa: BLE001 — a thread's top: whatever it is, the journal keeps the records
                self._trouble(error)
                self._urgent.clear()
                self._urgent.wait(self._pause_s())
                self._wake.set()

    def _send_all(self) -> None:
        if self._delivery is None:
            assert self._open is not None, "only then is there something to send to"
            self._delivery = self._open()
        places, end = self._writer.cut()
        for piece in pieces(places, end, self._size_of):
            if piece.last_id <= self._mark:
                continue
            if self._stop.is_set():
                return
            body = self._read(piece)
            self._note(self._delivery.deliver(self._writer.writer_id, body), body, piece)

    def _note(self, answer: JournalMark, body: bytes, piece: Piece) -> None:
        if answer.refused:
            keep_refused(self._rejected_path, body, answer.refused)
            self.rejected += len(answer.refused)
            self._refused.extend(answer.refused)
            first = answer.refused[0]
            log.warning(
                "The store refused %d of the logged records; they are kept in %s. The first one: %s",
                len(answer.refused),
                self._rejected_path,
                first.message,
            )
        if answer.mark < piece.last_id:
            raise HeadraceError(
                f"The store has taken this process's records up to {answer.mark}, not to {piece.last_id} as it was "
                "sent: has it been set back to an older state?"
            )
        if self._failures:
            log.warning("Logging reaches the store again.")
        self._failures, self._known = 0, set()
        self._writer.drop(answer.mark)
        with self._moved:
            self._mark = answer.mark
            self._moved.notify_all()

    def _trouble(self, error: Exception) -> None:
        with self._moved:
            self._failures += 1
            self._attempts_failed += 1
            self._moved.notify_all()
        cause = (type(error).__name__, getattr(error, "error_code", ""))
        if cause not in self._known:
            self._known.add(cause)
            log.warning(
                "Logged records don't reach the store for now, and wait in %s (%d of them); it is tried again. %s",
                self._writer.folder,
                self._writer.last_id - self._mark,
                error,
            )

    def _pause_s(self) -> float:
        longest_s = IMPATIENT_PAUSE_S if self._waiting else LONGEST_PAUSE_S
        pause_s: float = min(longest_s, FIRST_PAUSE_S * 2.0 ** min(self._failures - 1, 10))
        return pause_s + clock.jitter(pause_s / 2)

    def _read(self, piece: Piece) -> bytes:
        path = segment_path(self._writer.folder, self._writer.writer_id, piece.serial)
        with path.open("rb") as file:
            content = os.pread(file.fileno(), piece.end - piece.start, piece.start)
        assert len(content) == piece.end - piece.start, "a journal only grows"
        return content

    def _size_of(self, serial: int) -> int:
        return segment_path(self._writer.folder, self._writer.writer_id, serial).stat().st_size

    def _sync_on(self) -> None:
        synced = 0
        while not self._stop.wait(SYNC_S):
            last_id = self._writer.last_id
            try:
                if last_id != synced:
                    self._writer.sync()
                    synced = last_id
                self._sync_too()
            except OSError as error:
                self._trouble(error)
