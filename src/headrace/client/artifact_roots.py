"""From a run, a logged model or an address to the store that holds its artifacts, with the caller's credentials."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable
from urllib.parse import urlsplit

from headrace.blobs.base import BlobStore
from headrace.blobs.open import PROXY_SCHEME, ProxyAccess, open_blobs
from headrace.blobs.paths import join_uri, relative, scheme
from headrace.client.open import ARTIFACT_FOLDER, embedded_folder, opened_store, tracking_store
from headrace.client.recorded import recorded
from headrace.entities import LoggedModel

_KEPT = 256  # roots of runs and models; they never move, and asking for one costs a round trip
_SERVER_SCHEMES = ("http", "https", "azureml", "databricks")

_lock = threading.Lock()
_access: dict[tuple[str, float | None], ProxyAccess] = {}
_roots: OrderedDict[tuple[str, str], BlobStore] = OrderedDict()


def blobs_at(uri: str, tracking_uri: str, hurry_s: float | None = None) -> BlobStore:
    """The store whose root is the artifact address. hurry_s: as `net.stack.transport`'s."""
    return open_blobs(_in_folder(uri, tracking_uri), _proxy_access(tracking_uri, hurry_s))


def files_at(location: str, tracking_uri: str) -> BlobStore:
    """As `blobs_at`, of a root that the store has recorded files below: what is written there is recorded, too."""
    return recorded(blobs_at(location, tracking_uri), lambda: opened_store(tracking_uri), location)


def _in_folder(uri: str, tracking_uri: str) -> str:
    """What a server of an embedded store's folder calls mlflow-artifacts:/PATH lies in that folder."""
    if scheme(uri) != PROXY_SCHEME or scheme(tracking_uri) not in ("", "file") or tracking_uri == "databricks":
        return uri
    parts = urlsplit(uri)
    if parts.netloc:
        return uri
    folder = embedded_folder(tracking_uri) / ARTIFACT_FOLDER
    return join_uri(folder.as_uri(), relative(parts.path.lstrip("/")))


def run_root(run_id: str, tracking_uri: str) -> BlobStore:
    return _kept(tracking_uri, run_id, lambda: tracking_store(tracking_uri).get_run(run_id).info.artifact_uri)


def known_run_root(run_id: str, artifact_uri: str, tracking_uri: str) -> BlobStore:
    """As `run_root`, without asking the server."""
    return _kept(tracking_uri, run_id, lambda: artifact_uri)


def root_met(run_id: str, tracking_uri: str) -> BlobStore | None:
    """As `run_root`, if it was asked for before."""
    with _lock:
        return _roots.get((tracking_uri, run_id))


def model_root(model_id: str, tracking_uri: str) -> BlobStore:
    return _kept(
        tracking_uri, model_id, lambda: tracking_store(tracking_uri).get_logged_model(model_id).artifact_location
    )


def root_of_model(model: LoggedModel, tracking_uri: str) -> BlobStore:
    return _kept(tracking_uri, model.model_id, lambda: model.artifact_location)


def _kept(tracking_uri: str, owner: str, artifact_uri: Callable[[], str]) -> BlobStore:
    key = (tracking_uri, owner)
    with _lock:
        found = _roots.get(key)
        if found is not None:
            _roots.move_to_end(key)
            return found
    location = artifact_uri()
    opened = files_at(location, tracking_uri)
    with _lock:
        _roots[key] = opened
        if len(_roots) > _KEPT:
            _roots.popitem(last=False)
    return opened


def _proxy_access(tracking_uri: str, hurry_s: float | None) -> ProxyAccess | None:
    """None for stores without a server. One per URI and patience, so that its connections are shared."""
    if urlsplit(tracking_uri).scheme not in _SERVER_SCHEMES and tracking_uri != "databricks":
        return None
    with _lock:
        access = _access.get((tracking_uri, hurry_s))
        if access is None:
            from headrace.client.rest_store.address import resolve
            from headrace.net.stack import transport

            address = resolve(tracking_uri)
            access = _access[tracking_uri, hurry_s] = ProxyAccess(
                tracking_url=address.base,
                transport=transport(address.authorization, hurry_s=hurry_s),
                anonymous=transport(lambda: None, hurry_s=hurry_s),
            )
        return access


def _after_fork() -> None:
    global _lock  # noqa: PLW0603 — a thread that lives on in the parent only may have held it
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_after_fork)
