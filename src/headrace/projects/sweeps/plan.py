"""What a sweep is to do, checked; kept in the tags of its parent run, so that it can go on from anywhere."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import msgspec

from headrace import clock
from headrace.entities.limits import MAX_RUN_TAG_VALUE_CHARS
from headrace.errors import InvalidValue
from headrace.projects.sweeps.space import Range, Space, space_of, values_of

Kind = Literal["grid", "random", "optuna"]
Direction = Literal["minimize", "maximize"]

SAMPLERS = ("tpe", "random", "cmaes", "gp", "qmc", "nsgaii")
PRUNERS = ("none", "median", "hyperband", "halving")
MAX_TRIALS = 100_000  # runs that one parent bears, and more than anybody waits for
_KINDS = f"allowed are grid, random:N, optuna and optuna:SAMPLER with one of {', '.join(SAMPLERS)}."
_PLAN_TAG = "headrace.sweep.plan"
KIND_TAG = "headrace.sweep"


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """texts: of the parameters, as `space` reads them. trials: how many there are in all. metric: what is compared,
    its last value; None: nothing is. seed: of everything that is drawn."""

    kind: Kind
    texts: dict[str, str]
    trials: int
    metric: str | None = None
    direction: Direction | None = None
    sampler: str = "tpe"
    pruner: str = "none"
    seed: int = 0

    @property
    def space(self) -> Space:
        return space_of(self.texts)

    def better(self, one: float, other: float) -> bool:
        return one < other if self.direction == "minimize" else one > other

    def as_tags(self) -> dict[str, str]:
        text = msgspec.json.encode(self).decode()
        if len(text) > MAX_RUN_TAG_VALUE_CHARS:
            raise InvalidValue(
                message=f"The sweep's parameters take {len(text):,} characters; a run keeps at most "
                f"{MAX_RUN_TAG_VALUE_CHARS:,}. Give fewer values, or a range."
            )
        return {KIND_TAG: self.kind, _PLAN_TAG: text}


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What a caller says of a sweep, unchecked. None: not said."""

    kind: str
    trials: int | None = None
    metric: str | None = None
    direction: Direction | None = None
    pruner: str | None = None
    seed: int | None = None


def plan_of(wishes: Wishes, texts: Mapping[str, str]) -> Plan:
    """InvalidValue names what contradicts, with the way out."""
    kind, sampler, counted = _kind(wishes.kind)
    space = space_of(texts)
    if (wishes.metric is None) != (wishes.direction is None):
        raise InvalidValue(
            message=f"A sweep compares one metric: --metric {wishes.metric or 'NAME'} with --minimize or --maximize."
        )
    if kind == "optuna" and wishes.metric is None:
        raise InvalidValue(
            "--sweep", wishes.kind, "it needs to know what to improve: --metric NAME with --minimize or --maximize."
        )
    pruner = wishes.pruner or ("median" if kind == "optuna" else "none")
    if pruner not in PRUNERS:
        raise InvalidValue("--pruner", pruner, f"allowed are {', '.join(PRUNERS)}.")
    if pruner != "none" and kind != "optuna":
        raise InvalidValue("--pruner", pruner, "only Optuna prunes; write --sweep optuna, or optuna:random.")
    seed = wishes.seed if wishes.seed is not None else int(clock.hex_id()[:8], 16)
    if not 0 <= seed < 1 << 32:
        raise InvalidValue("--seed", seed, "a whole number from 0 to 4294967295.")
    return Plan(
        kind=kind,
        texts=dict(texts),
        trials=_trials(kind, space, counted, wishes),
        metric=wishes.metric,
        direction=wishes.direction,
        sampler=sampler,
        pruner=pruner,
        seed=seed,
    )


def extended(plan: Plan, trials: int | None) -> Plan:
    """With another number of trials, for a sweep that goes on."""
    if trials is None or trials == plan.trials:
        return plan
    if plan.kind == "grid":
        raise InvalidValue("--trials", trials, f"a grid has as many as it has combinations: {plan.trials}.")
    return msgspec.structs.replace(plan, trials=_in_bounds("--trials", trials))


def plan_from(tags: Mapping[str, str]) -> Plan | None:
    """Of a parent run; None for a run that is no sweep's."""
    text = tags.get(_PLAN_TAG)
    if text is None:
        return None
    try:
        return msgspec.json.decode(text, type=Plan)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise InvalidValue(message=f"Tag {_PLAN_TAG!r} of the run holds no plan of a sweep: {error}.") from error


def _kind(text: str) -> tuple[Kind, str, int | None]:
    """(kind, sampler, number behind the colon)."""
    kind, colon, rest = text.partition(":")
    if kind not in get_args(Kind) or (kind == "grid" and colon):
        raise InvalidValue("--sweep", text, _KINDS)
    if kind == "random" and colon:
        if not rest.isdecimal() or not rest.isascii():
            raise InvalidValue("--sweep", text, "after random: stands the number of trials, such as random:20.")
        return "random", "random", _in_bounds("--sweep", int(rest))
    if kind == "optuna" and colon and rest not in SAMPLERS:
        raise InvalidValue("--sweep", text, f"samplers are {', '.join(SAMPLERS)}.")
    return ("grid" if kind == "grid" else "random" if kind == "random" else "optuna"), rest or "tpe", None


def _trials(kind: Kind, space: Space, counted: int | None, wishes: Wishes) -> int:
    if kind == "grid":
        combinations = _combinations(space)
        if wishes.trials is not None:
            raise InvalidValue("--trials", wishes.trials, f"a grid has one trial for each combination: {combinations}.")
        return _in_bounds("--sweep", combinations, f"a grid of {combinations:,} combinations is too large;")
    if counted is not None and wishes.trials not in (None, counted):
        raise InvalidValue("--trials", wishes.trials, f"--sweep {wishes.kind} says {counted}; give one of them.")
    trials = counted if counted is not None else wishes.trials
    if trials is None:
        way = "random:N" if kind == "random" else f"--sweep {wishes.kind} --trials N"
        raise InvalidValue("--sweep", wishes.kind, f"say how many trials it has: {way}.")
    return _in_bounds("--trials", trials)


def _in_bounds(field: str, trials: int, what: str = "") -> int:
    if not 1 <= trials <= MAX_TRIALS:
        raise InvalidValue(field, trials, f"{what} a sweep has 1 to {MAX_TRIALS:,} trials.".strip())
    return trials


def _combinations(space: Space) -> int:
    for name, axis in space.items():
        if isinstance(axis, Range) and not (axis.whole and not axis.logarithmic):
            raise InvalidValue(
                f"-P {name}",
                axis.text,
                f"a grid takes values one by one, so give the range a step ({axis.text}/{_step_for(axis)}), or draw "
                "from it: --sweep random:N.",
            )
    return math.prod(len(values_of(axis)) for axis in space.values())


def _step_for(axis: Range) -> str:
    if axis.logarithmic:
        return "10" if axis.high >= 100 * axis.low and not axis.whole else "2"
    return f"{(axis.high - axis.low) / 4:g}"
