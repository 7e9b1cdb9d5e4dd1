from __future__ import annotations

from collections.abc import Sequence

from headrace.client.rest_store.session import Session
from headrace.entities.journal import JournalMark, JournalRecord, RecordRefused
from headrace.errors import NotSupported
from headrace.stores.journal import JournalStore
from headrace.wire import journal
from headrace.wire.messages import journal as m
from headrace.wire.table import journal as t


class RestJournal(JournalStore):
    _session: Session

    def append_journal(self, writer_id: str, first_id: int, records: Sequence[JournalRecord]) -> JournalMark:
        return self.append_journal_body(writer_id, journal.body(first_id, records))

    def append_journal_body(self, writer_id: str, body: bytes) -> JournalMark:
        """Whole chunks, as they lie in a journal's file."""
        return _mark(self._session.post_own(t.APPEND_JOURNAL, m.Writer(writer_id=writer_id), body), self._session.base)

    def journal_mark(self, writer_id: str) -> int:
        found = self._session.call_own(t.JOURNAL_MARK, m.Writer(writer_id=writer_id))
        return _mark(found, self._session.base).mark


def _mark(answer: m.JournalMarkAnswer | None, base: str) -> JournalMark:
    if answer is None:
        raise NotSupported(f"The server at {base} isn't Headrace's: it takes no journals.")
    refused = [RecordRefused(each.record_id, each.run_id, each.error_code, each.message) for each in answer.refused]
    return JournalMark(answer.mark, refused)
