"""What becomes of runs whose process ends badly, or that two processes write."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import headrace as mlflow
import headrace.client.open as stores
from headrace.client import heartbeats
from headrace.errors import Conflict
from headrace.stores.leases import LOST_TAG, LeaseStore
from headrace.stores.sql import open_sql_store

START = """
import os, signal, sys, threading
import headrace as mlflow
"""
WAIT = """
print(run.info.run_id, flush=True)
threading.Event().wait()
"""


def started(code: str, store: Path, **environment: str) -> tuple[subprocess.Popen[str], str]:
    """The process, and what it printed first."""
    process = subprocess.Popen(
        [sys.executable, "-c", START + code],
        env={**os.environ, "MLFLOW_TRACKING_URI": str(store), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def lost_status(store: Path, run_id: str) -> str | None:
    """What a leased run is to be, if its process isn't heard from."""
    opened = open_sql_store(f"sqlite:///{store / stores.DATABASE_FILE}", "/nowhere")
    try:
        row = opened.engine.read(
            lambda db: db.execute(
                "SELECT lost_status FROM run WHERE run_id = ? AND lease_until_ms > 0", (run_id,)
            ).fetchone()
        )
    finally:
        opened.close()
    return None if row is None else str(row[0])


def until(holds: Callable[[], object], timeout_s: float = 30) -> None:
    ends_s = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < ends_s
        time.sleep(0.01)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


def reopened(store: Path, run_id: str) -> str:
    stores.close_stores()
    return status_of(store, run_id)


def status_of(store: Path, run_id: str) -> str:
    return str(mlflow.MlflowClient(str(store)).get_run(run_id).info.status)


def test_run_of_a_killed_process_is_failed_when_the_store_is_opened_later(store: Path) -> None:
    process, run_id = started("run = mlflow.start_run()" + WAIT, store, HEADRACE_LEASE="0.2")
    until(lambda: lost_status(store, run_id) == "FAILED")
    process.kill()
    process.communicate()

    until(lambda: reopened(store, run_id) == "FAILED")
    assert str(process.pid) in mlflow.MlflowClient(str(store)).get_run(run_id).data.tags[LOST_TAG]


def test_run_of_a_process_that_is_killed_while_it_ends_is_killed(store: Path) -> None:
    wait = WAIT.replace("\n", "\n    ")
    process, run_id = started(f"run = mlflow.start_run()\ntry:{wait}\nfinally:{wait}", store, HEADRACE_LEASE="0.4")
    process.send_signal(signal.SIGTERM)
    until(lambda: lost_status(store, run_id) == "KILLED")
    process.kill()
    process.communicate()
    until(lambda: reopened(store, run_id) == "KILLED")


@pytest.mark.parametrize(
    "code", ["run = mlflow.start_run()" + WAIT, "with mlflow.start_run() as run:" + WAIT.replace("\n", "\n    ")]
)
def test_sigterm_ends_the_run_as_killed(store: Path, code: str) -> None:
    process, run_id = started(code, store)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGTERM
    assert status_of(store, run_id) == "KILLED"
    assert lost_status(store, run_id) is None


def test_interruption_ends_the_run_as_failed(store: Path) -> None:
    process, run_id = started("run = mlflow.start_run()" + WAIT, store)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert status_of(store, run_id) == "FAILED"


def test_own_handler_decides_what_becomes_of_the_process(store: Path) -> None:
    code = """
came = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: came.set())
with mlflow.start_run() as run:
    print(run.info.run_id, flush=True)
    while not came.wait(0.05):
        pass
print(signal.getsignal(signal.SIGTERM).__name__, flush=True)
"""
    process, run_id = started(code, store)
    process.send_signal(signal.SIGTERM)
    printed, _ = process.communicate(timeout=60)
    assert (process.returncode, printed.strip()) == (0, "<lambda>")
    assert status_of(store, run_id) == "FINISHED"


def test_run_of_a_process_that_its_own_handler_ends_is_killed(store: Path) -> None:
    code = "signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))\nrun = mlflow.start_run()" + WAIT
    process, run_id = started(code, store)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 7
    assert status_of(store, run_id) == "KILLED"


def test_forked_child_dies_of_sigterm_and_leaves_the_run(store: Path) -> None:
    code = """
run = mlflow.start_run()
child = os.fork()
if child == 0:
    threading.Event().wait()
os.kill(child, signal.SIGTERM)
print(run.info.run_id, os.WTERMSIG(os.waitpid(child, 0)[1]), flush=True)
"""
    process, printed = started(code, store)
    process.communicate(timeout=60)
    run_id, number = printed.split()
    assert int(number) == signal.SIGTERM
    assert status_of(store, run_id) == "FINISHED"


def test_handler_is_there_only_while_a_run_is_open() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with mlflow.start_run():
        with mlflow.start_run(nested=True):
            pass
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before


def test_thread_ends_with_the_last_run() -> None:
    def beating() -> list[threading.Thread]:
        return [each for each in threading.enumerate() if each.name == "headrace-heartbeats"]

    assert not beating()
    with mlflow.start_run():
        with mlflow.start_run(nested=True):
            assert len(beating()) == 1
        assert len(beating()) == 1
    until(lambda: not beating())


def test_lease_of_zero_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_LEASE", "0")
    with mlflow.start_run():
        assert not [each for each in threading.enumerate() if each.name == "headrace-heartbeats"]


@pytest.mark.usefixtures("place")
def test_second_process_with_a_run_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "headrace.outbox")
    run = mlflow.start_run()
    other = heartbeats.Heartbeats()
    uri = mlflow.get_tracking_uri()
    until(lambda: not heartbeats._of_process._fresh and _claimed(run.info.run_id))
    other.claim(run.info.run_id, uri, shared=True)
    other.release(run.info.run_id)
    assert not caplog.records
    for _ in range(2):
        other.claim(run.info.run_id, uri, shared=False)
        until(lambda: len(caplog.records) == 1)
    other.release(run.info.run_id)
    [record] = caplog.records
    assert "shared=True" in record.message
    mlflow.end_run()


def _claimed(run_id: str) -> bool:
    """Another owner is refused."""
    store = stores.tracking_store()
    assert isinstance(store, LeaseStore)
    try:
        store.heartbeat(run_id, "a stranger", 0)
    except Conflict:
        return True
    return False
