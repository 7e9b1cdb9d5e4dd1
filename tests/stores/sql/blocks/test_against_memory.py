"""Random appends, spills and merges: whatever the order, all reads are those of the memory store."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headrace import clock
from headrace.entities import Metric
from headrace.entities.journal import RunRewound
from headrace.stores.memory import MemoryStore
from headrace.stores.sql.blocks import insert, merge, pages, tails
from headrace.stores.sql.connection import Database
from headrace.stores.sql.store import SqlStore
from tests.stores.sql.blocks.structure import check

INT64_MIN, INT64_MAX = -(1 << 63), (1 << 63) - 1
KEY = "loss"

steps = (
    st.integers(-3, 12) | st.integers(0, 400) | st.sampled_from([INT64_MIN, INT64_MIN + 1, INT64_MAX - 1, INT64_MAX])
)
times = st.integers(0, 12) | st.integers(0, 400) | st.sampled_from([INT64_MAX - 1, INT64_MAX])
values = st.sampled_from([0.0, -0.0, 1.0, 2.5, math.nan, math.inf, -math.inf, 5e-324]) | st.floats(-10, 10)
batches = st.lists(st.builds(Metric, st.just(KEY), values, times, steps), min_size=1, max_size=40)


@st.composite
def in_order(draw: st.DrawFn) -> list[Metric]:
    """A batch as a training loop makes it."""
    first, count = draw(st.integers(0, 300)), draw(st.integers(1, 40))
    return [Metric(KEY, draw(values), (first + i) * 10, first + i) for i in range(count)]


@st.composite
def crowds(draw: st.DrawFn) -> list[Metric]:
    """Enough points for many pages, some of them at the same place."""
    random = Random(draw(st.integers(0, 1 << 32)))
    last_step, last_time = draw(st.sampled_from([(0, 60), (2, 3), (60, 0), (60, 3), (400, 400), (3, 400)]))
    number = draw(st.sampled_from([lambda: random.choice((0.5, 1.0, math.nan)), random.random]))
    return [
        Metric(KEY, number(), random.randint(0, last_time), random.randint(0, last_step))
        for _ in range(draw(st.integers(50, 300)))
    ]


actions = st.lists(
    st.one_of(
        st.tuples(st.just("append"), batches | in_order() | crowds()),
        st.tuples(st.just("repeat"), st.integers(0, 5)),
        st.tuples(st.just("spill"), st.none()),
        st.tuples(st.just("merge"), st.none()),
        st.tuples(st.just("merge a little"), st.none()),
    ),
    min_size=1,
    max_size=14,
)


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(insert, "BLOCK_POINTS", 7)
    monkeypatch.setattr(insert, "PAGES_AT_ONCE", 2)
    monkeypatch.setattr(insert, "BLOCKS_ANYWAY", 1)
    monkeypatch.setattr(pages, "PAGE_RECORDS", 3)
    monkeypatch.setattr(pages, "PLACE_GAP", 4)
    monkeypatch.setattr(merge, "_ROWS_AT_ONCE", 3)


@pytest.fixture
def memory(tmp_path: Path) -> MemoryStore:
    return MemoryStore(str(tmp_path))


shared_store = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@given(actions, st.data())
@settings(shared_store, max_examples=150)
def test_reads_on_sqlite_are_those_of_the_memory_store(
    sqlite_store: SqlStore, memory: MemoryStore, doings: list[tuple[str, Any]], data: st.DataObject
) -> None:
    run_id = acted(sqlite_store, memory, doings)
    compare(sqlite_store, memory, run_id, data)


@given(actions, st.data())
@settings(shared_store, max_examples=30)
def test_reads_on_postgresql_are_those_of_the_memory_store(
    postgres_store: SqlStore, memory: MemoryStore, doings: list[tuple[str, Any]], data: st.DataObject
) -> None:
    run_id = acted(postgres_store, memory, doings)
    compare(postgres_store, memory, run_id, data)


@given(actions, st.lists(st.integers(-4, 400), min_size=1, max_size=3), st.data())
@settings(shared_store, max_examples=40)
def test_rewound_runs_on_sqlite_are_those_of_the_memory_store(
    sqlite_store: SqlStore, memory: MemoryStore, doings: list[tuple[str, Any]], at: list[int], data: st.DataObject
) -> None:
    rewound(sqlite_store, memory, doings, at, data)


@given(actions, st.lists(st.integers(-4, 400), min_size=1, max_size=3), st.data())
@settings(shared_store, max_examples=8)
def test_rewound_runs_on_postgresql_are_those_of_the_memory_store(
    postgres_store: SqlStore, memory: MemoryStore, doings: list[tuple[str, Any]], at: list[int], data: st.DataObject
) -> None:
    rewound(postgres_store, memory, doings, at, data)


def rewound(
    store: SqlStore, memory: MemoryStore, doings: list[tuple[str, Any]], at: list[int], data: st.DataObject
) -> None:
    """Between rewinds, which come in any order of their times, the same is done again."""
    run_id = acted(store, memory, doings)
    for step in at:
        record = RunRewound(run_id, step, data.draw(st.integers(0, 3), label="time"))
        for each in (store, memory):
            assert each.append_journal(clock.dated_hex_id(), 1, [record]).refused == []
        store.engine.read(check)
        compare(store, memory, run_id, data)
        act(store, memory, run_id, doings[: data.draw(st.integers(0, len(doings)), label="again")])
        compare(store, memory, run_id, data)
    steps_and_points = [[(each.step, each.points) for each in one.list_rewinds(run_id)] for one in (store, memory)]
    assert steps_and_points[0] == steps_and_points[1]
    most = data.draw(st.integers(1, 60), label="most")
    assert plain(hidden(store, run_id, most)) == plain(hidden(memory, run_id, 25_000))


def hidden(store: SqlStore | MemoryStore, run_id: str, size: int) -> list[Metric]:
    found: list[Metric] = []
    token = None
    while True:
        page = store.hidden_points(run_id, KEY, None, size, token)
        found += page
        token = page.token
        if token is None:
            return found


def acted(store: SqlStore, memory: MemoryStore, doings: list[tuple[str, Any]]) -> str:
    run_id = store.create_run("0").info.run_id
    memory.create_run("0", run_id=run_id)
    act(store, memory, run_id, doings)
    return run_id


def act(store: SqlStore, memory: MemoryStore, run_id: str, doings: list[tuple[str, Any]]) -> None:
    sent: list[list[Metric]] = []
    for action, what in doings:
        if action == "append":
            sent.append(what)
        if action in ("append", "repeat") and sent:
            points = what if action == "append" else sent[what % len(sent)]
            store.log_batch(run_id, points)
            memory.log_batch(run_id, points)
        elif action == "spill":
            store.engine.write(on_series(run_id, lambda db, series: tails.spill(db, [series])))
        elif action == "merge":
            store.engine.write(on_series(run_id, lambda db, series: merge.merge_series(db, series, math.inf)))
        elif action == "merge a little":
            store.engine.write(on_series(run_id, lambda db, series: merge.merge_series(db, series, 0)))
    store.engine.read(check)


def on_series(run_id: str, do: Callable[[Database, int], None]) -> Callable[[Database], None]:
    def work(db: Database) -> None:
        rows = db.execute(
            "SELECT id FROM metric_series WHERE run_ref = (SELECT id FROM run WHERE run_id = ?)" + db.for_update,
            (run_id,),
        ).fetchall()
        for row in rows:
            do(db, row[0])

    return work


def compare(store: SqlStore, memory: MemoryStore, run_id: str, data: st.DataObject) -> None:
    same(store, memory, "get_metric_history", run_id, KEY)
    size = data.draw(st.integers(1, 30) | st.integers(30, 200), label="page")
    assert plain(paged(store, run_id, size)) == plain(memory.get_metric_history(run_id, KEY))
    assert plain(store.get_run(run_id).data.latest) == plain(memory.get_run(run_id).data.latest)
    most = data.draw(st.integers(1, 60), label="most")
    same(store, memory, "get_metric_history_bulk", [run_id], KEY, most)
    for axis, ends in (("step", steps), ("time", times)):
        low, high = sorted((data.draw(ends), data.draw(ends)))
        if axis == "step":
            same(store, memory, "get_metric_history_interval", [run_id], KEY, most)
            same(store, memory, "get_metric_history_interval", [run_id], KEY, most, low, high)
        for start, end in ((None, None), (low, None), (None, high), (low, high)):
            buckets = data.draw(st.integers(1, 40), label="buckets")
            same(store, memory, "chart", [run_id], [KEY], axis, start, end, buckets)


def same(store: SqlStore, memory: MemoryStore, method: str, *arguments: Any) -> None:
    assert plain(getattr(store, method)(*arguments)) == plain(getattr(memory, method)(*arguments)), (method, arguments)


def paged(store: SqlStore, run_id: str, size: int) -> list[Metric]:
    found: list[Metric] = []
    token = None
    while True:
        page = store.get_metric_history(run_id, KEY, size, token)
        found += page
        token = page.token
        if token is None:
            return found
        assert len(page) == size


def plain(record: Any) -> Any:
    """For ==, with NaN equal to itself."""
    if isinstance(record, float):
        return "NaN" if math.isnan(record) else record
    if isinstance(record, list):
        return [plain(each) for each in record]
    if isinstance(record, msgspec.Struct):
        return {name: plain(getattr(record, name)) for name in record.__struct_fields__}
    return record
