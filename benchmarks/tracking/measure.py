"""What a row is, what it yields, and the median over repeats."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from benchmarks.tracking.systems import Running, System

Better = Literal["higher", "lower"]


@dataclass(frozen=True, kw_only=True)
class Figure:
    value: float | None  # median of the samples; None where there is none, and the note says why
    samples: Sequence[float] = ()
    note: str = ""
    extra: dict[str, float | int | str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much is done: `--quick` makes everything smaller."""

    repeats: int
    duration_s: float
    search_runs: int
    many_runs: int  # of the search at scale
    series_points: int  # of the series that is appended to
    chart_points: int
    starts: int
    imports: int

    @property
    def warm_s(self) -> float:
        return min(1.0, self.duration_s)


FULL = Size(
    repeats=3,
    duration_s=3,
    search_runs=1000,
    many_runs=100_000,
    series_points=10_000_000,
    chart_points=1_000_000,
    starts=3,
    imports=5,
)
QUICK = Size(
    repeats=1,
    duration_s=2,
    search_runs=200,
    many_runs=2000,
    series_points=200_000,
    chart_points=100_000,
    starts=2,
    imports=3,
)


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What a row gets to work with."""

    size: Size
    folder: Path  # of this system and group alone
    ceiling: bool = False  # against the no-op server: nothing to prepare, nothing to check


Serve = Callable[[Running, Bench], Figure]  # a row of a group that shares a started server
Alone = Callable[[System, Bench], Figure]  # a row that starts what it needs by itself


@dataclass(frozen=True, kw_only=True)
class Row:
    id: str
    title: str
    unit: str
    better: Better
    target: str  # as the plan says it
    systems: Sequence[str] = ("mlflow", "fasttrackml", "headrace")
    has_ceiling: bool = False


def median(samples: Sequence[float], *, note: str = "", **extra: float | int | str) -> Figure:
    return Figure(value=statistics.median(samples), samples=tuple(samples), note=note, extra=extra)


def nothing(note: str) -> Figure:
    return Figure(value=None, note=note)
