"""Frames against a schema of columns.

Work is by column and by dtype, never by cell, except in columns of Python objects. `ColumnPlan`, kept on the schema,
remembers for each tuple of dtypes that it has seen what there is to do; mostly nothing, and then the very frame is
handed on. What runs a user's code on it, which may write to its input, makes a shallow copy first.
"""

from __future__ import annotations

import enum
import itertools
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from headrace.lazy import optional_import
from headrace.packaging.enforce import objects
from headrace.packaging.enforce.mismatch import SchemaMismatch, Wrong
from headrace.packaging.enforce.rules import Rule, rule_for, rule_for_dtype
from headrace.packaging.enforce.values import enforce_nested
from headrace.packaging.schema import ColSpec, Schema
from headrace.packaging.types import AnyType, DataType

_MOST_DTYPES_KEPT = 64  # tuples of dtypes that a plan remembers; a model sees one or two
_FEW_COLUMNS = 4  # up to here columns are set one by one; above, all of one dtype are cast at once


class Task(enum.Enum):
    CAST = enum.auto()
    ZERO_ONE = enum.auto()
    LOOK = enum.auto()
    NULLABLE = enum.auto()  # pandas' own types, which tell missing values apart
    NESTED = enum.auto()
    REFUSE = enum.auto()


@dataclass(frozen=True, slots=True)
class Step:
    """What one column needs, done by itself."""

    position: int
    task: Task
    spec: ColSpec
    place: str


class Program:
    """What a frame of certain dtypes needs. casts: by target, positions of columns that are cast together."""

    def __init__(self, steps: list[Step]) -> None:
        self.alone = [step for step in steps if step.task not in (Task.CAST, Task.ZERO_ONE)]
        self.flags = [step for step in steps if step.task is Task.ZERO_ONE]
        self.casts: dict[np.dtype[Any], list[int]] = {}
        for step in steps:
            if step.task in (Task.CAST, Task.ZERO_ONE) and isinstance(step.spec.type, DataType):
                self.casts.setdefault(step.spec.type.to_numpy(), []).append(step.position)

    def __bool__(self) -> bool:
        return bool(self.alone or self.casts)


class ColumnPlan:
    """What a schema of columns asks, ready for many frames. Threads may share it: the worst is work done twice."""

    def __init__(self, specs: Sequence[ColSpec]) -> None:
        self.specs = list(specs)
        self.named = self.specs[0].name is not None
        self.names = [one.name for one in self.specs]
        pandas = optional_import("pandas", extra="pandas", why="input in columns")
        self.index = pandas.Index(self.names, tupleize_cols=False)
        self._slow = frozenset((pandas.StringDtype, pandas.CategoricalDtype))
        self._programs: dict[tuple[Any, ...], Program] = {}
        self._parts: dict[tuple[int, ...], ColumnPlan] = {}

    @classmethod
    def of(cls, schema: Schema) -> ColumnPlan:
        return cls(schema.inputs)

    def part(self, present: tuple[int, ...]) -> ColumnPlan:
        """Of the columns that are there, where optional ones are not."""
        if present not in self._parts:
            self._parts[present] = ColumnPlan([self.specs[place] for place in present])
        return self._parts[present]

    def program(self, frame: Any) -> Program:
        dtypes = frame.dtypes.tolist()
        slow = self._slow
        key = tuple([_key(dtype) if type(dtype) in slow else dtype for dtype in dtypes])
        found = self._programs.get(key)
        if found is None:
            tasks = [_task(dtype, spec) for spec, dtype in zip(self.specs, dtypes, strict=True)]
            steps = [
                Step(position, task, spec, f"column {spec.name!r}" if self.named else f"column {position}")
                for position, (task, spec) in enumerate(zip(tasks, self.specs, strict=True))
                if task is not None
            ]
            if len(self._programs) >= _MOST_DTYPES_KEPT:
                self._programs.clear()
            found = self._programs[key] = Program(steps)
        return found


def _key(dtype: Any) -> Any:
    """Of a type whose hash takes long: text, and categories, which are hashed one by one."""
    return (type(dtype), dtype.categories.dtype if hasattr(dtype, "categories") else None)


def _task(dtype: Any, spec: ColSpec) -> Task | None:
    wanted = spec.type
    if isinstance(wanted, AnyType):
        return None
    if not isinstance(wanted, DataType):
        return Task.NESTED
    if isinstance(dtype, np.dtype):
        rule = rule_for_dtype(dtype, wanted)
    else:
        return _task_of_extension(dtype, wanted)
    return None if rule is Rule.KEEP else Task[rule.name]


def _task_of_extension(dtype: Any, wanted: DataType) -> Task | None:
    family = type(dtype).__name__
    if family == "StringDtype":
        if wanted in (DataType.string, DataType.binary):
            return None
        return Task.LOOK if wanted is DataType.datetime else Task.REFUSE
    if family == "CategoricalDtype":
        if wanted is DataType.binary:
            return Task.REFUSE
        inner = dtype.categories.dtype
        task = _task_of_extension(inner, wanted) if not isinstance(inner, np.dtype) else _task(inner, ColSpec(wanted))
        return task if task in (None, Task.CAST) else Task.REFUSE
    if family == "SparseDtype":
        rule = rule_for_dtype(dtype.subtype, wanted)
    elif family in ("PeriodDtype", "IntervalDtype", "DatetimeTZDtype"):
        return Task.REFUSE
    else:
        rule = rule_for(dtype.kind, getattr(dtype, "itemsize", 0), wanted)
        if rule in (Rule.KEEP, Rule.CAST) and dtype.kind in "iufb":
            return Task.NULLABLE
        if rule is Rule.ZERO_ONE:
            return Task.REFUSE
    return None if rule is Rule.KEEP else Task[rule.name]


