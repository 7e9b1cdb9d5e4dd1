"""What answers calls in a model's process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from headrace.serving.call import Call, Reply
from headrace.serving.facts import Facts


class Emit(Protocol):
    """Where answers go. May be called from any thread; doesn't block for long. Unknown and cancelled ids are
    ignored."""

    def head(self, call_id: int, status: int, content_type: str) -> None:
        """The answer comes in parts: some `part`s, then `done` with an empty body."""
        ...

    def part(self, call_id: int, data: bytes) -> None: ...

    def done(self, call_id: int, reply: Reply) -> None: ...


class Host(Protocol):
    """facts.feeding says how it wants its calls. Whatever a call holds, it gets its `done`, and no other call suffers:
    an exception that leaves `take` is a fault of ours and ends the process."""

    facts: Facts

    def take(self, calls: Sequence[Call], emit: Emit) -> None:
        """batches, calls: every one is done when this returns. engine: returns at once."""
        ...

    def cancel(self, call_id: int) -> None:
        """Nobody waits for it any more; called from another thread than `take`."""
        ...

    def close(self) -> None: ...
