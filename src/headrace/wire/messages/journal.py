from __future__ import annotations

from headrace.wire.messages.fields import Answer, Request, Text


class Writer(Request, kw_only=True):
    """The body of an append is chunks of a journal, see `wire.journal`."""

    writer_id: Text


class RecordRefusedMessage(Answer, kw_only=True):
    record_id: int
    run_id: str
    error_code: str
    message: str


class JournalMarkAnswer(Answer, kw_only=True):
    mark: int
    refused: list[RecordRefusedMessage] = []
