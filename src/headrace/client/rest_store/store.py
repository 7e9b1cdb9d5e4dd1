from __future__ import annotations

from headrace.client.rest_store.address import resolve
from headrace.client.rest_store.amendments import RestAmendments
from headrace.client.rest_store.caller import RestCaller
from headrace.client.rest_store.experiments import RestExperiments
from headrace.client.rest_store.journal import RestJournal
from headrace.client.rest_store.leases import RestLeases
from headrace.client.rest_store.live import RestLiveView
from headrace.client.rest_store.logged_models import RestLoggedModels
from headrace.client.rest_store.metrics import RestMetrics
from headrace.client.rest_store.registry_history import RestRegistryHistory
from headrace.client.rest_store.registry_models import RestRegisteredModels
from headrace.client.rest_store.registry_versions import RestModelVersions
from headrace.client.rest_store.runs import RestRuns
from headrace.client.rest_store.session import Session
from headrace.client.rest_store.webhooks import RestWebhooks
from headrace.net.stack import transport
from headrace.stores.base import TrackingStore
from headrace.stores.registry import RegistryStore


class RestStore(
    RestExperiments,
    RestRuns,
    RestMetrics,
    RestLoggedModels,
    RestLiveView,
    RestJournal,
    RestAmendments,
    RestLeases,
    RestRegisteredModels,
    RestModelVersions,
    RestRegistryHistory,
    RestWebhooks,
    RestCaller,
    TrackingStore,
    RegistryStore,
):
    """Runs and registered models over HTTP. What the server refuses comes back as the error that it raised there."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def close(self) -> None:
        self._session.close()


def open_rest_store(uri: str, *, hurry_s: float | None = None) -> RestStore:
    """hurry_s: ask once, and wait no longer than that for an answer."""
    address = resolve(uri)
    return RestStore(Session(address.base, transport(address.authorization, hurry_s=hurry_s), address.foreign))
