"""What the front gives a client: a whole reply, or parts as they come."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from headrace.serving.call import Reply


class Streamed:
    """parts: to be read to the end or closed, which cancels the call in the model's process. done: the end's reply,
    there when `parts` has ended by itself; its status is no longer seen by the client."""

    def __init__(self, status: int, content_type: str, parts: AsyncGenerator[bytes, None]) -> None:
        self.status, self.content_type, self.parts = status, content_type, parts
        self.done: Reply | None = None


Answer = Reply | Streamed
