"""Who is calling, and what their role lets them do.

Verifying a password takes tens of milliseconds by design, so a verified credential is remembered under a keyed digest.
Every RECHECK_S the account behind it is read again: a changed password, role or deleted token has effect by then.
"""

from __future__ import annotations

import asyncio
import base64
import getpass
import hashlib
import secrets
from collections.abc import Mapping
from typing import Any, NamedTuple

from headrace import clock
from headrace.entities import AccessToken, Role, User
from headrace.errors import Forbidden, NotSupported, TooBusy
from headrace.server.backend import Backend
from headrace.server.credentials import password_matches, secret_matches, split_token
from headrace.server.problems import Challenge
from headrace.server.session import session_token
from headrace.stores.base import AccessStore
from headrace.wire.endpoint import Endpoint, Permission

RECHECK_S = 5.0
KEPT_CREDENTIALS = 10_000
PASSWORD_CHECKS = 2  # at a time: each takes 64 MiB and a core
WAITING_CHECKS = 64

_GRANTS: dict[Role, frozenset[Permission]] = {
    "reader": frozenset(("public", "read")),
    "editor": frozenset(("public", "read", "write")),
    "admin": frozenset(("public", "read", "write", "admin")),
}


class _Known(NamedTuple):
    """proof: the stored hash that the credential matched."""

    username: str
    role: Role
    proof: str
    checked_s: float


def user_of_token() -> str:
    """Whose the server's own token is: the user's who started it."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user without a passwd entry
        return "unknown"


class Authenticator:
    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._mode = backend.options.auth
        given = backend.options.token
        self._token = None if given is None else given.encode()
        access = backend.access
        if access is None:
            raise NotSupported("This store keeps no users; start the server with --auth none.")
        self._access: AccessStore = access
        self._key = secrets.token_bytes(32)
        self._known: dict[bytes, _Known] = {}
        self._checks = asyncio.Semaphore(PASSWORD_CHECKS)
        self._waiting = 0

    async def admit(self, headers: Mapping[bytes, bytes], endpoint: Endpoint[Any, Any], path: str) -> str:
        """The caller's name. Raises Challenge for an unknown caller, Forbidden for one without the permission."""
        try:
            return await self._admit(headers, endpoint)
        except Challenge as challenge:
            # Our pages ask by themselves; at a Basic challenge the browser would open a window of its own.
            if path.startswith(f"{self._backend.options.static_prefix}/ajax-api/"):
                raise Challenge(challenge.message, b"Bearer") from None
            raise

    async def _admit(self, headers: Mapping[bytes, bytes], endpoint: Endpoint[Any, Any]) -> str:
        credential = headers.get(b"authorization")
        if not credential and (token := session_token(headers)) is not None:
            credential = b"Bearer " + token.encode("latin-1", "replace")
        if not credential:
            raise self._challenge("This server asks who is calling: send a user name and password, or a token.")
        digest = hashlib.blake2b(credential, key=self._key, digest_size=32).digest()
        known = self._known.get(digest)
        if known is None or clock.monotonic_s() - known.checked_s > RECHECK_S:
            self._known.pop(digest, None)
            known = await self._identify(credential, known)
            if len(self._known) >= KEPT_CREDENTIALS:
                self._known.clear()
            self._known[digest] = known
        if endpoint.permission not in _GRANTS[known.role]:
            raise Forbidden(
                f"User {known.username!r} has the role {known.role}; {endpoint.name} needs permission to "
                f"{endpoint.permission}. An admin can change roles with `headrace users`."
            )
        return known.username

    def _challenge(self, message: str) -> Challenge:
        return Challenge(message, b'Basic realm="Headrace", charset="UTF-8"' if self._mode == "basic" else b"Bearer")

    async def _identify(self, credential: bytes, known: _Known | None) -> _Known:
        scheme, _, value = credential.partition(b" ")
        found: tuple[User, str] | None = None
        if scheme.lower() == b"bearer":
            if self._token is not None and secrets.compare_digest(value.strip(), self._token):
                return _Known(user_of_token(), "editor", "", clock.monotonic_s())
            found = await self._backend.call(self._by_token, value.strip())
        elif scheme.lower() == b"basic" and self._mode == "basic":
            found = await self._by_password(value.strip(), known)
        else:
            raise self._challenge(f"This server takes {'passwords and tokens' if self._mode == 'basic' else 'tokens'}.")
        if found is None:
            raise self._challenge("Unknown user or token, or wrong password.")
        user, proof = found
        return _Known(user.username, user.role, proof, clock.monotonic_s())

    def _by_token(self, value: bytes) -> tuple[User, str] | None:
        parts = split_token(value.decode("latin-1"))
        if parts is None:
            return None
        token_id, secret = parts
        token: AccessToken | None = self._access.get_token(token_id)
        if token is None or not secret_matches(secret, token):
            return None
        user = self._access.get_user(token.username)
        return None if user is None else (user, token.secret_hash)

    async def _by_password(self, value: bytes, known: _Known | None) -> tuple[User, str] | None:
        try:
            name, colon, password = base64.b64decode(value, validate=True).decode().partition(":")
        except ValueError:
            return None
        if not colon or "\0" in name:
            return None
        user = await self._backend.call(self._access.get_user, name)
        stored = None if user is None else user.password_hash
        if known is not None and stored is not None and known.proof == stored:
            return None if user is None else (user, stored)
        if self._waiting >= WAITING_CHECKS:
            raise TooBusy("Too many passwords are being checked at this moment.")
        self._waiting += 1
        try:
            async with self._checks:
                matches = await asyncio.to_thread(password_matches, password, stored)
        finally:
            self._waiting -= 1
        return (user, stored) if matches and user is not None and stored is not None else None
