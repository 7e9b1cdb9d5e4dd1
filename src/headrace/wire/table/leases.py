from __future__ import annotations

from headrace.wire.endpoint import Endpoint
from headrace.wire.messages import leases as m

HEARTBEAT = Endpoint(
    name="runs.heartbeat",
    methods=("POST",),
    path="/api/1.0/headrace/runs/{run_id}/heartbeat",
    request=m.Heartbeat,
    answer=m.HeartbeatAnswer,
    permission="write",
    errors=("RESOURCE_DOES_NOT_EXIST", "RESOURCE_CONFLICT"),
    doc="Says that the process that writes the run is alive. From the first time on, a run whose owner is silent for "
    "longer than it said is FAILED, until the owner comes back; another owner is told, unless it shares the run.",
)

ENDPOINTS = (HEARTBEAT,)
