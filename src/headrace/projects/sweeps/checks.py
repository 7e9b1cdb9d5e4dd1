"""Whether an entry point takes what a sweep varies: before the first run is made, not at trial 17."""

from __future__ import annotations

from difflib import get_close_matches

from headrace.errors import InvalidValue
from headrace.projects.commands import command
from headrace.projects.mlproject import EntryPoint
from headrace.projects.parameters import check
from headrace.projects.runner import Ready
from headrace.projects.sweeps.plan import Plan
from headrace.projects.sweeps.space import Axis, Choices

_NUMBERS = {"float": ("float", "log", "int", "logint"), "int": ("int", "logint")}


def refuse_unfit(ready: Ready, entry_point: str, plan: Plan) -> None:
    """InvalidValue for a parameter that isn't declared, a range where text is wanted, a value of the wrong type."""
    point, space = ready.project.entry_point(entry_point), plan.space
    for name, axis in space.items():
        _refuse_undeclared(ready, point, name, list(space))
        if axis.kind is not None:
            _refuse_range(point, name, axis.kind, plan.texts[name])
    first = {name: _some(axis) for name, axis in space.items()}
    _check(ready, point, first)
    for name, axis in space.items():
        for value in axis.values if isinstance(axis, Choices) else ():
            _check(ready, point, {**first, name: value})


def _check(ready: Ready, point: EntryPoint, given: dict[str, str]) -> None:
    values = check(point, given, ready.source.folder)
    command(point, values.declared, values.extra)


def _refuse_undeclared(ready: Ready, point: EntryPoint, name: str, given: list[str]) -> None:
    # A script has no declarations: what it is given becomes --name value.
    if name in point.parameters or point.name not in ready.project.entry_points:
        return
    near = get_close_matches(name, [each for each in point.parameters if each not in given])
    hint = f" Did you mean {' or '.join(near)}?" if near else f" Declare it in {ready.project.path}."
    there = ", ".join(point.parameters) or "none"
    raise InvalidValue("-P", name, f"entry point {point.name!r} declares no such parameter; it has {there}.{hint}")


def _refuse_range(point: EntryPoint, name: str, kind: str, text: str) -> None:
    declared = point.parameters.get(name)
    if declared is None:
        return
    kinds = _NUMBERS.get(declared.type, ())
    if not kinds:
        raise InvalidValue(
            f"-P {name}",
            text,
            f"it is declared as {declared.type}, and a range holds numbers. Give values (a,b,c), declare it as float "
            f"or int, or write \\{text} to pass the text itself.",
        )
    if kind not in kinds:
        raise InvalidValue(
            f"-P {name}", text, f"it is declared as {declared.type}; ranges of it begin with {' or '.join(kinds)}."
        )


def _some(axis: Axis) -> str:
    return axis.values[0] if isinstance(axis, Choices) else axis.text_of(axis.low)
