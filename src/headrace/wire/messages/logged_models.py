from __future__ import annotations

from headrace.wire.messages.fields import Answer, Ids, Int64, KeyValue, KeyValueAnswer, ModelStatusName, Request, Text
from headrace.wire.messages.metrics import MetricMessage


class LoggedModelInfoMessage(Answer, kw_only=True):
    model_id: str
    experiment_id: str | None = None
    name: str | None = None
    creation_timestamp_ms: int | None = None
    last_updated_timestamp_ms: int | None = None
    artifact_uri: str | None = None
    status: str | int | None = None
    creator_id: int | None = None
    model_type: str | None = None
    source_run_id: str | None = None
    status_message: str | None = None
    tags: list[KeyValueAnswer] = []


class LoggedModelDataMessage(Answer, kw_only=True):
    params: list[KeyValueAnswer] = []
    metrics: list[MetricMessage] = []


class LoggedModelMessage(Answer, kw_only=True):
    info: LoggedModelInfoMessage
    data: LoggedModelDataMessage | None = None


class LoggedModelAnswer(Answer, kw_only=True):
    model: LoggedModelMessage


class CreateLoggedModel(Request, kw_only=True):
    experiment_id: Text
    name: str | None = None
    model_type: str | None = None
    source_run_id: str | None = None
    params: list[KeyValue] = []
    tags: list[KeyValue] = []


class GetLoggedModel(Request, kw_only=True):
    model_id: Text
    allow_deleted: bool = False


class FinalizeLoggedModel(Request, kw_only=True):
    model_id: Text
    status: ModelStatusName


class DeleteLoggedModel(Request, kw_only=True):
    model_id: Text


class LogLoggedModelParams(Request, kw_only=True):
    model_id: Text
    params: list[KeyValue] = []


class SetLoggedModelTags(Request, kw_only=True):
    model_id: Text
    tags: list[KeyValue] = []


class DeleteLoggedModelTag(Request, kw_only=True):
    model_id: Text
    tag_key: Text


class ModelOrderIn(Request, kw_only=True):
    field_name: Text
    ascending: bool = True
    dataset_name: str | None = None
    dataset_digest: str | None = None


class DatasetFilterIn(Request, kw_only=True):
    dataset_name: Text
    dataset_digest: str | None = None


class SearchLoggedModels(Request, kw_only=True):
    experiment_ids: Ids
    filter: str | None = None
    datasets: list[DatasetFilterIn] = []
    max_results: Int64 = 50
    order_by: list[ModelOrderIn] = []
    page_token: str | None = None


class SearchLoggedModelsAnswer(Answer, kw_only=True):
    models: list[LoggedModelMessage] = []
    next_page_token: str | None = None
