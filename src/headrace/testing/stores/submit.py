from __future__ import annotations

from concurrent.futures import Future
from typing import Any

import pytest

from headrace.entities import Param, RunTag
from headrace.errors import HeadraceError
from headrace.stores.base import SupportsSubmit, TrackingStore
from headrace.testing.stores.making import new_experiment, new_run, point, unique

DONE_S = 30


class SubmitSuite:
    """Promises of `stores.base.SupportsSubmit`. Fixture: `store`, one that supports it."""

    def test_write_is_readable_when_its_future_is_done(self, store: TrackingStore) -> None:
        run_id = new_run(store)
        for step in range(20):
            assert isinstance(store, SupportsSubmit)
            store.submit("log_metric", run_id, point("m", float(step), step, step)).result(DONE_S)
            assert store.get_run(run_id).data.metrics == {"m": float(step)}

    def test_future_holds_what_the_method_returns(self, store: TrackingStore) -> None:
        assert isinstance(store, SupportsSubmit)
        name = unique()
        made = store.submit("create_experiment", name).result(DONE_S)
        assert store.get_experiment(made).name == name
        run = store.submit("create_run", made, run_name="one").result(DONE_S)
        assert store.get_run(run.info.run_id) == run

    def test_failed_write_undoes_only_itself(self, store: TrackingStore) -> None:
        assert isinstance(store, SupportsSubmit)
        experiment = new_experiment(store)
        runs = [new_run(store, experiment) for _ in range(10)]
        waiting: list[tuple[str, bool, Future[Any]]] = []
        for i, run_id in enumerate(runs):
            store.log_param(run_id, Param("p", "1"))
            bad = i % 3 == 0
            params = [Param("new", "v"), Param("p", "2" if bad else "1")]
            waiting.append((run_id, bad, store.submit("log_batch", run_id, [point("m", 1.0)], params)))
            waiting.append((run_id, True, store.submit("log_batch", "unknown", [point("m", 1.0)])))
        for run_id, bad, future in waiting:
            assert isinstance(future.exception(DONE_S), HeadraceError) is bad, run_id
        for i, run_id in enumerate(runs):
            data = store.get_run(run_id).data
            bad = i % 3 == 0
            assert (data.metrics, data.params.get("new")) == (({}, None) if bad else ({"m": 1.0}, "v"))

    def test_waiting_writes_of_one_run_are_all_kept(self, store: TrackingStore) -> None:
        assert isinstance(store, SupportsSubmit)
        run_id = new_run(store)
        waiting = [store.submit("set_tag", run_id, RunTag(f"t{i}", str(i))) for i in range(200)]
        for future in waiting:
            future.result(DONE_S)
        assert store.get_run(run_id).data.tags.items() >= {f"t{i}": str(i) for i in range(200)}.items()

    @pytest.mark.parametrize("count", [1, 300])
    def test_many_waiting_writes_all_happen(self, store: TrackingStore, count: int) -> None:
        assert isinstance(store, SupportsSubmit)
        run_id = new_run(store)
        waiting = [
            store.submit("log_batch", run_id, [point("m", float(i), i, i), point(f"k{i % 7}", 1.0, i, i)])
            for i in range(count)
        ]
        for future in waiting:
            future.result(DONE_S)
        assert [each.step for each in store.get_metric_history(run_id, "m")] == list(range(count))
