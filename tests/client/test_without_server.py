from __future__ import annotations

import logging
import os
import socket
from pathlib import Path

import pytest

import headrace as mlflow
import headrace.client.open as stores
from headrace.client.outbox.files import journals
from headrace.errors import InvalidValue, StoreUnavailable
from tests.support.live_server import live_server


@pytest.fixture
def port() -> int:
    """Where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of the journals."""
    monkeypatch.setenv("HEADRACE_JOURNAL_DIR", str(tmp_path / "journal"))
    monkeypatch.setenv("HEADRACE_FLUSH_TIMEOUT", "0.2")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    return tmp_path / "journal"


def train() -> str:
    mlflow.set_experiment("without a server")
    with mlflow.start_run(run_name="alone", tags={"team": "red"}) as run:
        mlflow.log_params({"lr": 0.1})
        for step in range(100):
            mlflow.log_metric("loss", 1 / (step + 1), step=step)
        mlflow.set_tag("note", "ключ")
    return run.info.run_id


def check(run_id: str) -> None:
    run = mlflow.get_run(run_id)
    assert (run.info.status, run.info.run_name) == ("FINISHED", "alone")
    experiment = mlflow.get_experiment(run.info.experiment_id)
    assert experiment.name == "without a server"
    assert run.data.params == {"lr": "0.1"}
    assert run.data.tags.items() >= {"team": "red", "note": "ключ"}.items()
    history = mlflow.MlflowClient().get_metric_history(run_id, "loss")
    assert [(point.step, point.value) for point in history] == [(step, 1 / (step + 1)) for step in range(100)]


def test_training_runs_to_its_end_and_a_later_process_delivers(
    port: int, folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    mlflow.set_tracking_uri(f"http://127.0.0.1:{port}")
    run_id = train()
    stores.close_stores()
    assert len(journals(folder)) == 1
    told = [record.message for record in caplog.records if record.name == "headrace.outbox"]
    assert sum("can't be reached" in message for message in told) == 1
    assert any("headrace sync" in message for message in told)
    with live_server(tmp_path / "served", "--port", str(port)):
        mlflow.set_experiment("another")
        with mlflow.start_run():
            mlflow.log_metric("x", 1)
        check(run_id)
        stores.close_stores()
    assert list(folder.iterdir()) == []


def test_server_that_comes_while_the_run_goes_on_gets_it_all(port: int, folder: Path, tmp_path: Path) -> None:
    mlflow.set_tracking_uri(f"http://127.0.0.1:{port}")
    mlflow.set_experiment("without a server")
    with mlflow.start_run(run_name="alone", tags={"team": "red"}) as run:
        mlflow.log_params({"lr": 0.1})
        for step in range(50):
            mlflow.log_metric("loss", 1 / (step + 1), step=step)
        with live_server(tmp_path / "served", "--port", str(port)):
            for step in range(50, 100):
                mlflow.log_metric("loss", 1 / (step + 1), step=step)
            mlflow.set_tag("note", "ключ")
            assert stores.tracking_sink().flush(30)
            mlflow.end_run()
            check(run.info.run_id)


def test_a_fork_may_reach_the_server_before_its_parent(port: int, folder: Path, tmp_path: Path) -> None:
    mlflow.set_tracking_uri(f"http://127.0.0.1:{port}")
    mlflow.set_experiment("without a server")
    with mlflow.start_run(run_name="alone", tags={"team": "red"}) as run:
        child = os.fork()
        if child == 0:
            for step in range(20):
                mlflow.log_metric("child", step, step=step)
            os._exit(0)
        os.waitpid(child, 0)
        mlflow.log_metric("parent", 1)
        with live_server(tmp_path / "served", "--port", str(port)):
            assert stores.tracking_sink().flush(30)
            mlflow.end_run()
            stored = mlflow.get_run(run.info.run_id)
            assert stored.data.metrics == {"child": 19.0, "parent": 1.0}
            assert mlflow.get_experiment(stored.info.experiment_id).name == "without a server"
            assert (stored.info.run_name, stored.data.tags["team"]) == ("alone", "red")
            assert list(folder.glob("*.rejected.jsonl")) == []


@pytest.mark.parametrize("uri", ["offline", "variable"])
def test_offline_only_writes_the_journal(
    uri: str, port: int, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if uri == "offline":
        mlflow.set_tracking_uri(f"offline:{folder}")
    else:
        mlflow.set_tracking_uri(f"http://127.0.0.1:{port}")
        monkeypatch.setenv("HEADRACE_OFFLINE", "1")
    with socket.create_server(("127.0.0.1", port)) as listener:
        listener.settimeout(0.05)
        train()
        stores.close_stores()
        with pytest.raises(TimeoutError):
            listener.accept()
    ((writer_id, segments),) = journals(folder).items()
    assert segments[0].path.name == f"{writer_id}.000001.journal"


def test_strict_raises(port: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_STRICT", "1")
    mlflow.set_tracking_uri(f"http://127.0.0.1:{port}")
    with pytest.raises(StoreUnavailable, match="does not answer"):
        mlflow.start_run()
    assert mlflow.active_run() is None
    assert not folder.exists() or journals(folder) == {}


def test_mistakes_raise_at_once_without_a_server(port: int, folder: Path) -> None:
    mlflow.set_tracking_uri(f"http://127.0.0.1:{port}")
    with pytest.raises(InvalidValue, match="may not be empty"):
        mlflow.set_experiment(" ")
    with mlflow.start_run():
        mlflow.log_param("lr", 1)
        with pytest.raises(InvalidValue, match="already '1'"):
            mlflow.log_param("lr", 2)
        with pytest.raises(InvalidValue, match="a//b"):
            mlflow.log_metric("a//b", 1)
        with pytest.raises(InvalidValue, match="one number"):
            mlflow.log_metric("a", "x")
        with pytest.raises(InvalidValue, match="status"):
            mlflow.end_run("DONE")


def test_journal_that_cannot_be_written_is_done_without(
    tmp_path: Path, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder.parent.joinpath("journal").write_text("a file where the folder should be")
    with live_server(tmp_path / "served") as server:
        mlflow.set_tracking_uri(server.url)
        caplog.set_level(logging.WARNING)
        run_id = train()
        check(run_id)
    assert "Records go to the store directly" in caplog.text
