from __future__ import annotations

from headrace.client.rest_store.address import resolve
from headrace.client.rest_store.caller import RestCaller
from headrace.client.rest_store.experiments import RestExperiments
from headrace.client.rest_store.live import RestLiveView
from headrace.client.rest_store.logged_models import RestLoggedModels
from headrace.client.rest_store.metrics import RestMetrics
from headrace.client.rest_store.runs import RestRuns
from headrace.client.rest_store.session import Session
from headrace.net.stack import transport
from headrace.stores.base import TrackingStore


class RestStore(RestExperiments, RestRuns, RestMetrics, RestLoggedModels, RestLiveView, RestCaller, TrackingStore):
    """A tracking store over HTTP. What the server refuses comes back as the error that it raised there."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def close(self) -> None:
        self._session.close()


def open_rest_store(uri: str) -> RestStore:
    address = resolve(uri)
    return RestStore(Session(address.base, transport(address.authorization), address.foreign))
