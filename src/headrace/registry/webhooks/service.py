from __future__ import annotations

from collections.abc import Sequence

import msgspec

from headrace import clock
from headrace.entities import (
    DeliveryState,
    Page,
    Webhook,
    WebhookDelivery,
    WebhookEvent,
    WebhookState,
    WebhookTestResult,
)
from headrace.errors import InvalidState
from headrace.registry.webhooks import events as known
from headrace.registry.webhooks import rules, secrets, sender
from headrace.stores.registry import WebhookService, WebhookStore
from headrace.stores.webhook_messages import body


class Webhooks(WebhookService):
    """The webhooks of a store, with checked names, addresses and events, and secrets that come out for nobody."""

    def __init__(self, inner: WebhookStore) -> None:
        self._inner = inner

    def create_webhook(
        self,
        name: str,
        url: str,
        events: Sequence[WebhookEvent],
        description: str | None = None,
        secret: str | None = None,
        status: WebhookState = "ACTIVE",
    ) -> Webhook:
        rules.name(name)
        known.checked(events)
        sealed = _sealed(secret)
        return _shown(self._inner.create_webhook(name, rules.url(url), events, description, sealed, status))

    def get_webhook(self, webhook_id: str) -> Webhook:
        """Without its secret."""
        return _shown(self._inner.get_webhook(webhook_id))

    def list_webhooks(self, max_results: int = 100, page_token: str | None = None) -> Page[Webhook]:
        page = self._inner.list_webhooks(max_results, page_token)
        return Page([_shown(each) for each in page], page.token)

    def update_webhook(
        self,
        webhook_id: str,
        name: str | None = None,
        url: str | None = None,
        events: Sequence[WebhookEvent] | None = None,
        description: str | None = None,
        secret: str | None = None,
        status: WebhookState | None = None,
    ) -> Webhook:
        name = None if name is None else rules.name(name)
        events = None if events is None else known.checked(events)
        url = None if url is None else rules.url(url)
        sealed = _sealed(secret)
        return _shown(self._inner.update_webhook(webhook_id, name, url, events, description, sealed, status))

    def delete_webhook(self, webhook_id: str) -> None:
        self._inner.delete_webhook(webhook_id)

    def test_webhook(self, webhook_id: str, event: WebhookEvent | None = None) -> WebhookTestResult:
        webhook = self._inner.get_webhook(webhook_id)
        if event is None:
            event = next((each for each in webhook.events if each in known.EVENTS), None)
            if event is None:
                raise InvalidState(
                    "webhook_id", webhook_id, message=f"Webhook {webhook_id!r} wants no event that is known; name one."
                )
        known.checked([event])
        text = body(event, clock.now_ms(), dict(known.EVENTS[event]))
        outcome = sender.send(webhook, clock.uuid_id(), text)
        return WebhookTestResult(
            success=outcome.error is None,
            response_status=outcome.status,
            response_body=outcome.body,
            error_message=outcome.error,
        )

    def search_deliveries(
        self,
        webhook_id: str,
        state: DeliveryState | None = None,
        max_results: int = 100,
        page_token: str | None = None,
    ) -> Page[WebhookDelivery]:
        return self._inner.search_deliveries(webhook_id, state, max_results, page_token)

    def replay_delivery(self, delivery_id: str) -> WebhookDelivery:
        return self._inner.replay_delivery(delivery_id)


def _shown(webhook: Webhook) -> Webhook:
    return msgspec.structs.replace(webhook, secret=None)


def _sealed(secret: str | None) -> str | None:
    checked = rules.secret(secret)
    return None if checked is None else secrets.sealed(checked)
