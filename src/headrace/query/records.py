"""What a filter or an order reads of a record: one small adapter per resource behind `Searchable`."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from headrace.entities import DatasetFilter, Experiment, LoggedModel, Metric, ModelVersion, RegisteredModel, Run
from headrace.query.ast import Entity, Filter, OrderKey

Scalar = str | int | float

LARGEST_FLOAT = 1.7976931348623157e308
DATASET_CONTEXT_TAG = "mlflow.data.context"
PROMPT_TAG = "mlflow.prompt.is_prompt"


class Searchable(Protocol):
    def values(self, entity: Entity, key: str) -> Sequence[Scalar]:
        """All values that a comparison may be satisfied by; none = absent."""
        ...

    def order_value(self, key: OrderKey) -> Scalar | None:
        """None = missing."""
        ...


def clamped(value: float) -> float:
    """±inf as ±1.7976931348623157e308, as MLflow stores and returns it; NaN stays."""
    return max(-LARGEST_FLOAT, min(LARGEST_FLOAT, value)) if math.isinf(value) else value


class SearchableRun:
    """A run with all of its metrics, params, tags and inputs."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.metrics = run.data.metrics

    def values(self, entity: Entity, key: str) -> Sequence[Scalar]:
        if entity == "dataset":
            return _dataset_values(self.run, key)
        value = self.one(entity, key)
        return () if value is None else (value,)

    def order_value(self, key: OrderKey) -> Scalar | None:
        return self.one(key.entity, key.key)

    def one(self, entity: Entity, key: str) -> Scalar | None:
        if entity == "metric":
            value = self.metrics.get(key)
            return None if value is None else clamped(value)
        if entity == "param":
            return self.run.data.params.get(key)
        if entity == "tag":
            return self.run.data.tags.get(key)
        return _RUN_ATTRIBUTES[key](self.run)


_RUN_ATTRIBUTES: dict[str, Callable[[Run], Scalar | None]] = {
    "run_id": lambda run: run.info.run_id,
    "run_name": lambda run: run.info.run_name,
    "status": lambda run: run.info.status,
    "artifact_uri": lambda run: run.info.artifact_uri,
    "user_id": lambda run: run.info.user_id,
    "start_time": lambda run: run.info.start_time,
    "end_time": lambda run: run.info.end_time,
}


def _dataset_values(run: Run, key: str) -> list[Scalar]:
    inputs = run.inputs.dataset_inputs
    if key == "name":
        return [each.dataset.name for each in inputs]
    if key == "digest":
        return [each.dataset.digest for each in inputs]
    return [tag.value for each in inputs for tag in each.tags if tag.key == DATASET_CONTEXT_TAG]


class SearchableExperiment:
    def __init__(self, experiment: Experiment) -> None:
        self.experiment = experiment

    def values(self, entity: Entity, key: str) -> Sequence[Scalar]:
        if entity == "attribute" and key == "experiment_id":
            return (self.experiment.experiment_id,)
        value = self.one(entity, key)
        return () if value is None else (value,)

    def order_value(self, key: OrderKey) -> Scalar | None:
        return self.one(key.entity, key.key)

    def one(self, entity: Entity, key: str) -> Scalar | None:
        experiment = self.experiment
        if entity == "tag":
            return experiment.tags.get(key)
        attributes: dict[str, Scalar | None] = {
            "name": experiment.name,
            "experiment_id": int(experiment.experiment_id),
            "creation_time": experiment.creation_time,
            "last_update_time": experiment.last_update_time,
        }
        return attributes[key]


