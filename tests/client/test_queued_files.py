"""Files that the fluent calls log: they wait beside the journal, and reach the store once it takes them."""

from __future__ import annotations

import io
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

import headrace as mlflow
import headrace.client.open as stores
from headrace.cli import main
from headrace.client.async_log import RunOperations
from headrace.client.mlflow_client import MlflowClient
from headrace.client.open import tracking_sink
from headrace.client.outbox import waiting
from headrace.client.outbox.waiting import Waiting
from headrace.errors import HeadraceError, InvalidValue, NotFound, StoreUnavailable, TimedOut, Unauthenticated
from tests.client.conftest import PASSWORD, server_at
from tests.support.live_server import LiveServer, live_server

LARGE = 10_000


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of the journals."""
    monkeypatch.setenv("HEADRACE_JOURNAL_DIR", str(tmp_path / "journal"))
    monkeypatch.setenv("HEADRACE_FLUSH_TIMEOUT", "0.2")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setenv("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    monkeypatch.setattr(waiting, "COPIED_BYTES", LARGE - 1)
    return tmp_path / "journal"


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with live_server(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture
def server(started: LiveServer, folder: Path, monkeypatch: pytest.MonkeyPatch) -> LiveServer:
    monkeypatch.setenv("HEADRACE_FLUSH_TIMEOUT", "60")
    mlflow.set_tracking_uri(started.url)
    return started


def read(run_id: str, path: str) -> bytes:
    return Path(mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path=path)).read_bytes()


def names(run_id: str) -> list[str]:
    return [info.path for info in MlflowClient().list_artifacts(run_id)]


def waits(folder: Path) -> list[str]:
    files = Waiting(folder)
    return [look.path for run_id in files.runs() for look in files.looks(run_id)]


def wait_for(done: Callable[[], bool]) -> None:
    ends = time.monotonic() + 60
    while not done():
        assert time.monotonic() < ends
        time.sleep(0.001)


def file(place: Path, content: bytes) -> Path:
    place.write_bytes(content)
    return place


def test_what_is_logged_is_there_for_whoever_reads_in_the_process(server: LiveServer, folder: Path) -> None:
    with mlflow.start_run() as run:
        run_id = run.info.run_id
        mlflow.log_text("first", "a.txt")
        assert names(run_id) == ["a.txt"]
        mlflow.log_text("second", "a.txt")
        assert mlflow.artifacts.load_text(f"runs:/{run_id}/a.txt") == "second"
        mlflow.log_text("third", "deep/b.txt")
        assert mlflow.artifacts.load_text(mlflow.get_artifact_uri("deep/b.txt")) == "third"
        mlflow.log_text("from the call", "a.txt")
        MlflowClient().log_text(run_id, "by the client, later", "a.txt")
        assert read(run_id, "a.txt") == b"by the client, later"
        mlflow.log_text("by run_id", "c.txt", run_id=run_id)
    assert names(run_id) == ["a.txt", "c.txt", "deep"]
    stores.close_stores()
    assert list(folder.iterdir()) == []


def test_every_kind_is_queued(server: LiveServer, tmp_path: Path) -> None:
    with mlflow.start_run() as run:
        os.kill(server.pid, signal.SIGSTOP)
        try:
            (tmp_path / "tree/sub").mkdir(parents=True)
            file(tmp_path / "tree/sub/x", b"x")
            mlflow.log_artifact(file(tmp_path / "plain", b"plain"))
            mlflow.log_artifacts(tmp_path / "tree", "tree")
            mlflow.log_dict({"a": 1}, "a.json")
            mlflow.log_stream(io.BytesIO(b"s" * 3_000_000), "s.bin")
            mlflow.log_image(np.zeros((2, 2)), "i.png")
            operations = mlflow.log_image(np.zeros((2, 2)), key="k", synchronous=False)
            assert isinstance(operations, RunOperations)
            with pytest.raises(TimedOut):
                operations.wait(0.05)
        finally:
            os.kill(server.pid, signal.SIGCONT)
        operations.wait(60)
        mlflow.log_table({"a": [1]}, "t.json")
        mlflow.log_table({"a": [2]}, "t.json")
    assert names(run.info.run_id) == ["a.json", "i.png", "images", "plain", "s.bin", "t.json", "tree"]
    assert read(run.info.run_id, "s.bin") == b"s" * 3_000_000
    assert read(run.info.run_id, "tree/sub/x") == b"x"
    assert list(mlflow.load_table("t.json", run_ids=[run.info.run_id])["a"]) == [1, 2]


def test_run_that_is_seen_to_have_ended_has_its_files(server: LiveServer) -> None:
    seen: list[list[str]] = []
    run = mlflow.start_run()
    watcher = MlflowClient(f"{server.url}/")  # another store of the process, which waits for nothing

    def watch() -> None:
        while watcher.get_run(run.info.run_id).info.status == "RUNNING":
            pass
        seen.append([info.path for info in watcher.list_artifacts(run.info.run_id)])

    thread = threading.Thread(target=watch)
    thread.start()
    for number in range(20):
        mlflow.log_text("x" * 1000, f"{number:02}.txt")
    mlflow.end_run()
    thread.join(60)
    assert seen == [[f"{number:02}.txt" for number in range(20)]]


def test_large_file_may_go_when_the_call_has_returned(server: LiveServer, tmp_path: Path) -> None:
    first, second = os.urandom(LARGE), os.urandom(LARGE)
    with mlflow.start_run() as run:
        os.kill(server.pid, signal.SIGSTOP)
        try:
            gone = file(tmp_path / "gone.bin", first)
            mlflow.log_artifact(gone)
            gone.unlink()
            replaced = file(tmp_path / "replaced.bin", first)
            mlflow.log_artifact(replaced)
            file(tmp_path / "new", second).replace(replaced)
            again = file(tmp_path / "again.bin", first)
            mlflow.log_artifact(again)
            again.write_bytes(second)
            mlflow.log_artifact(again)
        finally:
            os.kill(server.pid, signal.SIGCONT)
    assert read(run.info.run_id, "gone.bin") == first
    assert read(run.info.run_id, "replaced.bin") == first
    assert read(run.info.run_id, "again.bin") == second


def test_large_file_that_its_owner_changes_is_told_and_never_sent(
    port: int, folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    mlflow.set_tracking_uri(f"http://127.0.0.1:{port}")
    with mlflow.start_run() as run:
        for name in ("a.bin", "b.bin"):
            mlflow.log_artifact(file(tmp_path / name, os.urandom(LARGE)))
            (tmp_path / name).write_bytes(os.urandom(LARGE))
        mlflow.log_text("whole", "c.txt")
        with live_server(tmp_path / "served", "--port", str(port)):
            assert tracking_sink().flush_files(60)
            assert names(run.info.run_id) == ["c.txt"]
            mlflow.end_run()
            stores.close_stores()
    assert caplog.text.count("changed after it was logged") == 1
    assert "2 logged files could not be sent" in caplog.text
    kept = (folder / "files.rejected.jsonl").read_text().splitlines()
    assert len(kept) == 2
    assert sorted(each.name for each in (folder / "rejected" / run.info.run_id).iterdir()) == ["a.bin", "b.bin"]


def test_file_that_changes_while_it_is_sent_is_never_there_in_part(server: LiveServer, tmp_path: Path) -> None:
    size = 64 << 20
    place = file(tmp_path / "big.bin", b"1" * size)
    writing = threading.Event()

    def overwrite() -> None:
        with place.open("r+b") as big:
            for _ in range(64):
                big.write(b"2" * (1 << 20))
                big.flush()
                writing.set()

    with mlflow.start_run() as run:
        thread = threading.Thread(target=overwrite)
        mlflow.log_artifact(place)
        thread.start()
        writing.wait(60)
        thread.join()
    found = names(run.info.run_id)
    assert found in ([], ["big.bin"])
    if found:
        assert read(run.info.run_id, "big.bin") == b"1" * size


def test_training_goes_on_without_a_server_and_the_next_process_sends(
    port: int, folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    mlflow.set_tracking_uri(f"http://127.0.0.1:{port}")
    with mlflow.start_run() as run:
        for number in range(3):
            mlflow.log_text(f"{number}", f"{number}.txt")
        mlflow.log_table({"a": [1]}, "t.json")
        mlflow.log_table({"a": [2]}, "t.json")
        assert mlflow.artifacts.load_text(mlflow.get_artifact_uri("1.txt")) == "1"
    stores.close_stores()
    assert sorted(waits(folder)) == ["0.txt", "1.txt", "2.txt", "t.json"]
    assert "headrace sync" in caplog.text
    with live_server(tmp_path / "served", "--port", str(port)):
        with mlflow.start_run():
            mlflow.log_metric("x", 1)
        stores.close_stores()
        assert names(run.info.run_id) == ["0.txt", "1.txt", "2.txt", "t.json"]
        assert list(mlflow.load_table("t.json")["a"]) == [1, 2]
        stores.close_stores()
    assert list(folder.iterdir()) == []


def test_table_grows_while_the_server_is_away(server: LiveServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headrace.client.outbox.open.HURRY_S", 1.0)
    with mlflow.start_run() as run:
        mlflow.log_table({"a": [1]}, "t.json")
        mlflow.log_table({"a": [1]}, "u.json")
        assert tracking_sink().flush_files(60)
        monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "0.2")
        os.kill(server.pid, signal.SIGSTOP)
        try:
            mlflow.log_table({"a": [2]}, "t.json")
        finally:
            os.kill(server.pid, signal.SIGCONT)
        monkeypatch.delenv("MLFLOW_HTTP_REQUEST_TIMEOUT")
    assert list(mlflow.load_table("t.json", run_ids=[run.info.run_id])["a"]) == [1, 2]


SCRIPT = """
import os, signal, sys
import headrace as mlflow
with mlflow.start_run() as run:
    mlflow.log_text("kept", "a.txt")
    mlflow.log_artifact("large.bin")
    os.unlink("large.bin")
    print(run.info.run_id, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_process_logged_is_sent_by_sync(port: int, folder: Path, tmp_path: Path) -> None:
    content = bytes(65 << 20)
    file(tmp_path / "large.bin", content)
    url = f"http://127.0.0.1:{port}"
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=tmp_path,
        env={**os.environ, "MLFLOW_TRACKING_URI": url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == -signal.SIGKILL
    run_id = ended.stdout.strip()
    with live_server(tmp_path / "served", "--port", str(port)):
        mlflow.set_tracking_uri(url)
        with pytest.raises(SystemExit) as left:
            main(["sync", str(folder)])
        assert left.value.code in (0, None)
        assert read(run_id, "a.txt") == b"kept"
        assert read(run_id, "large.bin") == content
        stores.close_stores()
    assert waits(folder) == []


def test_files_that_workers_leave_are_there_when_the_run_has_ended(server: LiveServer) -> None:
    with mlflow.start_run() as run:
        mlflow.log_text("parent", "parent.txt")
        child = os.fork()
        if child == 0:
            mlflow.log_text("child", "child.txt")
            os._exit(0)
        os.waitpid(child, 0)
    assert names(run.info.run_id) == ["child.txt", "parent.txt"]


def test_fork_in_the_middle_of_a_file_holds_nothing_up(server: LiveServer, folder: Path) -> None:
    with mlflow.start_run() as run:
        os.kill(server.pid, signal.SIGSTOP)
        try:
            mlflow.log_text("x" * 1000, "a.txt")
            wait_for(Waiting(folder).sending(run.info.run_id).exists)
            ends, stays = os.pipe()
            child = os.fork()
            if child == 0:
                os.close(stays)
                os.read(ends, 1)
                os._exit(0)
        finally:
            os.kill(server.pid, signal.SIGCONT)
        for name in ("b.txt", "c.txt"):
            mlflow.log_text("y", name)
            assert tracking_sink().flush_files(60)
        os.close(stays)
        os.close(ends)
        os.waitpid(child, 0)
    assert names(run.info.run_id) == ["a.txt", "b.txt", "c.txt"]


def test_refused_file_is_set_aside_and_others_go_on(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("HEADRACE_FLUSH_TIMEOUT", "60")
    with live_server(tmp_path / "served", environment={"HEADRACE_MAX_UPLOAD_BYTES": "1000"}) as server:
        mlflow.set_tracking_uri(server.url)
        with mlflow.start_run() as run:
            mlflow.log_text("x" * 1001, "a.txt")
            mlflow.log_text("x" * 1000, "b.txt")
        assert names(run.info.run_id) == ["b.txt"]
        stores.close_stores()
    assert "'a.txt' isn't sent" in caplog.text
    assert (folder / "rejected" / run.info.run_id / "a.txt").read_text() == "x" * 1001


def test_files_wait_until_the_server_knows_who_is_calling(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with server_at(tmp_path, proxied=True, users=["ann"]) as url:
        mlflow.set_tracking_uri(url)
        monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "ann")
        monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", PASSWORD)
        with mlflow.start_run() as run:
            monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "wrong")
            mlflow.log_text("x", "a.txt")
            assert not tracking_sink().flush_files(10, patient=False)
            with pytest.raises(Unauthenticated):
                mlflow.log_text("y", "b.txt", synchronous=True)
            monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", PASSWORD)
            assert tracking_sink().flush_files(60)
            mlflow.log_text("y", "b.txt", synchronous=True)
            assert waits(folder) == []
        assert names(run.info.run_id) == ["a.txt", "b.txt"]
        stores.close_stores()
    assert caplog.text.count("Logged files don't reach the store") == 1


@pytest.mark.parametrize("how", ["synchronous", "strict"])
def test_who_wants_to_wait_is_told_what_went_wrong(
    how: str, port: int, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mlflow.set_tracking_uri(f"http://127.0.0.1:{port}")
    with mlflow.start_run(), monkeypatch.context() as here:
        here.setenv("HEADRACE_STRICT", "1" if how == "strict" else "0")
        with pytest.raises(StoreUnavailable, match="does not answer"):
            mlflow.log_text("x", "a.txt", synchronous=True if how == "synchronous" else None)


def test_mistakes_raise_at_once_without_a_server(port: int, folder: Path, tmp_path: Path) -> None:
    mlflow.set_tracking_uri(f"http://127.0.0.1:{port}")
    with mlflow.start_run():
        with pytest.raises(InvalidValue, match="no such file"):
            mlflow.log_artifact(tmp_path / "none")
        with pytest.raises(InvalidValue, match=r"\.\."):
            mlflow.log_text("x", "../a.txt")
        with pytest.raises(InvalidValue, match="run_id"):
            mlflow.log_text("x", "a.txt", run_id="../..")
    assert waits(folder) == []


def test_run_that_the_server_does_not_have_is_told(server: LiveServer) -> None:
    with pytest.raises(NotFound):
        mlflow.log_text("x", "a.txt", run_id="f" * 32)


def test_folder_that_takes_nothing_is_done_without(
    server: LiveServer, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder.write_text("a file where the folder should be")
    with mlflow.start_run() as run:
        mlflow.log_text("x", "a.txt")
        mlflow.log_artifact(folder)
    assert names(run.info.run_id) == ["a.txt", "journal"]


def test_file_that_nobody_takes_is_counted_and_training_goes_on(
    port: int, folder: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.write_text("a file where the folder should be")
    mlflow.set_tracking_uri(f"http://127.0.0.1:{port}")
    with mlflow.start_run():
        for _ in range(3):
            mlflow.log_text("x", "a.txt")
    stores.close_stores()
    assert caplog.text.count("A logged file is lost") == 1
    assert "3 logged files are lost" in caplog.text


def test_embedded_store_has_the_file_when_the_call_returns(tmp_path: Path) -> None:
    mlflow.set_tracking_uri(tmp_path / "store")
    with mlflow.start_run() as run:
        mlflow.log_text("x", "a.txt")
        (place,) = (tmp_path / "store" / "artifacts").rglob("a.txt")
        assert place.read_text() == "x"
        assert run.info.run_id in str(place)
    assert not (tmp_path / "store" / "outbox").exists() or waits(tmp_path / "store" / "outbox") == []


def test_many_threads_log_many_files_of_one_run(server: LiveServer, folder: Path) -> None:
    with mlflow.start_run() as run:
        run_id = run.info.run_id
        problems: list[HeadraceError] = []

        def log(worker: int) -> None:
            try:
                for number in range(20):
                    mlflow.log_text(f"{worker} {number}", f"{worker}/{number % 5}.txt", run_id=run_id)
            except HeadraceError as error:
                problems.append(error)

        threads = [threading.Thread(target=log, args=(worker,)) for worker in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert problems == []
    for worker in range(6):
        for number in range(5):
            assert read(run_id, f"{worker}/{number}.txt") == f"{worker} {number + 15}".encode()
    stores.close_stores()
    assert list(folder.iterdir()) == []
