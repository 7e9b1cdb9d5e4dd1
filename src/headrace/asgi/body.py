"""Bodies of requests, within a limit of bytes and of silence; the types of ASGI."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from headrace import clock
from headrace.errors import InvalidValue, TimedOut, TooLarge

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

MALFORMED_LENGTH = "Content-Length must be a number of bytes."


class Disconnected(Exception):
    """The client went away before its request was complete: nobody is left to answer."""


async def receive_within(receive: Receive, timeout_s: float) -> MutableMapping[str, Any]:
    try:
        async with asyncio.timeout(timeout_s):
            event = await receive()
    except TimeoutError:
        raise TimedOut(f"Nothing of the request's body came for {timeout_s:g} s.") from None
    if event["type"] == "http.disconnect":
        raise Disconnected
    return event


async def read_body(
    receive: Receive, headers: Mapping[bytes, bytes], limit: int, timeout_s: float, *, total_s: float = float("inf")
) -> bytes:
    """limit: in bytes. timeout_s: the longest silence; total_s: until the body is complete, however it trickles."""
    declared = headers.get(b"content-length")
    if declared is None:
        if b"transfer-encoding" not in headers:
            return b""
    elif not declared.isdigit():
        raise InvalidValue(message=MALFORMED_LENGTH)
    elif int(declared) > limit:
        raise TooLarge("The request body", int(declared), limit)
    event = await receive_within(receive, min(timeout_s, total_s))
    body: bytes = event.get("body", b"")
    if not event.get("more_body", False):
        return body
    parts, size = [body], len(body)
    end_s = clock.monotonic_s() + total_s
    while event.get("more_body", False):
        if size > limit:
            raise TooLarge("The request body", size, limit)
        left_s = end_s - clock.monotonic_s()
        if left_s <= 0:
            raise TimedOut(f"The request's body wasn't complete after {total_s:g} s; {size} bytes had come.")
        event = await receive_within(receive, min(timeout_s, left_s))
        parts.append(event.get("body", b""))
        size += len(parts[-1])
    if size > limit:
        raise TooLarge("The request body", size, limit)
    return b"".join(parts)
