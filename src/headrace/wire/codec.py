"""Messages <-> JSON bytes, and a request <-> the parts of an HTTP request.

The server decodes requests with `wire.requests` (tolerant of what MLflow's clients send), the client decodes answers
here: tolerant of fields it doesn't know and of numbers that come as text.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from headrace.errors import Corrupt, InvalidValue, shown
from headrace.wire.endpoint import Endpoint

T = TypeVar("T", bound=msgspec.Struct)

_encoder = msgspec.json.Encoder()


def encode(message: msgspec.Struct) -> bytes:
    return _encoder.encode(message)


@cache
def _decoder(kind: type[Any]) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind, strict=False)


def decode(kind: type[T], body: bytes) -> T:
    """An answer. An empty body or `OK` counts as {}. Raises Corrupt for what is no such answer."""
    text = body.strip()
    if not text or text == b"OK":
        body = b"{}"
    try:
        answer: T = _decoder(kind).decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Corrupt(
            f"The server's answer is no {kind.__name__}: {error}. It began with {shown(body[:200])}."
        ) from None
    return answer


@dataclass(frozen=True, slots=True)
class Outgoing:
    """target: path and query, without the server's address. body None: send none."""

    method: str
    target: str
    body: bytes | None


def outgoing(endpoint: Endpoint[Any, Any], request: msgspec.Struct) -> Outgoing:
    """The HTTP request for a message: GET has its fields in the query, other methods in a JSON body. InvalidValue for
    text that is no Unicode."""
    try:
        return _outgoing(endpoint, request)
    except UnicodeEncodeError:
        raise _not_unicode(request) from None


def _outgoing(endpoint: Endpoint[Any, Any], request: msgspec.Struct) -> Outgoing:
    method = endpoint.methods[0]
    path = endpoint.path
    for field in endpoint.placeholders:
        value = str(getattr(request, field))
        path = path.replace(f"{{{field}}}", quote(value, safe="")).replace(f"{{{field}:path}}", quote(value))
    if method != "GET" and not endpoint.upload:
        return Outgoing(method, path, encode(request))
    fields = {
        name: _query_value(value)
        for name, value in msgspec.to_builtins(request).items()
        if name not in endpoint.placeholders
    }
    return Outgoing(method, f"{path}?{urlencode(fields, doseq=True)}" if fields else path, None)


def _not_unicode(request: msgspec.Struct) -> InvalidValue:
    for field, value in msgspec.to_builtins(request).items():
        try:
            msgspec.json.encode(value)
        except UnicodeEncodeError:
            return InvalidValue(field, value, "text must be valid Unicode; a lone surrogate is not.")
    return InvalidValue(message="Text must be valid Unicode; a lone surrogate is not.")


def _query_value(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value