class SearchableModel:
    """A logged model. points: every point that was logged with its id, run_id set; a comparison on a metric holds if
    any of them satisfies it. datasets: only points measured on one of these count; none = all points."""

    def __init__(
        self, model: LoggedModel, points: Sequence[Metric] = (), datasets: Sequence[DatasetFilter] = ()
    ) -> None:
        self.model, self.points = model, points
        self.counted = [point for point in points if on_any(point, datasets)] if datasets else points

    def values(self, entity: Entity, key: str) -> Sequence[Scalar]:
        if entity == "metric":
            return [clamped(point.value) for point in self.counted if point.key == key]
        value = self.one(entity, key)
        if value is None:
            return ()
        return (str(value),) if key in ("status", "experiment_id") and entity == "attribute" else (value,)

    def order_value(self, key: OrderKey) -> Scalar | None:
        if key.entity != "metric":
            return self.one(key.entity, key.key)
        measured = [
            point
            for point in self.points
            if point.key == key.key
            and (key.dataset_name is None or point.dataset_name == key.dataset_name)
            and (key.dataset_digest is None or point.dataset_digest == key.dataset_digest)
        ]
        if not measured:
            return None
        # Newest by (timestamp, step), then the least run_id, then the greatest value.
        newest = max((point.timestamp, point.step) for point in measured)
        measured = [point for point in measured if (point.timestamp, point.step) == newest]
        first_run = min(point.run_id or "" for point in measured)
        return max((clamped(point.value) for point in measured if (point.run_id or "") == first_run), key=float_rank)

    def one(self, entity: Entity, key: str) -> Scalar | None:
        model = self.model
        if entity == "param":
            return model.params.get(key)
        if entity == "tag":
            return model.tags.get(key)
        attributes: dict[str, Scalar | None] = {
            "name": model.name,
            "model_id": model.model_id,
            "model_type": model.model_type,
            "status": int(model.status),
            "source_run_id": model.source_run_id,
            "experiment_id": int(model.experiment_id),
            "artifact_location": model.artifact_location,
            "lifecycle_stage": "active",  # a deleted model is never searched
            "creation_timestamp": model.creation_timestamp,
            "last_updated_timestamp": model.last_updated_timestamp,
        }
        return attributes[key]


class SearchableRegisteredModel:
    def __init__(self, model: RegisteredModel) -> None:
        self.model = model

    def values(self, entity: Entity, key: str) -> Sequence[Scalar]:
        return _registry_values(self.model.tags, self.one, entity, key)

    def order_value(self, key: OrderKey) -> Scalar | None:
        return self.one(key.key)

    def one(self, key: str) -> Scalar:
        return self.model.name if key == "name" else self.model.last_updated_timestamp


class SearchableModelVersion:
    def __init__(self, version: ModelVersion) -> None:
        self.version = version

    def values(self, entity: Entity, key: str) -> Sequence[Scalar]:
        if (entity, key) == ("attribute", "digest"):
            return () if self.version.digest is None else (self.version.digest,)
        return _registry_values(self.version.tags, self.one, entity, key)

    def order_value(self, key: OrderKey) -> Scalar | None:
        return self.one(key.key)

    def one(self, key: str) -> Scalar:
        version = self.version
        attributes: dict[str, Scalar] = {
            "name": version.name,
            "run_id": version.run_id or "",  # a run that was never set is found by ''
            "source_path": version.source,
            "version_number": int(version.version),
            "creation_timestamp": version.creation_timestamp,
            "last_updated_timestamp": version.last_updated_timestamp,
        }
        return attributes[key]


def _registry_values(
    tags: Mapping[str, str], attribute: Callable[[str], Scalar], entity: Entity, key: str
) -> Sequence[Scalar]:
    if entity != "tag":
        return (attribute(key),)
    if key == PROMPT_TAG:
        return ("true" if is_prompt(tags) else "false",)
    value = tags.get(key)
    return () if value is None else (value,)


def is_prompt(tags: Mapping[str, str]) -> bool:
    return tags.get(PROMPT_TAG) == "true"


def asks_for_prompts(filter: Filter) -> bool:
    """Otherwise a search of registered models or versions leaves prompts out, as if they weren't there. Whoever isn't
    one counts as having the tag with value "false"."""
    return any(
        each.entity == "tag" and each.key == PROMPT_TAG and (each.op, each.value) in (("=", "true"), ("!=", "false"))
        for each in filter.comparisons
    )


def on_any(point: Metric, datasets: Sequence[DatasetFilter]) -> bool:
    return any(
        point.dataset_name == each.dataset_name
        and (each.dataset_digest is None or point.dataset_digest == each.dataset_digest)
        for each in datasets
    )


def float_rank(value: float) -> tuple[int, float]:
    """Sorts NaN after every number."""
    return (1, 0.0) if math.isnan(value) else (0, value)


def searchable(record: Run | Experiment | LoggedModel | Searchable) -> Searchable:
    """A LoggedModel is read without its points; give a SearchableModel where metrics matter."""
    if isinstance(record, Run):
        return SearchableRun(record)
    if isinstance(record, Experiment):
        return SearchableExperiment(record)
    if isinstance(record, LoggedModel):
        return SearchableModel(record, record.metrics or ())
    return record
