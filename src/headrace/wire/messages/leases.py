from __future__ import annotations

from headrace.wire.messages.fields import Answer, Int64, Request, Text


class Heartbeat(Request, kw_only=True):
    """owner: a name for the process that writes the run. lease_ms: how long it may be silent, at most a day."""

    run_id: Text
    owner: Text
    lease_ms: Int64
    shared: bool = False


class HeartbeatAnswer(Answer, kw_only=True):
    """status: of the run."""

    status: str
