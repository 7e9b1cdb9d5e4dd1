from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import cast

from headrace.entities import Webhook, WebhookDelivery, WebhookEvent, WebhookState, WebhookTestResult
from headrace.wire.messages import webhooks as m


def webhook_events(fields: Iterable[m.WebhookEventFields]) -> list[WebhookEvent]:
    return [WebhookEvent(each.entity.upper(), each.action.upper()) for each in fields]


def event_fields(events: Iterable[WebhookEvent]) -> list[m.WebhookEventFields]:
    return [m.WebhookEventFields(entity=each.entity, action=each.action) for each in events]


def webhook_message(webhook: Webhook, mlflow_events: Collection[WebhookEvent]) -> m.WebhookMessage:
    """Without its secret. mlflow_events: those that every client knows."""
    return m.WebhookMessage(
        webhook_id=webhook.webhook_id,
        name=webhook.name,
        url=webhook.url,
        events=event_fields(each for each in webhook.events if each in mlflow_events),
        further_events=event_fields(each for each in webhook.events if each not in mlflow_events),
        description=webhook.description or None,
        status=webhook.status,
        creation_timestamp=webhook.creation_timestamp,
        last_updated_timestamp=webhook.last_updated_timestamp,
    )


def webhook(message: m.WebhookMessage) -> Webhook:
    return Webhook(
        webhook_id=message.webhook_id,
        name=message.name,
        url=message.url,
        events=tuple(webhook_events([*message.events, *message.further_events])),
        creation_timestamp=message.creation_timestamp or 0,
        last_updated_timestamp=message.last_updated_timestamp or 0,
        description=message.description,
        status=cast(WebhookState, message.status or "ACTIVE"),
    )


def test_result_message(result: WebhookTestResult) -> m.TestWebhookResult:
    return m.TestWebhookResult(
        success=result.success,
        response_status=result.response_status,
        response_body=result.response_body,
        error_message=result.error_message,
    )


def test_result(message: m.TestWebhookResult) -> WebhookTestResult:
    return WebhookTestResult(
        success=message.success,
        response_status=message.response_status,
        response_body=message.response_body,
        error_message=message.error_message,
    )


def delivery_message(delivery: WebhookDelivery) -> m.DeliveryMessage:
    return m.DeliveryMessage(
        delivery_id=delivery.delivery_id,
        webhook_id=delivery.webhook_id,
        event=m.WebhookEventFields(entity=delivery.event.entity, action=delivery.event.action),
        body=delivery.body,
        state=delivery.state,
        attempts=delivery.attempts,
        created_ms=delivery.created_ms,
        due_ms=delivery.due_ms,
        lease_until_ms=delivery.lease_until_ms,
        ended_ms=delivery.ended_ms,
        response_status=delivery.response_status,
        response_body=delivery.response_body,
        error=delivery.error,
    )


def deliveries(messages: Sequence[m.DeliveryMessage]) -> list[WebhookDelivery]:
    return [delivery(each) for each in messages]


def delivery(message: m.DeliveryMessage) -> WebhookDelivery:
    return WebhookDelivery(
        delivery_id=message.delivery_id,
        webhook_id=message.webhook_id,
        event=WebhookEvent(message.event.entity, message.event.action),
        body=message.body,
        created_ms=message.created_ms,
        due_ms=message.due_ms,
        state=message.state,
        attempts=message.attempts,
        ended_ms=message.ended_ms,
        lease_until_ms=message.lease_until_ms,
        response_status=message.response_status,
        response_body=message.response_body,
        error=message.error,
    )
