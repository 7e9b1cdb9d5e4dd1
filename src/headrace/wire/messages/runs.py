from __future__ import annotations

from headrace.entities import Param, RunTag
from headrace.wire.messages.fields import (
    Answer,
    Ids,
    Int64,
    KeyValue,
    KeyValueAnswer,
    Request,
    RunAddress,
    RunStatusName,
    Text,
    ViewTypeName,
)
from headrace.wire.messages.inputs import RunInputsMessage, RunOutputsMessage
from headrace.wire.messages.metrics import MetricIn, MetricMessage


class RunInfoMessage(Answer, kw_only=True):
    run_uuid: str | None = None
    experiment_id: str | None = None
    run_name: str | None = None
    user_id: str | None = None
    status: str | None = None
    start_time: int | None = None
    end_time: int | None = None
    artifact_uri: str | None = None
    lifecycle_stage: str | None = None
    run_id: str | None = None


class RunDataMessage(Answer, kw_only=True):
    metrics: list[MetricMessage] = []
    params: list[KeyValueAnswer] = []
    tags: list[KeyValueAnswer] = []


class RunMessage(Answer, kw_only=True):
    info: RunInfoMessage
    data: RunDataMessage | None = None
    inputs: RunInputsMessage | None = None
    outputs: RunOutputsMessage | None = None


class CreateRun(Request, kw_only=True):
    """run_id is Headrace's own: a second create with it answers the same run. MLflow's servers ignore it."""

    experiment_id: str = ""
    user_id: str | None = None
    run_name: str | None = None
    start_time: Int64 | None = None
    tags: list[KeyValue] = []
    run_id: str | None = None


class RunAnswer(Answer, kw_only=True):
    run: RunMessage


class UpdateRun(RunAddress, kw_only=True):
    status: RunStatusName | None = None
    end_time: Int64 | None = None
    run_name: str | None = None


class RunInfoAnswer(Answer, kw_only=True):
    run_info: RunInfoMessage


class DeleteRun(RunAddress, kw_only=True):
    pass


class RestoreRun(RunAddress, kw_only=True):
    pass


class GetRun(RunAddress, kw_only=True):
    pass


class SearchRuns(Request, kw_only=True):
    experiment_ids: Ids = []
    filter: str | None = None
    run_view_type: ViewTypeName | None = None
    max_results: Int64 = 1000
    order_by: list[str] = []
    page_token: str | None = None


class ProjectRuns(SearchRuns, kw_only=True):
    """metrics, params, tags: the keys to answer; unset = all, an empty list = none. inputs: datasets and models too."""

    metrics: list[str] | None = None
    params: list[str] | None = None
    tags: list[str] | None = None
    inputs: bool = True


class SearchRunsAnswer(Answer, kw_only=True):
    runs: list[RunMessage] = []
    next_page_token: str | None = None


class CountRuns(Request, kw_only=True):
    experiment_ids: Ids = []
    filter: str | None = None
    run_view_type: ViewTypeName | None = None


class CountRunsAnswer(Answer, kw_only=True):
    count: int


class LogParam(RunAddress, kw_only=True):
    key: Text
    value: str = ""


class SetTag(RunAddress, kw_only=True):
    key: Text
    value: str = ""


class DeleteTag(RunAddress, kw_only=True):
    key: Text


class ParamIn(Param, frozen=True, gc=False, forbid_unknown_fields=True):
    key: Text
    value: str = ""


class RunTagIn(RunTag, frozen=True, gc=False, forbid_unknown_fields=True):
    key: Text
    value: str = ""


class LogBatch(RunAddress, kw_only=True):
    """The hot request: its lists are decoded straight into entities."""

    metrics: list[MetricIn] = []
    params: list[ParamIn] = []
    tags: list[RunTagIn] = []


class LogBatchOut(RunAddress, kw_only=True):
    """`LogBatch` as our client sends it."""

    metrics: list[MetricMessage] = []
    params: list[Param] = []
    tags: list[RunTag] = []


class RecordModel(RunAddress, kw_only=True):
    model_json: Text
