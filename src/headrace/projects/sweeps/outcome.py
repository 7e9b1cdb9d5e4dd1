"""What became of a sweep: its trials, their counts, the best of them."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from headrace.projects.sweeps.plan import Plan
from headrace.projects.sweeps.space import varied
from headrace.projects.sweeps.trial import Trial


@dataclass(frozen=True, kw_only=True)
class Counts:
    """running: at this moment."""

    total: int
    finished: int = 0
    failed: int = 0
    pruned: int = 0
    running: int = 0

    @classmethod
    def of(cls, plan: Plan, states: Mapping[str, int], running: int = 0) -> Counts:
        """states: how many trials have each."""
        numbers = {name: states.get(name, 0) for name in ("finished", "failed", "pruned")}
        return cls(total=plan.trials, running=running, **numbers)

    @property
    def ended(self) -> int:
        return self.finished + self.failed + self.pruned


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How far a sweep is. here: trials that ended since it began or went on, in elapsed_ms."""

    counts: Counts
    best: Trial | None
    here: int
    elapsed_ms: int


@dataclass(frozen=True, kw_only=True)
class SweepResult:
    """run_id: of the parent. trials: those that ended, by their numbers; the interrupted ones after them."""

    run_id: str
    plan: Plan
    trials: tuple[Trial, ...]

    @property
    def best(self) -> Trial | None:
        return best_of(self.plan, self.trials)

    @property
    def counts(self) -> Counts:
        return Counts.of(self.plan, Counter(trial.state for trial in self.trials))

    @property
    def complete(self) -> bool:
        return self.counts.ended == self.plan.trials

    def ranked(self) -> list[Trial]:
        """The best first, then those without a value by their numbers; without a metric all by their numbers."""
        compared = [trial for trial in self.trials if trial.comparable]
        rest = [trial for trial in self.trials if not trial.comparable]
        order = functools.cmp_to_key(functools.partial(_compared, self.plan))
        return [*sorted(compared, key=order), *sorted(rest, key=lambda trial: trial.number)]

    def columns(self) -> list[str]:
        """Names of the parameters that vary."""
        return varied(self.plan.space)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        best, counts = self.best, self.counts
        return {
            "run_id": self.run_id,
            "sweep": self.plan.kind,
            "parameters": self.plan.texts,
            "metric": self.plan.metric,
            "direction": self.plan.direction,
            "seed": self.plan.seed,
            "counts": {
                "total": counts.total,
                "finished": counts.finished,
                "failed": counts.failed,
                "pruned": counts.pruned,
            },
            "best": None if best is None else _record(best),
            "trials": [_record(trial) for trial in self.ranked()],
        }


def best_of(plan: Plan, trials: Iterable[Trial]) -> Trial | None:
    """Of those with a value; the earliest of equals."""
    best: Trial | None = None
    for trial in sorted(trials, key=lambda trial: trial.number):
        if not trial.comparable:
            continue
        assert trial.value is not None
        if best is None or (best.value is not None and plan.better(trial.value, best.value)):
            best = trial
    return best


def _compared(plan: Plan, one: Trial, other: Trial) -> int:
    assert one.value is not None
    assert other.value is not None
    if plan.metric is None or one.value == other.value:
        return one.number - other.number
    return -1 if plan.better(one.value, other.value) else 1


def _record(trial: Trial) -> dict[str, Any]:
    return {
        "trial": trial.number,
        "run_id": trial.run_id,
        "state": trial.state,
        "value": trial.value,
        "parameters": dict(trial.parameters),
        "duration_ms": trial.duration_ms,
        "reason": trial.reason or None,
    }
