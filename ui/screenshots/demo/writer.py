"""Runs that seem to have happened in the last days."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field

import headrace
from headrace.entities import Metric, Param

NOW_MS = int(time.time() * 1000)
HOUR_MS = 3_600_000
BATCH = 1000  # metrics that a request may bring


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a run is to say of itself. hours_ago: its start; minutes: how long it took, or has taken."""

    name: str
    hours_ago: float
    minutes: float
    params: dict[str, object]
    tags: dict[str, str] = field(default_factory=dict)
    status: str = "FINISHED"
    parent: str | None = None


@dataclass(frozen=True)
class Writer:
    experiment_id: str
    client: headrace.MlflowClient = field(default_factory=headrace.MlflowClient)

    def run(self, told: Told, points: Iterable[tuple[str, float, int]] = ()) -> str:
        start = NOW_MS - int(told.hours_ago * HOUR_MS)
        tags = {"mlflow.user": "mara", "mlflow.source.type": "LOCAL", **told.tags}
        if told.parent:
            tags["mlflow.parentRunId"] = told.parent
        run_id = self.client.create_run(self.experiment_id, start_time=start, tags=tags, run_name=told.name).info.run_id
        self.client.log_batch(run_id, params=[Param(key, str(value)) for key, value in told.params.items()])
        self.points(run_id, start, told.minutes, list(points))
        if told.status != "RUNNING":
            self.client.set_terminated(run_id, told.status, start + int(told.minutes * 60_000))
        return str(run_id)

    def points(self, run_id: str, start: int, minutes: float, points: list[tuple[str, float, int]]) -> None:
        """Spread over the run's time by their steps."""
        last: dict[str, int] = {}
        for key, _, step in points:
            last[key] = max(step, last.get(key, 1))
        made = [
            Metric(key, value, start + int(minutes * 60_000 * step / max(last[key], 1)), step)
            for key, value, step in points
        ]
        for at in range(0, len(made), BATCH):
            self.client.log_batch(run_id, metrics=made[at : at + BATCH])


def experiment(name: str, description: str, **tags: str) -> Writer:
    client = headrace.MlflowClient()
    return Writer(client.create_experiment(name, tags={"mlflow.note.content": description, **tags}), client)
