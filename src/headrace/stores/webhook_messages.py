"""What a webhook is told of a change: MLflow's events with MLflow's payloads, and further ones of our own.

MLflow's: REGISTERED_MODEL.CREATED, MODEL_VERSION.CREATED, MODEL_VERSION_TAG.SET and .DELETED,
MODEL_VERSION_ALIAS.CREATED and .DELETED, and the same of prompts with PROMPT_TAG.SET and .DELETED. Ours tell the rest.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from headrace.entities import EventKind, RegistryEvent, WebhookEvent

# Tags that make a model a prompt; payloads of prompts leave them out, and tell the text as `template`.
_IS_PROMPT, _PROMPT_TYPE, _PROMPT_TEXT = "mlflow.prompt.is_prompt", "_mlflow_prompt_type", "mlflow.prompt.text"

OF_MODELS: dict[EventKind, WebhookEvent] = {
    "model_created": WebhookEvent("REGISTERED_MODEL", "CREATED"),
    "model_renamed": WebhookEvent("REGISTERED_MODEL", "UPDATED"),
    "model_updated": WebhookEvent("REGISTERED_MODEL", "UPDATED"),
    "model_deleted": WebhookEvent("REGISTERED_MODEL", "DELETED"),
    "model_tag_set": WebhookEvent("REGISTERED_MODEL_TAG", "SET"),
    "model_tag_removed": WebhookEvent("REGISTERED_MODEL_TAG", "DELETED"),
    "version_created": WebhookEvent("MODEL_VERSION", "CREATED"),
    "version_updated": WebhookEvent("MODEL_VERSION", "UPDATED"),
    "version_deleted": WebhookEvent("MODEL_VERSION", "DELETED"),
    "version_tag_set": WebhookEvent("MODEL_VERSION_TAG", "SET"),
    "version_tag_removed": WebhookEvent("MODEL_VERSION_TAG", "DELETED"),
    "alias_set": WebhookEvent("MODEL_VERSION_ALIAS", "CREATED"),
    "alias_removed": WebhookEvent("MODEL_VERSION_ALIAS", "DELETED"),
    "stage_set": WebhookEvent("MODEL_VERSION_STAGE", "SET"),
}
OF_PROMPTS: dict[EventKind, WebhookEvent] = {
    "model_created": WebhookEvent("PROMPT", "CREATED"),
    "model_tag_set": WebhookEvent("PROMPT_TAG", "SET"),
    "model_tag_removed": WebhookEvent("PROMPT_TAG", "DELETED"),
    "version_created": WebhookEvent("PROMPT_VERSION", "CREATED"),
    "version_tag_set": WebhookEvent("PROMPT_VERSION_TAG", "SET"),
    "version_tag_removed": WebhookEvent("PROMPT_VERSION_TAG", "DELETED"),
    "alias_set": WebhookEvent("PROMPT_ALIAS", "CREATED"),
    "alias_removed": WebhookEvent("PROMPT_ALIAS", "DELETED"),
}


def webhook_event(kind: EventKind, prompt: bool) -> WebhookEvent | None:
    """None: no webhook is told of it."""
    return (OF_PROMPTS if prompt else OF_MODELS).get(kind)


def payload(event: RegistryEvent, data: dict[str, Any], *, prompt: bool) -> dict[str, Any]:
    """data: of a "…_created" event, what the entry of the journal doesn't hold (tags, description, source, run_id)."""
    version = {} if event.version is None else {"version": event.version}
    match event.kind:
        case "model_created":
            return {"name": event.name, "tags": _tags(data, prompt), "description": data.get("description")}
        case "version_created":
            return {"name": event.name, **version, **_made(data, prompt)}
        case "model_tag_set" | "version_tag_set":
            return {"name": event.name, **version, "key": event.key, "value": event.after or ""}
        case "model_tag_removed" | "version_tag_removed":
            return {"name": event.name, **version, "key": event.key}
        case "alias_set":
            return {"name": event.name, "alias": event.key, "version": event.after}
        case "alias_removed":
            return {"name": event.name, "alias": event.key}
        case "stage_set":
            return {"name": event.name, **version, "stage": event.after, "previous_stage": event.before}
        case "model_renamed":
            return {"name": event.after, "previous_name": event.before}
        case "model_updated" | "version_updated":
            return {"name": event.name, **version, "description": event.after or None}
        case _:
            return {"name": event.name, **version}


def _made(data: dict[str, Any], prompt: bool) -> dict[str, Any]:
    shared = {"tags": _tags(data, prompt), "description": data.get("description") or None}
    if prompt:
        return {"template": (data.get("tags") or {}).get(_PROMPT_TEXT), **shared}
    return {"source": data.get("source"), "run_id": data.get("run_id") or None, **shared}


def _tags(data: dict[str, Any], prompt: bool) -> dict[str, str]:
    hidden = (_IS_PROMPT, _PROMPT_TYPE, _PROMPT_TEXT) if prompt else ()
    return {key: value for key, value in (data.get("tags") or {}).items() if key not in hidden}


def body(event: WebhookEvent, timestamp_ms: int, data: dict[str, Any]) -> str:
    """The JSON that is sent, written as MLflow writes it (ASCII, a space after separators): some receivers make the
    signed text anew from what they parsed."""
    told = {
        "entity": event.entity.lower(),
        "action": event.action.lower(),
        "timestamp": datetime.fromtimestamp(timestamp_ms / 1000, UTC).isoformat(),
        "data": data,
    }
    return json.dumps(told)
