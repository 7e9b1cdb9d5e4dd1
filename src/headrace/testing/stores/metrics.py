from __future__ import annotations

import math
import random

import pytest

from headrace.entities import Metric
from headrace.stores.base import TrackingStore
from headrace.testing.stores.making import (
    INF,
    INT64_MAX,
    INT64_MIN,
    LARGEST,
    NAN,
    invalid,
    new_experiment,
    new_run,
    plain,
    point,
    violated,
)

LATEST_CASES: dict[str, tuple[list[tuple[float, int, int]], tuple[float, int, int]]] = {
    "greatest step, not last arrival": ([(1.0, 10, 5), (2.0, 20, 3), (3.0, 9, 5)], (1.0, 10, 5)),
    "then greatest timestamp": ([(5.0, 1, 0), (1.0, 2, 0), (9.0, 1, 0)], (1.0, 2, 0)),
    "then greatest value": ([(1.0, 2, 0), (3.0, 2, 0), (2.0, 2, 0)], (3.0, 2, 0)),
    "negative steps": ([(1.0, 2, -5), (3.0, 2, -6)], (1.0, 2, -5)),
    "edges of int64": (
        [(1.0, 0, INT64_MIN), (2.0, INT64_MAX, INT64_MAX), (3.0, 0, INT64_MAX)],
        (2.0, INT64_MAX, INT64_MAX),
    ),
    "steps that a double can't tell apart": ([(1.0, 0, 2**60 + 1), (2.0, 0, 2**60)], (1.0, 0, 2**60 + 1)),
    "infinity is the greatest number": ([(1.0, 1, 1), (INF, 1, 1), (-INF, 1, 1)], (LARGEST, 1, 1)),
}


