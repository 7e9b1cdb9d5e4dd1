from __future__ import annotations

from typing import Any

from headrace import clock
from headrace.entities import RegistryEvent, WebhookDelivery
from headrace.stores import bell, webhook_messages
from headrace.stores.memory.state import State


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
