"""One request that was kept."""

from __future__ import annotations

import msgspec

from headrace.serving.call import Kind
from headrace.serving.observe import Observation

_TRACE_ID = slice(3, 35)  # of a traceparent header


class Sample(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """request, reply: their first bytes where request_bytes and reply_bytes, their sizes, are over the limit that they
    were kept with; of streamed answers there is no reply. rate: the share of requests that were kept then. Times and
    counts as in Observation; tokens are None where no engine counted any."""

    at_ms: int
    deployment: str
    revision: str
    kind: Kind
    status: int
    error: str | None
    field: str | None
    rows: int
    duration_s: float
    queue_s: float
    predict_s: float
    first_part_s: float | None
    batch: int
    prompt_tokens: int | None
    completion_tokens: int | None
    shadow: bool
    trace_id: str
    rate: float
    request_type: str
    request: bytes
    request_bytes: int
    reply_type: str
    reply: bytes
    reply_bytes: int

    @property
    def whole(self) -> bool:
        """Whether the request was kept to its end."""
        return len(self.request) == self.request_bytes


def sample_of(told: Observation, rate: float, max_body_bytes: int) -> Sample:
    call, reply = told.call, told.reply
    return Sample(
        at_ms=told.at_ms,
        deployment=told.deployment,
        revision=told.revision,
        kind=call.kind,
        status=reply.status,
        error=reply.error,
        field=reply.field,
        rows=reply.rows,
        duration_s=told.duration_s,
        queue_s=told.queue_s,
        predict_s=reply.predict_s,
        first_part_s=told.first_part_s,
        batch=reply.batch,
        prompt_tokens=reply.usage.prompt if reply.usage else None,
        completion_tokens=reply.usage.completion if reply.usage else None,
        shadow=told.shadow,
        trace_id=told.trace[_TRACE_ID],
        rate=rate,
        request_type=call.content_type,
        request=call.body[:max_body_bytes],
        request_bytes=len(call.body),
        reply_type=reply.content_type,
        reply=reply.body[:max_body_bytes],
        reply_bytes=len(reply.body),
    )
