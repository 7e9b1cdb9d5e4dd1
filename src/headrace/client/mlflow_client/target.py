from __future__ import annotations

from headrace.client.open import tracking_store
from headrace.client.uri import get_registry_uri, get_tracking_uri
from headrace.stores.base import TrackingStore


class Target:
    """What the mixins share: where a client's calls go. A client made without URIs keeps those of its making."""

    def __init__(self, tracking_uri: str | None = None, registry_uri: str | None = None) -> None:
        self._tracking_uri = str(tracking_uri) if tracking_uri else get_tracking_uri()
        self._registry_uri = registry_uri or (str(tracking_uri) if tracking_uri else get_registry_uri())

    @property
    def tracking_uri(self) -> str:
        return self._tracking_uri

    @property
    def _store(self) -> TrackingStore:
        return tracking_store(self._tracking_uri)
