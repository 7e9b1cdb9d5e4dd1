from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from headrace.entities import DeliveryState, Page, Webhook, WebhookDelivery, WebhookEvent, WebhookState
from headrace.stores.registry import DeliveryQueue, WebhookStore
from headrace.stores.sql import webhook_claims, webhooks
from headrace.stores.sql.transactions import Transactions


class SqlWebhooks(Transactions, WebhookStore, DeliveryQueue):
    def create_webhook(
        self,
        name: str,
        url: str,
        events: Sequence[WebhookEvent],
        description: str | None = None,
        secret: str | None = None,
        status: WebhookState = "ACTIVE",
    ) -> Webhook:
        return self._write(webhooks.create(name, url, events, description, secret, status))

    def get_webhook(self, webhook_id: str) -> Webhook:
        return self._read(lambda db: webhooks.get(db, webhook_id))

    def list_webhooks(self, max_results: int = 100, page_token: str | None = None) -> Page[Webhook]:
        return self._read(webhooks.listed(max_results, page_token))

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
        return self._write(webhooks.update(webhook_id, name, url, events, description, secret, status))

    def delete_webhook(self, webhook_id: str) -> None:
        self._write(webhooks.delete(webhook_id))

    def search_deliveries(
        self,
        webhook_id: str,
        state: DeliveryState | None = None,
        max_results: int = 100,
        page_token: str | None = None,
    ) -> Page[WebhookDelivery]:
        return self._read(webhooks.deliveries(webhook_id, state, max_results, page_token))

    def replay_delivery(self, delivery_id: str) -> WebhookDelivery:
        return self._write(webhooks.replay(delivery_id))

    def claim_deliveries(
        self, max_results: int, lease_ms: int, *, per_webhook: int, in_flight: Mapping[str, int]
    ) -> list[WebhookDelivery]:
        return self._write(webhook_claims.claim(max_results, lease_ms, per_webhook, in_flight))

    def settle_delivery(self, delivery: WebhookDelivery) -> bool:
        return self._write(webhook_claims.settle(delivery))

    def next_delivery_due(self, busy: Collection[str]) -> int | None:
        return self._read(webhook_claims.next_due(busy))

    def forget_deliveries(self, before_ms: int, max_results: int) -> int:
        return self._write(webhook_claims.forget(before_ms, max_results))
