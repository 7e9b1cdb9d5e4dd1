"""A folder of journals as a store to read: they are replayed into a private SQLite file, which each read brings up to
what is in them by then. The file goes with the store; the journals stay as they are."""

from __future__ import annotations

import logging
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar
from urllib.parse import quote

from headrace.client.outbox.files import Chunk, Segment, chunks, journals
from headrace.client.outbox.unmet import ARTIFACTS
from headrace.entities.journal import JournalRecord, RunStarted
from headrace.errors import Corrupt, NotSupported
from headrace.stores.sql.connection import Database, Work
from headrace.stores.sql.open import open_sql_store
from headrace.stores.sql.store import SqlTracking
from headrace.wire import journal

PLACE_ARTIFACTS = "UPDATE run SET artifact_uri = ? WHERE run_id = ?"

T = TypeVar("T")

log = logging.getLogger("headrace.outbox")


class _Read(NamedTuple):
    """What was read of a writer. serial, start: of the last chunk, which may have grown since."""

    sizes: dict[Path, int]
    serial: int
    start: int


_NOTHING = _Read({}, 0, 0)


class OfflineStore(SqlTracking):
    """Writes are NotSupported. Runs that began elsewhere, so that no journal in the folder tells of their start, aren't
    in it. A journal from which records are missing is in it as far as they go, and warned about."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._place = tempfile.TemporaryDirectory(prefix="headrace-offline-", ignore_cleanup_errors=True)
        self._artifacts = (folder / ARTIFACTS).as_uri()
        database = quote(f"{self._place.name}/journals.db")
        self._copy = open_sql_store(f"sqlite:///{database}", self._artifacts, durability="normal")
        super().__init__(self._copy.engine, self._artifacts, self._copy.appended)
        self._lock = threading.Lock()
        self._done: dict[str, _Read] = {}

    def close(self) -> None:
        self._copy.close()
        self._place.cleanup()

    def _read(self, work: Work[T]) -> T:
        with self._lock:
            self._follow()
        return super()._read(work)

    def _write(self, work: Work[T]) -> T:  # noqa: ARG002 — refused, whatever it is
        raise NotSupported(
            f"The journals in {self._folder} can only be read this way. `headrace sync {self._folder} --to URI` takes "
            "them to a store that can be written to."
        )

    def _follow(self) -> None:
        try:
            found = journals(self._folder)
            for writer_id, segments in found.items():
                sizes = {segment.path: segment.path.stat().st_size for segment in segments}
                if sizes != self._done.get(writer_id, _NOTHING).sizes:
                    self._take(writer_id, segments, sizes)
        except FileNotFoundError:
            return  # a journal went to its store just now; the next read sees which are left

    def _take(self, writer_id: str, segments: Sequence[Segment], sizes: dict[Path, int]) -> None:
        done = self._done.get(writer_id, _NOTHING)
        left = [segment for segment in segments if segment.serial >= done.serial]
        start = done.start if left and left[0].serial == done.serial else 0
        mark = self._copy.journal_mark(writer_id)
        last: Chunk | None = None
        try:
            for chunk in chunks(left, after=mark, start=start):
                if chunk.first_id > mark + 1:
                    raise Corrupt(
                        f"Records {mark + 1} to {chunk.first_id - 1} of writer {writer_id} aren't in "
                        f"{self._folder}, or not any more."
                    )
                first_id, records = journal.records(chunk.content)
                mark = self._copy.append_journal(writer_id, first_id, records).mark
                self._place_artifacts(records)
                last = chunk
        except Corrupt as error:
            log.warning("What follows of a journal isn't shown. %s", error.message)
        at = (last.serial, last.start) if last is not None else (done.serial, done.start)
        self._done[writer_id] = _Read(sizes, *at)

    def _place_artifacts(self, records: Sequence[JournalRecord]) -> None:
        """Files of a run lie beside its journal, without the folders that a store makes for experiments."""
        placed = [(f"{self._artifacts}/{each.run_id}", each.run_id) for each in records if isinstance(each, RunStarted)]

        def work(db: Database) -> None:
            db.executemany(PLACE_ARTIFACTS, placed)

        if placed:
            self._copy.engine.write(work)
