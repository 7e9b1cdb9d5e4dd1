from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from headrace.entities import Metric, Param
from headrace.errors import StoreUnavailable
from headrace.stores.sql import SqlStore
from headrace.stores.sql.run_row import for_write
from headrace.testing.stores.live import settled

WAIT_S = 30


def test_change_that_commits_late_is_told(postgres_store: SqlStore) -> None:
    early = postgres_store.create_run("0").info.run_id
    late = postgres_store.create_run("0").info.run_id
    start = settled(postgres_store)
    written, go_on = threading.Event(), threading.Event()

    def hold(db: Any) -> None:
        for_write(db, late)
        written.set()
        go_on.wait(WAIT_S)

    holding = postgres_store.engine.submit(hold)
    assert written.wait(WAIT_S)
    postgres_store.log_param(early, Param("a", "1"))  # a later transaction, committed first
    first = postgres_store.changes(start)
    assert [run.run_id for run in first.runs] == [early]
    go_on.set()
    holding.result(WAIT_S)
    second = postgres_store.changes(first.cursor)
    assert late in [run.run_id for run in second.runs]
    settled(postgres_store, second.cursor)


def test_pages_of_changes_do_not_skip_a_late_commit(postgres_store: SqlStore) -> None:
    runs = [postgres_store.create_run("0").info.run_id for _ in range(6)]
    start = settled(postgres_store)
    written, go_on = threading.Event(), threading.Event()

    def hold(db: Any) -> None:
        for_write(db, runs[5])
        written.set()
        go_on.wait(WAIT_S)

    holding = postgres_store.engine.submit(hold)
    assert written.wait(WAIT_S)
    for run_id in runs[:5]:
        postgres_store.log_param(run_id, Param("a", "1"))
    page = postgres_store.changes(start, max_results=2)
    go_on.set()
    holding.result(WAIT_S)
    told = {run.run_id for run in page.runs}
    for _ in range(10):
        page = postgres_store.changes(page.cursor, max_results=2)
        told |= {run.run_id for run in page.runs}
    assert told == set(runs)


def test_second_writer_of_a_run_waits_for_the_first(postgres_store: SqlStore) -> None:
    run_id = postgres_store.create_run("0").info.run_id
    written, go_on = threading.Event(), threading.Event()

    def hold(db: Any) -> None:
        for_write(db, run_id)
        written.set()
        go_on.wait(WAIT_S)

    holding = postgres_store.engine.submit(hold)
    assert written.wait(WAIT_S)
    waiting = postgres_store.submit("log_param", run_id, Param("a", "1"))
    other = postgres_store.create_run("0").info.run_id
    postgres_store.log_metric(other, Metric("m", 1.0, 1, 1))  # another run's writers don't wait
    assert not waiting.done()
    go_on.set()
    holding.result(WAIT_S)
    waiting.result(WAIT_S)
    assert postgres_store.get_run(run_id).data.params == {"a": "1"}


def test_deadlock_is_tried_again(postgres_store: SqlStore) -> None:
    runs = [postgres_store.create_run("0").info.run_id for _ in range(2)]
    both = threading.Barrier(2)
    attempts = []

    def locking(first: str, second: str) -> Callable[[Any], None]:
        def work(db: Any) -> None:
            attempts.append(first)
            for_write(db, first)
            if len(attempts) <= 2:
                both.wait(WAIT_S)
            for_write(db, second)

        return work

    futures = [postgres_store.engine.submit(locking(*order)) for order in (runs, runs[::-1])]
    for future in futures:
        future.result(WAIT_S)
    assert len(attempts) == 3


def test_connections_that_died_are_replaced(fresh_postgres_url: str, postgres_store: SqlStore) -> None:
    run_id = postgres_store.create_run("0").info.run_id
    postgres_store.log_param(run_id, Param("a", "1"))
    with psycopg.connect(fresh_postgres_url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert postgres_store.get_run(run_id).data.params == {"a": "1"}
    postgres_store.log_batch(run_id, [Metric("new key", 1.0, 1, 1)], [Param("new param", "1")])
    assert postgres_store.get_run(run_id).data.metrics == {"new key": 1.0}


def test_connection_lost_in_a_transaction_is_unavailable(postgres_store: SqlStore) -> None:
    def die(db: Any) -> None:
        db.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    with pytest.raises(StoreUnavailable, match="PostgreSQL can't answer"):
        postgres_store.engine.write(die)
    with pytest.raises(StoreUnavailable, match="PostgreSQL can't answer"):
        postgres_store.engine.read(die)
    assert postgres_store.get_experiment("0").name == "Default"


def test_reads_see_one_snapshot(postgres_store: SqlStore) -> None:
    run_id = postgres_store.create_run("0").info.run_id

    def twice(db: Any) -> list[int]:
        count = "SELECT count(*) FROM run"
        before = db.execute(count).fetchone()[0]
        postgres_store.create_run("0")
        return [before, db.execute(count).fetchone()[0]]

    assert postgres_store.engine.read(twice) == [1, 1]
    assert postgres_store.count_runs(["0"]) == 2
    assert postgres_store.get_run(run_id).info.run_id == run_id


def test_change_numbers_of_a_restored_dump_are_forgotten(
    fresh_postgres_url: str, opened: Callable[[str], SqlStore]
) -> None:
    store = opened(fresh_postgres_url)
    run_id = store.create_run("0").info.run_id
    store.close()
    with psycopg.connect(fresh_postgres_url, autocommit=True) as connection:
        connection.execute("UPDATE run_change SET seq = 4611686018427387904")  # of a server that ran for ages
    again = opened(fresh_postgres_url)
    cursor = settled(again)
    again.log_param(run_id, Param("a", "1"))
    assert [run.run_id for run in again.changes(cursor).runs] == [run_id]
