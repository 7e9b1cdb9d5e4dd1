"""Records that take something back: rewinds of runs, corrections of params. Whoever makes one waits for the store."""

from __future__ import annotations

from collections.abc import Sequence

from headrace import clock
from headrace.client.outbox.stock import Amendment, takes_journals, unsupported
from headrace.entities import Rewind
from headrace.entities.journal import RecordRefused
from headrace.errors import NotSupported
from headrace.stores.amendments import AmendmentStore
from headrace.stores.base import TrackingStore
from headrace.stores.journal import JournalStore
from headrace.wire.convert.errors import error_of


def moment_after_rewinds(store: TrackingStore, run_id: str) -> int:
    """Now, in ms, but later than each rewind of the run that the store knows of, whichever clock it was made by."""
    return max([clock.now_ms(), *(each.rewound_ms + 1 for each in _rewinds(store, run_id))])


def _rewinds(store: TrackingStore, run_id: str) -> list[Rewind]:
    try:
        return store.list_rewinds(run_id) if isinstance(store, AmendmentStore) else []
    except NotSupported:  # another server
        return []


def append(store: TrackingStore, record: Amendment) -> None:
    """Returns when the store has it; raises what it refuses."""
    if not isinstance(store, JournalStore):
        raise NotSupported("This store takes no journals, so that nothing can be taken back in it.")
    if not takes_journals(store):
        raise unsupported(record)
    raise_refused(store.append_journal(clock.dated_hex_id(), 1, [record]).refused)


def raise_refused(refused: Sequence[RecordRefused]) -> None:
    for each in refused:
        raise error_of(each.error_code, each.message)
