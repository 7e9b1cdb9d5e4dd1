"""Stores as a server opens them: with the artifact root that its options name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headrace import settings
from headrace.errors import InvalidValue
from headrace.server.app import App, create_app
from headrace.server.artifacts import ServedArtifacts
from headrace.server.options import Options
from headrace.stores.base import TrackingStore

if TYPE_CHECKING:
    from headrace.stores.sql.sqlite_connection import Durability

SUPPORTED = "a folder, sqlite:///PATH, postgresql://USER@HOST/DATABASE, offline:FOLDER"
PROXIED_ROOT = "mlflow-artifacts:/"


def build_app(
    backend_uri: str,
    artifact_root: str | None,
    destination: str | None,
    options: Options,
    durability: Durability = "full",
    registry_uri: str | None = None,
) -> App:
    """Picklable with its arguments, so that each worker process opens its own stores."""
    root, destination = places(backend_uri, artifact_root, destination, options)
    proxied = destination if options.serves_artifacts else None
    artifacts = ServedArtifacts(proxied, roots=[root, destination])
    store = open_backend(backend_uri, root, durability)
    if registry_uri is None or registry_uri == backend_uri:
        return create_app(store, options, artifacts=artifacts)
    models = open_backend(registry_uri, root, durability, option="--registry-store-uri")
    return create_app(store, options, artifacts=artifacts, models=models)


def places(backend_uri: str, artifact_root: str | None, destination: str | None, options: Options) -> tuple[str, str]:
    """(where new experiments keep artifacts, what the server's proxy serves). An embedded store has a folder for both,
    the one that programs which open it directly write to."""
    from headrace.client.open import ARTIFACT_FOLDER, embedded_folder
    from headrace.client.outbox.open import OFFLINE, offline_folder
    from headrace.client.outbox.unmet import ARTIFACTS

    if backend_uri.startswith(OFFLINE):
        kept = (offline_folder(backend_uri) / ARTIFACTS).as_uri()
        return kept, kept
    own = None if ":" in backend_uri.removeprefix("file:") else embedded_folder(backend_uri) / ARTIFACT_FOLDER
    destination = destination or (own.as_uri() if own else "./mlartifacts")
    if artifact_root:
        return artifact_root, destination
    if options.serves_artifacts:
        return PROXIED_ROOT, destination
    return own.as_uri() if own else "./mlruns", destination


def open_backend(
    uri: str, artifact_root: str, durability: Durability = "full", *, option: str = "--backend-store-uri"
) -> TrackingStore:
    if uri == "memory:":
        from headrace.stores.memory import MemoryStore

        return MemoryStore(artifact_root)
    if uri.startswith(("sqlite:", "postgresql:", "postgresql+", "postgres:")):
        from headrace.stores.sql import open_sql_store

        return open_sql_store(uri, artifact_root, durability=durability)
    if uri.startswith("offline:"):
        return _open_offline(uri, option)
    if not uri.startswith("file:") and "://" in uri:
        raise InvalidValue(option, uri, f"a server keeps its runs and models in {SUPPORTED}.")
    return _open_folder(uri, artifact_root, durability)


def _open_offline(uri: str, option: str) -> TrackingStore:
    from headrace.client.open import open_store
    from headrace.client.outbox.open import offline_folder

    if not offline_folder(uri).is_dir():
        raise InvalidValue(option, uri, "there is no such folder.")
    return open_store(uri)


def open_as_server(uri: str) -> TrackingStore:
    """The store that `headrace server` opens without further options; the caller closes it."""
    root, _ = places(uri, settings.DEFAULT_ARTIFACT_ROOT.get(), None, Options())
    return open_backend(uri, root)


def _open_folder(uri: str, artifact_root: str, durability: Durability) -> TrackingStore:
    from headrace.client.open import DATABASE_FILE, embedded_folder, refuse_foreign
    from headrace.stores.sql import open_sql_store

    folder = embedded_folder(uri)
    refuse_foreign(folder)
    folder.mkdir(parents=True, exist_ok=True)
    return open_sql_store(f"sqlite:///{folder / DATABASE_FILE}", artifact_root, durability=durability)
