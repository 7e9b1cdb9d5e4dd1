"""The journal of one process: records appended to files, numbered from 1.

A call is one write(2), after which the record outlives the process; `sync` makes it outlive the machine. A file that
can't take a record (a full disk) is cut back to its last whole one. Thread-safe; after a fork, the child needs a writer
of its own.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from headrace import clock
from headrace.client.outbox.files import segment_path
from headrace.errors import StoreUnavailable
from headrace.wire import journal
from headrace.wire.journal import Head, Record, Series

SEGMENT_BYTES = 32 << 20
CHUNK_BYTES = 256 << 10  # a chunk names its series anew, so it shouldn't be much shorter than their names


class JournalUnavailable(StoreUnavailable):
    """The journal's file can't be written; the record isn't in it."""


class ChunkPlace(NamedTuple):
    """Where a chunk starts, and the id of its first record."""

    serial: int
    offset: int
    first_id: int


class JournalWriter:
    """folder: is made if it is missing. about: what the files say of their origin, but for number and first record.
    appended: told once after `cut` that there is something again. sync_each: a record is on the disk before its call
    returns."""

    def __init__(
        self, folder: Path, about: Head, appended: Callable[[], None] = lambda: None, *, sync_each: bool = False
    ) -> None:
        self._sync_each = sync_each
        self.folder, self.writer_id = folder, about.writer_id
        self._about, self._appended = about, appended
        self._lock = threading.Lock()
        self._descriptor = -1
        self._unsynced: list[int] = []  # descriptors of full files
        self._serial = 0
        self._size = 0
        self._chunk_end = 0  # a record that would begin behind it begins a chunk
        self._next_id = 1
        self._series: dict[tuple[str, tuple[str, ...], str | None, str | None, str | None], int] = {}
        self._chunks: deque[ChunkPlace] = deque()
        self._quiet = True
        self._closed = False

    def points(
        self,
        run_id: str,
        keys: tuple[str, ...],
        values: Sequence[float],
        step: int,
        timestamp: int,
        model_id: str | None = None,
        dataset_name: str | None = None,
        dataset_digest: str | None = None,
    ) -> int:
        """The record's id. At most 1,000 keys."""
        name = (run_id, keys, model_id, dataset_name, dataset_digest)
        with self._lock:
            number = None if self._size >= self._chunk_end else self._series.get(name)
            if number is not None:
                return self._append(journal.points_frame(number, step, timestamp, values))
            prefix = self._chunk_prefix()
            number = len(self._series)
            definition = journal.series_frame(number, Series(*name))
            made = self._append(prefix + definition + journal.points_frame(number, step, timestamp, values))
            self._series[name] = number
            return made

    def record(self, record: Record) -> int:
        """The record's id."""
        content = journal.record_frame(record)
        with self._lock:
            return self._append(self._chunk_prefix() + content)

    @property
    def last_id(self) -> int:
        """0 while nothing was written."""
        return self._next_id - 1

    def cut(self) -> tuple[list[ChunkPlace], ChunkPlace]:
        """(starts of the chunks that aren't dropped, the end of all that was written): what stands between them are
        whole chunks, since the next record begins another one."""
        with self._lock:
            self._chunk_end = self._size
            self._quiet = True
            return list(self._chunks), ChunkPlace(self._serial, self._size, self._next_id)

    def drop(self, mark: int) -> None:
        """Forgets chunks, and removes files, all of whose records are at most `mark`."""
        with self._lock:
            while self._chunks and self._ends(0) <= mark + 1:
                gone = self._chunks.popleft()
                following = self._chunks[0].serial if self._chunks else self._serial
                for serial in range(gone.serial, following):
                    segment_path(self.folder, self.writer_id, serial).unlink(missing_ok=True)

    def sync(self) -> None:
        """Returns when all that was written before is on the disk."""
        with self._lock:
            full, self._unsynced = self._unsynced, []
            current = os.dup(self._descriptor) if self._descriptor >= 0 else -1
        for descriptor in [*full, current]:
            if descriptor >= 0:
                try:
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)

    def close(self, *, remove: bool = False) -> None:
        """remove: the files aren't needed any more."""
        self.sync()
        with self._lock:
            self._closed = True
            if self._descriptor >= 0:
                os.close(self._descriptor)
                self._descriptor = -1
            if remove:
                first = self._chunks[0].serial if self._chunks else self._serial
                for serial in range(max(1, first), self._serial + 1):
                    segment_path(self.folder, self.writer_id, serial).unlink(missing_ok=True)

    def abandon(self) -> None:
        """In a forked child, where the lock may be held by a thread that isn't there: the files are the parent's."""
        for descriptor in [self._descriptor, *self._unsynced]:
            if descriptor >= 0:
                os.close(descriptor)
        self._descriptor, self._unsynced, self._closed = -1, [], True

    def _ends(self, place: int) -> int:
        """Behind the last record of a chunk."""
        return self._chunks[place + 1].first_id if len(self._chunks) > place + 1 else self._next_id

    def _chunk_prefix(self) -> bytes:
        """What must stand before the next record, if it begins a chunk or even a file."""
        if self._size < self._chunk_end and self._size < SEGMENT_BYTES:
            return b""
        if self._descriptor < 0 or self._size >= SEGMENT_BYTES:
            self._open()
        self._series.clear()
        return journal.chunk_frame(self._next_id)

    def _append(self, content: bytes) -> int:
        begins = self._size
        try:
            written = os.write(self._descriptor, content)
            if written != len(content):
                raise OSError(28, os.strerror(28))  # ENOSPC: the rest found no room
            if self._sync_each:
                os.fsync(self._descriptor)
        except OSError as error:
            self._cut_back(begins)
            raise JournalUnavailable(
                f"The journal in {self.folder} can't be written: {error.strerror or error}."
            ) from error
        if begins >= self._chunk_end:
            self._chunks.append(ChunkPlace(self._serial, begins, self._next_id))
            self._chunk_end = begins + CHUNK_BYTES
        self._size = begins + written
        record_id = self._next_id
        self._next_id += 1
        if self._quiet:
            self._quiet = False
            self._appended()
        return record_id

    def _cut_back(self, size: int) -> None:
        """Leaves no half a record behind which others would stand."""
        self._chunk_end = size
        self._series.clear()
        try:
            os.ftruncate(self._descriptor, size)
        except OSError:
            # Then what follows goes to another file; readers stop at what isn't whole.
            self._unsynced.append(self._descriptor)
            self._descriptor = -1

    def _open(self) -> None:
        if self._closed:
            raise JournalUnavailable(f"The journal in {self.folder} is closed.")
        serial = self._serial + 1
        path = segment_path(self.folder, self.writer_id, serial)
        head = Head(
            writer_id=self.writer_id,
            serial=serial,
            first_id=self._next_id,
            created_ms=clock.now_ms(),
            target=self._about.target,
            host=self._about.host,
            pid=self._about.pid,
            user=self._about.user,
        )
        content = journal.MAGIC + journal.head_frame(head)
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise JournalUnavailable(f"The journal {path} can't be made: {error.strerror or error}.") from error
        try:
            if os.write(descriptor, content) != len(content):
                raise OSError(28, os.strerror(28))
        except OSError as error:
            os.close(descriptor)
            path.unlink(missing_ok=True)
            raise JournalUnavailable(f"The journal {path} can't be written: {error.strerror or error}.") from error
        if self._descriptor >= 0:
            self._unsynced.append(self._descriptor)
        self._descriptor, self._serial, self._size = descriptor, serial, len(content)
        self._chunk_end = self._size
