"""Which points of a series are kept, and in which order they stand: one rule for all stores."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import TypeVar, get_args

from headrace.entities import Metric, XAxis, limits
from headrace.errors import InvalidValue

T = TypeVar("T")

MAX_BUCKETS = 100_000
MAX_CHART_SERIES = 10_000

PointKey = tuple[int, int, tuple[int, float]]


def value_rank(value: float) -> tuple[int, float]:
    """Sorts NaN after every number; NaN equals NaN."""
    return (1, 0.0) if math.isnan(value) else (0, value)


def by_step(point: Metric) -> PointKey:
    """The order in which the last one is a run's latest value."""
    return point.step, point.timestamp, value_rank(point.value)


def by_time(point: Metric) -> PointKey:
    """The order of a history. Points with an equal key are repeats and count once."""
    return point.timestamp, point.step, value_rank(point.value)


def evenly(items: Sequence[T], most: int) -> list[T]:
    """At most `most` items at even distances by rank, the first and last among them (most = 1: the last)."""
    count = len(items)
    if count <= most:
        return list(items)
    if most == 1:
        return [items[-1]]
    return [items[i * (count - 1) // (most - 1)] for i in range(most)]


def bucket_width(low: int, high: int, buckets: int) -> int:
    """The least integer width with which `buckets` buckets hold every x of [low, high]; x is in bucket
    (x - low) // width. Python integers: the span of int64 doesn't fit int64."""
    return (high - low) // buckets + 1


def check_chart(
    run_ids: Sequence[str],
    keys: Sequence[str],
    x_axis: str,
    start: int | None,
    end: int | None,
    buckets: int,
    since: Sequence[int] | None = None,
) -> None:
    if len(run_ids) * len(keys) > MAX_CHART_SERIES:
        raise InvalidValue(
            "run_ids",
            len(run_ids),
            f"runs × keys are {len(run_ids) * len(keys)}; at most {MAX_CHART_SERIES} are allowed.",
        )
    if x_axis not in get_args(XAxis):
        raise InvalidValue("x_axis", x_axis, f"allowed are {', '.join(get_args(XAxis))}.")
    if not 1 <= buckets <= MAX_BUCKETS:
        raise InvalidValue("buckets", buckets, f"allowed are 1 to {MAX_BUCKETS}.")
    for field, value in (("start", start), ("end", end)):
        if value is not None:
            limits.check_int64(field, value)
    if start is not None and end is not None and start > end:
        raise InvalidValue("start", start, f"it must not be greater than end, {end}.")
    if since is not None:
        _check_since(since, len(run_ids) * len(keys), start, end)


def _check_since(since: Sequence[int], series: int, start: int | None, end: int | None) -> None:
    if len(since) != series:
        raise InvalidValue("since", f"{len(since)} numbers", f"{series} are needed, one for each run and key.")
    for each in since:
        limits.check_int64("since", each)
        if (start is not None and each < start) or (end is not None and each > end):
            raise InvalidValue("since", each, "it must lie between start and end.")


def since_of(
    run_ids: Sequence[str], keys: Sequence[str], since: Sequence[int] | None
) -> dict[tuple[str, str], int] | None:
    """By (run, key)."""
    return None if since is None else dict(zip(itertools.product(run_ids, keys), since, strict=True))


def bulk_rows(run_ids: Sequence[str], max_results: int) -> int:
    """How many points a bulk history may hold: more than the limit is cut, as MLflow does."""
    _check_runs(run_ids)
    if max_results < 1:
        raise InvalidValue("max_results", max_results, "it must be 1 or more.")
    return min(max_results, limits.MAX_HISTORY_BULK_ROWS)


def check_interval(run_ids: Sequence[str], max_results: int, start_step: int | None, end_step: int | None) -> None:
    _check_runs(run_ids)
    limits.check_max_results(max_results, limits.MAX_HISTORY_INTERVAL_ROWS)
    if (start_step is None) != (end_step is None):
        raise InvalidValue("start_step", start_step, "start_step and end_step come together or not at all.")
    if start_step is not None and end_step is not None and start_step > end_step:
        raise InvalidValue("start_step", start_step, f"it must not be greater than end_step, {end_step}.")


def _check_runs(run_ids: Sequence[str]) -> None:
    if not 1 <= len(run_ids) <= limits.MAX_HISTORY_RUNS:
        raise InvalidValue("run_ids", len(run_ids), f"1 to {limits.MAX_HISTORY_RUNS} runs are needed.")
