"""Passwords and tokens: how they are made and checked. The store has only what can't be turned back."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from functools import cache
from typing import TYPE_CHECKING

from headrace import clock
from headrace.entities import AccessToken
from headrace.errors import InvalidValue

if TYPE_CHECKING:
    from argon2 import PasswordHasher

MIN_PASSWORD_CHARS = 8
_PREFIX = "hrt"
_SECRET_BYTES = 32


@cache
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher

    return PasswordHasher()  # its defaults are RFC 9106's second choice: 64 MiB, 3 passes


def hash_password(password: str) -> str:
    if len(password) < MIN_PASSWORD_CHARS:
        raise InvalidValue(message=f"A password needs at least {MIN_PASSWORD_CHARS} characters.")
    return _hasher().hash(password)


@cache
def _nobodys_hash() -> str:
    return _hasher().hash(secrets.token_hex())


def password_matches(password: str, password_hash: str | None) -> bool:
    """As slow for a user who isn't there (None) as for a wrong password."""
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        _hasher().verify(password_hash or _nobodys_hash(), password)
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def new_token(username: str, description: str = "", expires_ms: int | None = None) -> tuple[AccessToken, str]:
    """What the store keeps, and `hrt_<id>_<secret>` to show once."""
    token_id, secret = secrets.token_hex(8), secrets.token_urlsafe(_SECRET_BYTES)
    token = AccessToken(token_id, username, _digest(secret), description, clock.now_ms(), expires_ms)
    return token, f"{_PREFIX}_{token_id}_{secret}"


def split_token(text: str) -> tuple[str, str] | None:
    """(id, secret), or None for what is no token of ours."""
    prefix, _, rest = text.partition("_")
    token_id, _, secret = rest.partition("_")
    return (token_id, secret) if prefix == _PREFIX and token_id and secret else None


def secret_matches(secret: str, token: AccessToken) -> bool:
    alive = token.expires_ms is None or token.expires_ms > clock.now_ms()
    return hmac.compare_digest(_digest(secret), token.secret_hash) and alive


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()
