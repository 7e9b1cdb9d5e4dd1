from __future__ import annotations

from headrace.wire.endpoint import Endpoint
from headrace.wire.messages import amendments as m
from headrace.wire.messages.metrics import MetricHistoryAnswer

_RUN = "/api/1.0/headrace/runs/{run_id}"
_UNKNOWN = ("RESOURCE_DOES_NOT_EXIST",)

LIST_REWINDS = Endpoint(
    name="runs.rewinds",
    methods=("GET",),
    path=f"{_RUN}/rewinds",
    request=m.OfRun,
    answer=m.RewindsAnswer,
    permission="read",
    errors=_UNKNOWN,
    doc="By whom, when and to which step a run was rewound, and how many points that hides.",
)
HIDDEN_POINTS = Endpoint(
    name="metrics.hidden",
    methods=("GET",),
    path=f"{_RUN}/hidden-points",
    request=m.HiddenPoints,
    answer=MetricHistoryAnswer,
    permission="read",
    errors=_UNKNOWN,
    doc="Points of a metric that rewinds hide, by rewind, timestamp, step, value.",
)
PARAM_CORRECTIONS = Endpoint(
    name="runs.param-corrections",
    methods=("GET",),
    path=f"{_RUN}/param-corrections",
    request=m.OfRun,
    answer=m.ParamCorrectionsAnswer,
    permission="read",
    errors=_UNKNOWN,
    doc="Params of a run that were given another value: the old one, the new one, who, when and why.",
)

ENDPOINTS = (LIST_REWINDS, HIDDEN_POINTS, PARAM_CORRECTIONS)
