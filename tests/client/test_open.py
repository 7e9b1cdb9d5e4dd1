from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import headrace as mlflow
from headrace.client.open import close_stores, tracking_store
from headrace.errors import InvalidValue, StoreUnavailable
from tests.net.faults import free_port


def test_without_a_uri_the_store_is_a_folder_here() -> None:
    assert mlflow.get_tracking_uri() == (Path.cwd() / ".headrace").as_uri()
    assert not mlflow.is_tracking_uri_set()
    with mlflow.start_run() as run:
        pass
    assert Path(".headrace/headrace.db").is_file()
    assert run.info.artifact_uri.endswith(f"/.headrace/artifacts/0/{run.info.run_id}/artifacts")


def test_looking_at_names_makes_no_store() -> None:
    mlflow.get_tracking_uri()
    mlflow.active_run()
    mlflow.MlflowClient()
    assert not Path(".headrace").exists()


@pytest.mark.parametrize("form", ["plain", "path", "file", "relative"])
def test_folder_can_be_named_in_every_form(tmp_path: Path, form: str) -> None:
    folder = tmp_path / "with space" / "store"
    uri: Any = {
        "plain": str(folder),
        "path": folder,
        "file": folder.as_uri(),
        "relative": os.path.relpath(folder),
    }[form]
    mlflow.set_tracking_uri(uri)
    with mlflow.start_run():
        pass
    assert (folder / "headrace.db").is_file()
    assert mlflow.is_tracking_uri_set()


def test_folder_may_have_any_name(tmp_path: Path) -> None:
    folder = tmp_path / "a b#c?d%20e;ü"
    mlflow.set_tracking_uri(folder)
    with mlflow.start_run() as run:
        mlflow.log_text("hello", "note.txt")
    assert (folder / "headrace.db").is_file()
    assert (folder / "artifacts" / "0" / run.info.run_id / "artifacts" / "note.txt").read_text() == "hello"


@pytest.mark.postgres
def test_postgresql_address(fresh_postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_DEFAULT_ARTIFACT_ROOT", str(tmp_path / "files"))
    mlflow.set_tracking_uri(fresh_postgres_url.replace("postgresql://", "postgresql+psycopg2://"))
    with mlflow.start_run() as run:
        mlflow.log_metric("m", 1)
    assert mlflow.get_run(run.info.run_id).data.metrics == {"m": 1.0}
    assert str(tmp_path / "files") in run.info.artifact_uri


def test_password_of_an_address_is_not_shown() -> None:
    with pytest.raises(InvalidValue) as caught:
        tracking_store("mysql://anna:geheim@host/db")
    assert "geheim" not in caught.value.message
    assert "geheim" not in repr(mlflow.MlflowClient("http://anna:geheim@host"))


def test_relative_path_keeps_its_meaning_when_the_folder_changes(tmp_path: Path) -> None:
    mlflow.set_tracking_uri("store")
    (tmp_path / "sub").mkdir()
    os.chdir(tmp_path / "sub")
    with mlflow.start_run():
        pass
    assert (tmp_path / "store" / "headrace.db").is_file()


def test_sqlite_address_keeps_files_beside_the_database(tmp_path: Path) -> None:
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/runs.db")
    with mlflow.start_run() as run:
        pass
    assert (tmp_path / "runs.db").is_file()
    assert run.info.artifact_uri.startswith((tmp_path / "runs-artifacts").as_uri())


def test_environment_names_the_store_and_set_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", str(tmp_path / "env"))
    assert mlflow.get_tracking_uri() == str(tmp_path / "env")
    monkeypatch.setenv("HEADRACE_TRACKING_URI", str(tmp_path / "ours"))
    assert mlflow.get_tracking_uri() == str(tmp_path / "ours")
    mlflow.set_tracking_uri(tmp_path / "set")
    assert mlflow.get_tracking_uri() == (tmp_path / "set").as_uri()
    mlflow.set_tracking_uri(None)
    assert not mlflow.is_tracking_uri_set()


def test_registry_is_the_tracking_store_unless_set(monkeypatch: pytest.MonkeyPatch) -> None:
    mlflow.set_tracking_uri("http://tracking.example")
    assert mlflow.get_registry_uri() == "http://tracking.example"
    mlflow.set_registry_uri("databricks-uc")
    assert mlflow.get_registry_uri() == "databricks-uc"


@pytest.mark.parametrize("uri", ["mysql://h/d", "mssql://h/d", "ftp://host/x", "foo:bar"])
def test_unknown_schemes_list_what_is_supported(uri: str) -> None:
    mlflow.set_tracking_uri(uri)
    with pytest.raises(InvalidValue, match=r"supported are .*sqlite:///.*postgresql://.*http"):
        mlflow.search_experiments()


def test_file_uri_with_a_host_is_refused() -> None:
    with pytest.raises(InvalidValue, match="names no host"):
        tracking_store("file://server/share")


def test_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("x")
    with pytest.raises(InvalidValue, match="needs a folder"):
        tracking_store(str(tmp_path / "taken"))


def test_folder_of_mlflows_file_store_is_refused_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "mlruns" / "0").mkdir(parents=True)
    (tmp_path / "mlruns" / "0" / "meta.yaml").write_text("name: Default\n")
    with pytest.raises(InvalidValue, match=r"MLflow's file store.*another folder"):
        tracking_store(str(tmp_path / "mlruns"))
    assert sorted(path.name for path in (tmp_path / "mlruns").iterdir()) == ["0"]


