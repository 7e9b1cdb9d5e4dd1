from __future__ import annotations

import math
import random
from collections.abc import Sequence

import msgspec
import pytest

from headrace import clock
from headrace.entities import ChartSeries, Metric, XAxis
from headrace.stores.base import TrackingStore
from headrace.testing.stores.making import (
    INF,
    INT64_MAX,
    INT64_MIN,
    LARGEST,
    NAN,
    comparable,
    invalid,
    new_experiment,
    new_run,
    point,
)


def log(store: TrackingStore, run_id: str, points: Sequence[Metric]) -> None:
    for start in range(0, len(points), 1000):
        store.log_batch(run_id, points[start : start + 1000])


def check(series: ChartSeries, points: Sequence[Metric], x_axis: XAxis, low: int, high: int, buckets: int) -> None:
    """Against all points of the range: buckets of the least integer width that covers low to high."""
    width = (high - low) // buckets + 1
    rows: dict[int, set[tuple[int, int, float | str]]] = {}
    for each in points:
        x, other = (each.step, each.timestamp) if x_axis == "step" else (each.timestamp, each.step)
        value = max(-LARGEST, min(LARGEST, each.value)) if not math.isnan(each.value) else each.value
        if low <= x <= high:
            rows.setdefault((x - low) // width, set()).add((x, other, comparable(value)))
    assert series.total == sum(len(bucket) for bucket in rows.values())
    assert series.count == [len(rows[number]) for number in sorted(rows)]
    assert len(series.x) == len(rows) <= buckets
    for i, number in enumerate(sorted(rows)):
        bucket = rows[number]
        x, _, last = max(bucket, key=lambda row: (row[0], row[1], row[2] == "NaN", 0 if row[2] == "NaN" else row[2]))
        assert (series.x[i], comparable(series.last[i])) == (x, last)
        numbers = [(at, value) for at, _, value in bucket if not isinstance(value, str)]
        if not numbers:
            assert math.isnan(series.minimum[i])
            assert math.isnan(series.maximum[i])
            continue
        assert series.minimum[i] == min(value for _, value in numbers)
        assert series.maximum[i] == max(value for _, value in numbers)
        assert (series.minimum_x[i], series.minimum[i]) in numbers
        assert (series.maximum_x[i], series.maximum[i]) in numbers


class ChartSuite:
    @pytest.mark.parametrize("x_axis", ["step", "time"])
    @pytest.mark.parametrize("buckets", [1, 7, 100, 5000])
    def test_chart_is_exact(self, store: TrackingStore, x_axis: XAxis, buckets: int) -> None:
        chance = random.Random(buckets)
        points = [
            point(
                "m", chance.choice([chance.gauss(0, 1), 0.0, NAN, INF]), chance.randrange(2000), chance.randrange(700)
            )
            for _ in range(2500)
        ]
        run_id = new_run(store)
        log(store, run_id, points)
        xs = [each.step if x_axis == "step" else each.timestamp for each in points]
        [series] = store.chart([run_id], ["m"], x_axis, buckets=buckets)
        assert (series.run_id, series.key) == (run_id, "m")
        check(series, points, x_axis, min(xs), max(xs), buckets)
        for start, end in ((100, 350), (0, 10_000), (350, 350)):
            [series] = store.chart([run_id], ["m"], x_axis, start, end, buckets)
            check(series, points, x_axis, start, end, buckets)

    def test_one_spike_among_many_points_is_seen(self, store: TrackingStore) -> None:
        points = [point("m", math.sin(i / 50), 1000 + i, i) for i in range(12_000)]
        points[7777] = point("m", 1e9, 8777, 7777)
        points[3333] = point("m", -1e9, 4333, 3333)
        run_id = new_run(store)
        log(store, run_id, points)
        [series] = store.chart([run_id], ["m"], buckets=50)
        check(series, points, "step", 0, 11_999, 50)
        assert series.maximum_x[series.maximum.index(1e9)] == 7777
        assert series.minimum_x[series.minimum.index(-1e9)] == 3333
        [zoomed] = store.chart([run_id], ["m"], start=7000, end=8000, buckets=333)
        check(zoomed, points, "step", 7000, 8000, 333)

    def test_runs_and_keys_share_the_buckets(self, store: TrackingStore) -> None:
        experiment = new_experiment(store)
        runs = [new_run(store, experiment) for _ in range(2)]
        logged = {
            (runs[0], "a"): [point("a", float(i), i, i) for i in range(0, 100, 3)],
            (runs[0], "b"): [point("b", float(-i), i, i) for i in range(50)],
            (runs[1], "a"): [point("a", 1.0, i, i) for i in range(40, 140)],
        }
        for (run_id, _), points in logged.items():
            log(store, run_id, points)
        found = store.chart([*runs, clock.hex_id()], ["a", "b", "none"], buckets=10)
        assert {(each.run_id, each.key) for each in found} == set(logged)
        for series in found:
            check(series, logged[series.run_id, series.key], "step", 0, 139, 10)
        within = store.chart(runs, ["a", "b"], start=60, buckets=10)
        assert {(each.run_id, each.key) for each in within} == {(runs[0], "a"), (runs[1], "a")}
        for series in within:
            points = [each for each in logged[series.run_id, series.key] if each.step >= 60]
            check(series, points, "step", 60, 139, 10)

    @pytest.mark.parametrize("x_axis", ["step", "time"])
    def test_since_draws_the_end_and_counts_all(self, store: TrackingStore, x_axis: XAxis) -> None:
        chance = random.Random(5)
        points = [point("m", chance.gauss(0, 1), 5 * i, 3 * i) for i in range(9000)]
        run_id = new_run(store)
        log(store, run_id, [*points[::3], *points[1::3], points[0], point("early", 1.0, 0, 0)])
        logged = [*points[::3], *points[1::3]]
        for start, since, end in ((None, 26_000, None), (3000, 20_000, 24_500), (3000, 3000, None)):
            xs = [(each.step if x_axis == "step" else each.timestamp, each) for each in logged]
            late = [each for x, each in xs if x >= since and (end is None or x <= end)]
            last = max(each.step if x_axis == "step" else each.timestamp for each in late)
            both = store.chart([run_id], ["m", "early"], x_axis, start, end, 50, [since, since])
            series = both[0]
            total = sum((start is None or x >= start) and (end is None or x <= end) for x, _ in xs)
            assert series.total == total
            check(msgspec.structs.replace(series, total=len(late)), late, x_axis, since, end or last, 50)
            assert [(each.key, each.total, each.x) for each in both[1:]] == ([("early", 1, [])] if not start else [])
        store.log_batch(run_id, [point("m", 7.0, 2, 2)])
        [series] = store.chart([run_id], ["m"], x_axis, since=[26_000])
        assert series.total == len(logged) + 1
        assert store.chart([run_id], ["m"], x_axis, start=10**9, since=[10**9]) == []
        with invalid("since"):
            store.chart([run_id], ["m"], x_axis, start=5, since=[4])
        with invalid("since"):
            store.chart([run_id], ["m"], x_axis, end=5, since=[6])
        with invalid("since"):
            store.chart([run_id], ["m", "n"], x_axis, since=[6])

    def test_ends_of_series_are_cut_each_by_itself(self, store: TrackingStore) -> None:
        experiment = new_experiment(store)
        runs = [new_run(store, experiment) for _ in range(2)]
        lengths = {(runs[0], "a"): 40, (runs[0], "b"): 9000, (runs[1], "a"): 300, (runs[1], "b"): 60}
        logged = {(run, key): [point(key, i % 7, i, i) for i in range(n)] for (run, key), n in lengths.items()}
        for (run_id, _), points in logged.items():
            log(store, run_id, points)
        since = [30, 8000, 100, 59]
        found = store.chart(runs, ["a", "b"], buckets=20, since=since)
        assert [(each.run_id, each.key, each.total) for each in found] == [(*name, n) for name, n in lengths.items()]
        for series, first in zip(found, since, strict=True):
            points = logged[series.run_id, series.key][first:]
            check(msgspec.structs.replace(series, total=len(points)), points, "step", first, points[-1].step, 20)

    def test_range_without_points_has_no_series(self, store: TrackingStore) -> None:
        run_id = new_run(store)
        log(store, run_id, [point("m", 1.0, 5, 5)])
        assert store.chart([run_id], ["m"], start=6) == []
        assert store.chart([run_id], ["m"], end=4) == []
        assert store.chart([], ["m"]) == []
        assert store.chart([run_id], []) == []
        assert store.chart([clock.hex_id()], ["m"]) == []

    def test_steps_over_the_whole_of_int64(self, store: TrackingStore) -> None:
        points = [
            point("m", float(i), 1, step)
            for i, step in enumerate((INT64_MIN, INT64_MIN + 1, -1, 0, 2**53 + 1, INT64_MAX - 1, INT64_MAX))
        ]
        run_id = new_run(store)
        log(store, run_id, points)
        for buckets in (1, 2, 3, 1000):
            [series] = store.chart([run_id], ["m"], buckets=buckets)
            check(series, points, "step", INT64_MIN, INT64_MAX, buckets)

    def test_only_nan_in_a_bucket(self, store: TrackingStore) -> None:
        run_id = new_run(store)
        points = [point("m", NAN, 1, 1), point("m", NAN, 2, 2), point("m", 3.0, 3, 30), point("m", NAN, 4, 30)]
        log(store, run_id, points)
        [series] = store.chart([run_id], ["m"], buckets=2)
        check(series, points, "step", 1, 30, 2)
        assert (series.minimum[1], series.maximum[1]) == (3.0, 3.0)

    def test_repeats_are_drawn_once(self, store: TrackingStore) -> None:
        run_id = new_run(store)
        for _ in range(20):
            log(store, run_id, [point("m", 1.0, 1, 1), point("m", NAN, 2, 2)])
        [series] = store.chart([run_id], ["m"])
        assert (series.total, series.count) == (2, [1, 1])

    @pytest.mark.parametrize(
        "asked",
        [{"buckets": 0}, {"buckets": 100_001}, {"start": 2, "end": 1}, {"start": 1 << 63}, {"end": -(1 << 63) - 1}],
    )
    def test_bad_range_and_bucket_count_are_refused(self, store: TrackingStore, asked: dict[str, int]) -> None:
        with invalid(next(iter(asked))):
            store.chart([new_run(store)], ["m"], **asked)  # type: ignore[arg-type]
