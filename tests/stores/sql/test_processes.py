from __future__ import annotations

import os
import signal
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from headrace.entities import Metric, Param
from headrace.stores.sql import SqlStore, open_sql_store
from tests.stores.sql.children import children, finished, go

OPEN_TOGETHER = """
ready()
store = open_sql_store(uri, "/artifacts")
print(store.ensure_experiment("shared").experiment_id)
store.close()
"""

WRITE_TOGETHER = """
store = open_sql_store(uri, "/artifacts")
ready()
own = store.create_run("0", run_name=f"own {number}").info.run_id
for i in range(40):
    store.log_batch(
        "shared",
        [Metric("loss", number + i / 100, i, i), Metric(f"loss {number}", i / 7, i, i)],
        [Param(f"{number}/{i}", "x")],
        [RunTag("last", str(number))],
    )
    store.log_metric(own, Metric("own", float(i), i, i))
print(own)
store.close()
"""

WRITE_UNTIL_KILLED = """
store = open_sql_store(uri, "/artifacts")
ready()
i = 0
while True:
    store.log_batch("shared", [Metric("loss", float(i), i, i)], [Param(f"p{i}", "x")])
    print(i, flush=True)
    i += 1
"""

HOG = """
store = open_sql_store(uri, "/artifacts")
ready()
import threading
stop = threading.Event()
def work(n):
    i = 0
    while not stop.is_set():
        store.log_metric("shared", Metric(f"hog {number} {n}", float(i), i, i))
        i += 1
threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
for each in threads: each.start()
print("working", flush=True)
sys.stdin.readline()
stop.set()
for each in threads: each.join()
store.close()
"""

SHUFFLED = """
import random
store = open_sql_store(uri, "/artifacts")
chance = random.Random(number)
ready()
for i in range(60):
    keys = [f"key {k}" for k in range(30)]
    chance.shuffle(keys)
    run = chance.choice(["shared", "shared_too"])
    store.log_batch(
        run,
        [Metric(key, number * 1000 + i, i, i) for key in keys],
        [Param(f"{number}/{i}", "x")],
        [RunTag(key, str(number)) for key in keys],
    )
    print(run)
store.close()
"""


@pytest.mark.parametrize("count", [8])
def test_processes_that_open_a_fresh_database_together_agree(
    uri: str, count: int, opened: Callable[[str], SqlStore]
) -> None:
    with children(OPEN_TOGETHER, uri, count) as started:
        go(started)
        ids = finished(started)
    assert ids == [["1"]] * count
    assert [each.name for each in opened(uri).search_experiments()] == ["shared", "Default"]


