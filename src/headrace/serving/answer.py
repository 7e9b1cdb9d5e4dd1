"""What the front gives a client: a whole reply, or parts as they come."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Protocol

from headrace.serving.call import Call, Reply
from headrace.serving.facts import Facts


class Streamed:
    """parts: to be read to the end or closed, which cancels the call in the model's process. done: the end's reply,
    there when `parts` has ended by itself; its status is no longer seen by the client."""

    def __init__(self, status: int, content_type: str, parts: AsyncGenerator[bytes, None]) -> None:
        self.status, self.content_type, self.parts = status, content_type, parts
        self.done: Reply | None = None


Answer = Reply | Streamed


class Answers(Protocol):
    """A pool of workers, a deployment: whatever answers calls on the event loop.

    `call` raises TooBusy (429, with `retry_after_s`) where the queue is full, TimedOut (504) past the deadline, and
    StoreUnavailable (503) where the process died with the call in it or no process lives. Cancelling the task cancels
    the call.
    """

    facts: Facts

    async def call(self, call: Call) -> Answer: ...
