from __future__ import annotations

import resource
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from headrace.entities import Metric, Param
from headrace.errors import IntegrityViolation, InvalidState, InvalidValue, NotFound, StoreUnavailable
from headrace.stores.base import SupportsQuickReads, SupportsSubmit
from headrace.stores.documents import SupportsDocuments
from headrace.stores.sql import SqlStore, open_sql_store
from headrace.stores.sql.sqlite_engine import SqliteEngine

WAIT_S = 30


@contextmanager
def writer_held(store: SqlStore) -> Iterator[None]:
    """What is submitted inside waits, and makes one group afterwards, or two where the first one's time is up."""
    begun, go_on = threading.Event(), threading.Event()

    def hold(_: object) -> None:
        begun.set()
        go_on.wait(WAIT_S)

    held = store.engine.submit(hold)
    assert begun.wait(WAIT_S)
    try:
        yield
    finally:
        go_on.set()
    held.exception(WAIT_S)


def query(path: Path, sql: str) -> list[Any]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


@contextmanager
def files_limited(extra_bytes: int, path: Path) -> Iterator[None]:
    """No file of this process grows beyond the present size of path plus extra_bytes: a full disk, without one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + extra_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_store_says_what_it_can(store: SqlStore) -> None:
    assert isinstance(store, SupportsSubmit)
    assert isinstance(store, SupportsQuickReads)
    assert isinstance(store, SupportsDocuments)
    assert store.quick_reads == (store.engine.dialect == "sqlite")


def test_waiting_requests_become_one_transaction(sqlite_store: SqlStore, tmp_path: Path) -> None:
    with writer_held(sqlite_store):
        futures = [sqlite_store.submit("create_run", "0", run_name=f"run {i}") for i in range(100)]
        assert not any(future.done() for future in futures)
    assert len({future.result(WAIT_S).info.run_id for future in futures}) == 100
    [(runs, transactions)] = query(tmp_path / "store.db", "SELECT count(*), count(DISTINCT seq) FROM run_change")
    assert runs == 100
    assert transactions <= 2


def test_error_of_a_request_undoes_only_itself(sqlite_store: SqlStore) -> None:
    run_id = sqlite_store.create_run("0").info.run_id
    sqlite_store.log_param(run_id, Param("lr", "0.1"))
    with writer_held(sqlite_store):
        before = sqlite_store.submit("log_param", run_id, Param("before", "1"))
        # Its first param and the new key are written, then the conflict undoes them.
        conflict = sqlite_store.submit(
            "log_batch", run_id, [Metric("new key", 1.0, 1, 1)], [Param("other", "1"), Param("lr", "0.2")]
        )
        unknown = sqlite_store.submit("log_param", "0" * 32, Param("a", "1"))
        after = sqlite_store.submit("log_metric", run_id, Metric("new key", 2.0, 1, 1))
    assert before.result(WAIT_S) is None
    assert after.result(WAIT_S) is None
    with pytest.raises(InvalidValue, match="written once"):
        conflict.result(WAIT_S)
    with pytest.raises(NotFound):
        unknown.result(WAIT_S)
    data = sqlite_store.get_run(run_id).data
    assert data.params == {"lr": "0.1", "before": "1"}
    assert data.metrics == {"new key": 2.0}


def test_request_that_fails_half_way_leaves_nothing_and_the_others_stay(sqlite_store: SqlStore) -> None:
    run_id = sqlite_store.create_run("0").info.run_id
    with writer_held(sqlite_store):
        created = sqlite_store.submit("create_run", "0", run_id="made_beside")
        # Its param is written before its metric turns out to name a model that isn't there.
        half = sqlite_store.submit(
            "log_batch", run_id, [Metric("m", 1.0, 1, 1, model_id="m-unknown")], [Param("half", "1")]
        )
        beside = sqlite_store.submit("log_batch", "made_beside", [Metric("m", 2.0, 1, 1)], [Param("whole", "1")])
        again = sqlite_store.submit("log_metric", run_id, Metric("m", 3.0, 1, 1))
    with pytest.raises(IntegrityViolation):
        half.result(WAIT_S)
    for future in (created, beside, again):
        future.result(WAIT_S)
    assert sqlite_store.get_run(run_id).data.params == {}
    assert sqlite_store.get_run(run_id).data.metrics == {"m": 3.0}
    assert sqlite_store.get_run("made_beside").data.params == {"whole": "1"}
    assert len(sqlite_store.get_metric_history("made_beside", "m")) == 1


def test_run_deleted_in_the_same_group_takes_no_more_writes(sqlite_store: SqlStore) -> None:
    run_id = sqlite_store.create_run("0").info.run_id
    with writer_held(sqlite_store):
        before = sqlite_store.submit("log_metric", run_id, Metric("m", 1.0, 1, 1))
        sqlite_store.submit("delete_run", run_id)
        after = sqlite_store.submit("log_metric", run_id, Metric("m", 2.0, 1, 1))
    before.result(WAIT_S)
    with pytest.raises(InvalidState, match="active"):
        after.result(WAIT_S)


@pytest.mark.parametrize("deletion", ["run", "experiment"])
def test_run_deleted_by_another_server_takes_no_more_writes(
    uri: str, deletion: str, opened: Callable[[str], SqlStore]
) -> None:
    one, other = opened(uri), opened(uri)
    experiment = one.create_experiment("shared")
    run_id = one.create_run(experiment).info.run_id
    one.log_metric(run_id, Metric("m", 1.0, 1, 1))
    other.delete_run(run_id) if deletion == "run" else other.delete_experiment(experiment)
    with pytest.raises(InvalidState, match="active"):
        one.log_metric(run_id, Metric("m", 2.0, 1, 1))
    other.restore_run(run_id)
    one.log_metric(run_id, Metric("m", 3.0, 1, 1))
    assert other.get_run(run_id).data.metrics == {"m": 3.0}


def test_changes_count_on_over_the_writes_of_another_server(uri: str, opened: Callable[[str], SqlStore]) -> None:
    one, other = opened(uri), opened(uri)
    runs = [one.create_run("0").info.run_id for _ in range(2)]
    for turn in range(6):
        cursor = one.changes().cursor
        writer, run_id = (one, other)[turn % 2], runs[turn // 2 % 2]
        writer.log_metric(run_id, Metric("m", 1.0, 1, turn))
        assert [run.run_id for run in one.changes(cursor).runs] == [run_id]


def test_key_of_an_undone_request_is_made_anew(sqlite_store: SqlStore) -> None:
    run_id = sqlite_store.create_run("0").info.run_id
    model = Metric("fresh key", 1.0, 1, 1, model_id="m-unknown")
    for _ in range(2):
        with pytest.raises(IntegrityViolation):
            sqlite_store.log_metric(run_id, model)
    sqlite_store.log_metric(run_id, Metric("fresh key", 3.0, 1, 1))
    assert sqlite_store.get_run(run_id).data.metrics == {"fresh key": 3.0}


def test_failed_commit_fails_the_whole_group(sqlite_store: SqlStore, tmp_path: Path) -> None:
    run_id = sqlite_store.create_run("0").info.run_id
    with files_limited(0, tmp_path / "store.db-wal"):
        with writer_held(sqlite_store):
            futures: list[Future[Any]] = [
                sqlite_store.submit("log_param", run_id, Param(f"p{i}", "x" * 5000)) for i in range(20)
            ]
            unknown = sqlite_store.submit("log_param", "0" * 32, Param("a", "1"))
        for future in futures:
            with pytest.raises(StoreUnavailable):
                future.result(WAIT_S)
        with pytest.raises((NotFound, StoreUnavailable)):
            unknown.result(WAIT_S)
    assert sqlite_store.get_run(run_id).data.params == {}
    sqlite_store.log_param(run_id, Param("later", "1"))
    assert sqlite_store.get_run(run_id).data.params == {"later": "1"}
    assert query(tmp_path / "store.db", "PRAGMA integrity_check") == [("ok",)]


def test_full_database_is_unavailable_and_stays_whole(sqlite_store: SqlStore, tmp_path: Path) -> None:
    run_id = sqlite_store.create_run("0").info.run_id

    def no_more_pages(db: Any) -> None:
        used = db.execute("PRAGMA page_count").fetchone()[0]
        db.execute(f"PRAGMA max_page_count = {used + 1}")

    def all_pages(db: Any) -> None:
        db.execute("PRAGMA max_page_count = 1000000")

    sqlite_store.engine.write(no_more_pages)
    logged = 0
    with pytest.raises(StoreUnavailable, match="free some disk space"):
        while True:
            sqlite_store.log_param(run_id, Param(f"p{logged}", "x" * 6000))
            logged += 1
    assert set(sqlite_store.get_run(run_id).data.params) == {f"p{i}" for i in range(logged)}
    sqlite_store.engine.write(all_pages)
    sqlite_store.log_param(run_id, Param("later", "1"))
    assert len(sqlite_store.get_run(run_id).data.params) == logged + 1
    assert query(tmp_path / "store.db", "PRAGMA integrity_check") == [("ok",)]


def test_lock_of_a_foreign_process_is_waited_for(sqlite_store: SqlStore, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "store.db", isolation_level=None)) as foreign:
        foreign.execute("BEGIN IMMEDIATE")
        waiting = sqlite_store.submit("create_run", "0")
        assert sqlite_store.get_experiment("0").name == "Default"  # readers don't wait
        assert not waiting.done()
        foreign.execute("COMMIT")
        assert waiting.result(WAIT_S).info.status == "RUNNING"


def test_lock_that_is_never_released_ends_in_unavailable(
    sqlite_store: SqlStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sqlite_store.create_run("0")
    monkeypatch.setattr("headrace.stores.sql.sqlite_writer.LOCK_WAIT_S", 0.05)
    with closing(sqlite3.connect(tmp_path / "store.db", isolation_level=None)) as foreign:
        foreign.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable, match="held the SQLite database's write lock for too long"):
            sqlite_store.create_run("0")
        foreign.execute("COMMIT")
    sqlite_store.create_run("0")
    assert sqlite_store.count_runs(["0"]) == 2


def test_close_waits_for_what_was_submitted(uri: str, opened: Callable[[str], SqlStore]) -> None:
    store = opened(uri)
    futures = [store.submit("create_run", "0") for _ in range(50)]
    store.close()
    assert all(future.done() for future in futures)
    ids = {future.result().info.run_id for future in futures}
    assert {run.info.run_id for run in opened(uri).search_runs(["0"])} == ids


def test_closed_store_is_unavailable(store: SqlStore) -> None:
    store.create_run("0")
    store.close()
    store.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        store.create_run("0")
    with pytest.raises(StoreUnavailable, match="closed"):
        store.submit("create_run", "0").result(WAIT_S)
    with pytest.raises(StoreUnavailable, match="closed"):
        store.get_experiment("0")


def test_submit_reports_wrong_arguments_by_its_future(store: SqlStore) -> None:
    with pytest.raises(InvalidValue, match=r"params\[0\].key"):
        store.submit("log_param", "0" * 32, Param("a//b", "1")).result(WAIT_S)


@pytest.mark.parametrize(("durability", "synchronous"), [("full", 2), ("normal", 1)])
def test_durability_sets_what_a_commit_waits_for(sqlite_uri: str, durability: Any, synchronous: int) -> None:
    store = open_sql_store(sqlite_uri, "/artifacts", durability=durability)
    assert store.engine.write(lambda db: db.execute("PRAGMA synchronous").fetchone()) == (synchronous,)
    store.close()


def test_unknown_durability_is_refused(sqlite_uri: str) -> None:
    with pytest.raises(InvalidValue, match="full and normal"):
        open_sql_store(sqlite_uri, "/artifacts", durability="none")  # type: ignore[arg-type]


def test_idle_readers_are_few(sqlite_store: SqlStore) -> None:
    threads = 30
    barrier = threading.Barrier(threads)

    def look() -> None:
        sqlite_store.engine.read(lambda _: barrier.wait(WAIT_S))

    started = [threading.Thread(target=look) for _ in range(threads)]
    for each in started:
        each.start()
    for each in started:
        each.join(WAIT_S)
    engine = sqlite_store.engine
    assert isinstance(engine, SqliteEngine)
    assert not barrier.broken  # all of them read at the same time
    assert len(engine.idle) <= 8
