"""One trial of a sweep: a run below the sweep's, told from others by its tags."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from headrace.entities import Run, RunTag

State = Literal["running", "finished", "failed", "pruned", "interrupted"]
"""interrupted: ended by whoever ended the sweep, or left behind by one that died; it is run again."""

NUMBER_TAG = "headrace.sweep.trial"
PARAMETERS_TAG = "headrace.sweep.parameters"
STATE_TAG = "headrace.sweep.state"
REASON_TAG = "headrace.sweep.reason"
_BY_STATUS: dict[str, State] = {"FINISHED": "finished", "FAILED": "failed", "KILLED": "interrupted"}
# What the status doesn't tell: a trial killed because it was hopeless, one that finished without its metric.
_BY_TAG: dict[str, State] = {"pruned": "pruned", "failed": "failed"}


@dataclass(frozen=True, kw_only=True)
class Trial:
    """number: from 0. parameters: of the sweep, as the command gets them. value: of the plan's metric. reason: of a
    state that the run's status doesn't explain. unmeasured: its command succeeded and logged no such metric."""

    number: int
    parameters: Mapping[str, str]
    run_id: str
    run_name: str = ""
    state: State = "running"
    value: float | None = None
    reason: str = ""
    duration_ms: int | None = None
    unmeasured: bool = False

    @property
    def comparable(self) -> bool:
        return self.state == "finished" and self.value is not None and not math.isnan(self.value)

    @property
    def ended(self) -> bool:
        """For good: it isn't run again."""
        return self.state in ("finished", "failed", "pruned")


def tags_of(number: int, parameters: Mapping[str, str]) -> dict[str, str]:
    """What the run of a trial is made with."""
    return {NUMBER_TAG: str(number), PARAMETERS_TAG: json.dumps(dict(parameters), ensure_ascii=False)}


def reason_tags(state: str, reason: str) -> list[RunTag]:
    return [RunTag(STATE_TAG, state), RunTag(REASON_TAG, reason)]


def trial_of(run: Run, metric: str | None) -> Trial | None:
    """As its run tells it; None for a run that is no trial. State "running" is a run that nobody has ended."""
    tags = run.data.tags
    if NUMBER_TAG not in tags:
        return None
    return Trial(
        number=int(tags[NUMBER_TAG]),
        parameters=json.loads(tags.get(PARAMETERS_TAG, "{}")),
        run_id=run.info.run_id,
        run_name=run.info.run_name,
        state=_BY_TAG.get(tags.get(STATE_TAG, "")) or _BY_STATUS.get(run.info.status, "running"),
        value=None if metric is None else run.data.metrics.get(metric),
        reason=tags.get(REASON_TAG, ""),
        duration_ms=None if run.info.end_time is None else run.info.end_time - run.info.start_time,
    )
