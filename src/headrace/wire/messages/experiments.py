from __future__ import annotations

from headrace.wire.messages.fields import Answer, Ids, Int64, KeyValue, KeyValueAnswer, Request, Text, ViewTypeName


class ExperimentMessage(Answer, kw_only=True):
    experiment_id: str
    name: str | None = None
    artifact_location: str | None = None
    lifecycle_stage: str | None = None
    last_update_time: int | None = None
    creation_time: int | None = None
    tags: list[KeyValueAnswer] = []


class CreateExperiment(Request, kw_only=True):
    name: Text
    artifact_location: str | None = None
    tags: list[KeyValue] = []


class CreateExperimentAnswer(Answer, kw_only=True):
    experiment_id: str


class EnsureExperiment(Request, kw_only=True):
    name: Text


class GetExperiment(Request, kw_only=True):
    experiment_id: Text


class GetExperimentByName(Request, kw_only=True):
    experiment_name: Text


class ExperimentAnswer(Answer, kw_only=True):
    experiment: ExperimentMessage


class SearchExperiments(Request, kw_only=True):
    """max_results absent counts as 0, which is out of range: MLflow's clients always send it."""

    max_results: Int64 = 0
    page_token: str | None = None
    filter: str | None = None
    order_by: list[str] = []
    view_type: ViewTypeName | None = None


class SearchExperimentsAnswer(Answer, kw_only=True):
    experiments: list[ExperimentMessage] = []
    next_page_token: str | None = None


class UpdateExperiment(Request, kw_only=True):
    experiment_id: Text
    new_name: Text


class DeleteExperiment(Request, kw_only=True):
    experiment_id: Text


class RestoreExperiment(Request, kw_only=True):
    experiment_id: Text


class SetExperimentTag(Request, kw_only=True):
    experiment_id: Text
    key: Text
    value: str = ""


class DeleteExperimentTag(Request, kw_only=True):
    experiment_id: Text
    key: Text


class SearchDatasets(Request, kw_only=True):
    experiment_ids: Ids = []


class DatasetSummaryMessage(Answer, kw_only=True):
    experiment_id: str
    name: str
    digest: str
    context: str | None = None


class SearchDatasetsAnswer(Answer, kw_only=True):
    dataset_summaries: list[DatasetSummaryMessage] = []
