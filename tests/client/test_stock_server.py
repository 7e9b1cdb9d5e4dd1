"""Our client against a genuine MLflow server, as far as such a server can."""

from __future__ import annotations

import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

import headrace as mlflow
from headrace.client.open import tracking_store
from headrace.entities import Projection, ViewType
from headrace.errors import AlreadyExists, InvalidValue, NotFound, NotSupported

ROOT = Path(__file__).resolve().parents[2]
MLFLOW = ROOT / ".venv-mlflow" / "bin" / "mlflow"
READY_S = 120

pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(not MLFLOW.exists(), reason="no genuine MLflow: make setup-mlflow"),
]


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=1) as reply:
            return bool(reply.status == 200)
    except (urllib.error.URLError, OSError):
        return False


@pytest.fixture(scope="module")
def stock_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("stock")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    command = [
        MLFLOW,
        "server",
        "--backend-store-uri",
        f"sqlite:///{folder}/m.db",
        "--port",
        str(port),
        "--workers",
        "1",
    ]
    environment = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "PATH": f"{MLFLOW.parent}:{os.environ['PATH']}"}
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, env=environment, start_new_session=True)
        try:
            url, deadline = f"http://127.0.0.1:{port}", time.monotonic() + READY_S
            while not answers(url):
                assert server.poll() is None, (folder / "log").read_text()
                assert time.monotonic() < deadline, (folder / "log").read_text()
                time.sleep(0.2)
            yield url
        finally:
            os.killpg(server.pid, 15)
            server.wait(30)


@pytest.fixture(autouse=True)
def on_stock(stock_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", stock_url)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    monkeypatch.setenv("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")


def test_runs_are_logged_searched_and_read_back() -> None:
    experiment = mlflow.set_experiment("from-headrace")
    assert mlflow.set_experiment("from-headrace").experiment_id == experiment.experiment_id
    with mlflow.start_run(run_name="parent") as parent, mlflow.start_run(run_name="child", nested=True) as run:
        mlflow.log_params({"a": 1, "b": "two"})
        mlflow.log_metrics({"loss": 0.5, "acc": float("nan")}, step=3)
        mlflow.log_metric("loss", 0.25, step=4)
        mlflow.set_tags({"t": "1", "gone": "2"})
        mlflow.delete_tag("gone")
        mlflow.log_input(mlflow.entities.Dataset("d", "01234567", "local", "{}"), context="training")
    stored = mlflow.get_run(run.info.run_id)
    assert (stored.info.status, stored.info.run_name) == ("FINISHED", "child")
    assert stored.data.params == {"a": "1", "b": "two"}
    assert stored.data.metrics["loss"] == 0.25
    assert stored.data.tags["mlflow.parentRunId"] == parent.info.run_id
    assert stored.inputs.dataset_inputs[0].dataset.name == "d"
    history = mlflow.MlflowClient().get_metric_history(run.info.run_id, "loss")
    assert [(point.step, point.value) for point in history] == [(3, 0.5), (4, 0.25)]
    found = mlflow.search_runs(filter_string="metrics.loss < 0.3 and params.a = '1'", output_format="list")
    assert [one.info.run_id for one in found] == [run.info.run_id]


def test_what_it_refuses_comes_back_by_class() -> None:
    store = tracking_store()
    with pytest.raises(NotFound):
        store.get_run("0" * 32)
    store.create_experiment("taken")
    with pytest.raises(AlreadyExists):
        store.create_experiment("taken")
    with pytest.raises(InvalidValue):
        store.search_runs(["0"], "metrics.x >")


def test_headraces_own_calls_go_by_what_it_has_or_say_so() -> None:
    store = tracking_store()
    experiment_id = store.ensure_experiment("own-calls").experiment_id
    for _ in range(3):
        run = store.create_run(experiment_id, "u", 1)
        store.log_batch(run.info.run_id, params=[mlflow.entities.Param("p", "1"), mlflow.entities.Param("q", "2")])
    assert store.count_runs([experiment_id], "params.p = '1'", ViewType.ALL) == 3
    page = store.search_runs([experiment_id], max_results=1, projection=Projection(params=["q"]))
    assert [run.data.params for run in page] == [{"q": "2"}]
    with pytest.raises(NotSupported):
        store.chart([run.info.run_id], ["m"])


def test_logged_models_live_there() -> None:
    with mlflow.start_run():
        model = mlflow.initialize_logged_model("model", params={"k": 3}, tags={"t": "v"})
        mlflow.log_metric("acc", 0.5, model_id=model.model_id)
        mlflow.finalize_logged_model(model.model_id, "READY")
    stored = mlflow.get_logged_model(model.model_id)
    assert (stored.status.name, stored.params["k"], stored.tags["t"]) == ("READY", "3", "v")
    found = mlflow.search_logged_models(filter_string="metrics.acc > 0.4", output_format="list")
    assert [one.model_id for one in found] == [model.model_id]


def test_files_go_through_it_and_come_back(tmp_path: Path) -> None:
    with mlflow.start_run() as run:
        mlflow.log_text("hello", "notes/a.txt")
    assert mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/notes/a.txt") == "hello"
