from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from headrace.client.mlflow_client.target import Target
from headrace.entities import (
    DeliveryState,
    Page,
    Webhook,
    WebhookDelivery,
    WebhookEvent,
    WebhookState,
    WebhookTestResult,
)
from headrace.errors import InvalidValue

_PAGE = 100


class WebhookCalls(Target):
    """Events are written "model_version_alias.created", or given as WebhookEvent."""

    def create_webhook(
        self,
        name: str,
        url: str,
        events: Sequence[str | WebhookEvent],
        description: str | None = None,
        secret: str | None = None,
        status: str | None = None,
    ) -> Webhook:
        """secret: signs what is sent; nobody reads it back."""
        return self._webhooks.create_webhook(
            name, url, _events(events), description, secret, _state(status) or "ACTIVE"
        )

    def get_webhook(self, webhook_id: str) -> Webhook:
        return self._webhooks.get_webhook(webhook_id)

    def list_webhooks(self, max_results: int | None = None, page_token: str | None = None) -> Page[Webhook]:
        """One page, newest first; its `token` leads to the next."""
        return self._webhooks.list_webhooks(max_results or _PAGE, page_token)

    def update_webhook(
        self,
        webhook_id: str,
        name: str | None = None,
        description: str | None = None,
        url: str | None = None,
        events: Sequence[str | WebhookEvent] | None = None,
        secret: str | None = None,
        status: str | None = None,
    ) -> Webhook:
        """None leaves a field as it is."""
        wanted = None if events is None else _events(events)
        return self._webhooks.update_webhook(webhook_id, name, url, wanted, description, secret, _state(status))

    def delete_webhook(self, webhook_id: str) -> None:
        self._webhooks.delete_webhook(webhook_id)

    def test_webhook(self, webhook_id: str, event: str | WebhookEvent | None = None) -> WebhookTestResult:
        """Sends an example of the event now; by default of the first that the webhook wants."""
        return self._webhooks.test_webhook(webhook_id, None if event is None else _event(event))

    def search_webhook_deliveries(
        self,
        webhook_id: str,
        state: DeliveryState | None = None,
        max_results: int = _PAGE,
        page_token: str | None = None,
    ) -> Page[WebhookDelivery]:
        """What the webhook was told and what it answered, newest first."""
        return self._webhooks.search_deliveries(webhook_id, state, max_results, page_token)

    def replay_webhook_delivery(self, delivery_id: str) -> WebhookDelivery:
        """Sends it again, with its id."""
        return self._webhooks.replay_delivery(delivery_id)


def _events(events: Sequence[str | WebhookEvent]) -> list[WebhookEvent]:
    if isinstance(events, str):
        raise InvalidValue("events", events, "a list of events is needed.")
    return [_event(each) for each in events]


def _event(event: str | WebhookEvent) -> WebhookEvent:
    if isinstance(event, WebhookEvent):
        return WebhookEvent(str(event.entity).upper(), str(event.action).upper())
    from headrace.registry.webhooks.events import parsed

    return parsed(event)


def _state(status: str | None) -> WebhookState | None:
    return None if status is None else cast(WebhookState, str(status).upper())
