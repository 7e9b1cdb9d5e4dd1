from __future__ import annotations

from msgspec import structs

from headrace.asgi.body import read_body
from headrace.entities.journal import JournalMark, JournalRecord, ParamCorrected, RunRewound
from headrace.errors import Corrupt, InvalidValue, NotSupported
from headrace.server.exchange import Exchange, Routes
from headrace.stores.journal import JournalStore
from headrace.wire import journal
from headrace.wire.messages import journal as m
from headrace.wire.table import journal as table

routes = Routes()


@routes.serves(table.APPEND_JOURNAL)
async def append_journal(exchange: Exchange[m.Writer]) -> m.JournalMarkAnswer:
    options = exchange.backend.options
    body = await read_body(exchange.receive, exchange.headers, options.max_body_bytes, options.body_timeout_s)
    store, writer_id = _store(exchange), exchange.message.writer_id
    found = await exchange.backend.call(_appended, store, writer_id, body, exchange.user)
    exchange.backend.watch.written()
    return _answer(found)


@routes.serves(table.JOURNAL_MARK)
async def journal_mark(exchange: Exchange[m.Writer]) -> m.JournalMarkAnswer:
    mark = await exchange.backend.call(_store(exchange).journal_mark, exchange.message.writer_id)
    return m.JournalMarkAnswer(mark=mark)


def _appended(store: JournalStore, writer_id: str, body: bytes, user: str | None) -> JournalMark:
    try:
        first_id, records = journal.records(body)
    except Corrupt as error:  # of what was sent, not of what is stored
        raise InvalidValue(message=error.message) from None
    if user is not None:
        records = [_said_by(user, record) for record in records]
    return store.append_journal(writer_id, first_id, records)


def _said_by(user: str, record: JournalRecord) -> JournalRecord:
    """Who takes something back is who sends it, whatever the record claims."""
    return structs.replace(record, who=user) if isinstance(record, RunRewound | ParamCorrected) else record


def _store(exchange: Exchange[m.Writer]) -> JournalStore:
    store = exchange.backend.store
    if not isinstance(store, JournalStore):
        raise NotSupported("The store of this server takes no journals.")
    return store


def _answer(found: JournalMark) -> m.JournalMarkAnswer:
    refused = [
        m.RecordRefusedMessage(
            record_id=each.record_id, run_id=each.run_id, error_code=each.error_code, message=each.message
        )
        for each in found.refused
    ]
    return m.JournalMarkAnswer(mark=found.mark, refused=refused)
