"""Carries results of the store's writer thread to the event loop: one wake-up for all that a commit finished."""

from __future__ import annotations

import asyncio
from collections import deque
from concurrent.futures import CancelledError, Future
from functools import partial
from typing import Any, TypeVar

T = TypeVar("T")


class Bridge:
    def __init__(self) -> None:
        self._ready: deque[tuple[asyncio.Future[Any], Future[Any]]] = deque()
        self._called = False

    async def wait(self, done: Future[T]) -> T:
        """The result of `done`. A caller that goes away leaves the write running."""
        if done.done():
            return done.result()
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[T] = loop.create_future()
        done.add_done_callback(partial(self._finished, loop, waiter))
        return await waiter

    def _finished(self, loop: asyncio.AbstractEventLoop, waiter: asyncio.Future[Any], done: Future[Any]) -> None:
        # Runs in the thread that finished the future. The flag is cleared before the queue is emptied, so an item
        # appended after that makes a new call: none is left behind.
        self._ready.append((waiter, done))
        if not self._called:
            self._called = True
            try:
                loop.call_soon_threadsafe(self._hand_over)
            except RuntimeError:  # the loop is closed: nobody waits any more
                self._called = False
                self._ready.clear()

    def _hand_over(self) -> None:
        self._called = False
        while self._ready:
            waiter, done = self._ready.popleft()
            if waiter.cancelled():
                continue
            if done.cancelled():
                waiter.set_exception(CancelledError())
                continue
            error = done.exception()
            if error is None:
                waiter.set_result(done.result())
            else:
                waiter.set_exception(error)