class MetricSuite:
    @pytest.mark.parametrize("case", LATEST_CASES)
    @pytest.mark.parametrize("at_once", [True, False])
    def test_latest_is_the(self, store: TrackingStore, case: str, at_once: bool) -> None:
        logged, expected = LATEST_CASES[case]
        run_id = new_run(store)
        points = [point("m", value, timestamp, step) for value, timestamp, step in logged]
        for batch in [points] if at_once else [[each] for each in points]:
            store.log_batch(run_id, batch)
        [latest] = store.get_run(run_id).data.latest
        assert latest == Metric("m", *expected)

    def test_latest_of_points_in_any_order(self, store: TrackingStore) -> None:
        points = [point("m", float(v), t, s) for v in range(3) for t in range(3) for s in range(3)]
        for seed in range(3):
            run_id = new_run(store)
            random.Random(seed).shuffle(points)
            for start in range(0, len(points), 5):
                store.log_batch(run_id, points[start : start + 5])
            assert store.get_run(run_id).data.latest == [Metric("m", 2.0, 2, 2)]

    def test_newer_nan_is_the_latest_value(self, store: TrackingStore) -> None:
        run_id = new_run(store)
        store.log_metric(run_id, point("m", 1.0, 1, 1))
        store.log_metric(run_id, point("m", NAN, 1, 2))
        [latest] = store.get_run(run_id).data.latest
        assert math.isnan(latest.value)
        assert (latest.timestamp, latest.step) == (1, 2)
        store.log_metric(run_id, point("m", -1.0, 1, 3))
        assert store.get_run(run_id).data.metrics == {"m": -1.0}

    @pytest.mark.parametrize(
        "value", [0.0, 5e-324, 1e-308, -1.5, 0.1 + 0.2, 1e308, LARGEST, -LARGEST, 2.0**53 + 2, 123456789.123456789]
    )
    def test_value_survives_exactly(self, store: TrackingStore, value: float) -> None:
        run_id = new_run(store)
        store.log_metric(run_id, point("m", value, 1_700_000_000_000, 7))
        assert store.get_run(run_id).data.latest == [Metric("m", value, 1_700_000_000_000, 7)]
        assert store.get_metric_history(run_id, "m") == [Metric("m", value, 1_700_000_000_000, 7)]

    def test_negative_zero_is_read_as_zero_of_either_sign(self, store: TrackingStore) -> None:
        run_id = new_run(store)
        store.log_metric(run_id, point("m", -0.0))
        assert store.get_run(run_id).data.metrics == {"m": 0.0}

    def test_nan_stays_and_infinities_become_the_largest_numbers(self, store: TrackingStore) -> None:
        run_id = new_run(store)
        store.log_batch(run_id, [point("nan", NAN), point("up", INF), point("down", -INF)])
        read = store.get_run(run_id).data.metrics
        assert math.isnan(read["nan"])
        assert (read["up"], read["down"]) == (LARGEST, -LARGEST)
        assert plain(store.get_metric_history(run_id, "nan")) == [("NaN", 1, 0)]
        assert plain(store.get_metric_history(run_id, "up")) == [(LARGEST, 1, 0)]
        assert plain(store.get_metric_history(run_id, "down")) == [(-LARGEST, 1, 0)]

    @pytest.mark.parametrize("step", [INT64_MIN, -1, 0, 2**53 + 1, INT64_MAX])
    def test_any_int64_step_is_kept(self, store: TrackingStore, step: int) -> None:
        run_id = new_run(store)
        store.log_metric(run_id, point("m", 1.0, INT64_MAX, step))
        assert plain(store.get_metric_history(run_id, "m")) == [(1.0, INT64_MAX, step)]

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("timestamp", -1),
            ("timestamp", INT64_MAX + 1),
            ("step", INT64_MAX + 1),
            ("step", INT64_MIN - 1),
        ],
    )
    def test_number_out_of_range_is_refused(self, store: TrackingStore, field: str, value: int) -> None:
        run_id = new_run(store)
        with invalid(field):
            store.log_metric(run_id, point("m", 1.0, **{field: value}))
        assert store.get_run(run_id).data.latest == []

    def test_exact_repeats_count_once(self, store: TrackingStore) -> None:
        run_id = new_run(store)
        repeated = [point("m", 1.0, 1, 1), point("m", 2.0, 1, 1), point("n", NAN, 1, 1), point("i", INF, 1, 1)]
        for _ in range(3):
            store.log_metric(run_id, repeated[0])
            store.log_batch(run_id, repeated * 2)
        assert plain(store.get_metric_history(run_id, "m")) == [(1.0, 1, 1), (2.0, 1, 1)]
        assert plain(store.get_metric_history(run_id, "n")) == [("NaN", 1, 1)]
        assert plain(store.get_metric_history(run_id, "i")) == [(LARGEST, 1, 1)]

    def test_points_that_differ_in_one_field_all_count(self, store: TrackingStore) -> None:
        run_id = new_run(store)
        points = [(v, t, s) for v in (1.0, 2.0) for t in (1, 2) for s in (1, 2)]
        store.log_batch(run_id, [point("m", *each) for each in points])
        found = plain(store.get_metric_history(run_id, "m"))
        assert sorted(found, key=str) == sorted(points, key=str)

    def test_many_small_appends_are_all_kept(self, store: TrackingStore) -> None:
        run_id, count = new_run(store), 600
        for step in range(count):
            store.log_metric(run_id, point("m", step / 7, 1000 + step, step))
            if step % 50 == 0:  # repeats of old points, in older blocks
                store.log_metric(run_id, point("m", (step // 2) / 7, 1000 + step // 2, step // 2))
        history = store.get_metric_history(run_id, "m")
        assert [each.step for each in history] == list(range(count))
        assert [each.value for each in history] == [step / 7 for step in range(count)]
        assert store.get_run(run_id).data.latest == [history[-1]]

    def test_series_of_runs_and_keys_do_not_mix(self, store: TrackingStore) -> None:
        experiment = new_experiment(store)
        runs = [new_run(store, experiment) for _ in range(3)]
        for i, run_id in enumerate(runs):
            store.log_batch(run_id, [point(key, float(i), step=i) for key in ("a", "b", "a b")])
        for i, run_id in enumerate(runs):
            assert store.get_run(run_id).data.metrics == {"a": float(i), "b": float(i), "a b": float(i)}
            assert plain(store.get_metric_history(run_id, "a b")) == [(float(i), 1, i)]

    def test_point_of_a_model_is_on_the_run_without_model_fields(self, store: TrackingStore) -> None:
        experiment = new_experiment(store)
        run_id = new_run(store, experiment)
        model_id = store.create_logged_model(experiment, source_run_id=run_id).model_id
        logged = point("acc", 0.75, 5, 2, model_id=model_id, dataset_name="iris", dataset_digest="d")
        store.log_metric(run_id, logged)
        store.log_metric(run_id, point("loss", 0.5, dataset_name="iris", dataset_digest="d"))
        assert sorted(store.get_run(run_id).data.latest, key=lambda each: each.key) == [
            Metric("acc", 0.75, 5, 2),
            Metric("loss", 0.5, 1, 0),
        ]
        assert store.get_metric_history(run_id, "acc") == [Metric("acc", 0.75, 5, 2)]
        [measured] = store.get_logged_model(model_id).metrics or []
        assert measured == Metric("acc", 0.75, 5, 2, model_id, "iris", "d", run_id)

    def test_point_of_an_unknown_model_is_refused(self, store: TrackingStore) -> None:
        run_id = new_run(store)
        unknown = "m-" + "0" * 32
        with violated(unknown):
            store.log_batch(run_id, [point("fine", 1.0), point("m", 1.0, model_id=unknown)])
        assert store.get_run(run_id).data.latest == []
        assert store.get_metric_history(run_id, "fine") == []

    @pytest.mark.parametrize(("given", "other"), [("name", "digest"), ("digest", "name")])
    def test_dataset_of_a_point_needs_its_name_and_its_digest(
        self, store: TrackingStore, given: str, other: str
    ) -> None:
        run_id = new_run(store)
        half = point("acc", 0.5, dataset_name="iris") if given == "name" else point("acc", 0.5, dataset_digest="1")
        for metrics in ([half], [point("a", 1.0), half]):
            with invalid(f"dataset_{other}"):
                store.log_batch(run_id, metrics)
        assert store.get_run(run_id).data.metrics == {}

    @pytest.mark.parametrize("field", ["dataset_name", "dataset_digest", "model_id"])
    def test_over_long_dataset_or_model_of_a_point_is_refused(self, store: TrackingStore, field: str) -> None:
        run_id = new_run(store)
        with invalid(field):
            store.log_metric(run_id, Metric("m", 1.0, 1, 0, **{field: "x" * 501}))
