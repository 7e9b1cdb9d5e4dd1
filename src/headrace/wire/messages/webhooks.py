from __future__ import annotations

from headrace.entities import DeliveryState, WebhookState
from headrace.wire.messages.fields import Answer, Int64, Request, Text


class WebhookEventFields(Request, kw_only=True):
    """entity: REGISTERED_MODEL, MODEL_VERSION, MODEL_VERSION_ALIAS … action: CREATED, UPDATED, DELETED, SET."""

    entity: Text
    action: Text


class WebhookMessage(Answer, kw_only=True):
    """further_events is Headrace's own: those that MLflow's clients don't know, and would stumble over in `events`."""

    webhook_id: str
    name: str
    url: str
    events: list[WebhookEventFields] = []
    further_events: list[WebhookEventFields] = []
    description: str | None = None
    status: str | None = None
    creation_timestamp: int | None = None
    last_updated_timestamp: int | None = None


class WebhookAnswer(Answer, kw_only=True):
    webhook: WebhookMessage


class CreateWebhook(Request, kw_only=True):
    """secret: signs what is sent; no answer holds it."""

    name: Text
    url: Text
    events: list[WebhookEventFields]
    description: str | None = None
    secret: str | None = None
    status: WebhookState | None = None


class WebhookAddress(Request, kw_only=True):
    webhook_id: Text


class ListWebhooks(Request, kw_only=True):
    """further is Headrace's own: also those that want none of MLflow's events, which MLflow's clients can't read."""

    max_results: Int64 = 100
    page_token: str | None = None
    further: bool = False


class ListWebhooksAnswer(Answer, kw_only=True):
    webhooks: list[WebhookMessage] = []
    next_page_token: str | None = None


class UpdateWebhook(Request, kw_only=True):
    """What is absent stays."""

    webhook_id: Text
    name: str | None = None
    url: str | None = None
    events: list[WebhookEventFields] = []
    description: str | None = None
    secret: str | None = None
    status: WebhookState | None = None


class TestWebhook(Request, kw_only=True):
    """event: an example of it is sent; by default of the first that the webhook wants."""

    webhook_id: Text
    event: WebhookEventFields | None = None


class TestWebhookResult(Answer, kw_only=True):
    success: bool
    response_status: int | None = None
    response_body: str | None = None
    error_message: str | None = None


class TestWebhookAnswer(Answer, kw_only=True):
    result: TestWebhookResult


class SearchDeliveries(Request, kw_only=True):
    webhook_id: Text
    state: DeliveryState | None = None
    max_results: Int64 = 100
    page_token: str | None = None


class DeliveryMessage(Answer, kw_only=True):
    """body: the JSON that is sent. due_ms: when the next attempt may start. response_status and response_body: of the
    last attempt."""

    delivery_id: str
    webhook_id: str
    event: WebhookEventFields
    body: str
    state: DeliveryState
    attempts: int
    created_ms: int
    due_ms: int
    lease_until_ms: int = 0
    ended_ms: int | None = None
    response_status: int | None = None
    response_body: str | None = None
    error: str | None = None


class DeliveriesAnswer(Answer, kw_only=True):
    deliveries: list[DeliveryMessage] = []
    next_page_token: str | None = None


class ReplayDelivery(Request, kw_only=True):
    delivery_id: Text


class DeliveryAnswer(Answer, kw_only=True):
    delivery: DeliveryMessage
