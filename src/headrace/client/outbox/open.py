"""Which sink the fluent calls get, and where its journals lie."""

from __future__ import annotations

import hashlib
from pathlib import Path

from headrace import settings
from headrace.client.outbox.outbox import OutboxSink
from headrace.client.sink import DirectSink, Sink
from headrace.client.uri import shown_uri
from headrace.errors import HeadraceError, NotSupported
from headrace.packaging.trusted_digests import home
from headrace.stores.base import TrackingStore
from headrace.stores.journal import JournalStore

FOLDER = "outbox"
_NOBODY = "0" * 32


def open_sink(uri: str, store: TrackingStore, beside: Path | None) -> Sink:
    """beside: the folder or database file of a store of this machine; its journals lie with it."""
    if settings.LOGGING.get() == "direct" or not isinstance(store, JournalStore):
        return DirectSink(store)
    try:
        store.journal_mark(_NOBODY)
    except NotSupported:
        return DirectSink(store)
    except HeadraceError:
        pass  # it can't answer now; the journal waits until it does
    return OutboxSink(store, journal_folder(uri, beside), shown_uri(uri))


def journal_folder(uri: str, beside: Path | None) -> Path:
    chosen = settings.JOURNAL_DIR.get()
    if chosen:
        return Path(chosen).expanduser().absolute()
    if beside is not None:
        return beside / FOLDER if beside.suffix == "" else beside.with_name(f"{beside.name}-{FOLDER}")
    return home() / FOLDER / hashlib.sha256(shown_uri(uri).encode()).hexdigest()[:16]
