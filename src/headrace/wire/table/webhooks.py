from __future__ import annotations

from headrace.wire.endpoint import Endpoint
from headrace.wire.messages import webhooks as m
from headrace.wire.messages.fields import Done

_HOOKS = "/api/2.0/mlflow/webhooks"
_OWN = "/api/1.0/headrace/webhooks"
_REFUSED = ("INVALID_PARAMETER_VALUE",)
_UNKNOWN = ("RESOURCE_DOES_NOT_EXIST",)

CREATE_WEBHOOK = Endpoint(
    name="webhooks.create",
    methods=("POST",),
    path=_HOOKS,
    request=m.CreateWebhook,
    answer=m.WebhookAnswer,
    permission="admin",
    errors=_REFUSED,
    doc="Makes a webhook. Its address is https and public, unless the server's settings allow others.",
)
LIST_WEBHOOKS = Endpoint(
    name="webhooks.list",
    methods=("GET",),
    path=_HOOKS,
    request=m.ListWebhooks,
    answer=m.ListWebhooksAnswer,
    permission="admin",
    doc="Webhooks, newest first.",
)
GET_WEBHOOK = Endpoint(
    name="webhooks.get",
    methods=("GET",),
    path=f"{_HOOKS}/{{webhook_id}}",
    request=m.WebhookAddress,
    answer=m.WebhookAnswer,
    permission="admin",
    errors=_UNKNOWN,
    doc="One webhook, without its secret.",
)
UPDATE_WEBHOOK = Endpoint(
    name="webhooks.update",
    methods=("PATCH",),
    path=f"{_HOOKS}/{{webhook_id}}",
    request=m.UpdateWebhook,
    answer=m.WebhookAnswer,
    permission="admin",
    errors=(*_UNKNOWN, *_REFUSED),
    doc="Changes the fields that are given.",
)
DELETE_WEBHOOK = Endpoint(
    name="webhooks.delete",
    methods=("DELETE",),
    path=f"{_HOOKS}/{{webhook_id}}",
    request=m.WebhookAddress,
    answer=Done,
    permission="admin",
    errors=_UNKNOWN,
    doc="Deletes a webhook and the log of what it was told.",
)
TEST_WEBHOOK = Endpoint(
    name="webhooks.test",
    methods=("POST",),
    path=f"{_HOOKS}/{{webhook_id}}/test",
    request=m.TestWebhook,
    answer=m.TestWebhookAnswer,
    permission="admin",
    errors=_UNKNOWN,
    doc="Sends an example of an event to a webhook, and tells what it answered.",
)
SEARCH_DELIVERIES = Endpoint(
    name="webhooks.deliveries",
    methods=("GET",),
    path=f"{_OWN}/{{webhook_id}}/deliveries",
    request=m.SearchDeliveries,
    answer=m.DeliveriesAnswer,
    permission="admin",
    errors=_UNKNOWN,
    doc="What a webhook was told, and what it answered, newest first.",
)
REPLAY_DELIVERY = Endpoint(
    name="webhooks.replay",
    methods=("POST",),
    path="/api/1.0/headrace/webhook-deliveries/{delivery_id}/replay",
    request=m.ReplayDelivery,
    answer=m.DeliveryAnswer,
    permission="admin",
    errors=_UNKNOWN,
    doc="Sends a delivery again, with its id.",
)

ENDPOINTS = (
    CREATE_WEBHOOK,
    LIST_WEBHOOKS,
    GET_WEBHOOK,
    UPDATE_WEBHOOK,
    DELETE_WEBHOOK,
    TEST_WEBHOOK,
    SEARCH_DELIVERIES,
    REPLAY_DELIVERY,
)
