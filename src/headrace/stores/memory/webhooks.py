from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec

from headrace import clock
from headrace.entities import (
    DeliveryState,
    Page,
    RegistryEvent,
    Webhook,
    WebhookDelivery,
    WebhookEvent,
    WebhookState,
    limits,
)
from headrace.errors import NotFound
from headrace.stores import bell, tokens, webhook_checks, webhook_messages
from headrace.stores.memory.paging import page
from headrace.stores.memory.state import State
from headrace.stores.registry import DeliveryQueue, WebhookStore


def enqueue(state: State, event: RegistryEvent, data: dict[str, Any], *, prompt: bool) -> None:
    """Called for every journalled event, with the lock held. data: see `webhook_messages.payload`."""
    wanted = webhook_messages.webhook_event(event.kind, prompt)
    if wanted is None:
        return
    told = [each for each in state.webhooks.values() if each.status == "ACTIVE" and wanted in each.events]
    if not told:
        return
    body = webhook_messages.body(wanted, event.timestamp, webhook_messages.payload(event, data, prompt=prompt))
    now = clock.now_ms()
    for webhook in told:
        delivery = WebhookDelivery(
            delivery_id=clock.uuid_id(),
            webhook_id=webhook.webhook_id,
            event=wanted,
            body=body,
            created_ms=now,
            due_ms=now,
        )
        state.deliveries[delivery.delivery_id] = delivery
    bell.ring()


class MemoryWebhooks(State, WebhookStore, DeliveryQueue):
    def create_webhook(
        self,
        name: str,
        url: str,
        events: Sequence[WebhookEvent],
        description: str | None = None,
        secret: str | None = None,
        status: WebhookState = "ACTIVE",
    ) -> Webhook:
        now = clock.now_ms()
        made = Webhook(
            webhook_id=clock.uuid_id(),
            name=webhook_checks.name(name),
            url=webhook_checks.url(url),
            events=webhook_checks.events(events),
            creation_timestamp=now,
            last_updated_timestamp=now,
            description=webhook_checks.description(description),
            secret=webhook_checks.secret(secret),
            status=webhook_checks.status(status),
        )
        with self.lock:
            self.webhooks[made.webhook_id] = made
        return made

    def get_webhook(self, webhook_id: str) -> Webhook:
        with self.lock:
            if webhook_id not in self.webhooks:
                raise NotFound("webhook", webhook_id)
            return self.webhooks[webhook_id]

    def list_webhooks(self, max_results: int = 100, page_token: str | None = None) -> Page[Webhook]:
        limits.check_max_results(max_results, webhook_checks.MAX_PAGE)
        with self.lock:
            newest_first = list(reversed(self.webhooks.values()))
        return page(newest_first, max_results, page_token, tokens.search_digest("webhooks"))

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
        changes: dict[str, Any] = {
            "name": None if name is None else webhook_checks.name(name),
            "url": None if url is None else webhook_checks.url(url),
            "events": None if events is None else webhook_checks.events(events),
            "description": webhook_checks.description(description),
            "secret": webhook_checks.secret(secret),
            "status": None if status is None else webhook_checks.status(status),
        }
        given = {field: value for field, value in changes.items() if value is not None}
        with self.lock:
            self.webhooks[webhook_id] = msgspec.structs.replace(
                self.get_webhook(webhook_id), **given, last_updated_timestamp=clock.now_ms()
            )
            bell.ring()  # what waited for an inactive one may be due now
            return self.webhooks[webhook_id]

    def delete_webhook(self, webhook_id: str) -> None:
        with self.lock:
            self.get_webhook(webhook_id)
            del self.webhooks[webhook_id]
            self.deliveries = {key: each for key, each in self.deliveries.items() if each.webhook_id != webhook_id}

    def search_deliveries(
        self,
        webhook_id: str,
        state: DeliveryState | None = None,
        max_results: int = 100,
        page_token: str | None = None,
    ) -> Page[WebhookDelivery]:
        limits.check_max_results(max_results, webhook_checks.MAX_PAGE)
        webhook_checks.state(state)
        with self.lock:
            self.get_webhook(webhook_id)
            found = [
                each
                for each in reversed(self.deliveries.values())
                if each.webhook_id == webhook_id and state in (None, each.state)
            ]
        return page(found, max_results, page_token, tokens.search_digest("deliveries", webhook_id, state))

    def replay_delivery(self, delivery_id: str) -> WebhookDelivery:
        now = clock.now_ms()
        with self.lock:
            found = self.deliveries.get(delivery_id)
            if found is None:
                raise NotFound("webhook delivery", delivery_id)
            if found.state != "waiting" or found.lease_until_ms <= now:
                self.deliveries[delivery_id] = WebhookDelivery(
                    delivery_id=delivery_id,
                    webhook_id=found.webhook_id,
                    event=found.event,
                    body=found.body,
                    created_ms=found.created_ms,
                    due_ms=now,
                )
            bell.ring()
            return self.deliveries[delivery_id]

    def claim_deliveries(
        self, max_results: int, lease_ms: int, *, per_webhook: int, in_flight: Mapping[str, int]
    ) -> list[WebhookDelivery]:
        now = clock.now_ms()
        with self.lock:
            counts = dict(in_flight)
            claimed: list[WebhookDelivery] = []
            for each in sorted(self._waiting(()), key=lambda each: each.due_ms):
                if each.due_ms > now or len(claimed) == max_results:
                    break
                counts[each.webhook_id] = counts.get(each.webhook_id, 0) + 1
                if counts[each.webhook_id] <= per_webhook:
                    taken = msgspec.structs.replace(
                        each, due_ms=now + lease_ms, lease_until_ms=now + lease_ms, attempts=each.attempts + 1
                    )
                    self.deliveries[each.delivery_id] = taken
                    claimed.append(taken)
        return claimed

    def settle_delivery(self, delivery: WebhookDelivery) -> bool:
        with self.lock:
            kept = self.deliveries.get(delivery.delivery_id)
            if kept is None or kept.state != "waiting" or kept.lease_until_ms != delivery.lease_until_ms:
                return False
            self.deliveries[delivery.delivery_id] = msgspec.structs.replace(delivery, lease_until_ms=0)
        return True

    def next_delivery_due(self, busy: Collection[str]) -> int | None:
        with self.lock:
            return min((each.due_ms for each in self._waiting(busy)), default=None)

    def forget_deliveries(self, before_ms: int, max_results: int) -> int:
        with self.lock:
            ended = [
                (each.ended_ms, key)
                for key, each in self.deliveries.items()
                if each.ended_ms is not None and each.ended_ms < before_ms
            ]
            gone = sorted(ended)[:max_results]
            for _, key in gone:
                del self.deliveries[key]
        return len(gone)

    def _waiting(self, busy: Collection[str]) -> list[WebhookDelivery]:
        return [
            each
            for each in self.deliveries.values()
            if each.state == "waiting"
            and each.webhook_id not in busy
            and self.webhooks[each.webhook_id].status == "ACTIVE"
        ]
