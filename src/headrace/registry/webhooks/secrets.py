"""Secrets of webhooks at rest: encrypted by Fernet where HEADRACE_WEBHOOK_SECRET_ENCRYPTION_KEY is set, else as they
are. What is kept says which of the two it is, so that the key may be set later on."""

from __future__ import annotations

import secrets
from typing import Any

from headrace import settings
from headrace.errors import InvalidState, InvalidValue
from headrace.lazy import optional_import

_PLAIN, _FERNET = "plain:", "fernet:"


def new_secret() -> str:
    """43 characters, 256 bits."""
    return secrets.token_urlsafe(32)


def sealed(secret: str) -> str:
    key = settings.WEBHOOK_SECRET_KEY.get()
    if not key:
        return _PLAIN + secret
    return _FERNET + str(_fernet(key).encrypt(secret.encode()).decode())


def opened(kept: str) -> str:
    """InvalidState if the key isn't there any more, or is another."""
    if not kept.startswith(_FERNET):
        return kept.removeprefix(_PLAIN)
    name, key = settings.WEBHOOK_SECRET_KEY.names[0], settings.WEBHOOK_SECRET_KEY.get()
    if not key:
        raise InvalidState(message=f"The webhook's secret is encrypted; set {name} to the key.")
    from cryptography.fernet import InvalidToken

    try:
        return str(_fernet(key).decrypt(kept.removeprefix(_FERNET).encode()).decode())
    except InvalidToken:
        raise InvalidState(
            message=f"The webhook's secret was encrypted by another key than that of {name}; set that key, or the "
            "secret anew."
        ) from None


def _fernet(key: str) -> Any:
    name = settings.WEBHOOK_SECRET_KEY.names[0]
    module = optional_import("cryptography.fernet", why=f"{name} is set")
    try:
        return module.Fernet(key)
    except ValueError:
        raise InvalidValue(message=f"{name} is no Fernet key: 32 bytes in URL-safe base64 are needed.") from None
