"""Changes of runs as server-sent events, for as long as the client reads them."""

from __future__ import annotations

from collections.abc import AsyncIterator

from starlette.responses import Response, StreamingResponse

from headrace import clock
from headrace.asgi.body import Receive, Scope, Send
from headrace.entities import Changes
from headrace.errors import HeadraceError
from headrace.server.watch import Listener
from headrace.wire.codec import encode
from headrace.wire.convert.live import changes_answer
from headrace.wire.endpoint import EVENTS

PING_S = 15.0  # proxies cut connections that say nothing for a minute
LIFE_S = 900.0  # then the client comes again by itself, and is asked again who it is
RETRY_MS = 1000
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}  # nginx must not wait for more of them


class EventStream(StreamingResponse):
    def __init__(self, listener: Listener, first: Changes) -> None:
        super().__init__(_told(listener, first), headers=HEADERS, media_type=EVENTS)
        self._listener = listener

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._listener.close()


async def event_stream(listener: Listener, bare: bool) -> Response:
    """Takes the listener over. bare: the head alone."""
    try:
        first = await listener.asked()
    except BaseException:
        listener.close()
        raise
    if bare:
        listener.close()
        return Response(None, headers=HEADERS, media_type=EVENTS)
    return EventStream(listener, first)


async def _told(listener: Listener, first: Changes) -> AsyncIterator[bytes]:
    ends = clock.monotonic_s() + LIFE_S
    try:
        yield b"retry: %d\n\n" % RETRY_MS + _event(first)
        behind = first.more
        while not listener.ended and clock.monotonic_s() < ends:
            changes = await listener.asked() if behind else await listener.heard(PING_S)
            if changes is None:
                behind = True
                continue
            behind = changes.more
            if changes.runs:
                yield _event(changes)
            elif not behind and not listener.ended:
                yield b": ping\nid: %s\n\n" % changes.cursor.encode()
    except HeadraceError:
        return  # the store is away: the client comes again, and hears it then


def _event(changes: Changes) -> bytes:
    data = encode(changes_answer(changes))
    return b"id: %s\nevent: changes\ndata: %s\n\n" % (changes.cursor.encode(), data)
