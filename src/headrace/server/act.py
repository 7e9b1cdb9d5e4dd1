"""Who changes the registry, as its journal has it."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import unquote

from headrace.entities import Act
from headrace.server.exchange import Exchange
from headrace.wire.messages.model_versions import RegistryWrite

USER_HEADER = "x-headrace-user"
NOBODY = "anonymous"
MAX_NAME_CHARS = 100


def act_of(exchange: Exchange[Any]) -> Act:
    """The authenticated user; where the server asks nobody, the name that the request claims, marked as unverified."""
    message = exchange.message
    comment = message.comment if isinstance(message, RegistryWrite) else ""
    return Act(who_of(exchange), comment)


def who_of(exchange: Exchange[Any]) -> str:
    if exchange.user is not None:
        return exchange.user
    claimed = unquote(exchange.header(USER_HEADER) or "") or _basic_user(exchange.header("authorization") or "")
    name = "".join(character for character in claimed if character.isprintable()).strip()
    return f"unverified:{name[:MAX_NAME_CHARS] or NOBODY}"


def _basic_user(credential: str) -> str:
    kind, _, value = credential.partition(" ")
    if kind.lower() != "basic":
        return ""
    try:
        return base64.b64decode(value.strip(), validate=True).decode().partition(":")[0]
    except ValueError:
        return ""
