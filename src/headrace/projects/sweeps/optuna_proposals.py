"""Optuna as the proposer. Its study lives in memory and is made again from the runs when a sweep goes on."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from headrace.lazy import optional_import
from headrace.projects.sweeps.plan import Plan
from headrace.projects.sweeps.proposals import Points
from headrace.projects.sweeps.space import Axis, Choices
from headrace.projects.sweeps.trial import Trial

if TYPE_CHECKING:
    import optuna
    from optuna.distributions import BaseDistribution

# Trials that end before anything is pruned, as many as Optuna's own default: fewer say too little of what is usual.
_TRIALS_BEFORE_PRUNING = 5


class ByOptuna:
    def __init__(self, plan: Plan, known: int) -> None:
        self._optuna: Any = optional_import("optuna", extra="sweep", why=f"for --sweep {plan.kind}")
        space = plan.space
        self._names = list(space)
        self._fixed = {
            name: axis.values[0] for name, axis in space.items() if isinstance(axis, Choices) and len(axis.values) == 1
        }
        self._axes = {name: axis for name, axis in space.items() if name not in self._fixed}
        self._distributions = {name: _distribution(self._optuna, axis) for name, axis in self._axes.items()}
        self._running: dict[int, optuna.Trial] = {}
        self._reported: dict[int, set[int]] = {}  # by trial: a step that is reported twice makes Optuna warn
        with _quiet(self._optuna):
            self._study: optuna.Study = self._optuna.create_study(
                direction=plan.direction,
                # Another seed for a sweep that goes on, lest its random first draws come again.
                sampler=_sampler(self._optuna, plan.sampler, (plan.seed + known) % (1 << 32)),
                pruner=_pruner(self._optuna, plan.pruner),
            )

    def propose(self, number: int, again: Mapping[str, str] | None = None) -> dict[str, str]:
        if again is not None:
            self._study.enqueue_trial(self._inner(again))
        trial = self._study.ask(fixed_distributions=self._distributions)
        self._running[number], self._reported[number] = trial, set()
        drawn = {name: _text(axis, trial.params[name]) for name, axis in self._axes.items()}
        return {name: drawn.get(name, self._fixed.get(name, "")) for name in self._names}

    def learn(self, trial: Trial, points: Points) -> None:
        self._report(trial.number, points)
        running = self._running.pop(trial.number)
        if trial.comparable:
            self._study.tell(running, trial.value)
        else:
            states = self._optuna.trial.TrialState
            self._study.tell(running, state=states.PRUNED if trial.state == "pruned" else states.FAIL)

    def remember(self, trial: Trial, points: Points) -> None:
        states = self._optuna.trial.TrialState
        state = states.COMPLETE if trial.comparable else states.PRUNED if trial.state == "pruned" else states.FAIL
        seen = {step: value for step, value in points if step >= 0}
        value = trial.value if trial.comparable else None
        if trial.state == "pruned" and seen:  # as `tell` does it
            value = seen[max(seen)]
        self._study.add_trial(
            self._optuna.trial.create_trial(
                state=state,
                value=value,
                params=self._inner(trial.parameters),
                distributions=self._distributions,
                intermediate_values=seen,
            )
        )

    def hopeless(self, number: int, points: Points) -> bool:
        if number not in self._running or sum(step >= 0 for step, _ in points) < 2:
            return False  # a metric without steps is a result, not a course
        self._report(number, points)
        return self._running[number].should_prune()

    def _report(self, number: int, points: Points) -> None:
        for step, value in points:
            if step >= 0 and step not in self._reported[number]:
                self._running[number].report(value, step)
                self._reported[number].add(step)

    def _inner(self, parameters: Mapping[str, str]) -> dict[str, Any]:
        """What Optuna calls these values."""
        return {name: _value(axis, parameters[name]) for name, axis in self._axes.items()}


def _distribution(optuna: Any, axis: Axis) -> BaseDistribution:
    made: BaseDistribution
    if isinstance(axis, Choices):
        if axis.kind:
            made = optuna.distributions.IntDistribution(0, len(axis.values) - 1)
        else:
            made = optuna.distributions.CategoricalDistribution(axis.values)
    elif axis.whole:
        made = optuna.distributions.IntDistribution(int(axis.low), int(axis.high), log=axis.logarithmic)
    else:
        made = optuna.distributions.FloatDistribution(axis.low, axis.high, log=axis.logarithmic)
    return made


def _text(axis: Axis, value: Any) -> str:
    if isinstance(axis, Choices):
        return axis.values[value] if axis.kind else str(value)
    return axis.text_of(value)


def _value(axis: Axis, text: str) -> Any:
    if isinstance(axis, Choices):
        return axis.values.index(text) if axis.kind else text
    return int(text) if axis.whole else float(text)


def _sampler(optuna: Any, name: str, seed: int) -> Any:
    samplers = optuna.samplers
    makers: dict[str, Callable[[], Any]] = {
        "tpe": lambda: samplers.TPESampler(seed=seed, constant_liar=True),
        "random": lambda: samplers.RandomSampler(seed=seed),
        "cmaes": lambda: samplers.CmaEsSampler(seed=seed),
        "gp": lambda: samplers.GPSampler(seed=seed),
        "qmc": lambda: samplers.QMCSampler(seed=seed, scramble=True),
        "nsgaii": lambda: samplers.NSGAIISampler(seed=seed),
    }
    for module in {"cmaes": ("cmaes",), "gp": ("scipy", "torch"), "qmc": ("scipy",)}.get(name, ()):
        optional_import(module, why=f"for Optuna's sampler {name!r}")
    return makers[name]()


def _pruner(optuna: Any, name: str) -> Any:
    pruners = optuna.pruners
    makers: dict[str, Callable[[], Any]] = {
        "none": pruners.NopPruner,
        "median": lambda: pruners.MedianPruner(n_startup_trials=_TRIALS_BEFORE_PRUNING),
        "hyperband": pruners.HyperbandPruner,
        "halving": pruners.SuccessiveHalvingPruner,
    }
    return makers[name]()


@contextmanager
def _quiet(optuna: Any) -> Iterator[None]:
    """Without Optuna's talk, which would go between the lines of ours: of studies it makes, of what is experimental."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        optuna.logging.set_verbosity(before)
