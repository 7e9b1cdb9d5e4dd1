from __future__ import annotations

from enum import StrEnum
from typing import Literal

import msgspec

WebhookState = Literal["ACTIVE", "DISABLED"]


class WebhookStatus(StrEnum):
    ACTIVE = "ACTIVE"
    DISABLED = "DISABLED"


class WebhookEntity(StrEnum):
    """What MLflow's events are about, as its Python API names them."""

    REGISTERED_MODEL = "registered_model"
    MODEL_VERSION = "model_version"
    MODEL_VERSION_TAG = "model_version_tag"
    MODEL_VERSION_ALIAS = "model_version_alias"
    PROMPT = "prompt"
    PROMPT_VERSION = "prompt_version"
    PROMPT_TAG = "prompt_tag"
    PROMPT_VERSION_TAG = "prompt_version_tag"
    PROMPT_ALIAS = "prompt_alias"
    BUDGET_POLICY = "budget_policy"


class WebhookAction(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"
    SET = "set"
    EXCEEDED = "exceeded"


class WebhookEvent(msgspec.Struct, frozen=True):
    """entity and action as on the wire: REGISTERED_MODEL and CREATED, MODEL_VERSION_ALIAS and DELETED …"""

    entity: str
    action: str

    def __str__(self) -> str:
        """As commands and MLflow's Python API write it: model_version_alias.created."""
        return f"{self.entity}.{self.action}".lower()


class Webhook(msgspec.Struct, frozen=True, kw_only=True):
    """secret: only the store and the sender see it; no answer holds it. Times in ms since the epoch."""

    webhook_id: str
    name: str
    url: str
    events: tuple[WebhookEvent, ...]
    creation_timestamp: int
    last_updated_timestamp: int
    description: str | None = None
    secret: str | None = None
    status: WebhookState = "ACTIVE"


DeliveryState = Literal["waiting", "delivered", "failed"]


class WebhookDelivery(msgspec.Struct, frozen=True, kw_only=True):
    """One message to one webhook. body: the JSON that is sent, byte by byte the same at each attempt. due_ms: when the
    next attempt may start. response_status and response_body: of the last attempt, None where nothing answered; error:
    why it failed. lease_until_ms: somebody is sending it until then; 0: nobody."""

    delivery_id: str
    webhook_id: str
    event: WebhookEvent
    body: str
    created_ms: int
    due_ms: int
    state: DeliveryState = "waiting"
    attempts: int = 0
    ended_ms: int | None = None
    lease_until_ms: int = 0
    response_status: int | None = None
    response_body: str | None = None
    error: str | None = None


class WebhookTestResult(msgspec.Struct, frozen=True, kw_only=True):
    """What came of sending an example to a webhook. success: it answered with a status of 2xx."""

    success: bool
    response_status: int | None = None
    response_body: str | None = None
    error_message: str | None = None
