"""URI → store. One store per URI and process, opened when first asked for, closed at exit.

| URI | store |
| --- | --- |
| none | embedded, in ./.headrace |
| plain path, file: | embedded, in that folder |
| sqlite:///, postgresql:// | that database |
| http://, https:// | the server there |
| databricks, databricks://PROFILE, azureml:// | those services, by their token headers |
| offline: | the journals in that folder, to be read |

A forked child opens its own: connections and writer threads belong to the process that made them.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from headrace import settings
from headrace.client.sink import Sink
from headrace.client.uri import get_registry_uri, get_tracking_uri, shown_uri
from headrace.errors import HeadraceError, InvalidValue, NotSupported
from headrace.stores.base import TrackingStore
from headrace.stores.registry import RegistryStore, WebhookService, WebhookStore

SUPPORTED = "a folder, file:, sqlite:///, postgresql://, http://, https://, databricks, azureml://, offline:FOLDER"
DATABASE_FILE = "headrace.db"
ARTIFACT_FOLDER = "artifacts"
READ_FLUSH_S = 10.0
_UNITY_CATALOG = ("databricks-uc", "uc:")

_lock = threading.RLock()
_stores: dict[str, TrackingStore] = {}
_sinks: dict[str, Sink] = {}
_registries: dict[tuple[str, str], RegistryStore] = {}
_of_parents: list[dict[str, TrackingStore]] = []  # kept from collection: closing them would close the parent's sockets
_pid = os.getpid()


def tracking_store(uri: str | None = None) -> TrackingStore:
    """The store behind a tracking URI, or behind the process's own."""
    uri = uri or get_tracking_uri()
    store = opened_store(uri)
    _flush(uri)
    return store


def opened_store(uri: str) -> TrackingStore:
    """As `tracking_store`, for somebody who doesn't care what this process has written."""
    with _lock:
        store = _stores.get(uri)
        if store is None:
            store = _stores[uri] = open_store(uri)
        return store


def _flush(uri: str) -> None:
    """Whoever reads sees what this process wrote. Without the lock: what sends it asks for the store, too."""
    with _lock:
        sink = _sinks.get(uri)
    if sink is not None:
        sink.flush(READ_FLUSH_S, patient=False)


def flush_files(uri: str, run_id: str | None = None) -> None:
    """Whoever reads files, or writes them beside the fluent calls, finds those which these have logged."""
    with _lock:
        sink = _sinks.get(uri)
    if sink is not None:
        sink.flush_files(READ_FLUSH_S, run_id, patient=False)


def registry_store(uri: str | None = None, tracking_uri: str | None = None) -> RegistryStore:
    """The registry behind an URI, or behind the process's own. tracking_uri: where the runs and logged models are that
    its versions come from; the process's own if None."""
    uri, tracking_uri = uri or get_registry_uri(), tracking_uri or get_tracking_uri()
    with _lock:
        registry = _registries.get((uri, tracking_uri))
    if registry is None:
        opened = _open_registry(uri, tracking_uri)
        with _lock:
            return _registries.setdefault((uri, tracking_uri), opened)
    _flush(tracking_uri)  # gates look at runs
    return registry


def webhook_service(uri: str | None = None) -> WebhookService:
    """The webhooks of the registry behind an URI, or behind the process's own."""
    uri = uri or get_registry_uri()
    store = tracking_store(uri)
    if isinstance(store, WebhookService):
        return store  # its server checks
    if not isinstance(store, WebhookStore):
        raise NotSupported(f"The store at {shown_uri(uri)!r} keeps no webhooks.")
    from headrace.registry.webhooks import Webhooks

    return Webhooks(store)


def tracking_sink(uri: str | None = None) -> Sink:
    """What the fluent calls write to."""
    uri = uri or get_tracking_uri()
    with _lock:
        sink = _sinks.get(uri)
        if sink is None:
            from headrace.client.outbox.open import open_sink

            sink = _sinks[uri] = open_sink(uri, partial(opened_store, uri), _place_here(uri))
            _close_with_child()
        return sink


def _place_here(uri: str) -> Path | None:
    """The folder or database file of a store of this machine."""
    name = _opener_name(uri)
    if name == "sqlite":
        return Path(unquote(uri.partition(":///")[2].partition("?")[0])).absolute()
    return embedded_folder(uri) if name in ("", "file") else None


def close_stores() -> None:
    """Closes all of them; a later call opens anew."""
    with _lock:
        stores, sinks = list(_stores.values()), list(_sinks.values())
        _stores.clear()
        _sinks.clear()
        _registries.clear()
    for sink in sinks:
        sink.close(settings.FLUSH_TIMEOUT_S.get())
    for store in stores:
        store.close()


def open_store(uri: str) -> TrackingStore:
    """A new store, the caller's to close."""
    opener = _OPENERS.get(_opener_name(uri))
    if opener is None:
        raise InvalidValue("tracking URI", shown_uri(uri), f"supported are {SUPPORTED}.")
    return opener(uri)


