from __future__ import annotations

from headrace.wire.endpoint import EVENTS, Endpoint
from headrace.wire.messages import inputs, live
from headrace.wire.messages import runs as m
from headrace.wire.messages.fields import Done
from headrace.wire.messages.metrics import LogMetric

_BASE = "/api/2.0/mlflow/runs"
_OWN = "/api/1.0/headrace"
_UNKNOWN = ("RESOURCE_DOES_NOT_EXIST",)

CREATE_RUN = Endpoint(
    name="runs.create",
    methods=("POST",),
    path=f"{_BASE}/create",
    request=m.CreateRun,
    answer=m.RunAnswer,
    permission="write",
    errors=_UNKNOWN,
    doc="Makes a run in an active experiment.",
)
UPDATE_RUN = Endpoint(
    name="runs.update",
    methods=("POST",),
    path=f"{_BASE}/update",
    request=m.UpdateRun,
    answer=m.RunInfoAnswer,
    permission="write",
    errors=_UNKNOWN,
    doc="Sets status, end time or name of an active run.",
)
DELETE_RUN = Endpoint(
    name="runs.delete",
    methods=("POST",),
    path=f"{_BASE}/delete",
    request=m.DeleteRun,
    answer=Done,
    permission="write",
    errors=_UNKNOWN,
    doc="Marks a run as deleted.",
)
RESTORE_RUN = Endpoint(
    name="runs.restore",
    methods=("POST",),
    path=f"{_BASE}/restore",
    request=m.RestoreRun,
    answer=Done,
    permission="write",
    errors=_UNKNOWN,
    doc="Brings a deleted run back.",
)
GET_RUN = Endpoint(
    name="runs.get",
    methods=("GET",),
    path=f"{_BASE}/get",
    request=m.GetRun,
    answer=m.RunAnswer,
    permission="read",
    errors=_UNKNOWN,
    doc="A run with its latest metrics, params, tags, inputs and outputs.",
)
SEARCH_RUNS = Endpoint(
    name="runs.search",
    methods=("POST",),
    path=f"{_BASE}/search",
    request=m.SearchRuns,
    answer=m.SearchRunsAnswer,
    permission="read",
    doc="Runs of the experiments that match a filter, in order.",
)
PROJECT_RUNS = Endpoint(
    name="runs.project",
    methods=("POST",),
    path=f"{_OWN}/runs/search",
    request=m.ProjectRuns,
    answer=m.SearchRunsAnswer,
    permission="read",
    doc="Runs as by runs/search, with only the metrics, params and tags that are asked for.",
)
COUNT_RUNS = Endpoint(
    name="runs.count",
    methods=("POST",),
    path=f"{_OWN}/runs/count",
    request=m.CountRuns,
    answer=m.CountRunsAnswer,
    permission="read",
    doc="How many runs match a filter.",
)
AGGREGATE_RUNS = Endpoint(
    name="runs.aggregate",
    methods=("POST",),
    path=f"{_OWN}/runs/aggregate",
    request=live.AggregateRuns,
    answer=live.AggregateRunsAnswer,
    permission="read",
    doc="Runs grouped by params or tags, with count, extremes and mean of their latest metrics.",
)
LIST_CHANGES = Endpoint(
    name="changes.list",
    methods=("GET",),
    path=f"{_OWN}/changes",
    request=live.ListChanges,
    answer=live.ChangesAnswer,
    permission="read",
    doc="Runs that changed after a cursor; without one, the cursor of now.",
)
STREAM_CHANGES = Endpoint(
    name="changes.stream",
    methods=("GET",),
    path=f"{_OWN}/changes/stream",
    request=live.StreamChanges,
    answer=live.ChangesAnswer,
    permission="read",
    errors=("REQUEST_LIMIT_EXCEEDED",),
    media=(EVENTS,),
    doc="Changes as they happen, as server-sent events named `changes`: an answer of changes each, its cursor as id.",
)
LIST_RUN_KEYS = Endpoint(
    name="runs.keys",
    methods=("GET",),
    path=f"{_OWN}/runs/keys",
    request=live.ListRunKeys,
    answer=live.RunKeysAnswer,
    permission="read",
    doc="Keys of the metrics, params or tags that runs of the experiments have, in order.",
)
LOG_METRIC = Endpoint(
    name="runs.log-metric",
    methods=("POST",),
    path=f"{_BASE}/log-metric",
    request=LogMetric,
    answer=Done,
    permission="write",
    errors=_UNKNOWN,
    doc="Adds a point to a series of an active run.",
)
LOG_PARAM = Endpoint(
    name="runs.log-param",
    methods=("POST",),
    path=f"{_BASE}/log-parameter",
    request=m.LogParam,
    answer=Done,
    permission="write",
    errors=_UNKNOWN,
    doc="Sets a param once; the same value again is no error.",
)
SET_TAG = Endpoint(
    name="runs.set-tag",
    methods=("POST",),
    path=f"{_BASE}/set-tag",
    request=m.SetTag,
    answer=Done,
    permission="write",
    errors=_UNKNOWN,
    doc="Sets a tag of an active run.",
)
DELETE_TAG = Endpoint(
    name="runs.delete-tag",
    methods=("POST",),
    path=f"{_BASE}/delete-tag",
    request=m.DeleteTag,
    answer=Done,
    permission="write",
    errors=_UNKNOWN,
    doc="Removes a tag of an active run.",
)
LOG_BATCH = Endpoint(
    name="runs.log-batch",
    methods=("POST",),
    path=f"{_BASE}/log-batch",
    request=m.LogBatch,
    answer=Done,
    permission="write",
    errors=_UNKNOWN,
    doc="Logs metrics, params and tags of a run, all or nothing.",
)
RECORD_MODEL = Endpoint(
    name="runs.log-model",
    methods=("POST",),
    path=f"{_BASE}/log-model",
    request=m.RecordModel,
    answer=Done,
    permission="write",
    errors=_UNKNOWN,
    doc="Appends a model to the run's history tag, as MLflow 2 clients do.",
)
LOG_INPUTS = Endpoint(
    name="runs.log-inputs",
    methods=("POST",),
    path=f"{_BASE}/log-inputs",
    request=inputs.LogInputs,
    answer=Done,
    permission="write",
    errors=_UNKNOWN,
    doc="Notes the datasets and models that a run read.",
)
LOG_OUTPUTS = Endpoint(
    name="runs.outputs",
    methods=("POST",),
    path=f"{_BASE}/outputs",
    request=inputs.LogOutputs,
    answer=Done,
    permission="write",
    errors=_UNKNOWN,
    doc="Notes the logged models that a run made.",
)

ENDPOINTS = (
    CREATE_RUN,
    UPDATE_RUN,
    DELETE_RUN,
    RESTORE_RUN,
    GET_RUN,
    SEARCH_RUNS,
    PROJECT_RUNS,
    COUNT_RUNS,
    AGGREGATE_RUNS,
    LIST_CHANGES,
    STREAM_CHANGES,
    LIST_RUN_KEYS,
    LOG_METRIC,
    LOG_PARAM,
    SET_TAG,
    DELETE_TAG,
    LOG_BATCH,
    RECORD_MODEL,
    LOG_INPUTS,
    LOG_OUTPUTS,
)
