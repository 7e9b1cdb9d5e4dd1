"""One process of a model, as the front sees it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Protocol

from headrace import clock
from headrace.serving.workers.frames import (
    Cancel,
    End,
    Failed,
    FromWorker,
    Given,
    Reader,
    Ready,
    Start,
    ToWorker,
    pack,
)
from headrace.serving.workers.processes import Process
from headrace.serving.workers.waiting import Waiting


class Hears(Protocol):
    """Who is told of what becomes of a worker, once it has loaded its model."""

    def said(self, worker: Worker, message: FromWorker) -> None: ...

    def gone(self, worker: Worker) -> None: ...


class Worker(asyncio.Protocol):
    """calls: that it was given and hasn't answered, by id. heard: when it last said anything. rss_bytes: when it was
    new. reserved: for a call that doesn't come through the line, or not in use yet. exclusive: the call that it has is
    to be alone. retired: it has a successor. dismissed: it was told to end. doomed: why it is about to be killed.
    turn: that of another one has come."""

    def __init__(self, hears: Hears) -> None:
        self._hears = hears
        self._reader = Reader()
        self._transport: Any = None
        self.process: Process
        self.calls: dict[int, Waiting] = {}
        self.reserved = True
        self.exclusive = self.retired = self.dismissed = False
        self.heard = 0.0
        self.answered = 0
        self.rss_bytes = 0
        self.doomed: str | None = None
        self.turn = asyncio.Event()
        self.loaded: asyncio.Future[Ready | Failed | None] = asyncio.get_running_loop().create_future()
        self._lost = asyncio.Event()

    @property
    def takes(self) -> bool:
        """Calls, if it has room."""
        if self.exclusive and self.calls:
            return False
        return not (self.reserved or self.retired or self.doomed or self._lost.is_set())

    @property
    def lost(self) -> bool:
        return self._lost.is_set()

    async def until_lost(self) -> None:
        await self._lost.wait()

    @property
    def pid(self) -> int:
        return self.process.pid

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self.heard = clock.monotonic_s()
        for message in self._reader.feed(data):
            if isinstance(message, Ready | Failed):
                if not self.loaded.done():
                    self.loaded.set_result(message)
            else:
                self._hears.said(self, message)

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002
        if not self.loaded.done():
            self.loaded.set_result(None)
        self._lost.set()
        self._hears.gone(self)

    def quiet_s(self, now: float) -> float:
        """Since it last gave a sign or was given something to do; 0 where it has nothing to do."""
        if not self.calls:
            return 0.0
        return now - max(self.heard, min(each.begun for each in self.calls.values()))

    def start(self, start: Start) -> None:
        self._send(start)

    def give(self, batch: Sequence[Waiting], now: float) -> None:
        pieces: list[bytes] = []
        for place, waiting in enumerate(batch, 1):
            waiting.begun = now
            self.calls[waiting.call.id] = waiting
            head, tail = pack(Given(waiting.call, place == len(batch)))
            pieces.append(head)
            if tail:
                self._write(pieces)
                pieces = []
                self._transport.write(tail)
        self._write(pieces)

    def cancel(self, call_id: int) -> None:
        self._send(Cancel(call_id))

    def end(self) -> None:
        self._send(End())

    def close(self) -> None:
        self._transport.abort()

    def _send(self, message: ToWorker) -> None:
        self._write(list(pack(message)))

    def _write(self, pieces: list[bytes]) -> None:
        if pieces and not self._transport.is_closing():
            self._transport.write(b"".join(pieces))