def embedded_folder(uri: str) -> Path:
    """The folder of a plain path or file: URI."""
    if not uri.startswith("file:"):
        return Path(uri).expanduser().absolute()
    parts = urlsplit(uri)
    if parts.netloc not in ("", "localhost"):
        raise InvalidValue("tracking URI", uri, "a file: URI names no host: write file:///absolute/folder.")
    return Path(unquote(parts.path)).absolute()


def is_embedded_store(uri: str) -> bool:
    """Whether the URI names a folder or SQLite file of this machine in which a store is."""
    name = _opener_name(uri)
    if name == "sqlite":
        return Path(unquote(uri.partition(":///")[2].partition("?")[0])).exists()
    return name in ("", "file") and (embedded_folder(uri) / DATABASE_FILE).exists()


def _open_embedded(uri: str) -> TrackingStore:
    folder = embedded_folder(uri)
    refuse_foreign(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise InvalidValue("tracking URI", uri, "it is a file; an embedded store needs a folder.") from None
    except PermissionError:
        raise InvalidValue("tracking URI", uri, "this user may not write there.") from None
    return _open_sql(f"sqlite:///{quote(str(folder / DATABASE_FILE))}", (folder / ARTIFACT_FOLDER).as_uri())


def refuse_foreign(folder: Path) -> None:
    """A folder of MLflow's file store has experiments as folders, each with a meta.yaml."""
    if (folder / DATABASE_FILE).exists() or not folder.is_dir():
        return
    if any((entry / "meta.yaml").is_file() for entry in folder.iterdir() if entry.is_dir()):
        raise InvalidValue(
            "tracking URI",
            str(folder),
            "this folder holds runs of MLflow's file store, which Headrace doesn't write to. Choose another folder, or "
            "start without a tracking URI to use ./.headrace.",
        )


def _open_sqlite(uri: str) -> TrackingStore:
    path = Path(unquote(uri.partition(":///")[2].partition("?")[0]))
    return _open_sql(uri, _artifact_root(path.absolute().with_suffix("").as_uri() + "-artifacts"))


def _open_postgresql(uri: str) -> TrackingStore:
    return _open_sql(uri, _artifact_root((Path.cwd() / ".headrace" / ARTIFACT_FOLDER).as_uri()))


def _artifact_root(default: str) -> str:
    return settings.DEFAULT_ARTIFACT_ROOT.get() or default


def _open_sql(uri: str, artifact_root: str) -> TrackingStore:
    from headrace.stores.sql import open_sql_store  # SQLAlchemy: only where a database is

    store = open_sql_store(uri, artifact_root)
    with contextlib.suppress(HeadraceError):  # whoever may only read, or comes at a bad moment, leaves them as they are
        store.reap()  # no server looks after these runs
    return store


def _open_http(uri: str) -> TrackingStore:
    from headrace.client.rest_store import open_rest_store

    return open_rest_store(uri)


def _open_offline(uri: str) -> TrackingStore:
    from headrace.client.outbox.offline import OfflineStore
    from headrace.client.outbox.open import offline_folder

    return OfflineStore(offline_folder(uri))


def _open_registry(uri: str, tracking_uri: str) -> RegistryStore:
    if uri.startswith(_UNITY_CATALOG):
        raise NotSupported(
            f"The registry {shown_uri(uri)!r} is Unity Catalog, which Headrace doesn't speak to; choose another by "
            "set_registry_uri."
        )
    store = tracking_store(uri)
    if not isinstance(store, RegistryStore):
        raise NotSupported(f"The store at {shown_uri(uri)!r} keeps no registered models.")
    if _OPENERS[_opener_name(uri)] is _open_http:
        return store  # its server guards it
    from headrace.client.version_files import ReachableFiles  # loads all of `packaging`
    from headrace.registry import GuardedRegistry

    return GuardedRegistry(store, tracking_store(tracking_uri), ReachableFiles(tracking_uri), own_files=True)


def _opener_name(uri: str) -> str:
    scheme = urlsplit(uri).scheme.lower() if ":" in uri else ""
    return uri if uri == "databricks" else scheme.partition("+")[0]


_OPENERS: dict[str, Callable[[str], TrackingStore]] = {
    "": _open_embedded,
    "file": _open_embedded,
    "sqlite": _open_sqlite,
    "postgresql": _open_postgresql,
    "postgres": _open_postgresql,
    "http": _open_http,
    "https": _open_http,
    "databricks": _open_http,
    "azureml": _open_http,
    "offline": _open_offline,
}


def _close_with_child() -> None:
    """Children of multiprocessing end without `atexit`."""
    process, util = sys.modules.get("multiprocessing.process"), sys.modules.get("multiprocessing.util")
    if process is not None and util is not None and process.parent_process() is not None:
        util.Finalize(None, close_stores, exitpriority=0)


def _close_at_exit() -> None:
    if os.getpid() == _pid:
        close_stores()


def _forget_after_fork() -> None:
    global _lock, _stores, _sinks, _registries, _pid
    for sink in _sinks.values():
        sink.abandon()
    _of_parents.append(_stores)
    _lock, _stores, _sinks, _registries, _pid = threading.RLock(), {}, {}, {}, os.getpid()


atexit.register(_close_at_exit)
os.register_at_fork(after_in_child=_forget_after_fork)