def test_eight_processes_write_to_one_sqlite_store(sqlite_uri: str, tmp_path: Path, sqlite_store: SqlStore) -> None:
    sqlite_store.create_run("0", run_id="shared")
    with children(WRITE_TOGETHER, sqlite_uri, 8) as started:
        go(started)
        own = [words[0] for words in finished(started)]
    shared = sqlite_store.get_run("shared")
    assert len(sqlite_store.get_metric_history("shared", "loss")) == 8 * 40
    assert shared.data.params == {f"{number}/{i}": "x" for number in range(8) for i in range(40)}
    assert shared.data.metrics == {"loss": 7 + 39 / 100} | {f"loss {number}": 39 / 7 for number in range(8)}
    for run_id in own:
        assert [point.step for point in sqlite_store.get_metric_history(run_id, "own")] == list(range(40))
    with closing(sqlite3.connect(tmp_path / "store.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_busy_process_does_not_starve_another(sqlite_uri: str, sqlite_store: SqlStore) -> None:
    sqlite_store.create_run("0", run_id="shared")
    with children(HOG, sqlite_uri, 3) as started:
        go(started)
        for child in started:
            assert child.stdout
            assert child.stdout.readline() == "working\n"
        for i in range(30):  # each waits for the write lock, at most as long as the store does: 30 s
            sqlite_store.log_param("shared", Param(f"p{i}", "x"))
        for child in started:
            assert child.stdin
            child.stdin.write("stop\n")
            child.stdin.flush()
        finished(started)
    assert len(sqlite_store.get_run("shared").data.params) == 30


@pytest.mark.parametrize("after", [1, 25, 60])
def test_killed_process_loses_nothing_that_was_acknowledged(
    uri: str, after: int, opened: Callable[[str], SqlStore]
) -> None:
    store = opened(uri)
    store.create_run("0", run_id="shared")
    with children(WRITE_UNTIL_KILLED, uri, 1) as started:
        go(started)
        [child] = started
        assert child.stdout
        for _ in range(after):
            child.stdout.readline()
        child.send_signal(signal.SIGKILL)
        acknowledged = after + len(child.stdout.read().split("\n")) - 1
        child.wait()
    steps = [point.step for point in store.get_metric_history("shared", "loss")]
    assert steps == list(range(len(steps)))
    assert acknowledged <= len(steps) <= acknowledged + 1  # the last one may have missed its answer only
    assert set(store.get_run("shared").data.params) == {f"p{i}" for i in steps}
    store.log_metric("shared", Metric("loss", 1.0, 10**6, 10**6))
    assert store.get_run("shared").data.metrics == {"loss": 1.0}


def test_forked_child_writes_on_its_own_connections(store: SqlStore) -> None:
    run_id = store.create_run("0").info.run_id
    store.log_metric(run_id, Metric("parent", 1.0, 1, 1))
    child = os.fork()
    if child == 0:
        status = 1
        try:
            store.log_metric(run_id, Metric("child", 1.0, 1, 1))
            status = 0 if set(store.get_run(run_id).data.metrics) >= {"parent", "child"} else 2
        finally:
            os._exit(status)
    store.log_metric(run_id, Metric("parent", 2.0, 2, 2))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    store.log_metric(run_id, Metric("parent", 3.0, 3, 3))
    assert store.get_run(run_id).data.metrics == {"parent": 3.0, "child": 1.0}


def test_child_that_is_forked_during_a_transaction_can_write(tmp_path: Path) -> None:
    begun, forks = threading.Event(), threading.Event()

    def write(db: object) -> None:
        begun.set()
        assert forks.wait(30)

    with closing(open_sql_store(f"sqlite:///{tmp_path}/runs.db", str(tmp_path))) as store:
        run_id = store.create_run("0").info.run_id
        written = store.engine.submit(write)
        assert begun.wait(30)
        os.register_at_fork(before=forks.set)
        child = os.fork()
        if child == 0:
            status = 1
            try:
                store.log_metric(run_id, Metric("child", 1.0, 1, 1))
                status = 0
            finally:
                os._exit(status)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        written.result(30)
        assert store.get_run(run_id).data.metrics == {"child": 1.0}


def test_four_processes_write_overlapping_keys_to_postgres(fresh_postgres_url: str, postgres_store: SqlStore) -> None:
    for run_id in ("shared", "shared_too"):
        postgres_store.create_run("0", run_id=run_id)
    with children(SHUFFLED, fresh_postgres_url, 4) as started:
        go(started)
        written = finished(started)
    for run_id in ("shared", "shared_too"):
        expected = sorted(
            (i, float(number * 1000 + i))
            for number, runs in enumerate(written)
            for i, written_run in enumerate(runs)
            if written_run == run_id
        )
        run = postgres_store.get_run(run_id)
        assert set(run.data.params) == {f"{int(value) // 1000}/{step}" for step, value in expected}
        for k in range(30):
            history = postgres_store.get_metric_history(run_id, f"key {k}")
            assert sorted((point.step, point.value) for point in history) == expected
            assert run.data.metrics[f"key {k}"] == expected[-1][1]
    with psycopg.connect(fresh_postgres_url) as connection:
        connection.execute("SELECT pg_stat_force_next_flush()")
        row = connection.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()").fetchone()
    assert row == (0,)
