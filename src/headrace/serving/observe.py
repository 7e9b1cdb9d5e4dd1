"""What is told about each request when it is answered: to metrics, samples and traces."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

import msgspec

from headrace.serving.call import Call, Reply


class Observation(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """deployment, revision: who answered; revision is "" where the request failed before one was chosen. at_ms: since
    the epoch, when the request was complete. duration_s: from then to the end of the answer; queue_s of it were waiting
    for a worker; first_part_s: to the first part of a streamed answer, None for whole ones. shadow: a mirrored request,
    whose answer nobody got. call.body and reply.body are those that travelled; parts of streamed answers aren't kept.
    trace: the request's `traceparent` header, "" if it had none."""

    deployment: str
    revision: str
    call: Call
    reply: Reply
    at_ms: int
    duration_s: float
    queue_s: float = 0.0
    first_part_s: float | None = None
    shadow: bool = False
    trace: str = ""


logger = logging.getLogger("headrace.serving")

Observer = Callable[[Observation], None]
"""Called on the event loop for every answered request: keeps what it must in microseconds, and works elsewhere."""


def tell(observers: Iterable[Observer], told: Observation) -> None:
    """All of them, whichever fails."""
    for observer in observers:
        try:
            observer(told)
        except Exception:
            logger.exception("an observer failed")
