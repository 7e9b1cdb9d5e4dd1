from __future__ import annotations

from typing import Any

import msgspec

from headrace.entities.dataset import DatasetInput
from headrace.entities.metric import Metric


class RunTag(msgspec.Struct, frozen=True, gc=False):
    key: str
    value: str


class RunInfo(msgspec.Struct, frozen=True):
    """status: a name of RunStatus. Times in ms since the epoch; end_time None while the run lives."""

    run_id: str
    experiment_id: str
    user_id: str
    status: str
    start_time: int
    end_time: int | None
    lifecycle_stage: str
    artifact_uri: str
    run_name: str

    @property
    def run_uuid(self) -> str:
        return self.run_id


class RunData(msgspec.Struct, frozen=True):
    """latest: one Metric per key, the greatest by (step, timestamp, value)."""

    latest: list[Metric] = msgspec.field(default_factory=list)
    params: dict[str, str] = msgspec.field(default_factory=dict)
    tags: dict[str, str] = msgspec.field(default_factory=dict)

    @property
    def metrics(self) -> dict[str, float]:
        return {metric.key: metric.value for metric in self.latest}

    def to_dictionary(self) -> dict[str, Any]:
        return {"metrics": self.metrics, "params": self.params, "tags": self.tags}


class LoggedModelInput(msgspec.Struct, frozen=True):
    model_id: str


class LoggedModelOutput(msgspec.Struct, frozen=True):
    model_id: str
    step: int = 0


class RunInputs(msgspec.Struct, frozen=True):
    dataset_inputs: list[DatasetInput] = msgspec.field(default_factory=list)
    model_inputs: list[LoggedModelInput] = msgspec.field(default_factory=list)


class RunOutputs(msgspec.Struct, frozen=True):
    model_outputs: list[LoggedModelOutput] = msgspec.field(default_factory=list)


class Run(msgspec.Struct, frozen=True):
    info: RunInfo
    data: RunData = msgspec.field(default_factory=RunData)
    inputs: RunInputs = msgspec.field(default_factory=RunInputs)
    outputs: RunOutputs = msgspec.field(default_factory=RunOutputs)

    def to_dictionary(self) -> dict[str, Any]:
        return {
            "info": msgspec.to_builtins(self.info) | {"run_uuid": self.info.run_id},
            "data": self.data.to_dictionary(),
            "inputs": msgspec.to_builtins(self.inputs),
            "outputs": msgspec.to_builtins(self.outputs),
        }


class Projection(msgspec.Struct, frozen=True):
    """What a run search returns beside info. None = every key, an empty list = none, else those keys."""

    metrics: list[str] | None = None
    params: list[str] | None = None
    tags: list[str] | None = None
    inputs: bool = True
