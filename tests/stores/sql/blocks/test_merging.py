from __future__ import annotations

import math
import subprocess
import sys

import pytest

from headrace.entities import Metric
from headrace.errors import Corrupt
from headrace.stores.sql import SqlStore
from headrace.stores.sql.blocks import merge
from headrace.stores.sql.blocks.background import Merges
from headrace.stores.sql.blocks.insert import BLOCK_POINTS
from headrace.stores.sql.connection import Database
from headrace.stores.sql.migrations.revisions import SERIES_DUE
from tests.stores.sql.blocks.structure import check

Rows = list[tuple[int, ...]]


def new_run(store: SqlStore) -> str:
    return store.create_run("0").info.run_id


def points(key: str, first: int, count: int) -> list[Metric]:
    return [Metric(key, math.sin(step), 1_700_000_000_000 + step * 100, step) for step in range(first, first + count)]


def looked_up(store: SqlStore, sql: str) -> Rows:
    return store.engine.read(lambda db: db.execute(sql).fetchall())


def merged(store: SqlStore) -> None:
    """All that waits is moved on, as the engines' background work does it, which may be at it as well."""
    merges = Merges()
    while merges.pending() or looked_up(store, f"SELECT id FROM metric_series WHERE {SERIES_DUE}"):
        store.engine.write(merges.step)
    store.engine.read(check)


def test_a_few_points_stay_in_the_row_of_their_series(store: SqlStore) -> None:
    run_id = new_run(store)
    for step in range(20):
        store.log_metric(run_id, points("loss", step, 1)[0])
    merged(store)
    assert looked_up(store, "SELECT n, loose, length(tail) FROM metric_series") == [(20, 0, 480)]
    assert looked_up(store, "SELECT count(*) FROM metric_loose") == [(0,)]


def test_a_full_tail_becomes_a_loose_row(store: SqlStore) -> None:
    run_id = new_run(store)
    for step in range(40):
        store.log_metric(run_id, points("loss", step, 1)[0])
    merged(store)
    loose, tail = looked_up(store, "SELECT loose, length(tail) FROM metric_series")[0]
    assert loose >= 32
    assert loose + tail // 24 == 40
    assert list(store.get_metric_history(run_id, "loss")) == points("loss", 0, 40)


def test_points_in_order_fill_one_block_after_the_other(store: SqlStore) -> None:
    run_id = new_run(store)
    for first in range(0, 10_000, 1000):
        store.log_batch(run_id, points("loss", first, 1000))
        merged(store)
    assert looked_up(store, "SELECT loose, length(tail) FROM metric_series") == [(0, 0)]
    assert looked_up(store, "SELECT count(*) FROM metric_block") == [(-(-10_000 // BLOCK_POINTS),)]
    assert looked_up(store, "SELECT n FROM metric_page") == [(10_000,)]
    assert list(store.get_metric_history(run_id, "loss")) == points("loss", 0, 10_000)


def test_repeats_are_stored_once_after_merging(store: SqlStore) -> None:
    run_id = new_run(store)
    for _ in range(3):
        for first in range(4000, -1, -1000):
            store.log_batch(run_id, points("loss", first, 1000))
        merged(store)
    assert looked_up(store, "SELECT n FROM metric_series") == [(15_000,)]
    assert looked_up(store, "SELECT sum(n) FROM metric_page") == [(5000,)]
    assert list(store.get_metric_history(run_id, "loss")) == points("loss", 0, 5000)


def test_points_at_one_step_are_drawn_by_step_and_time(store: SqlStore) -> None:
    run_id, count = new_run(store), 60_000
    for first in range(0, count, 1000):
        store.log_batch(run_id, [Metric("loss", float(i % 977), i) for i in range(first, first + 1000)])
    merged(store)
    (by_step,) = store.chart([run_id], ["loss"])
    assert (by_step.x, by_step.count, by_step.minimum, by_step.maximum) == ([0], [count], [0.0], [976.0])
    assert by_step.last == [float((count - 1) % 977)]
    (by_time,) = store.chart([run_id], ["loss"], "time", buckets=60)
    assert by_time.count == [1000] * 60
    assert by_time.x == list(range(999, count, 1000))


def test_a_step_of_merging_ends_in_time_and_is_taken_up_where_it_ended(store: SqlStore) -> None:
    run_id = new_run(store)
    for key in "abcdef":
        store.log_batch(run_id, points(key, 0, 1000))
    merges = Merges(step_s=0)
    while merges.pending():
        store.engine.write(merges.step)
        store.engine.read(check)
    merged(store)
    assert looked_up(store, "SELECT loose FROM metric_series") == [(0,)] * 6


def test_points_all_over_the_place_are_merged_a_little_at_a_time(store: SqlStore) -> None:
    run_id = new_run(store)
    everything = points("loss", 0, 6000)
    for first in range(7):
        store.log_batch(run_id, everything[first::7])
    series = looked_up(store, "SELECT id FROM metric_series")[0][0]
    for _ in range(40):
        store.engine.write(lambda db: merge.merge_series(db, series, 0))
        store.engine.read(check)
        assert [point.step for point in store.get_metric_history(run_id, "loss")] == list(range(6000))
    assert list(store.get_metric_history(run_id, "loss")) == everything


def test_a_series_that_cannot_be_merged_lets_the_others_pass(store: SqlStore) -> None:
    run_id = new_run(store)
    for key in "abc":
        store.log_batch(run_id, points(key, 0, 1000))
    merged(store)

    def spoil(db: Database) -> None:
        db.execute("UPDATE metric_block SET payload = ? WHERE series_id = (SELECT min(id) FROM metric_series)", (b"?",))

    store.engine.write(spoil)
    for key in "abc":
        store.log_batch(run_id, points(key, 1000, 999))
    merges = Merges()
    with pytest.raises(Corrupt, match="has 1 bytes"):
        store.engine.write(merges.step)
    while merges.pending():
        store.engine.write(merges.step)
    assert sorted(looked_up(store, "SELECT loose FROM metric_series")) == [(0,), (0,), (999,)]


def test_logging_to_an_embedded_store_loads_no_numpy(sqlite_uri: str) -> None:
    code = f"""
import sys
from headrace.entities import Metric
from headrace.stores.sql import open_sql_store
store = open_sql_store({sqlite_uri!r}, "artifacts")
run_id = store.create_run("0").info.run_id
for step in range(100):
    store.log_metric(run_id, Metric("loss", 0.5, step, step))
store.get_run(run_id)
store.close()
sys.exit("numpy was loaded" if "numpy" in sys.modules else 0)
"""
    subprocess.run([sys.executable, "-c", code], check=True)
