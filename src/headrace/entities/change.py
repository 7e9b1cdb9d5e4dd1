from __future__ import annotations

from typing import Literal

import msgspec

KeyKind = Literal["metrics", "params", "tags"]


class RunChange(msgspec.Struct, frozen=True):
    """version: of the run's last write; another one after the next. None where the store doesn't say.
    rewinds: how often the run went on from an earlier step, which hides points that were seen."""

    run_id: str
    experiment_id: str
    version: int | None = None
    rewinds: int = 0


class Changes(msgspec.Struct, frozen=True):
    """Runs that changed after a cursor, each once. cursor: opaque, for the next call. more: ask again at once."""

    cursor: str
    runs: list[RunChange]
    more: bool = False


class MetricSummary(msgspec.Struct, frozen=True):
    """Over the latest values of a group's runs; NaN values are counted in `count` only."""

    count: int
    minimum: float | None
    maximum: float | None
    mean: float | None


class RunGroup(msgspec.Struct, frozen=True):
    """Runs that share the values of the group keys ("params.model", "tags.team"); None where a run has no value."""

    values: list[str | None]
    run_count: int
    metrics: dict[str, MetricSummary] = msgspec.field(default_factory=dict)
