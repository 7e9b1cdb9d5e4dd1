"""Webhooks and the log of what they were told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from headrace import clock
from headrace.entities import (
    DeliveryState,
    Page,
    Webhook,
    WebhookDelivery,
    WebhookEvent,
    WebhookState,
    limits,
)
from headrace.errors import NotFound
from headrace.stores import bell, tokens, webhook_checks
from headrace.stores.sql.connection import Database, Work

WEBHOOKS = (
    "SELECT id, webhook_id, name, url, creation_timestamp, last_updated_timestamp, description, secret, status "
    "FROM webhook"
)
DELIVERIES = (
    "SELECT d.id, d.delivery_id, w.webhook_id, d.entity, d.action, d.body, d.created_ms, d.due_ms, d.state, "
    "d.attempts, d.ended_ms, d.lease_until_ms, d.response_status, d.response_body, d.error "
    "FROM webhook_delivery d JOIN webhook w ON w.id = d.webhook_ref"
)


def create(
    name: str,
    url: str,
    events: Sequence[WebhookEvent],
    description: str | None,
    secret: str | None,
    status: WebhookState,
) -> Work[Webhook]:
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

    def work(db: Database) -> Webhook:
        row = db.execute(
            "INSERT INTO webhook (webhook_id, name, url, description, secret, status, creation_timestamp, "
            "last_updated_timestamp) VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
            (made.webhook_id, made.name, made.url, made.description, made.secret, made.status, now, now),
        ).fetchone()
        _add_events(db, row[0], made.events)
        return made

    return work


def get(db: Database, webhook_id: str) -> Webhook:
    row = db.execute(f"{WEBHOOKS} WHERE webhook_id = ?", (webhook_id,)).fetchone()
    if row is None:
        raise NotFound("webhook", webhook_id)
    return _records(db, [row])[0]


def listed(max_results: int, page_token: str | None) -> Work[Page[Webhook]]:
    limits.check_max_results(max_results, webhook_checks.MAX_PAGE)
    digest = tokens.search_digest("webhooks")
    before = _place(page_token, digest)

    def work(db: Database) -> Page[Webhook]:
        rows = db.execute(f"{WEBHOOKS} WHERE id < ? ORDER BY id DESC LIMIT ?", (before, max_results + 1)).fetchall()
        return Page(_records(db, rows[:max_results]), _token(rows, max_results, digest))

    return work


def update(
    webhook_id: str,
    name: str | None,
    url: str | None,
    events: Sequence[WebhookEvent] | None,
    description: str | None,
    secret: str | None,
    status: WebhookState | None,
) -> Work[Webhook]:
    kept = None if events is None else webhook_checks.events(events)
    values = (
        None if name is None else webhook_checks.name(name),
        None if url is None else webhook_checks.url(url),
        webhook_checks.description(description),
        webhook_checks.secret(secret),
        None if status is None else webhook_checks.status(status),
    )

    def work(db: Database) -> Webhook:
        row = db.execute(
            "UPDATE webhook SET name = coalesce(?, name), url = coalesce(?, url), "
            "description = coalesce(?, description), secret = coalesce(?, secret), status = coalesce(?, status), "
            "last_updated_timestamp = ? WHERE webhook_id = ? RETURNING id",
            (*values, clock.now_ms(), webhook_id),
        ).fetchone()
        if row is None:
            raise NotFound("webhook", webhook_id)
        if kept is not None:
            db.execute("DELETE FROM webhook_event WHERE webhook_ref = ?", row)
            _add_events(db, row[0], kept)
        bell.ring()  # what waited for an inactive one may be due now
        return get(db, webhook_id)

    return work


def delete(webhook_id: str) -> Work[None]:
    def work(db: Database) -> None:
        row = db.execute("DELETE FROM webhook WHERE webhook_id = ? RETURNING id", (webhook_id,)).fetchone()
        if row is None:
            raise NotFound("webhook", webhook_id)
        db.execute("DELETE FROM webhook_event WHERE webhook_ref = ?", row)
        db.execute("DELETE FROM webhook_delivery WHERE webhook_ref = ?", row)

    return work


def deliveries(
    webhook_id: str, state: DeliveryState | None, max_results: int, page_token: str | None
) -> Work[Page[WebhookDelivery]]:
    limits.check_max_results(max_results, webhook_checks.MAX_PAGE)
    webhook_checks.state(state)
    digest = tokens.search_digest("deliveries", webhook_id, state)
    before = _place(page_token, digest)
    of_state, wanted = ("", ()) if state is None else (" AND d.state = ?", (state,))

    def work(db: Database) -> Page[WebhookDelivery]:
        get(db, webhook_id)
        rows = db.execute(
            f"{DELIVERIES} WHERE w.webhook_id = ? AND d.id < ?{of_state} ORDER BY d.id DESC LIMIT ?",
            (webhook_id, before, *wanted, max_results + 1),
        ).fetchall()
        return Page([delivery(row) for row in rows[:max_results]], _token(rows, max_results, digest))

    return work


def replay(delivery_id: str) -> Work[WebhookDelivery]:
    now = clock.now_ms()

    def work(db: Database) -> WebhookDelivery:
        db.execute(
            "UPDATE webhook_delivery SET state = 'waiting', due_ms = ?, attempts = 0, ended_ms = NULL, "
            "lease_until_ms = 0, response_status = NULL, response_body = NULL, error = NULL "
            "WHERE delivery_id = ? AND NOT (state = 'waiting' AND lease_until_ms > ?)",
            (now, delivery_id, now),
        )
        row = db.execute(f"{DELIVERIES} WHERE d.delivery_id = ?", (delivery_id,)).fetchone()
        if row is None:
            raise NotFound("webhook delivery", delivery_id)
        bell.ring()
        return delivery(row)

    return work


def delivery(row: Sequence[Any]) -> WebhookDelivery:
    """From a row of DELIVERIES."""
    return WebhookDelivery(
        delivery_id=row[1],
        webhook_id=row[2],
        event=WebhookEvent(row[3], row[4]),
        body=row[5],
        created_ms=row[6],
        due_ms=row[7],
        state=cast(DeliveryState, row[8]),
        attempts=row[9],
        ended_ms=row[10],
        lease_until_ms=row[11],
        response_status=row[12],
        response_body=row[13],
        error=row[14],
    )


def _add_events(db: Database, ref: int, events: Sequence[WebhookEvent]) -> None:
    db.executemany(
        "INSERT INTO webhook_event (webhook_ref, position, entity, action) VALUES (?, ?, ?, ?)",
        [(ref, position, each.entity, each.action) for position, each in enumerate(events)],
    )


def _records(db: Database, rows: Sequence[Any]) -> list[Webhook]:
    events: dict[int, list[WebhookEvent]] = {row[0]: [] for row in rows}
    for ref, entity, action in db.execute(
        f"SELECT webhook_ref, entity, action FROM webhook_event WHERE webhook_ref {db.any_of} "
        "ORDER BY webhook_ref, position",
        (db.among(list(events)),),
    ):
        events[ref].append(WebhookEvent(entity, action))
    return [
        Webhook(
            webhook_id=row[1],
            name=row[2],
            url=row[3],
            events=tuple(events[row[0]]),
            creation_timestamp=row[4],
            last_updated_timestamp=row[5],
            description=row[6],
            secret=row[7],
            status=cast(WebhookState, row[8]),
        )
        for row in rows
    ]


def _place(page_token: str | None, digest: str) -> int:
    """The id that a page ended with."""
    if not page_token:
        return limits.INT64_MAX
    place = tokens.decode(page_token, digest)
    if isinstance(place, bool) or not isinstance(place, int) or not 0 < place < limits.INT64_MAX:
        raise tokens.refused(page_token)
    return place


def _token(rows: Sequence[Any], max_results: int, digest: str) -> str | None:
    return tokens.encode(digest, rows[max_results - 1][0]) if len(rows) > max_results else None
