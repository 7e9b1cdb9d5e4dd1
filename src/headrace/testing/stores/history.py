from __future__ import annotations

import random
from itertools import pairwise

import pytest

from headrace import clock
from headrace.stores.base import TrackingStore
from headrace.testing.stores.making import (
    INT64_MAX,
    NAN,
    invalid,
    new_experiment,
    new_run,
    plain,
    point,
)


def a_series(store: TrackingStore, count: int, experiment: str | None = None, key: str = "m") -> str:
    """A run with points of steps 0, 1, … logged in random order, timestamps falling while steps rise."""
    run_id = new_run(store, experiment)
    points = [point(key, float(step), 10_000 - step, step) for step in range(count)]
    random.Random(count).shuffle(points)
    for start in range(0, count, 500):
        store.log_batch(run_id, points[start : start + 500])
    return run_id


class HistorySuite:
    def test_history_goes_by_timestamp_then_step_then_value(self, store: TrackingStore) -> None:
        run_id = new_run(store)
        points = [(v, t, s) for v in (1.5, -2.0, 0.5) for t in (3, 1, 2) for s in (7, -1)]
        store.log_batch(run_id, [point("m", *each) for each in points])
        expected = sorted(points, key=lambda each: (each[1], each[2], each[0]))
        assert plain(store.get_metric_history(run_id, "m")) == expected

    def test_nan_comes_after_the_numbers_of_its_place(self, store: TrackingStore) -> None:
        run_id = new_run(store)
        store.log_batch(run_id, [point("m", value) for value in (NAN, 5.0, -5.0)])
        assert plain(store.get_metric_history(run_id, "m")) == [(-5.0, 1, 0), (5.0, 1, 0), ("NaN", 1, 0)]

    def test_unknown_run_and_key_have_no_history(self, store: TrackingStore) -> None:
        assert store.get_metric_history(clock.hex_id(), "m") == []
        run_id = new_run(store)
        history = store.get_metric_history(run_id, "m", max_results=5)
        assert (list(history), history.token) == ([], None)

    def test_deleted_run_keeps_its_history(self, store: TrackingStore) -> None:
        run_id = a_series(store, 3)
        store.delete_run(run_id)
        assert len(store.get_metric_history(run_id, "m")) == 3

    @pytest.mark.parametrize(("count", "size"), [(10, 3), (9, 3), (1, 1), (1200, 500)])
    def test_pages_of_a_history_together_are_the_whole(self, store: TrackingStore, count: int, size: int) -> None:
        run_id = a_series(store, count)
        whole = store.get_metric_history(run_id, "m")
        assert (len(whole), whole.token) == (count, None)
        pages = [store.get_metric_history(run_id, "m", size)]
        while pages[-1].token:
            assert len(pages[-1]) == size
            pages.append(store.get_metric_history(run_id, "m", size, pages[-1].token))
        assert [each for page in pages for each in page] == whole
        assert len(pages) == -(-count // size)

    @pytest.mark.parametrize("size", [0, -1])
    def test_page_size_must_be_positive(self, store: TrackingStore, size: int) -> None:
        with invalid("max_results"):
            store.get_metric_history(new_run(store), "m", size)

    @pytest.mark.parametrize("token", ["garbage", "e30", "!!!", "é", "bnVsbA=="])
    def test_bad_history_token_is_refused(self, store: TrackingStore, token: str) -> None:
        with invalid("page_token"):
            store.get_metric_history(a_series(store, 3), "m", 1, token)

    def test_bulk_goes_by_run_then_time(self, store: TrackingStore) -> None:
        experiment = new_experiment(store)
        runs = [a_series(store, 4, experiment) for _ in range(3)]
        found = store.get_metric_history_bulk([runs[1], runs[2], runs[0]], "m", 25_000)
        expected = [
            (run_id, each.timestamp) for run_id in sorted(runs) for each in store.get_metric_history(run_id, "m")
        ]
        assert [(each.run_id, each.timestamp) for each in found] == expected
        assert store.get_metric_history_bulk(runs, "m", 1_000_000) == found
        cut = store.get_metric_history_bulk(runs, "m", 7)
        assert cut == found[:7]

    def test_bulk_leaves_out_unknown_runs_and_keys(self, store: TrackingStore) -> None:
        run_id = a_series(store, 2)
        assert len(store.get_metric_history_bulk([run_id, clock.hex_id()], "m", 10)) == 2
        assert store.get_metric_history_bulk([run_id], "other", 10) == []

    @pytest.mark.parametrize(("runs", "most"), [(0, 10), (101, 10), (1, 0), (1, -1)])
    def test_bulk_limits(self, store: TrackingStore, runs: int, most: int) -> None:
        with invalid():
            store.get_metric_history_bulk([clock.hex_id() for _ in range(runs)], "m", most)

    @pytest.mark.parametrize(("count", "most"), [(1000, 10), (1000, 999), (7, 7), (5, 10), (1000, 2), (11, 3)])
    def test_interval_samples_evenly_and_keeps_first_and_last(
        self, store: TrackingStore, count: int, most: int
    ) -> None:
        run_id = a_series(store, count)
        steps = [each.step for each in store.get_metric_history_interval([run_id], "m", most)]
        assert len(steps) == min(count, most)
        assert (steps[0], steps[-1]) == (0, count - 1)
        gaps = {after - before for before, after in pairwise(steps)}
        assert max(gaps) - min(gaps) <= 1

    def test_interval_takes_the_asked_steps_of_each_run(self, store: TrackingStore) -> None:
        experiment = new_experiment(store)
        runs = [a_series(store, count, experiment) for count in (20, 30)]
        found = store.get_metric_history_interval(runs, "m", 2500, start_step=18, end_step=25)
        by_run = {run_id: [each.step for each in found if each.run_id == run_id] for run_id in runs}
        assert by_run == {runs[0]: [18, 19], runs[1]: list(range(18, 26))}
        assert store.get_metric_history_interval(runs, "m", 10, start_step=100, end_step=INT64_MAX) == []

    def test_interval_orders_a_step_by_timestamp_then_value(self, store: TrackingStore) -> None:
        run_id = new_run(store)
        store.log_batch(run_id, [point("m", v, t, 1) for v in (2.0, 1.0) for t in (9, 3)])
        found = store.get_metric_history_interval([run_id], "m", 10)
        assert plain(found) == [(1.0, 3, 1), (2.0, 3, 1), (1.0, 9, 1), (2.0, 9, 1)]

    @pytest.mark.parametrize(
        ("runs", "most", "start", "end"),
        [
            (0, 1, None, None),
            (101, 1, None, None),
            (1, 0, None, None),
            (1, 2501, None, None),
            (1, 5, 1, None),
            (1, 5, None, 1),
            (1, 5, 2, 1),
        ],
    )
    def test_interval_limits(
        self, store: TrackingStore, runs: int, most: int, start: int | None, end: int | None
    ) -> None:
        with invalid():
            store.get_metric_history_interval([clock.hex_id() for _ in range(runs)], "m", most, start, end)
