"""Which sink the fluent calls get, and where its journals lie."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

from headrace import settings
from headrace.client.outbox.outbox import OutboxSink
from headrace.client.outbox.stock import takes_journals
from headrace.client.outbox.unmet import is_missed
from headrace.client.sink import DirectSink, Sink
from headrace.client.uri import EMBEDDED_FOLDER, shown_uri
from headrace.errors import HeadraceError
from headrace.packaging.trusted_digests import home
from headrace.stores.base import TrackingStore

FOLDER = "outbox"
OFFLINE = "offline:"
HURRY_S = 10.0  # a training job waits for a server, when it starts a run
_SERVERS = ("http:", "https:", "databricks", "azureml:")


def open_sink(uri: str, store: Callable[[], TrackingStore], beside: Path | None) -> Sink:
    """store: what reads use, which is as patient as a reader wants. beside: the folder or database file of a store of
    this machine; its journals lie with it."""
    if uri.startswith(OFFLINE):
        return OutboxSink(None, offline_folder(uri), "")
    if settings.OFFLINE.get():
        return OutboxSink(None, journal_folder(uri, beside), uri)
    if settings.LOGGING.get() == "direct":
        return DirectSink(store())
    connect = partial(hurried_store, uri) if beside is None and uri.startswith(_SERVERS) else store
    try:
        takes_journals(connect())
    except HeadraceError as error:
        if not is_missed(error):
            raise
        # It can't answer now; the journal waits until it does.
    return OutboxSink(connect, journal_folder(uri, beside), uri)


def hurried_store(uri: str) -> TrackingStore:
    """Of a server; the caller's to close. Each call is sent once."""
    from headrace.client.rest_store import open_rest_store

    return open_rest_store(uri, hurry_s=HURRY_S)


def offline_folder(uri: str) -> Path:
    return Path(uri.removeprefix(OFFLINE)).expanduser().absolute()


def journal_folder(uri: str, beside: Path | None) -> Path:
    chosen = settings.JOURNAL_DIR.get()
    if chosen:
        return Path(chosen).expanduser().absolute()
    if beside is not None:
        return beside / FOLDER if beside.suffix == "" else beside.with_name(f"{beside.name}-{FOLDER}")
    return home() / FOLDER / hashlib.sha256(shown_uri(uri).encode()).hexdigest()[:16]


def known_folders() -> list[Path]:
    """Where this user's processes leave journals: HEADRACE_JOURNAL_DIR, those beside HEADRACE_HOME's, and that of the
    embedded store here."""
    chosen = settings.JOURNAL_DIR.get()
    folders = [Path(chosen).expanduser().absolute()] if chosen else []
    folders += sorted(path for path in (home() / FOLDER).glob("*") if path.is_dir())
    here = Path.cwd() / EMBEDDED_FOLDER / FOLDER
    return [*folders, here] if here.is_dir() else folders
