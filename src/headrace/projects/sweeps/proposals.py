"""Who says which parameters the next trial gets.

The n-th trial of a grid and of a random sweep depends on nothing but the plan, so a sweep that goes on later,
elsewhere, goes through the same trials. Optuna learns from those that ended.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from random import Random
from typing import Protocol

from headrace.projects.sweeps.plan import Plan
from headrace.projects.sweeps.space import values_of, varied
from headrace.projects.sweeps.trial import Trial

Points = Sequence[tuple[int, float]]
"""(step, value), of a metric, by step."""


class Proposer(Protocol):
    """Called by one thread at a time."""

    def propose(self, number: int, again: Mapping[str, str] | None = None) -> dict[str, str]:
        """Parameters of trial `number`. again: those it had when it was interrupted, to be had again."""
        ...

    def learn(self, trial: Trial, points: Points) -> None:
        """A proposed trial ended."""
        ...

    def remember(self, trial: Trial, points: Points) -> None:
        """A trial that ended before this process; in the order of their numbers, before the first proposal."""
        ...

    def hopeless(self, number: int, points: Points) -> bool:
        """Whether a running trial with these points of the metric should be ended."""
        ...


def proposer_of(plan: Plan, known: int = 0) -> Proposer:
    """known: how many trials ended before."""
    if plan.kind == "grid":
        return Grid(plan)
    if plan.kind == "random":
        return Randomly(plan)
    from headrace.projects.sweeps.optuna_proposals import ByOptuna

    return ByOptuna(plan, known)


class _Fixed:
    """What doesn't learn."""

    def learn(self, trial: Trial, points: Points) -> None:
        del trial, points

    def remember(self, trial: Trial, points: Points) -> None:
        del trial, points

    def hopeless(self, number: int, points: Points) -> bool:
        del number, points
        return False


class Grid(_Fixed):
    """Combinations in the order of nested loops, the last parameter's values going by quickest."""

    def __init__(self, plan: Plan) -> None:
        space = plan.space
        self._names = list(space)
        self._combinations = list(itertools.product(*(values_of(axis) for axis in space.values())))

    def propose(self, number: int, again: Mapping[str, str] | None = None) -> dict[str, str]:  # noqa: ARG002 — the same
        return dict(zip(self._names, self._combinations[number], strict=True))


class Randomly(_Fixed):
    def __init__(self, plan: Plan) -> None:
        self._space, self._seed = plan.space, plan.seed

    def propose(self, number: int, again: Mapping[str, str] | None = None) -> dict[str, str]:  # noqa: ARG002 — the same
        random = Random(f"{self._seed}/{number}")
        return {name: axis.draw(random) for name, axis in self._space.items()}


def varied_of(plan: Plan) -> list[str]:
    return varied(plan.space)
