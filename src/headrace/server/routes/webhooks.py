from __future__ import annotations

from headrace.registry.webhooks import MLFLOW_EVENTS
from headrace.server.exchange import Exchange, Routes
from headrace.wire.convert.webhooks import (
    delivery_message,
    test_result_message,
    webhook_events,
    webhook_message,
)
from headrace.wire.messages import webhooks as m
from headrace.wire.messages.fields import Done
from headrace.wire.table import webhooks as table

routes = Routes()


@routes.serves(table.CREATE_WEBHOOK)
async def create_webhook(exchange: Exchange[m.CreateWebhook]) -> m.WebhookAnswer:
    backend, request = exchange.backend, exchange.message
    made = await backend.reach_out(
        backend.webhooks.create_webhook,
        request.name,
        request.url,
        webhook_events(request.events),
        request.description or None,
        request.secret or None,
        request.status or "ACTIVE",
    )
    return m.WebhookAnswer(webhook=webhook_message(made, MLFLOW_EVENTS))


@routes.serves(table.LIST_WEBHOOKS)
async def list_webhooks(exchange: Exchange[m.ListWebhooks]) -> m.ListWebhooksAnswer:
    backend, request = exchange.backend, exchange.message
    page = await backend.call(backend.webhooks.list_webhooks, request.max_results, request.page_token or None)
    messages = [webhook_message(each, MLFLOW_EVENTS) for each in page]
    return m.ListWebhooksAnswer(
        webhooks=[each for each in messages if each.events or request.further], next_page_token=page.token
    )


@routes.serves(table.GET_WEBHOOK)
async def get_webhook(exchange: Exchange[m.WebhookAddress]) -> m.WebhookAnswer:
    backend = exchange.backend
    found = await backend.call(backend.webhooks.get_webhook, exchange.message.webhook_id)
    return m.WebhookAnswer(webhook=webhook_message(found, MLFLOW_EVENTS))


@routes.serves(table.UPDATE_WEBHOOK)
async def update_webhook(exchange: Exchange[m.UpdateWebhook]) -> m.WebhookAnswer:
    backend, request = exchange.backend, exchange.message
    changed = await backend.reach_out(
        backend.webhooks.update_webhook,
        request.webhook_id,
        request.name or None,
        request.url or None,
        webhook_events(request.events) or None,
        request.description,
        request.secret or None,
        request.status,
    )
    return m.WebhookAnswer(webhook=webhook_message(changed, MLFLOW_EVENTS))


@routes.serves(table.DELETE_WEBHOOK)
async def delete_webhook(exchange: Exchange[m.WebhookAddress]) -> Done:
    backend = exchange.backend
    await backend.call(backend.webhooks.delete_webhook, exchange.message.webhook_id)
    return Done()


@routes.serves(table.TEST_WEBHOOK)
async def try_webhook(exchange: Exchange[m.TestWebhook]) -> m.TestWebhookAnswer:
    backend, request = exchange.backend, exchange.message
    event = None if request.event is None else webhook_events([request.event])[0]
    result = await backend.reach_out(backend.webhooks.test_webhook, request.webhook_id, event)
    return m.TestWebhookAnswer(result=test_result_message(result))


@routes.serves(table.SEARCH_DELIVERIES)
async def search_deliveries(exchange: Exchange[m.SearchDeliveries]) -> m.DeliveriesAnswer:
    backend, request = exchange.backend, exchange.message
    page = await backend.call(
        backend.webhooks.search_deliveries,
        request.webhook_id,
        request.state,
        request.max_results,
        request.page_token or None,
    )
    return m.DeliveriesAnswer(deliveries=[delivery_message(each) for each in page], next_page_token=page.token)


@routes.serves(table.REPLAY_DELIVERY)
async def replay_delivery(exchange: Exchange[m.ReplayDelivery]) -> m.DeliveryAnswer:
    backend = exchange.backend
    replayed = await backend.call(backend.webhooks.replay_delivery, exchange.message.delivery_id)
    return m.DeliveryAnswer(delivery=delivery_message(replayed))
