from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import headrace as mlflow
from headrace.client.open import close_stores
from headrace.client.outbox.files import journals
from tests.cli.conftest import Headrace
from tests.support.live_server import live_server

STEPS = 300


def logged(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str = "offline") -> str:
    """A run that was only journalled, with an artifact."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"offline:{folder}")
    mlflow.set_experiment(name)
    with mlflow.start_run() as run:
        mlflow.log_param("lr", 0.1)
        for step in range(STEPS):
            mlflow.log_metric("loss", step / 2, step=step)
        mlflow.log_text("hello", "notes/hello.txt")
    close_stores()
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    return run.info.run_id


def check(run_id: str, store: Path | str, name: str = "offline") -> None:
    mlflow.set_tracking_uri(store)
    run = mlflow.get_run(run_id)
    assert mlflow.get_experiment(run.info.experiment_id).name == name
    assert run.info.status == "FINISHED"
    assert run.data.params == {"lr": "0.1"}
    history = mlflow.MlflowClient().get_metric_history(run_id, "loss")
    assert [(point.step, point.value) for point in history] == [(step, step / 2) for step in range(STEPS)]
    assert mlflow.artifacts.load_text(f"runs:/{run_id}/notes/hello.txt") == "hello"
    close_stores()


def test_offline_run_arrives_once(headrace: Headrace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = logged(tmp_path / "offline", monkeypatch)
    store = tmp_path / "store"
    first = headrace("sync", str(tmp_path / "offline"), "--to", str(store), "--json")
    (journal,) = first.json()["journals"]
    assert (journal["records"], journal["known"], journal["refused"], journal["sent"]) == (STEPS + 3, 0, 0, True)
    assert first.json()["artifacts"] == 1
    check(run_id, store)
    again = headrace("sync", str(tmp_path / "offline"), "--to", str(store), "--remove", "--json").json()
    assert (again["journals"][0]["records"], again["journals"][0]["known"]) == (0, STEPS + 3)
    assert list((tmp_path / "offline").iterdir()) == []
    check(run_id, store)
    assert "no journals" in headrace("sync", str(tmp_path / "offline"), "--to", str(store)).err


def test_copy_that_was_made_while_it_was_written_goes_on_later(
    headrace: Headrace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = logged(tmp_path / "offline", monkeypatch)
    copy, store = tmp_path / "copy", tmp_path / "store"
    shutil.copytree(tmp_path / "offline", copy)
    ((writer_id, (segment,)),) = journals(copy).items()
    whole = segment.path.read_bytes()
    segment.path.write_bytes(whole[: len(whole) // 2])
    first = headrace("sync", str(copy), "--to", str(store), "--json").json()["journals"][0]
    assert first["writer_id"] == writer_id
    assert 0 < first["records"] < STEPS
    second = headrace("sync", str(tmp_path / "offline"), "--to", str(store), "--json").json()["journals"][0]
    assert (second["known"], second["records"]) == (first["records"], STEPS + 3 - first["records"])
    check(run_id, store)


def test_many_journals_at_once(headrace: Headrace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = {f"exp{i}": logged(tmp_path / f"folder{i % 2}", monkeypatch, f"exp{i}") for i in range(4)}
    folders = [str(tmp_path / "folder0"), str(tmp_path / "folder1")]
    sent = headrace("sync", *folders, "--to", str(tmp_path / "store"), "--jobs", "4").out
    assert sent.count(" sent") == 4
    for name, run_id in runs.items():
        check(run_id, tmp_path / "store", name)


def test_refused_records_are_kept_and_shown(
    headrace: Headrace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = tmp_path / "store"
    run_id = logged(tmp_path / "first", monkeypatch)
    headrace("sync", str(tmp_path / "first"), "--to", str(store))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"offline:{tmp_path / 'second'}")
    with mlflow.start_run(run_id=run_id):
        mlflow.log_param("lr", 0.2)
        mlflow.log_metric("later", 1)
    close_stores()
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    ended = headrace("sync", str(tmp_path / "second"), "--to", str(store))
    assert ".rejected.jsonl" in ended.out
    (kept,) = (tmp_path / "second").glob("*.rejected.jsonl")
    refused = json.loads(kept.read_text())
    assert refused["record"] == ["params", run_id, {"lr": "0.2"}]
    assert "already '0.1'" in refused["message"]
    mlflow.set_tracking_uri(store)
    assert mlflow.get_run(run_id).data.metrics.keys() == {"loss", "later"}


def test_mistakes_are_told(headrace: Headrace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "No folder with path" in headrace("sync", str(tmp_path / "none"), status=1).err
    logged(tmp_path / "offline", monkeypatch)
    ended = headrace("sync", str(tmp_path / "offline"), status=1)
    assert "written offline and names no store" in ended.out
    unreachable = headrace("sync", str(tmp_path / "offline"), "--to", "http://127.0.0.1:9", status=1)
    assert "does not answer" in unreachable.out
    assert "Traceback" not in ended.err + unreachable.err


def test_offline_folder_is_listed_as_a_store(
    headrace: Headrace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = logged(tmp_path / "offline", monkeypatch)
    there = ["--tracking-uri", f"offline:{tmp_path / 'offline'}"]
    assert run_id[:8] in headrace("runs", "list", "--experiment-name", "offline", *there).out
    missing = headrace("runs", "list", "--tracking-uri", f"offline:{tmp_path / 'none'}", status=1)
    assert "There is no store" in missing.err
    refused = headrace("experiments", "create", "-n", "x", *there, status=1)
    assert "can only be read" in refused.err
    assert "Traceback" not in refused.err


def test_offline_folder_is_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = logged(tmp_path / "offline", monkeypatch)
    with live_server(tmp_path / "served", "--backend-store-uri", f"offline:{tmp_path / 'offline'}") as server:
        check(run_id, server.url)
