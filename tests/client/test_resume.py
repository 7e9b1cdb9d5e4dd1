"""A run goes on from an earlier step: what a killed process had logged beyond it is hidden, whenever and from wherever
it arrives. Params are corrected where that is asked for."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

import headrace as mlflow
import headrace.client.open as stores
from headrace.cli import main
from headrace.client.outbox.files import journals
from headrace.errors import HeadraceError, InvalidState, InvalidValue, NotFound
from tests.client.conftest import PASSWORD, forget, server_at
from tests.support.live_server import live_server

HANG_S = 120
TRAINER = """
import sys
import headrace as mlflow

first, last, value = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
rewind = {} if sys.argv[5:] == [] else {"resume_from_step": int(sys.argv[5])}
if sys.argv[4] == "new":
    mlflow.set_experiment("killed")
    run = mlflow.start_run(run_name="training")
else:
    run = mlflow.start_run(run_id=sys.argv[4], **rewind)
for step in range(first, last):
    mlflow.log_metric("loss", value, step=step)
print(run.info.run_id, flush=True)
sys.stdin.read()
"""


def killed(environment: Mapping[str, str], folder: Path, *arguments: object) -> str:
    """Trains in another process, which is killed while its run is open; the run's id."""
    process = subprocess.Popen(
        [sys.executable, "-c", TRAINER, *map(str, arguments)],
        cwd=folder,
        env={**dict(environment), "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        run_id = process.stdout.readline().strip()
    finally:
        process.send_signal(signal.SIGKILL)
        _, told = process.communicate(timeout=HANG_S)
    assert run_id, told
    return run_id


def log(first: int, last: int, value: float) -> None:
    for step in range(first, last):
        mlflow.log_metric("loss", value, step=step)


def losses(run_id: str) -> dict[int, float]:
    points = mlflow.MlflowClient().get_metric_history(run_id, "loss")
    assert len({point.step for point in points}) == len(points)
    return {point.step: point.value for point in points}


def spans(*parts: tuple[int, int, float]) -> dict[int, float]:
    return {step: value for first, last, value in parts for step in range(first, last)}


@pytest.mark.usefixtures("place")
def test_resumed_run_goes_on_from_the_step() -> None:
    with mlflow.start_run() as run:
        log(0, 10, 1.0)
    run_id = run.info.run_id
    with mlflow.start_run(run_id=run_id, resume_from_step=5) as resumed:
        assert [(point.step, point.value) for point in resumed.data.latest] == [(5, 1.0)]
        log(6, 8, 2.0)
    assert losses(run_id) == spans((0, 6, 1.0), (6, 8, 2.0))
    client = mlflow.MlflowClient()
    (rewind,) = client.get_rewinds(run_id)
    assert (rewind.step, rewind.points) == (5, {"loss": 4})
    assert rewind.who
    hidden = client.get_hidden_points(run_id, "loss")
    assert [(point.step, point.value) for point in hidden] == [(step, 1.0) for step in range(6, 10)]
    assert client.get_run(run_id).info.status == "FINISHED"


@pytest.mark.usefixtures("place")
def test_one_process_may_rewind_again_and_again() -> None:
    run_id = mlflow.start_run().info.run_id
    log(0, 6, 1.0)
    for turn in range(3):
        mlflow.end_run()
        mlflow.start_run(run_id=run_id, resume_from_step=2)
        log(3, 6, 2.0 + turn)
    assert losses(run_id) == spans((0, 3, 1.0), (3, 6, 4.0))
    assert [rewind.points for rewind in mlflow.MlflowClient().get_rewinds(run_id)] == [{"loss": 3}] * 3


@pytest.mark.usefixtures("place")
def test_step_needs_a_run_and_must_be_an_integer() -> None:
    with pytest.raises(InvalidValue, match="give run_id"):
        mlflow.start_run(resume_from_step=3)
    run_id = mlflow.start_run().info.run_id
    mlflow.end_run()
    with pytest.raises(InvalidValue, match="resume_from_step"):
        mlflow.start_run(run_id=run_id, resume_from_step="a lot")  # type: ignore[arg-type]
    with pytest.raises(InvalidValue, match="64-bit"):
        mlflow.start_run(run_id=run_id, resume_from_step=1 << 63)
    assert mlflow.active_run() is None
    assert mlflow.MlflowClient().get_rewinds(run_id) == []


@pytest.mark.usefixtures("place")
def test_client_rewinds_a_run_that_nobody_has_open() -> None:
    with mlflow.start_run() as run:
        log(0, 10, 1.0)
    client = mlflow.MlflowClient()
    client.rewind_run(run.info.run_id, 4)
    client.rewind_run(run.info.run_id, 2)
    assert losses(run.info.run_id) == spans((0, 3, 1.0))
    assert client.get_run(run.info.run_id).info.status == "FINISHED"
    with pytest.raises(NotFound):
        client.rewind_run("0" * 32, 4)
    with mlflow.start_run(), pytest.raises(InvalidState, match="resume_from_step=3"):
        client.rewind_run(mlflow.active_run().info.run_id, 3)  # type: ignore[union-attr]


def environment_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    """Of this process, and of those that it starts."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setenv("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    monkeypatch.setenv("HEADRACE_JOURNAL_DIR", str(tmp_path / "journal"))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))
    return dict(os.environ)


@pytest.mark.parametrize(
    "database", [None, pytest.param("postgresql", marks=pytest.mark.postgres)], ids=["sqlite", "postgresql"]
)
def test_killed_training_whose_journal_was_unsent_is_resumed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, database: str | None
) -> None:
    """The killed process lost its server on the way; who resumes brings its journal before the rewind."""
    options = ["--backend-store-uri", request.getfixturevalue("fresh_postgres_url")] if database else []
    environment = environment_of(tmp_path, monkeypatch)
    with live_server(tmp_path / "server", *options) as server:
        run_id = killed({**environment, "MLFLOW_TRACKING_URI": server.url}, tmp_path, 0, 10, 1.0, "new")
        # Without the server: what it logs stays in its journal.
        offline = {**environment, "MLFLOW_TRACKING_URI": server.url, "HEADRACE_OFFLINE": "1"}
        killed(offline, tmp_path, 10, 20, 1.5, run_id)
        assert journals(tmp_path / "journal")
        mlflow.set_tracking_uri(server.url)
        with mlflow.start_run(run_id=run_id, resume_from_step=7):
            log(8, 12, 2.0)
        stores.close_stores()
        assert journals(tmp_path / "journal") == {}
        assert losses(run_id) == spans((0, 8, 1.0), (8, 12, 2.0))
        (rewind,) = mlflow.MlflowClient().get_rewinds(run_id)
        assert rewind.points == {"loss": 12}
        forget()


def test_journal_that_comes_from_elsewhere_after_the_rewind_stays_hidden(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = environment_of(tmp_path, monkeypatch)
    elsewhere = {"HEADRACE_JOURNAL_DIR": str(tmp_path / "elsewhere"), "HEADRACE_OFFLINE": "1"}
    with live_server(tmp_path / "server") as server:
        there = {**environment, "MLFLOW_TRACKING_URI": server.url}
        run_id = killed(there, tmp_path, 0, 10, 1.0, "new")
        killed({**there, **elsewhere}, tmp_path, 10, 20, 1.5, run_id)
        mlflow.set_tracking_uri(server.url)
        with mlflow.start_run(run_id=run_id, resume_from_step=12):
            log(13, 16, 2.0)
            mlflow.flush_async_logging()
            main(["sync", str(tmp_path / "elsewhere"), "--to", server.url], standalone_mode=False)
            assert losses(run_id) == spans((0, 10, 1.0), (10, 13, 1.5), (13, 16, 2.0))
            log(16, 17, 2.0)
        hidden = mlflow.MlflowClient().get_hidden_points(run_id, "loss")
        assert [(point.step, point.value) for point in hidden] == [(step, 1.5) for step in range(13, 20)]
        run = mlflow.get_run(run_id)
        assert (run.info.status, run.data.latest[0].step) == ("FINISHED", 16)
        forget()


def test_rewind_without_a_server_is_kept_and_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = environment_of(tmp_path, monkeypatch)
    offline = {**environment, "MLFLOW_TRACKING_URI": f"offline:{tmp_path}/cluster"}
    run_id = killed(offline, tmp_path, 0, 10, 1.0, "new")
    killed(offline, tmp_path, 6, 9, 2.0, run_id, 5)
    killed(offline, tmp_path, 4, 5, 3.0, run_id, 3)
    mlflow.set_tracking_uri(f"offline:{tmp_path}/cluster")
    assert losses(run_id) == spans((0, 4, 1.0), (4, 5, 3.0))
    mlflow.set_tracking_uri(str(tmp_path / "store"))
    for _ in range(2):
        main(["sync", str(tmp_path / "cluster"), "--to", str(tmp_path / "store")], standalone_mode=False)
        assert losses(run_id) == spans((0, 4, 1.0), (4, 5, 3.0))
        rewinds = mlflow.MlflowClient().get_rewinds(run_id)
        assert [(each.step, each.points) for each in rewinds] == [(5, {"loss": 4}), (3, {"loss": 5})]


@pytest.mark.usefixtures("place")
def test_corrected_param_is_read_and_the_old_value_kept() -> None:
    with mlflow.start_run() as run:
        mlflow.log_param("lr", 0.1)
        mlflow.correct_param("lr", 0.01, reason="a slip")
        mlflow.log_param("lr", 0.01)
        with pytest.raises(InvalidValue, match="correct_param"):
            mlflow.log_param("lr", 0.1)
    run_id = run.info.run_id
    client = mlflow.MlflowClient()
    client.correct_param(run_id, "lr", 0.02)
    assert mlflow.get_run(run_id).data.params == {"lr": "0.02"}
    first, second = client.get_param_corrections(run_id)
    assert (first.key, first.old, first.new, first.reason) == ("lr", "0.1", "0.01", "a slip")
    assert (second.old, second.new, second.reason) == ("0.01", "0.02", "")
    assert first.who == second.who != ""
    assert first.corrected_ms <= second.corrected_ms


@pytest.mark.usefixtures("place")
def test_param_that_is_not_there_cannot_be_corrected() -> None:
    with mlflow.start_run() as run:
        with pytest.raises(HeadraceError, match="log_param"):
            mlflow.correct_param("lr", 0.1)
        mlflow.log_param("lr", 0.2)
    assert mlflow.get_run(run.info.run_id).data.params == {"lr": "0.2"}


def test_server_that_knows_its_users_says_who_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "grace")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", PASSWORD)
    monkeypatch.setenv("LOGNAME", "mallory")
    with server_at(tmp_path, users=["grace"]) as address:
        mlflow.set_tracking_uri(address)
        with mlflow.start_run() as run:
            mlflow.log_param("lr", 1)
            mlflow.correct_param("lr", 2)
        client = mlflow.MlflowClient()
        client.rewind_run(run.info.run_id, 0)
        assert [each.who for each in client.get_param_corrections(run.info.run_id)] == ["grace"]
        assert [each.who for each in client.get_rewinds(run.info.run_id)] == ["grace"]
        forget()
