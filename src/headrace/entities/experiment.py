from __future__ import annotations

import msgspec


class ExperimentTag(msgspec.Struct, frozen=True):
    key: str
    value: str


class Experiment(msgspec.Struct, frozen=True):
    """experiment_id: decimal digits. Times in ms since the epoch."""

    experiment_id: str
    name: str
    artifact_location: str
    lifecycle_stage: str = "active"
    tags: dict[str, str] = msgspec.field(default_factory=dict)
    creation_time: int | None = None
    last_update_time: int | None = None
