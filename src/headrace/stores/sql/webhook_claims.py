"""Who sends which delivery. A claim moves `due_ms` to the end of its lease, so that one index tells what is due.

SQLite has one writer. On PostgreSQL rows that another transaction is about to claim are skipped, not waited for.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from headrace import clock
from headrace.entities import WebhookDelivery
from headrace.stores.sql.connection import Database, Work
from headrace.stores.sql.webhooks import DELIVERIES, delivery

ACTIVE = "SELECT id, webhook_id FROM webhook WHERE status = 'ACTIVE'"
DUE = (
    "SELECT due_ms, id FROM webhook_delivery WHERE webhook_ref = {} AND state = 'waiting' AND due_ms <= ? "
    "ORDER BY due_ms, id LIMIT {}"
)
DUE_OF_ONE = DUE.format("?", "?")
DUE_OF_MANY = (
    "SELECT d.due_ms, d.id FROM unnest(?::bigint[], ?::bigint[]) AS w (id, room) CROSS JOIN LATERAL "
    f"({DUE.format('w.id', 'w.room')} FOR UPDATE SKIP LOCKED) AS d ORDER BY d.due_ms, d.id"
)
NEXT_DUE = "SELECT due_ms FROM webhook_delivery WHERE webhook_ref = ? AND state = 'waiting' ORDER BY due_ms, id LIMIT 1"
NEXT_DUE_OF_MANY = (
    "SELECT min(d.due_ms) FROM unnest(?::bigint[]) AS w (id) CROSS JOIN LATERAL (SELECT due_ms FROM webhook_delivery "
    "WHERE webhook_ref = w.id AND state = 'waiting' ORDER BY due_ms, id LIMIT 1) AS d"
)


def claim(
    max_results: int, lease_ms: int, per_webhook: int, in_flight: Mapping[str, int]
) -> Work[list[WebhookDelivery]]:
    def work(db: Database) -> list[WebhookDelivery]:
        now = clock.now_ms()
        rooms = {
            ref: min(per_webhook - in_flight.get(webhook_id, 0), max_results)
            for ref, webhook_id in db.execute(ACTIVE).fetchall()
        }
        due = _due(db, {ref: room for ref, room in rooms.items() if room > 0}, now)[:max_results]
        if not due:
            return []
        until = now + lease_ms
        ids = db.among([number for _, number in due])
        db.execute(
            f"UPDATE webhook_delivery SET lease_until_ms = ?, due_ms = ?, attempts = attempts + 1 WHERE id {db.any_of}",
            (until, until, ids),
        )
        rows = {row[0]: row for row in db.execute(f"{DELIVERIES} WHERE d.id {db.any_of}", (ids,))}
        return [delivery(rows[number]) for _, number in due if number in rows]

    return work


def settle(settled: WebhookDelivery) -> Work[bool]:
    def work(db: Database) -> bool:
        changed = db.execute(
            "UPDATE webhook_delivery SET state = ?, due_ms = ?, ended_ms = ?, lease_until_ms = 0, "
            "response_status = ?, response_body = ?, error = ? "
            "WHERE delivery_id = ? AND state = 'waiting' AND lease_until_ms = ?",
            (
                settled.state,
                settled.due_ms,
                settled.ended_ms,
                settled.response_status,
                settled.response_body,
                settled.error,
                settled.delivery_id,
                settled.lease_until_ms,
            ),
        )
        return changed.rowcount > 0

    return work


def next_due(busy: Collection[str]) -> Work[int | None]:
    def work(db: Database) -> int | None:
        refs = [ref for ref, webhook_id in db.execute(ACTIVE).fetchall() if webhook_id not in busy]
        if not refs:
            return None
        if db.dialect == "postgresql":
            found: Any = db.execute(NEXT_DUE_OF_MANY, (refs,)).fetchone()[0]
            return None if found is None else int(found)
        rows = [db.execute(NEXT_DUE, (ref,)).fetchone() for ref in refs]
        return min((row[0] for row in rows if row is not None), default=None)

    return work


def forget(before_ms: int, max_results: int) -> Work[int]:
    def work(db: Database) -> int:
        return db.execute(
            "DELETE FROM webhook_delivery WHERE id IN (SELECT id FROM webhook_delivery WHERE ended_ms IS NOT NULL "
            "AND ended_ms < ? ORDER BY ended_ms LIMIT ?)",
            (before_ms, max_results),
        ).rowcount

    return work


def _due(db: Database, rooms: Mapping[int, int], now: int) -> list[tuple[int, int]]:
    """(due_ms, id), the longest due first; nobody else can claim them until COMMIT. rooms: how many of each."""
    if db.dialect == "postgresql":
        rows = db.execute(DUE_OF_MANY, (list(rooms), list(rooms.values()), now)) if rooms else ()
        return [(due, number) for due, number in rows]
    found: list[tuple[int, int]] = []
    for ref, room in rooms.items():
        found += [(due, number) for due, number in db.execute(DUE_OF_ONE, (ref, now, room))]
    return sorted(found)
