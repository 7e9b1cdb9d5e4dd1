from __future__ import annotations

from headrace.wire.messages.fields import Answer, Int64, Request, Text


class Heartbeat(Request, kw_only=True):
    """owner: a name for the process that writes the run. lease_ms: how long it may be silent, at most a day. lost:
    FAILED or KILLED, what the run is if this was the last heartbeat."""

    run_id: Text
    owner: Text
    lease_ms: Int64
    shared: bool = False
    lost: str = "FAILED"


class HeartbeatAnswer(Answer, kw_only=True):
    """status: of the run."""

    status: str
