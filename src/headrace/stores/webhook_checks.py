"""What a store checks of webhooks before it writes. Addresses are checked by `headrace.registry.webhooks`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from headrace.entities import DeliveryState, WebhookEvent, WebhookState, limits
from headrace.errors import InvalidValue, MissingValue

MAX_PAGE = 1000
MAX_NAME_CHARS = 256
MAX_URL_CHARS = 500
MAX_TEXT_CHARS = 1000  # of descriptions and secrets
MAX_EVENTS = 100


def name(value: str) -> str:
    return _text("name", value, MAX_NAME_CHARS)


def url(value: str) -> str:
    return _text("url", value, MAX_URL_CHARS)


def events(values: Sequence[WebhookEvent]) -> tuple[WebhookEvent, ...]:
    """Each once."""
    if not values:
        raise MissingValue("events")
    kept = tuple(dict.fromkeys(values))
    if len(kept) > MAX_EVENTS:
        raise InvalidValue("events", len(kept), f"at most {MAX_EVENTS} are allowed.")
    for each in kept:
        _text("events.entity", each.entity, MAX_NAME_CHARS)
        _text("events.action", each.action, MAX_NAME_CHARS)
    return kept


def description(value: str | None) -> str | None:
    return None if value is None else _text("description", value, MAX_TEXT_CHARS, empty=True)


def secret(value: str | None) -> str | None:
    """Its value is in no message. What is kept may be its encrypted form, which is longer."""
    if not value:
        return None
    if "\x00" in value or not value.isprintable():
        raise InvalidValue(message="A secret is made of printable characters.")
    if len(value) > 4 * MAX_TEXT_CHARS:
        raise InvalidValue(message=f"A secret has at most {MAX_TEXT_CHARS} characters; this one has more.")
    return value


def status(value: WebhookState) -> WebhookState:
    if value not in get_args(WebhookState):
        raise InvalidValue("status", value, f"allowed are {', '.join(get_args(WebhookState))}.")
    return value


def state(value: DeliveryState | None) -> DeliveryState | None:
    if value is not None and value not in get_args(DeliveryState):
        raise InvalidValue("state", value, f"allowed are {', '.join(get_args(DeliveryState))}.")
    return value


def _text(field: str, value: str, most: int, *, empty: bool = False) -> str:
    if not value and not empty:
        raise MissingValue(field)
    limits.check_text(field, value)
    limits.check_length(field, value, most)
    return value
