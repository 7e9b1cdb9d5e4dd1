from __future__ import annotations

from headrace.client.open import registry_store, tracking_store, webhook_service
from headrace.client.uri import get_tracking_uri, registry_uri_beside
from headrace.stores.base import TrackingStore
from headrace.stores.registry import RegistryStore, WebhookService


class Target:
    """What the mixins share: where a client's calls go. A client made without URIs keeps those of its making."""

    def __init__(self, tracking_uri: str | None = None, registry_uri: str | None = None) -> None:
        self._tracking_uri = str(tracking_uri) if tracking_uri else get_tracking_uri()
        self._registry_uri = str(registry_uri) if registry_uri else registry_uri_beside(self._tracking_uri)

    @property
    def tracking_uri(self) -> str:
        return self._tracking_uri

    @property
    def _store(self) -> TrackingStore:
        return tracking_store(self._tracking_uri)

    @property
    def _registry(self) -> RegistryStore:
        return registry_store(self._registry_uri, self._tracking_uri)

    @property
    def _webhooks(self) -> WebhookService:
        return webhook_service(self._registry_uri)
