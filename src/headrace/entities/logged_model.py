from __future__ import annotations

import msgspec

from headrace.entities.metric import Metric
from headrace.entities.states import LoggedModelStatus


class LoggedModelParameter(msgspec.Struct, frozen=True):
    key: str
    value: str


class LoggedModelTag(msgspec.Struct, frozen=True):
    key: str
    value: str


class LoggedModel(msgspec.Struct, frozen=True):
    """The entity that an MLflow 3 client makes on log_model. model_id: "m-" + 32 hex. Times in ms since the epoch.

    metrics: the points logged with this model_id, latest per (key, dataset, run); None where nobody asked for them.
    """

    experiment_id: str
    model_id: str
    name: str
    artifact_location: str
    creation_timestamp: int
    last_updated_timestamp: int
    model_type: str | None = None
    source_run_id: str | None = None
    status: LoggedModelStatus = LoggedModelStatus.READY
    status_message: str | None = None
    tags: dict[str, str] = msgspec.field(default_factory=dict)
    params: dict[str, str] = msgspec.field(default_factory=dict)
    metrics: list[Metric] | None = None

    @property
    def model_uri(self) -> str:
        return f"models:/{self.model_id}"


class ModelOrder(msgspec.Struct, frozen=True):
    """One element of a logged-model search's order. field_name: an attribute or "metrics.KEY"."""

    field_name: str
    ascending: bool = True
    dataset_name: str | None = None
    dataset_digest: str | None = None


class DatasetFilter(msgspec.Struct, frozen=True):
    """digest None = any digest."""

    dataset_name: str
    dataset_digest: str | None = None
