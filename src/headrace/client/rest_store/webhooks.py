from __future__ import annotations

from collections.abc import Sequence

from headrace.client.rest_store.registry_session import RegistrySession
from headrace.entities import (
    DeliveryState,
    Page,
    Webhook,
    WebhookDelivery,
    WebhookEvent,
    WebhookState,
    WebhookTestResult,
)
from headrace.errors import MissingValue
from headrace.stores.registry import WebhookService
from headrace.wire.convert import webhooks as convert
from headrace.wire.messages import webhooks as m
from headrace.wire.table import webhooks as t

_WHAT = "log of webhook deliveries"


class RestWebhooks(RegistrySession, WebhookService):
    def create_webhook(
        self,
        name: str,
        url: str,
        events: Sequence[WebhookEvent],
        description: str | None = None,
        secret: str | None = None,
        status: WebhookState = "ACTIVE",
    ) -> Webhook:
        request = m.CreateWebhook(
            name=name,
            url=url,
            events=convert.event_fields(events),
            description=description,
            secret=secret,
            status=status,
        )
        return convert.webhook(self._session.call(t.CREATE_WEBHOOK, request, repeatable=False).webhook)

    def get_webhook(self, webhook_id: str) -> Webhook:
        """Without its secret."""
        return convert.webhook(self._session.call(t.GET_WEBHOOK, _address(webhook_id)).webhook)

    def list_webhooks(self, max_results: int = 100, page_token: str | None = None) -> Page[Webhook]:
        request = m.ListWebhooks(max_results=max_results, page_token=page_token, further=True)
        answer = self._session.call(t.LIST_WEBHOOKS, request)
        return Page(map(convert.webhook, answer.webhooks), answer.next_page_token)

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
        if events is not None and not events:
            raise MissingValue("events")
        request = m.UpdateWebhook(
            webhook_id=webhook_id,
            name=name,
            url=url,
            events=convert.event_fields(events or ()),
            description=description,
            secret=secret,
            status=status,
        )
        return convert.webhook(self._session.call(t.UPDATE_WEBHOOK, request).webhook)

    def delete_webhook(self, webhook_id: str) -> None:
        self._session.call(t.DELETE_WEBHOOK, _address(webhook_id))

    def test_webhook(self, webhook_id: str, event: WebhookEvent | None = None) -> WebhookTestResult:
        fields = None if event is None else convert.event_fields([event])[0]
        request = m.TestWebhook(webhook_id=webhook_id, event=fields)
        return convert.test_result(self._session.call(t.TEST_WEBHOOK, request, repeatable=False).result)

    def search_deliveries(
        self,
        webhook_id: str,
        state: DeliveryState | None = None,
        max_results: int = 100,
        page_token: str | None = None,
    ) -> Page[WebhookDelivery]:
        request = m.SearchDeliveries(webhook_id=webhook_id, state=state, max_results=max_results, page_token=page_token)
        answer = self._own(t.SEARCH_DELIVERIES, request, _WHAT)
        return Page(convert.deliveries(answer.deliveries), answer.next_page_token)

    def replay_delivery(self, delivery_id: str) -> WebhookDelivery:
        return convert.delivery(self._own(t.REPLAY_DELIVERY, m.ReplayDelivery(delivery_id=delivery_id), _WHAT).delivery)


def _address(webhook_id: str) -> m.WebhookAddress:
    return m.WebhookAddress(webhook_id=webhook_id)
