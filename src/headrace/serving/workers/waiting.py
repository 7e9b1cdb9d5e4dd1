"""Calls whose answers are awaited, and the line in which they wait for a process."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from headrace.errors import HeadraceError
from headrace.serving.answer import Answer
from headrace.serving.call import Call, Reply
from headrace.serving.workers.stream import Parts

if TYPE_CHECKING:
    from headrace.serving.workers.worker import Worker


class Waiting:
    """since, begun: of `clock.monotonic_s`. worker: that has the call; begun: when it got it. alone: it may share no
    batch, since a process died of one that it was in. parts: once its answer streams. over: nobody waits any more."""

    __slots__ = ("alone", "begun", "call", "future", "over", "parts", "since", "tries", "worker")

    def __init__(self, call: Call, since: float, *, alone: bool = False) -> None:
        self.call, self.since, self.alone = call, since, alone
        self.future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self.worker: Worker | None = None
        self.begun = 0.0
        self.tries = 0
        self.parts: Parts | None = None
        self.over = False

    def succeed(self, reply: Reply) -> None:
        if self.over:
            return
        self.over = True
        msgspec.structs.force_setattr(reply, "queue_s", self.begun - self.since)
        if self.parts is not None:
            self.parts.end(reply)
        elif not self.future.done():
            self.future.set_result(reply)

    def fail(self, error: HeadraceError) -> None:
        if self.over:
            return
        self.over = True
        if self.parts is not None:
            self.parts.end(error)
        elif not self.future.done():
            self.future.set_exception(error)


class Line:
    """First come, first served. Those whose clients have gone are passed over."""

    def __init__(self) -> None:
        self._waiting: deque[Waiting] = deque()
        self.size_bytes = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def __iter__(self) -> Iterator[Waiting]:
        return iter(self._waiting)

    def add(self, waiting: Waiting) -> None:
        self._waiting.append(waiting)
        self.size_bytes += len(waiting.call.body)

    def put_back(self, waiting: list[Waiting]) -> None:
        """To the front, in their order."""
        self._waiting.extendleft(reversed(waiting))
        self.size_bytes += sum(len(each.call.body) for each in waiting)

    def remove(self, waiting: Waiting) -> None:
        try:
            self._waiting.remove(waiting)
        except ValueError:
            return
        self.size_bytes -= len(waiting.call.body)

    @property
    def first(self) -> Waiting | None:
        return self._waiting[0] if self._waiting else None

    def take(self, most: int, most_bytes: int) -> list[Waiting]:
        """At least one, if there is one; the bodies of several have at most `most_bytes` together."""
        taken: list[Waiting] = []
        size_bytes = 0
        while self._waiting and len(taken) < most:
            each = self._waiting[0]
            size_bytes += len(each.call.body)
            if taken and (each.alone or size_bytes > most_bytes):
                break
            taken.append(self._waiting.popleft())
            self.size_bytes -= len(each.call.body)
            if each.alone:
                break
        return taken

    def clear(self) -> list[Waiting]:
        taken = list(self._waiting)
        self._waiting.clear()
        self.size_bytes = 0
        return taken
