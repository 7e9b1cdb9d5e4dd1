"""Which events a webhook can want, with an example of what each tells: what a webhook is tried with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from headrace.entities import WebhookEvent
from headrace.errors import InvalidValue

_MODEL, _PROMPT = {"name": "example_model"}, {"name": "example_prompt"}
_VERSION = {"version": "1"}
_KEY = {"key": "example_key"}
_TAG = {**_KEY, "value": "example_value"}
_ALIAS = {"alias": "example_alias"}


def _created(noun: str) -> dict[str, Any]:
    return {"tags": {"example_key": "example_value"}, "description": f"An example {noun}"}


# MLflow's, with MLflow's examples.
MLFLOW_EVENTS: Mapping[WebhookEvent, Mapping[str, Any]] = {
    WebhookEvent("REGISTERED_MODEL", "CREATED"): {**_MODEL, **_created("registered model")},
    WebhookEvent("MODEL_VERSION", "CREATED"): {
        **_MODEL,
        **_VERSION,
        "source": "models:/123",
        "run_id": "abcd1234abcd5678",
        **_created("model version"),
    },
    WebhookEvent("MODEL_VERSION_TAG", "SET"): {**_MODEL, **_VERSION, **_TAG},
    WebhookEvent("MODEL_VERSION_TAG", "DELETED"): {**_MODEL, **_VERSION, **_KEY},
    WebhookEvent("MODEL_VERSION_ALIAS", "CREATED"): {**_MODEL, **_ALIAS, **_VERSION},
    WebhookEvent("MODEL_VERSION_ALIAS", "DELETED"): {**_MODEL, **_ALIAS},
    WebhookEvent("PROMPT", "CREATED"): {**_PROMPT, **_created("prompt")},
    WebhookEvent("PROMPT_VERSION", "CREATED"): {
        **_PROMPT,
        **_VERSION,
        "template": "Hello {{name}}!",
        **_created("prompt version"),
    },
    WebhookEvent("PROMPT_TAG", "SET"): {**_PROMPT, **_TAG},
    WebhookEvent("PROMPT_TAG", "DELETED"): {**_PROMPT, **_KEY},
    WebhookEvent("PROMPT_VERSION_TAG", "SET"): {**_PROMPT, **_VERSION, **_TAG},
    WebhookEvent("PROMPT_VERSION_TAG", "DELETED"): {**_PROMPT, **_VERSION, **_KEY},
    WebhookEvent("PROMPT_ALIAS", "CREATED"): {**_PROMPT, **_ALIAS, **_VERSION},
    WebhookEvent("PROMPT_ALIAS", "DELETED"): {**_PROMPT, **_ALIAS},
    # Of MLflow's AI gateway: it can be wanted, but nothing here makes one.
    WebhookEvent("BUDGET_POLICY", "EXCEEDED"): {
        "budget_policy_id": "bp-abc123",
        "budget_unit": "USD",
        "budget_amount": 100.0,
        "current_spend": 105.5,
        "duration_unit": "MONTHS",
        "duration_value": 1,
        "target_scope": "ENDPOINT",
        "workspace": "default",
        "target_value": "ep-abc123",
        "window_start": 1704067200000,
    },
}
_OURS: Mapping[WebhookEvent, Mapping[str, Any]] = {
    WebhookEvent("REGISTERED_MODEL", "UPDATED"): {**_MODEL, "description": "An example registered model"},
    WebhookEvent("REGISTERED_MODEL", "DELETED"): _MODEL,
    WebhookEvent("REGISTERED_MODEL_TAG", "SET"): {**_MODEL, **_TAG},
    WebhookEvent("REGISTERED_MODEL_TAG", "DELETED"): {**_MODEL, **_KEY},
    WebhookEvent("MODEL_VERSION", "UPDATED"): {**_MODEL, **_VERSION, "description": "An example model version"},
    WebhookEvent("MODEL_VERSION", "DELETED"): {**_MODEL, **_VERSION},
    WebhookEvent("MODEL_VERSION_STAGE", "SET"): {
        **_MODEL,
        **_VERSION,
        "stage": "Production",
        "previous_stage": "Staging",
    },
}
EVENTS: Mapping[WebhookEvent, Mapping[str, Any]] = {**MLFLOW_EVENTS, **_OURS}


def checked(events: Sequence[WebhookEvent]) -> Sequence[WebhookEvent]:
    """InvalidValue for an event that nothing can tell."""
    for each in events:
        if each not in EVENTS:
            same = [known for known in EVENTS if known.entity == each.entity]
            allowed = ", ".join(map(str, same or EVENTS))
            raise InvalidValue("events", str(each), f"allowed are {allowed}.")
    return events


def parsed(text: str) -> WebhookEvent:
    """The event that `str` writes."""
    entity, dot, action = text.strip().upper().partition(".")
    if not dot:
        raise InvalidValue("event", text, "an event is ENTITY.ACTION, such as model_version_alias.created.")
    (event,) = checked([WebhookEvent(entity, action)])
    return event
