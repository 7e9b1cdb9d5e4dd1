from __future__ import annotations

from typing import Literal

import msgspec

Role = Literal["reader", "editor", "admin"]


class User(msgspec.Struct, frozen=True):
    """reader: sees all; editor: writes too; admin: manages users, deletes for good."""

    username: str
    role: Role
    password_hash: str | None = None
    created_ms: int = 0


class AccessToken(msgspec.Struct, frozen=True):
    """secret_hash: sha256 of the secret in hex; the secret itself is shown once, at creation.

    expires_ms: None = never.
    """

    token_id: str
    username: str
    secret_hash: str
    description: str = ""
    created_ms: int = 0
    expires_ms: int | None = None
