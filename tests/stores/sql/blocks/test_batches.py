"""Requests of many keys: whatever their keys and order, all reads are those of the memory store."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headrace.entities import Metric
from headrace.stores.memory import MemoryStore
from headrace.stores.sql import SqlStore
from headrace.stores.sql.blocks import append, batches
from headrace.stores.sql.blocks.background import Merges
from tests.stores.sql.blocks.structure import check
from tests.stores.sql.blocks.test_against_memory import plain

KEYS = [f"key{i}" for i in range(8)]
shared_store = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])

values = st.floats(-10, 10) | st.sampled_from([math.nan, math.inf, 0.0])


@st.composite
def requests(draw: st.DrawFn) -> list[Metric]:
    """Often the same keys in the same order, so that they're handed out; sometimes a key twice."""
    keys = draw(st.just(KEYS) | st.just(KEYS[:5]) | st.lists(st.sampled_from(KEYS), min_size=1, max_size=8))
    step = draw(st.integers(0, 6))
    number = draw(st.sampled_from([st.just(0.5), values]))
    return [Metric(key, draw(number), step * 10, step) for key in keys]


@pytest.fixture
def few_is_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "FEWEST_KEYS", 3)
    monkeypatch.setattr(batches, "HANDED_OUT", 3)
    monkeypatch.setattr(batches, "MOST_OF_A_RUN", 4)
    monkeypatch.setattr(append, "PLAIN_ROWS_AT_ONCE", 3)
    monkeypatch.setattr(batches, "_ROWS_AT_ONCE", 3)


@pytest.mark.usefixtures("few_is_many")
@given(st.lists(st.tuples(st.integers(0, 1), requests() | st.none()), min_size=1, max_size=25))
@settings(shared_store, max_examples=60)
def test_reads_on_sqlite_are_those_of_the_memory_store(
    sqlite_store: SqlStore, tmp_path: Path, doings: list[tuple[int, list[Metric] | None]]
) -> None:
    compare(sqlite_store, MemoryStore(str(tmp_path)), doings)


@pytest.mark.usefixtures("few_is_many")
@given(st.lists(st.tuples(st.integers(0, 1), requests() | st.none()), min_size=1, max_size=25))
@settings(shared_store, max_examples=20)
def test_reads_on_postgresql_are_those_of_the_memory_store(
    postgres_store: SqlStore, tmp_path: Path, doings: list[tuple[int, list[Metric] | None]]
) -> None:
    compare(postgres_store, MemoryStore(str(tmp_path)), doings)


def compare(store: SqlStore, memory: MemoryStore, doings: list[tuple[int, list[Metric] | None]]) -> None:
    """doings: (which of two runs, the request; None for a step of background work)."""
    runs = [store.create_run("0").info.run_id for _ in range(2)]
    for run_id in runs:
        memory.create_run("0", run_id=run_id)
    merges = Merges()
    for which, metrics in doings:
        if metrics is None:
            merges.notice()
            store.engine.write(merges.step)
            continue
        store.log_batch(runs[which], metrics)
        memory.log_batch(runs[which], metrics)
    store.engine.read(check)
    for run_id in runs:
        assert by_key(store, run_id) == by_key(memory, run_id)
        for key in KEYS:
            assert plain(list(store.get_metric_history(run_id, key))) == plain(
                list(memory.get_metric_history(run_id, key))
            )
    for axis in ("step", "time"):
        assert drawn(store, runs, axis) == drawn(memory, runs, axis)


def by_key(store: SqlStore | MemoryStore, run_id: str) -> list[Any]:
    return sorted((plain(point) for point in store.get_run(run_id).data.latest), key=lambda point: point["key"])


def drawn(store: SqlStore | MemoryStore, runs: list[str], axis: Any) -> Any:
    return plain(list(store.chart(runs, KEYS, axis, None, None, 4)))


def step_of(count: int, step: int) -> list[Metric]:
    return [Metric(f"layer{i}", i + step / 8, step, step) for i in range(count)]


def counts(store: SqlStore) -> list[Any]:
    sql = "SELECT (SELECT count(*) FROM metric_batch), (SELECT count(*) FROM metric_loose), max(length(tail)) FROM "
    return store.engine.read(lambda db: db.execute(f"{sql} metric_series").fetchall())


def test_points_of_many_keys_stay_together_until_the_same_keys_have_come_often(store: SqlStore) -> None:
    run_id = store.create_run("0").info.run_id
    for step in range(batches.HANDED_OUT - 1):
        store.log_batch(run_id, step_of(500, step))
    assert counts(store) == [(batches.HANDED_OUT - 1, 0, 0)]
    store.log_batch(run_id, step_of(500, batches.HANDED_OUT - 1))
    assert counts(store) == [(0, 500, 0)]
    store.engine.read(check)
    for key in (0, 1, 499):
        expected = [Metric(f"layer{key}", key + step / 8, step, step) for step in range(batches.HANDED_OUT)]
        assert list(store.get_metric_history(run_id, f"layer{key}")) == expected


def test_a_run_whose_keys_never_come_again_keeps_few_rows_and_loses_nothing(store: SqlStore) -> None:
    run_id = store.create_run("0").info.run_id
    requests = batches.MOST_OF_A_RUN + 5
    for number in range(requests):
        store.log_batch(run_id, [Metric(f"key{number + i}", float(number), 0, number) for i in range(100)])
    assert counts(store)[0][0] == batches.MOST_OF_A_RUN
    middle = list(store.get_metric_history(run_id, "key68"))
    assert [point.step for point in middle] == list(range(requests))
    assert len(store.get_run(run_id).data.latest) == requests + 99


def test_a_search_sees_values_of_many_keys_at_once(store: SqlStore) -> None:
    runs = [store.create_run("0").info.run_id for _ in range(3)]
    for step in range(3):
        for i, run_id in enumerate(runs):
            value = float(10 * step + i)
            store.log_batch(run_id, [Metric(f"layer{key}", value, step, step) for key in range(200)])
            found = store.search_runs(["0"], f"metrics.layer7 >= {value}", order_by=["metrics.layer199 DESC"])
            assert [run.info.run_id for run in found] == [run_id]
    found = store.search_runs(["0"], "metrics.layer0 > 20", order_by=["metrics.layer0 DESC"])
    assert [run.info.run_id for run in found] == [runs[2], runs[1]]
