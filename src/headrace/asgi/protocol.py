"""uvicorn's HTTP protocol with what it lacks against slow and endless senders: a limit on the size of a request's head
and on the time until it is complete. Bodies have theirs in `body`."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

MAX_HEAD_BYTES = 64 << 10  # room for a long query: 100 run ids are 4 KB
HEAD_TIMEOUT_S = 30.0


class GuardedProtocol(HttpToolsProtocol):
    """linger_s: how long a connection that is idle at a stop is kept for the request that may be on its way, whose
    answer says that it is the last."""

    head_timeout_s = HEAD_TIMEOUT_S
    linger_s = 0.0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._in_head = True  # a fresh connection owes a head, though none has begun
        self._begun = False
        self._head_bytes = 0
        self._head_timer: asyncio.TimerHandle | None = None
        self._leaving: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        if self._leaving is not None:
            self._leaving.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES and self._still_in_head(data):
                self.send_400_response(f"The request's head is over {MAX_HEAD_BYTES} bytes.")
                return
        super().data_received(data)
        if self._begun and self._head_timer is None and not self.transport.is_closing():
            self._start_timer()

    def on_message_begin(self) -> None:
        self._in_head = self._begun = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head = self._begun = False
        self._head_bytes = 0
        self._stop_timer()
        super().on_headers_complete()
        if self._leaving is not None:
            self._leaving.cancel()
            self.cycle.keep_alive = False

    def shutdown(self) -> None:
        cycle: RequestResponseCycle | None = self.cycle
        if not self.linger_s or (cycle is not None and not cycle.response_complete):
            super().shutdown()
        elif self._leaving is None:
            self._leaving = self.loop.call_later(self.linger_s, super().shutdown)

    def _still_in_head(self, data: bytes) -> bool:
        """A head that ends within the limit may arrive in one piece with much of its body."""
        end = data.find(b"\r\n\r\n")
        return end < 0 or self._head_bytes - len(data) + end > MAX_HEAD_BYTES

    def _start_timer(self) -> None:
        self._head_timer = self.loop.call_later(self.head_timeout_s, self._give_up)

    def _stop_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _give_up(self) -> None:
        self._head_timer = None
        if not self.transport.is_closing():
            self.transport.close()
