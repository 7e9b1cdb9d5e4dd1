"""How answers leave."""

from __future__ import annotations

import math
from typing import NamedTuple

import msgspec

from headrace.asgi.body import Send
from headrace.asgi.refusal import Headers
from headrace.errors import HeadraceError, RouteNotFound, ServiceError, TimedOut, TooLarge, Unauthenticated
from headrace.serving import oip
from headrace.serving.call import JSON, Kind, Reply

_TYPES: dict[str, Headers] = {JSON: [(b"content-type", b"application/json")]}


class Page(NamedTuple):
    """An answer that no model gives. headers: beside those of every answer."""

    reply: Reply
    headers: Headers = []  # noqa: RUF012 — nobody changes it


async def send_reply(send: Send, reply: Reply, headers: Headers) -> None:
    body = reply.body
    await send(
        {
            "type": "http.response.start",
            "status": reply.status,
            "headers": [
                *headers,
                *(_TYPES.get(reply.content_type) or _typed(reply.content_type)),
                (b"content-length", b"%d" % len(body)),
            ],
        }
    )
    await send({"type": "http.response.body", "body": body})


def _typed(content_type: str) -> Headers:
    length = oip.header_length(content_type)
    if length is not None:
        return [(b"content-type", oip.BINARY.encode()), (oip.HEADER_LENGTH.lower().encode(), length.encode("latin-1"))]
    return [(b"content-type", content_type.encode("latin-1", "replace"))]


def json_reply(content: object, status: int = 200) -> Reply:
    return Reply(status=status, body=msgspec.json.encode(content))


def headers_of(error: HeadraceError, *, body_read: bool = True) -> Headers:
    """Beside those of every answer. body_read: if not, the rest of it may still be on its way after some errors, and
    the connection can't be used again."""
    if isinstance(error, Unauthenticated):
        return [(b"www-authenticate", b"Bearer")]
    if not body_read and isinstance(error, TooLarge | TimedOut):
        return [(b"connection", b"close")]
    if isinstance(error, ServiceError) and error.http in (429, 503):
        wait_s = getattr(error, "retry_after_s", 1.0)
        return [(b"retry-after", b"%d" % max(1, math.ceil(wait_s)))]
    return []


def dialect_of(path: str) -> Kind:
    """In whose shape errors at a path are told."""
    if "/v1/" in path:
        return "chat"
    return "infer" if path.startswith("/v2") else "invocations"


def nothing_at(path: str, known: list[str]) -> RouteNotFound:
    return RouteNotFound(f"Nothing answers at {path}. This server has {', '.join(known)}; /docs describes them.")
