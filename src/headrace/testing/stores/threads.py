"""Many callers at once. A barrier starts them together; joining them is the only wait."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from headrace import clock
from headrace.entities import Param, RunTag
from headrace.errors import HeadraceError
from headrace.stores.base import TrackingStore
from headrace.testing.stores.making import dataset, new_experiment, new_run, point, unique

THREADS = 8
T = TypeVar("T")


def together(call: Callable[[int], T]) -> list[T | HeadraceError]:
    """What call(0) … call(7) returned or raised, each on a thread of its own, started at the same moment."""
    barrier = threading.Barrier(THREADS)

    def one(number: int) -> T | HeadraceError:
        barrier.wait(30)
        try:
            return call(number)
        except HeadraceError as error:
            return error

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(one, range(THREADS)))


def errors(results: list[T | HeadraceError]) -> list[HeadraceError]:
    return [each for each in results if isinstance(each, HeadraceError)]


class ThreadSuite:
    def test_ensure_makes_one_experiment_for_all(self, store: TrackingStore) -> None:
        for _ in range(5):
            name = unique()
            made = together(lambda _, name=name: store.ensure_experiment(name).experiment_id)  # type: ignore[misc]
            assert len(set(made)) == 1, made

    def test_one_create_of_a_name_wins(self, store: TrackingStore) -> None:
        name = unique()
        results = together(lambda _: store.create_experiment(name))
        assert {error.error_code for error in errors(results)} == {"RESOURCE_ALREADY_EXISTS"}
        assert len(errors(results)) == THREADS - 1

    def test_given_run_id_makes_one_run(self, store: TrackingStore) -> None:
        experiment, run_id = new_experiment(store), clock.hex_id()
        results = together(lambda i: store.create_run(experiment, run_name=f"n{i}", run_id=run_id).info.run_name)
        assert errors(results) == []
        assert set(results) == {store.get_run(run_id).info.run_name}
        assert store.count_runs([experiment]) == 1

    def test_all_points_of_one_series_arrive(self, store: TrackingStore) -> None:
        run_id = new_run(store)

        def log(number: int) -> None:
            for batch in range(10):
                first = (number * 10 + batch) * 10
                store.log_batch(run_id, [point("m", float(step), step, step) for step in range(first, first + 10)])
                store.log_metric(run_id, point("shared", 1.0, 1, batch))

        assert errors(together(log)) == []
        steps = [each.step for each in store.get_metric_history(run_id, "m")]
        assert steps == list(range(THREADS * 100))
        assert len(store.get_metric_history(run_id, "shared")) == 10
        assert store.get_run(run_id).data.metrics == {"m": THREADS * 100.0 - 1, "shared": 1.0}

    def test_overlapping_keys_in_opposite_orders_do_not_block_each_other(self, store: TrackingStore) -> None:
        experiment = new_experiment(store)
        runs = [new_run(store, experiment) for _ in range(2)]
        keys = [f"k{i}" for i in range(20)]

        def log(number: int) -> None:
            for step in range(5):
                points = [point(key, float(number), step, number * 100 + step) for key in keys]
                for run_id in runs if number % 2 else reversed(runs):
                    store.log_batch(run_id, points if number % 2 else points[::-1])

        assert errors(together(log)) == []
        for run_id in runs:
            for key in (keys[0], keys[-1]):
                assert len(store.get_metric_history(run_id, key)) == THREADS * 5

    def test_one_value_of_a_param_wins(self, store: TrackingStore) -> None:
        run_id = new_run(store)
        results = together(lambda i: store.log_param(run_id, Param("p", str(i))))
        assert {error.error_code for error in errors(results)} == {"INVALID_PARAMETER_VALUE"}
        assert len(errors(results)) == THREADS - 1
        assert results[int(store.get_run(run_id).data.params["p"])] is None

    def test_tags_params_and_inputs_of_all_callers_are_kept(self, store: TrackingStore) -> None:
        run_id = new_run(store)

        def write(number: int) -> None:
            store.log_batch(run_id, params=[Param(f"p{number}", "v")], tags=[RunTag(f"t{number}", "v")])
            store.set_tag(run_id, RunTag("last", str(number)))
            store.log_inputs(run_id, [dataset("shared"), dataset(f"d{number}")])

        assert errors(together(write)) == []
        read = store.get_run(run_id)
        assert set(read.data.params) == {f"p{i}" for i in range(THREADS)}
        assert {f"t{i}" for i in range(THREADS)} < set(read.data.tags)
        assert read.data.tags["last"] in "01234567"
        assert len(read.inputs.dataset_inputs) == THREADS + 1

    def test_readers_see_whole_batches(self, store: TrackingStore) -> None:
        run_id, done = new_run(store), threading.Event()

        def act(number: int) -> list[dict[str, float]]:
            if number:
                seen = []
                while not done.is_set():
                    seen.append(store.get_run(run_id).data.metrics)
                return seen
            try:
                for step in range(30):
                    store.log_batch(run_id, [point(key, float(step), step, step) for key in ("a", "b", "c")])
            finally:
                done.set()
            return []

        for seen in together(act):
            assert not isinstance(seen, HeadraceError)
            assert all(len(set(metrics.values())) <= 1 for metrics in seen)
            assert [m.get("a", -1) for m in seen] == sorted(m.get("a", -1) for m in seen)

    def test_no_change_is_skipped_while_writers_run(self, store: TrackingStore) -> None:
        experiment, done = new_experiment(store), threading.Event()
        cursor = store.changes().cursor

        def act(number: int) -> set[str]:
            if number:
                try:
                    return {new_run(store, experiment) for _ in range(10)}
                finally:
                    if number == 1:
                        done.set()
            told: set[str] = set()
            since = cursor
            while True:
                last_round = done.is_set()
                found = store.changes(since, [experiment], 7)
                told |= {each.run_id for each in found.runs}
                since = found.cursor
                if last_round and not found.more:
                    cursors.append(since)
                    return told

        cursors: list[str] = []
        told, *made = together(act)
        assert not isinstance(told, HeadraceError)
        told |= {each.run_id for each in store.changes(cursors[0], [experiment]).runs}
        runs = {run for each in made if not isinstance(each, HeadraceError) for run in each}
        assert len(runs) == 10 * (THREADS - 1)
        assert told == runs
