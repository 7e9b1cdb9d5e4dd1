"""The cookie of a browser that signed in: a token, which scripts of the page can't read and other sites can't send.

Its name has the port, since servers of one machine that listen on several share their cookies. A password isn't kept in
it: signing in with one makes a token that lasts for a while, which `headrace users tokens` lists and deletes like any
other.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, unquote, urlsplit

from headrace.entities import AccessToken
from headrace.stores.base import AccessStore

SESSION_S = 14 * 24 * 3600
DESCRIPTION = "signed in with a browser"
_NAME = "headrace_session"


def session_token(headers: Mapping[bytes, bytes]) -> str | None:
    name = _name(headers)
    for pair in headers.get(b"cookie", b"").decode("latin-1").split(";"):
        key, _, value = pair.strip().partition("=")
        if key == name and value:
            return unquote(value)
    return None


def session_cookie(headers: Mapping[bytes, bytes], prefix: str, token: str | None) -> str:
    """The Set-Cookie header. token: None ends the session."""
    secure = "; Secure" if headers.get(b"origin", b"").lower().startswith(b"https://") else ""
    value, age = ("", 0) if token is None else (quote(token, safe=""), SESSION_S)
    path = prefix or "/"
    return f"{_name(headers)}={value}; Max-Age={age}; Path={path}; HttpOnly; SameSite=Strict{secure}"


def sessions_of(access: AccessStore, username: str) -> list[AccessToken]:
    return [token for token in access.list_tokens(username) if token.description == DESCRIPTION]


def end_sessions(access: AccessStore, username: str) -> int:
    """Sign the user's browsers out; the answer is how many sessions there were."""
    tokens = sessions_of(access, username)
    for token in tokens:
        access.delete_token(token.token_id)
    return len(tokens)


def _name(headers: Mapping[bytes, bytes]) -> str:
    try:
        port = urlsplit("//" + headers.get(b"host", b"").decode("latin-1")).port
    except ValueError:
        port = None
    return _NAME if port is None else f"{_NAME}_{port}"
