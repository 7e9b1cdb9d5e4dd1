"""The data of a memory store: mutable rows behind one lock, from which frozen records are made for callers."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from headrace.entities import (
    AccessToken,
    Dataset,
    DatasetInput,
    Experiment,
    InputTag,
    LifecycleStage,
    LoggedModel,
    LoggedModelInput,
    LoggedModelOutput,
    ManifestEntry,
    Metric,
    ParamCorrection,
    Rewind,
    Run,
    RunData,
    RunInfo,
    RunInputs,
    RunOutputs,
    User,
    Webhook,
    WebhookDelivery,
)
from headrace.errors import NotFound
from headrace.stores import checks, locations
from headrace.stores.memory.registry_rows import RegisteredModelRow
from headrace.stores.sampling import PointKey, by_step, by_time


class Series:
    """The points of one (run, key): exact repeats once."""

    def __init__(self) -> None:
        self.points: dict[PointKey, Metric] = {}
        self.latest: Metric | None = None

    def add(self, point: Metric) -> None:
        self.points.setdefault(by_time(point), point)
        if self.latest is None or by_step(point) > by_step(self.latest):
            self.latest = point

    def cut(self, first_step: int, last_step: int) -> list[Metric]:
        """Takes out the points of these steps, both included."""
        gone = [point for point in self.points.values() if first_step <= point.step <= last_step]
        for point in gone:
            del self.points[by_time(point)]
        self.latest = max(self.points.values(), key=by_step, default=None)
        return gone

    def by_time(self) -> list[Metric]:
        return [self.points[key] for key in sorted(self.points)]

    def by_step(self) -> list[Metric]:
        return sorted(self.points.values(), key=by_step)


class Lease(NamedTuple):
    """until_ms None: it was over, and the run was ended."""

    owner: str
    heartbeat_ms: int
    until_ms: int | None
    lost_status: str


class RunRow:
    """changed: the state's version at the run's last write. joined: when writers of journals have opened the run.
    hidden: by rewind and key; hidden_of_models: the same points as they were logged with models."""

    def __init__(self, info: RunInfo, tags: dict[str, str]) -> None:
        self.info = info
        self.tags = tags
        self.params: dict[str, str] = {}
        self.series: dict[str, Series] = {}
        self.datasets: dict[tuple[str, str], list[InputTag]] = {}
        self.model_inputs: list[str] = []
        self.model_outputs: list[LoggedModelOutput] = []
        self.joined: dict[str, int] = {}
        self.rewinds: list[Rewind] = []
        self.hidden: dict[tuple[int, str], Series] = {}
        self.hidden_of_models: dict[int, dict[ModelPoint, Metric]] = {}
        self.corrections: list[ParamCorrection] = []
        self.changed = 0
        self.lease: Lease | None = None

    def data(self) -> RunData:
        latest = [series.latest for series in self.series.values() if series.latest is not None]
        return RunData(latest=latest, params=dict(self.params), tags=dict(self.tags))


ModelPoint = tuple[PointKey, str, str | None, str | None, str | None, str | None]


def model_point(point: Metric) -> ModelPoint:
    """Equal for repeats."""
    return by_time(point), point.key, point.dataset_name, point.dataset_digest, point.run_id, point.model_id


class ModelRow:
    """points: all that were logged with the model's id, run_id set."""

    def __init__(self, model: LoggedModel) -> None:
        self.model = model
        self.points: dict[ModelPoint, Metric] = {}
        self.deleted = False

    def add(self, point: Metric) -> None:
        self.points.setdefault(model_point(point), point)

    def record(self) -> LoggedModel:
        latest: dict[tuple[str, str | None, str | None, str | None], Metric] = {}
        for point in self.points.values():
            where = (point.key, point.dataset_name, point.dataset_digest, point.run_id)
            if where not in latest or by_step(point) > by_step(latest[where]):
                latest[where] = point
        return msgspec.structs.replace(
            self.model,
            tags=dict(self.model.tags),
            params=dict(self.model.params),
            metrics=list(latest.values()),
        )


class State:
    """Every method that reads or writes holds `lock`. version counts writes to runs."""

    def __init__(self, artifact_root: str) -> None:
        self.artifact_root = locations.checked(artifact_root)
        self.lock = threading.RLock()
        self.experiments: dict[int, Experiment] = {}
        self.runs: dict[str, RunRow] = {}
        self.datasets: dict[tuple[str, str, str], Dataset] = {}
        self.models: dict[str, ModelRow] = {}
        self.manifest: dict[tuple[str, str], ManifestEntry] = {}
        self.users: dict[str, User] = {}
        self.tokens: dict[str, AccessToken] = {}
        self.registered_models: list[RegisteredModelRow] = []
        self.last_event = 0  # of any registered model
        self.webhooks: dict[str, Webhook] = {}
        self.deliveries: dict[str, WebhookDelivery] = {}
        self.marks: dict[str, int] = {}  # of journals, by writer
        self.last_rewind = 0  # of any run
        self.next_experiment = 0
        self.version = 0

    def touch(self, row: RunRow) -> None:
        self.version += 1
        row.changed = self.version

    def experiment(self, experiment_id: str) -> Experiment:
        found = self.experiments.get(checks.experiment_number(experiment_id))
        if found is None:
            raise NotFound("experiment", experiment_id)
        return found

    def active_experiment(self, experiment_id: str) -> Experiment:
        found = self.experiment(experiment_id)
        checks.active_experiment(found.experiment_id, found.lifecycle_stage)
        return found

    def run(self, run_id: str) -> RunRow:
        found = self.runs.get(run_id)
        if found is None:
            raise NotFound("run", run_id)
        return found

    def active_run(self, run_id: str) -> RunRow:
        found = self.run(run_id)
        checks.active_run(run_id, found.info.lifecycle_stage)
        return found

    def runs_of(self, numbers: Iterable[int]) -> list[RunRow]:
        wanted = set(numbers)
        return [row for row in self.runs.values() if int(row.info.experiment_id) in wanted]

    def set_stage(self, row: RunRow, stage: str) -> None:
        row.info = msgspec.structs.replace(row.info, lifecycle_stage=stage)
        self.touch(row)

    def model(self, model_id: str, allow_deleted: bool = False) -> ModelRow:
        found = self.models.get(model_id)
        if found is None or (found.deleted and not allow_deleted):
            raise NotFound("logged model", model_id)
        return found

    def record(self, row: RunRow) -> Run:
        inputs = [
            DatasetInput(self.datasets[row.info.experiment_id, name, digest], list(tags))
            for (name, digest), tags in row.datasets.items()
        ]
        return Run(
            info=row.info,
            data=row.data(),
            inputs=RunInputs(inputs, [LoggedModelInput(model_id) for model_id in row.model_inputs]),
            outputs=RunOutputs(list(row.model_outputs)),
        )


ACTIVE, DELETED = LifecycleStage.ACTIVE, LifecycleStage.DELETED
