"""Puts what changed into the queue of the webhooks that want it, in the transaction of the change."""

from __future__ import annotations

from typing import Any

from headrace import clock
from headrace.entities import RegistryEvent
from headrace.stores import bell, webhook_messages
from headrace.stores.sql.connection import Database

WANTING = (
    "SELECT w.id FROM webhook_event e JOIN webhook w ON w.id = e.webhook_ref "
    "WHERE e.entity = ? AND e.action = ? AND w.status = 'ACTIVE' ORDER BY w.id"
)
ENQUEUE = (
    "INSERT INTO webhook_delivery (delivery_id, webhook_ref, entity, action, body, created_ms, due_ms, state) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, 'waiting')"
)


def enqueue(db: Database, event: RegistryEvent, data: dict[str, Any], *, prompt: bool) -> None:
    """Called for every journalled event. data: see `webhook_messages.payload`; {} but for "…_created"."""
    wanted = webhook_messages.webhook_event(event.kind, prompt)
    if wanted is None:
        return
    # Shared, so that a webhook isn't deleted under what is put into its queue.
    refs = db.execute(WANTING + db.for_share, (wanted.entity, wanted.action)).fetchall()
    if not refs:
        return
    body = webhook_messages.body(wanted, event.timestamp, webhook_messages.payload(event, data, prompt=prompt))
    now = clock.now_ms()
    db.executemany(ENQUEUE, [(clock.uuid_id(), ref, wanted.entity, wanted.action, body, now, now) for (ref,) in refs])
    bell.ring()
