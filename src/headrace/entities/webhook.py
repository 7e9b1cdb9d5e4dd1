from __future__ import annotations

from enum import StrEnum
from typing import Literal, Self

import msgspec

WebhookState = Literal["ACTIVE", "DISABLED"]


class WebhookStatus(StrEnum):
    ACTIVE = "ACTIVE"
    DISABLED = "DISABLED"


class _AnyCase(StrEnum):
    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        upper = str(value).upper()
        return next((each for each in cls if each.value == upper), None)


class WebhookEntity(_AnyCase):
    """What MLflow's events are about. Read in any case: MLflow's Python API writes them in lower case."""

    REGISTERED_MODEL = "REGISTERED_MODEL"
    MODEL_VERSION = "MODEL_VERSION"
    MODEL_VERSION_TAG = "MODEL_VERSION_TAG"
    MODEL_VERSION_ALIAS = "MODEL_VERSION_ALIAS"
    PROMPT = "PROMPT"
    PROMPT_VERSION = "PROMPT_VERSION"
    PROMPT_TAG = "PROMPT_TAG"
    PROMPT_VERSION_TAG = "PROMPT_VERSION_TAG"
    PROMPT_ALIAS = "PROMPT_ALIAS"
    BUDGET_POLICY = "BUDGET_POLICY"


class WebhookAction(_AnyCase):
    CREATED = "CREATED"
    UPDATED = "UPDATED"
    DELETED = "DELETED"
    SET = "SET"
    EXCEEDED = "EXCEEDED"


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
