"""Journals and a genuine MLflow server, which takes none."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import headrace as mlflow
from headrace.cli import main
from headrace.client.mlflow_client import MlflowClient
from headrace.client.open import close_stores, tracking_store
from headrace.client.outbox.files import journals
from headrace.client.outbox.run_ids import LOCAL_ID_TAG, known_ids
from headrace.client.outbox.stock import StockDelivery
from headrace.entities import Dataset, DatasetInput, InputTag, LoggedModelInput, LoggedModelOutput, Run
from headrace.entities.journal import (
    InputsLogged,
    JournalRecord,
    OutputsLogged,
    ParamsLogged,
    PointsLogged,
    RunStarted,
    RunUpdated,
    TagRemoved,
    TagsSet,
)
from headrace.errors import NotSupported
from headrace.wire.journal import body
from tests.client.stock import MLFLOW, ROOT, StockServer

STEPS = 1500  # more than one call takes

pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(not MLFLOW.exists(), reason="no genuine MLflow: make setup-mlflow"),
]


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StockServer]:
    server = StockServer(tmp_path_factory.mktemp("stock"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def stock(started: StockServer, folder: Path) -> StockServer:
    return started


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of the journals."""
    monkeypatch.setenv("HEADRACE_JOURNAL_DIR", str(tmp_path / "journal"))
    monkeypatch.setenv("HEADRACE_FLUSH_TIMEOUT", "60")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    monkeypatch.setenv("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    return tmp_path / "journal"


def log(start: int, stop: int) -> None:
    for step in range(start, stop):
        mlflow.log_metrics({"loss": 1 / (step + 1), "acc": step / 2}, step=step)


def check(url: str, experiment: str, status: str = "FINISHED") -> Run:
    """The only run of the experiment, which has everything once."""
    mlflow.set_tracking_uri(url)
    (run,) = mlflow.search_runs(experiment_names=[experiment], output_format="list")
    assert run.info.status == status
    assert run.data.params == {"lr": "0.1"}
    assert run.data.tags.items() >= {"note": "ключ", "team": "red"}.items()
    assert "gone" not in run.data.tags
    for key, values in (("loss", [1 / (step + 1) for step in range(STEPS)]), ("acc", [i / 2 for i in range(STEPS)])):
        history = MlflowClient().get_metric_history(run.info.run_id, key)
        assert [(point.step, point.value) for point in history] == list(enumerate(values))
    assert len(run.inputs.dataset_inputs) == 1
    return run


def begin(experiment: str) -> str:
    mlflow.set_experiment(experiment)
    run = mlflow.start_run(run_name="night", tags={"team": "red", "gone": "x"})
    mlflow.log_param("lr", 0.1)
    mlflow.set_tag("note", "ключ")
    mlflow.delete_tag("gone")
    mlflow.log_input(mlflow.entities.Dataset("d", "01234567", "local", "{}"), context="training")
    return run.info.run_id


def test_logging_is_journalled_and_leaves_nothing_behind(stock: StockServer, folder: Path) -> None:
    mlflow.set_tracking_uri(stock.url)
    run_id = begin("online")
    log(0, STEPS)
    assert len(journals(folder)) == 1
    mlflow.end_run()
    assert check(stock.url, "online").info.run_id == run_id
    close_stores()
    assert list(folder.iterdir()) == []


def test_server_that_comes_later_and_is_killed_gets_the_run_under_an_id_of_its_own(
    tmp_path: Path, folder: Path
) -> None:
    (tmp_path / "late").mkdir()
    server = StockServer(tmp_path / "late")
    mlflow.set_tracking_uri(server.url)
    run_id = begin("late")
    mlflow.log_text("hello", "notes/hello.txt")
    with mlflow.start_run(run_name="child", nested=True) as child:
        mlflow.log_metric("x", 1)
    log(0, 700)
    server.start()
    try:
        log(700, 1000)
        mlflow.flush_async_logging()
        assert mlflow.search_runs(experiment_names=["late"], output_format="list")
        server.stop(signal.SIGKILL)
        log(1000, STEPS)
        server.start()
        mlflow.end_run()
        close_stores()
        there = known_ids(folder, server.url)
        assert there.keys() == {run_id, child.info.run_id}
        mlflow.set_tracking_uri(server.url)
        (made,) = mlflow.search_runs(
            experiment_names=["late"], filter_string="tags.mlflow.runName = 'child'", output_format="list"
        )
        assert made.data.tags["mlflow.parentRunId"] == there[run_id]
        mlflow.delete_run(made.info.run_id)
        run = check(server.url, "late")
        assert (run.info.run_id, run.data.tags[LOCAL_ID_TAG]) == (there[run_id], run_id)
        assert mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/notes/hello.txt") == "hello"
        assert journals(folder) == {}
    finally:
        close_stores()
        server.stop()


def test_what_a_stock_server_cannot_take_back_is_said_at_once(stock: StockServer) -> None:
    mlflow.set_tracking_uri(stock.url)
    run_id = begin("taken back")
    with pytest.raises(NotSupported, match=r"MLflow's, where params are written once.*tag or another key"):
        mlflow.correct_param("lr", 1)
    mlflow.end_run()
    with pytest.raises(NotSupported, match=r"can't be resumed from step 3.*without resume_from_step"):
        mlflow.start_run(run_id=run_id, resume_from_step=3)
    assert mlflow.active_run() is None
    assert mlflow.get_run(run_id).info.status == "FINISHED"
    with mlflow.start_run(run_id=run_id):
        mlflow.log_metric("again", 1)
    for ask in (MlflowClient().get_rewinds, MlflowClient().get_param_corrections):
        with pytest.raises(NotSupported, match="isn't Headrace's"):
            ask(run_id)


def test_offline_folder_is_synced_once(stock: StockServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    offline = tmp_path / "offline"
    mlflow.set_tracking_uri(f"offline:{offline}")
    run_id = begin("offline")
    log(0, STEPS)
    mlflow.end_run()
    close_stores()
    mlflow.set_tracking_uri(None)
    for records in (STEPS + 6, 0):
        main(["sync", str(offline), "--to", stock.url], standalone_mode=False)
        printed = capsys.readouterr().out
        run = check(stock.url, "offline")
        assert " sent" in printed
        assert f" {records} " in printed
        assert run_id in printed
        assert run.info.run_id in printed
    close_stores()


def test_calls_that_are_repeated_change_nothing(stock: StockServer, tmp_path: Path) -> None:
    """As after a crash between an answer and its mark: here, of each call."""
    store = tracking_store(stock.url)
    model_ids = [store.create_logged_model("0").model_id for _ in range(3)]
    run_id = "ab" * 16
    dataset = DatasetInput(Dataset("d", "01234567", "local", "{}"), [InputTag("mlflow.data.context", "training")])
    records: list[JournalRecord] = [
        RunStarted(run_id, experiment_name="repeated", run_name="r"),
        ParamsLogged(run_id, {"lr": "0.1"}),
        PointsLogged(run_id, ("a", "b"), (float("nan"), float("inf")), 3, 7),
        PointsLogged(run_id, ("a",), (1.0,), 3, 7),
        TagsSet(run_id, {"gone": "x", "kept": "y"}),
        TagRemoved(run_id, "gone"),
        InputsLogged(run_id, [dataset], [LoggedModelInput(model_ids[0])]),
        OutputsLogged(run_id, [LoggedModelOutput(model_ids[1], 2), LoggedModelOutput(model_ids[2], 2)]),
        RunUpdated(run_id, "FINISHED", 9),
    ]
    seen = []
    for folder in (tmp_path / "first", tmp_path / "second"):  # neither knows of the other's marks
        folder.mkdir()
        answer = StockDelivery(store, folder, stock.url).deliver("cd" * 16, body(1, records))
        assert (answer.mark, answer.refused) == (len(records), [])
        run = store.get_run(known_ids(folder, stock.url)[run_id])
        points = [store.get_metric_history(run.info.run_id, key) for key in ("a", "b")]
        assert [len(list(page)) for page in points] == [2, 1]
        seen.append(repr(run))
    assert seen[0] == seen[1]
    assert run.data.tags.items() >= {"kept": "y", LOCAL_ID_TAG: run_id}.items()
    assert "gone" not in run.data.tags
    assert len(run.inputs.dataset_inputs) == len(run.inputs.model_inputs) == 1
    assert {each.model_id for each in run.outputs.model_outputs} == set(model_ids[1:])


KILLED = """
import os, sys
import headrace as mlflow
from tests.client.test_stock_journal import begin, log
mlflow.set_tracking_uri(sys.argv[1])
begin("killed")
log(0, 1500)
os.kill(os.getpid(), 9)
"""


def test_what_a_killed_client_left_is_synced(
    stock: StockServer, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = subprocess.run([sys.executable, "-c", KILLED, stock.url], check=False, timeout=300, cwd=ROOT)
    assert ended.returncode == -signal.SIGKILL
    assert len(journals(folder)) == 1
    main(["sync", str(folder), "--remove"], standalone_mode=False)
    check(stock.url, "killed", status="RUNNING")
    assert journals(folder) == {}
    close_stores()
