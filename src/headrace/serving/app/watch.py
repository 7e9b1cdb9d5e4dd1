"""Whether the client is still there while it waits."""

from __future__ import annotations

import asyncio
from types import TracebackType

from headrace.asgi.body import Disconnected, Receive

AFTER_S = 0.02  # most answers are there by then, and a watcher costs more than they may


class Watch:
    """A block that is given up with `Disconnected` when the client goes away. To be entered when the request's body has
    been read. `begin` is for answers that come in parts; others are watched once they take long."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._gone = False
        self._watcher: asyncio.Task[None] | None = None

    def __enter__(self) -> Watch:
        loop = asyncio.get_running_loop()
        task = asyncio.current_task()
        assert task is not None
        self._task = task
        self._timer = loop.call_later(AFTER_S, self.begin)
        return self

    def begin(self) -> None:
        if self._watcher is None:
            self._watcher = asyncio.get_running_loop().create_task(self._wait())

    async def _wait(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._gone = True
        self._task.cancel()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._timer.cancel()
        if self._watcher is not None:
            self._watcher.cancel()
        if self._gone and self._task.uncancel() == 0 and kind is asyncio.CancelledError:
            raise Disconnected
