"""How chunks of a journal reach a store."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol, runtime_checkable

import msgspec

from headrace.entities.journal import JournalMark, RecordRefused
from headrace.stores.journal import JournalStore
from headrace.wire import journal


class Delivery(Protocol):
    def mark(self, writer_id: str) -> int:
        """How far the store has taken the writer in."""
        ...

    def deliver(self, writer_id: str, body: bytes) -> JournalMark:
        """body: whole chunks. Raises what the store or the network raises; then it is safe to deliver them again."""
        ...

    def forget(self, writer_id: str) -> None:
        """The store has the whole journal, whose files are removed: nothing here is kept about it."""


@runtime_checkable
class TakesBodies(Protocol):
    """A store elsewhere, which reads the chunks itself."""

    def append_journal_body(self, writer_id: str, body: bytes) -> JournalMark: ...


class StoreDelivery:
    def __init__(self, store: JournalStore) -> None:
        self._store = store

    def mark(self, writer_id: str) -> int:
        return self._store.journal_mark(writer_id)

    def deliver(self, writer_id: str, body: bytes) -> JournalMark:
        if isinstance(self._store, TakesBodies):
            return self._store.append_journal_body(writer_id, body)
        return self._store.append_journal(writer_id, *journal.records(body))

    def forget(self, writer_id: str) -> None:
        """The store keeps the mark."""


def keep_refused(path: Path, body: bytes, refused: Iterable[RecordRefused]) -> None:
    """Appends records that the store refused to a file of JSON lines, each with the reason."""
    first_id, records = journal.records(body)
    lines = [
        json.dumps(
            {
                "record_id": each.record_id,
                "error_code": each.error_code,
                "message": each.message,
                "record": msgspec.to_builtins(records[each.record_id - first_id]),
            }
        )
        for each in refused
    ]
    with path.open("a", encoding="utf-8") as file:
        file.write("".join(f"{line}\n" for line in lines))
