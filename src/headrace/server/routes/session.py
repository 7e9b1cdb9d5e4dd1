"""Signing in and out with a browser. Who opens a session has shown a password or a token in the usual header."""

from __future__ import annotations

from starlette.responses import Response

from headrace import clock
from headrace.server.backend import Backend
from headrace.server.credentials import new_token, secret_matches, split_token
from headrace.server.exchange import Exchange, Routes
from headrace.server.session import DESCRIPTION, SESSION_S, session_cookie, session_token, sessions_of
from headrace.stores.base import AccessStore
from headrace.wire.codec import encode
from headrace.wire.endpoint import JSON
from headrace.wire.messages.fields import Done, Nothing
from headrace.wire.messages.service import WhoAmIAnswer
from headrace.wire.table import session as table

routes = Routes()


@routes.serves(table.OPEN_SESSION)
async def open_session(exchange: Exchange[Nothing]) -> Response:
    answer = Response(encode(WhoAmIAnswer(user=exchange.user)), media_type=JSON)
    scheme, _, value = (exchange.header("authorization") or "").partition(" ")
    if exchange.user is None or not value:
        return answer  # nobody is asked, or the session is open
    token = value.strip()
    if scheme.lower() == "basic":
        token = await exchange.backend.call(_make_token, _access(exchange.backend), exchange.user)
    prefix = exchange.backend.options.static_prefix
    answer.headers["set-cookie"] = session_cookie(exchange.headers, prefix, token)
    return answer


@routes.serves(table.CLOSE_SESSION)
async def close_session(exchange: Exchange[Nothing]) -> Response:
    token = session_token(exchange.headers)
    if token is not None and exchange.backend.options.auth != "none":
        await exchange.backend.call(_delete_token, _access(exchange.backend), token)
    answer = Response(encode(Done()), media_type=JSON)
    answer.headers["set-cookie"] = session_cookie(exchange.headers, exchange.backend.options.static_prefix, None)
    return answer


def _access(backend: Backend) -> AccessStore:
    assert backend.access is not None, "a server that asks who is calling keeps users"
    return backend.access


def _make_token(access: AccessStore, username: str) -> str:
    now = clock.now_ms()
    for old in sessions_of(access, username):
        if old.expires_ms is not None and old.expires_ms <= now:
            access.delete_token(old.token_id)
    token, shown = new_token(username, DESCRIPTION, now + SESSION_S * 1000)
    access.create_token(token)
    return shown


def _delete_token(access: AccessStore, shown: str) -> None:
    """Only one that was made for a browser: others are used elsewhere, too."""
    parts = split_token(shown)
    token = None if parts is None else access.get_token(parts[0])
    if parts is None or token is None or token.description != DESCRIPTION or not secret_matches(parts[1], token):
        return
    access.delete_token(token.token_id)
