"""An answer that comes in parts, between the process that gives it and the client that takes it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Any

from headrace.errors import HeadraceError, TooBusy
from headrace.serving.call import Reply

MAX_WAITING_BYTES = 8 << 20  # of parts that the client hasn't taken


class Parts(AsyncGenerator[bytes, None]):
    """What has come since the last time is given together. Raises where the end doesn't come; closing it, at any time,
    calls `leave` unless all is here. ended: told the end's reply."""

    def __init__(self, leave: Callable[[], None], ended: Callable[[Reply], None]) -> None:
        self._leave, self._ended = leave, ended
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        self._reader: asyncio.Future[None] | None = None
        self._end: Reply | HeadraceError | None = None
        self._closed = False

    def put(self, data: bytes) -> None:
        if self._closed or self._end is not None:
            return
        self._waiting.append(data)
        self._waiting_bytes += len(data)
        if self._waiting_bytes > MAX_WAITING_BYTES:
            self.end(TooBusy(f"{self._waiting_bytes} bytes of the answer wait for their reader, who is too slow."))
            self._leave()
        self._wake()

    def end(self, with_: Reply | HeadraceError) -> None:
        if self._end is None:
            self._end = with_
            self._wake()

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    async def asend(self, value: None) -> bytes:  # noqa: ARG002 — nothing is ever sent
        while not self._closed:
            if self._waiting:
                data = self._waiting[0] if len(self._waiting) == 1 else b"".join(self._waiting)
                self._waiting.clear()
                self._waiting_bytes = 0
                return data
            if self._end is not None:
                self._closed = True
                if isinstance(self._end, HeadraceError):
                    raise self._end
                self._ended(self._end)
                break
            self._reader = asyncio.get_running_loop().create_future()
            try:
                await self._reader
            except asyncio.CancelledError:
                await self.aclose()
                raise
        raise StopAsyncIteration

    async def athrow(self, kind: Any, value: Any = None, traceback: Any = None) -> bytes:  # noqa: ARG002
        self.close()
        raise kind if value is None else value

    async def aclose(self) -> None:
        self.close()

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._waiting.clear()
            if self._end is None:
                self._leave()