def enforce_frame(frame: Any, plan: ColumnPlan) -> Any:
    """The frame with the schema's columns in its order and of its types. Raises SchemaMismatch."""
    if plan.named:
        if not frame.columns.equals(plan.index):
            frame, plan = _select(frame, plan)
    else:
        count = len(plan.specs)
        if frame.shape[1] < count:
            raise SchemaMismatch("", f"{count} columns", f"{frame.shape[1]}", "The signature's columns have no names.")
        if frame.shape[1] > count:
            frame = frame.take(range(count), axis=1)
    program = plan.program(frame)
    return _carry_out(frame, program) if program else frame


def _select(frame: Any, plan: ColumnPlan) -> tuple[Any, ColumnPlan]:
    labels = frame.columns.tolist()
    places = {label: place for place, label in reversed(list(enumerate(labels)))}
    present = tuple(place for place, name in enumerate(plan.names) if name in places)
    if len(present) < len(plan.names):
        missing = [one.name for one in plan.specs if one.required and one.name not in places]
        if missing:
            known = set(plan.names)
            raise _missing(missing, [label for label in labels if label not in known])
    if len(places) < len(labels):
        for name in plan.names:
            if labels.count(name) > 1:
                raise SchemaMismatch(f"column {name!r}", "one column of that name", str(labels.count(name)))
    part = plan if len(present) == len(plan.names) else plan.part(present)
    known = set(part.names)
    warn_of_extra([label for label in places if label not in known])
    positions = [places[name] for name in part.names]
    if positions == list(range(len(labels))):
        return frame, part
    return frame.take(positions, axis=1), part


def _missing(missing: list[Any], extra: list[Any]) -> SchemaMismatch:
    names = ", ".join(map(repr, missing))
    beside = f" There are others that the signature doesn't know: {', '.join(map(repr, extra))}." if extra else ""
    what = f"the required column{'s' if len(missing) > 1 else ''} {names}"
    return SchemaMismatch("", what, "none of that name", f"Add {names} to the input.{beside}")


def warn_of_extra(names: list[Any]) -> None:
    if names:
        shown = ", ".join(map(repr, names[:10])) + (", …" if len(names) > 10 else "")
        warnings.warn(f"The signature doesn't know these inputs, which are left out: {shown}.", stacklevel=5)


def _carry_out(frame: Any, program: Program) -> Any:
    if program.flags:
        _check_flags(frame, program.flags)
    changed: dict[int, Any] = {}
    for step in program.alone:
        series = frame.iloc[:, step.position]
        made = _enforce_alone(series, step)
        if made is not series:
            changed[step.position] = made
    if sum(map(len, program.casts.values())) <= _FEW_COLUMNS:
        for dtype, positions in program.casts.items():
            changed |= {place: frame.iloc[:, place].astype(dtype) for place in positions}
        frame = frame.copy(deep=False)
    else:
        frame = _cast_many(frame, program.casts)
    for place, series in changed.items():
        frame.isetitem(place, series)
    return frame


def _check_flags(frame: Any, steps: list[Step]) -> None:
    """Integers for which floats are wanted must be 0 or 1."""
    values = frame.take([step.position for step in steps], axis=1).to_numpy()
    if not values.size or (values.min() >= 0 and values.max() <= 1):
        return
    row, column = np.argwhere((values < 0) | (values > 1))[0]
    step = steps[column]
    raise objects.refusal(frame.iloc[:, step.position], step.spec.type, step.place, int(row))


def _enforce_alone(series: Any, step: Step) -> Any:
    if step.task is Task.REFUSE:
        raise objects.refusal(series, step.spec.type, step.place)
    if step.task is Task.NESTED:
        return _enforce_nested_column(series, step)
    if step.task is Task.NULLABLE:
        return objects.enforce_nullable(series, step.spec, step.place)
    return objects.enforce_objects(series, step.spec.type, step.place)


def _cast_many(frame: Any, casts: dict[np.dtype[Any], list[int]]) -> Any:
    """All columns of one target type at once: the cost is by type, not by column."""
    pandas = optional_import("pandas")
    count = frame.shape[1]
    if len(casts) == 1 and len(next(iter(casts.values()))) == count:
        return frame.astype(next(iter(casts)))
    cast = set(itertools.chain.from_iterable(casts.values()))
    kept = [place for place in range(count) if place not in cast]
    parts = [(kept, frame.take(kept, axis=1))] if kept else []
    parts += [(positions, frame.take(positions, axis=1).astype(dtype)) for dtype, positions in casts.items()]
    order = np.argsort(np.concatenate([positions for positions, _ in parts]))
    return pandas.concat([part for _, part in parts], axis=1).take(order, axis=1)


def _enforce_nested_column(series: Any, step: Step) -> Any:
    values = series.tolist()
    made = []
    for row, value in enumerate(values):
        try:
            made.append(enforce_nested(value, step.spec.type, step.spec.required))
        except Wrong as wrong:
            raise wrong.at(f"{step.place}, row {row}") from None
    if all(new is old for new, old in zip(made, values, strict=True)):
        return series
    column = np.empty(len(made), dtype=object)
    column[:] = made
    return type(series)(column, index=series.index, name=series.name)