def test_server_that_is_down_is_said_with_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    mlflow.set_tracking_uri(f"http://127.0.0.1:{free_port()}")
    with pytest.raises(StoreUnavailable, match=r"http://127\.0\.0\.1:\d+ does not answer: .*is it running"):
        mlflow.search_experiments()


def test_store_is_opened_once_per_uri_and_anew_after_close(tmp_path: Path) -> None:
    store = tracking_store(str(tmp_path / "s"))
    assert tracking_store(str(tmp_path / "s")) is store
    close_stores()
    assert tracking_store(str(tmp_path / "s")) is not store


def _log_in_child(run_id: str) -> None:
    mlflow.log_metric("from-child", os.getpid(), run_id=run_id)
    mlflow.log_metric("active", 1)


def test_forked_child_logs_to_the_open_run_and_leaves_it_open() -> None:
    with mlflow.start_run() as run:
        mlflow.log_metric("before", 1)
        child = multiprocessing.get_context("fork").Process(target=_log_in_child, args=(run.info.run_id,))
        child.start()
        child.join(60)
        assert child.exitcode == 0
        stored = mlflow.get_run(run.info.run_id)
        assert stored.info.status == "RUNNING"
        assert set(stored.data.metrics) == {"before", "from-child", "active"}
        mlflow.log_metric("after", 1)


@pytest.mark.parametrize(
    ("ending", "status"),
    [("", "FINISHED"), ("raise ValueError('x')", "FAILED"), ("import sys; sys.exit(0)", "FINISHED")],
)
def test_run_left_open_is_ended_with_the_process(ending: str, status: str) -> None:
    code = f"import headrace as m\nprint(m.start_run().info.run_id)\nm.log_metric('x', 1, synchronous=False)\n{ending}"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    run = mlflow.get_run(shown.stdout.split()[0])
    assert run.info.status == status
    assert run.data.metrics == {"x": 1.0}


def test_fork_that_ends_doesnt_end_its_parents_run() -> None:
    code = (
        "import os, sys, headrace as m\n"
        "with m.start_run() as run:\n"
        "    child = os.fork()\n"
        "    if child == 0: sys.exit(0)\n"
        "    os.waitpid(child, 0)\n"
        "    print(m.get_run(run.info.run_id).info.status)"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.split() == ["RUNNING"]


def test_run_that_a_fork_starts_and_leaves_open_ends_with_the_fork() -> None:
    code = (
        "import os, sys, headrace as m\n"
        "with m.start_run() as run:\n"
        "    child = os.fork()\n"
        "    if child == 0:\n"
        "        print(m.start_run(nested=True).info.run_id, flush=True)\n"
        "        sys.exit(0)\n"
        "    os.waitpid(child, 0)\n"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert mlflow.get_run(shown.stdout.split()[0]).info.status == "FINISHED"
