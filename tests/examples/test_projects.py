"""Each example as a user has it who was given the address of a repository."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

import headrace
from headrace import MlflowClient
from headrace.client.open import close_stores
from headrace.entities import Run
from tests.cli.conftest import HEADRACE
from tests.support.git import committed

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "projects"
TIMEOUT_S = 300


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("HEADRACE_PROJECT_ROOT", str(tmp_path / "fetched"))
    monkeypatch.setenv("HEADRACE_ENV_ROOT", str(tmp_path / "environments"))
    yield
    close_stores()


def git_url(name: str, folder: Path) -> str:
    """Of a new repository that has the example in a folder of it."""
    shutil.copytree(EXAMPLES / name, folder / "repository" / name)
    committed(folder / "repository")
    bare = folder / "examples.git"
    subprocess.run(["git", "clone", "--quiet", "--bare", folder / "repository", bare], check=True)
    return f"{bare.as_uri()}#{name}"


def ran(*arguments: str) -> Any:
    done = subprocess.run(
        [HEADRACE, "run", *arguments, "--json"],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def below(run_id: str) -> dict[str, Run]:
    found = headrace.search_runs(filter_string=f"tags.mlflow.parentRunId = '{run_id}'", output_format="list")
    return {run.data.tags["mlflow.project.entryPoint"]: run for run in found}


@pytest.mark.full
def test_the_pipeline_of_entry_points_is_a_tree_of_runs(tmp_path: Path) -> None:
    found = ran(git_url("wine", tmp_path), "-P", "c=0.5", "--env-manager", "local")
    assert found["metrics"]["accuracy"] > 0.9
    steps = below(found["run_id"])
    assert {name: run.info.status for name, run in steps.items()} == dict.fromkeys(
        ("load", "train", "evaluate"), "FINISHED"
    )
    load, train, evaluate = (steps[name] for name in ("load", "train", "evaluate"))
    assert load.data.metrics == {"train_rows": 124, "test_rows": 54}
    assert train.data.params["data"] == f"runs:/{load.info.run_id}/data"
    assert [each.dataset.name for each in train.inputs.dataset_inputs] == ["wine-train"]
    assert evaluate.data.metrics == found["metrics"]
    assert MlflowClient().list_artifacts(evaluate.info.run_id, "mistakes.json") is not None
    assert len({run.data.tags["mlflow.source.git.commit"] for run in steps.values()}) == 1


@pytest.mark.full
def test_the_sweep_finds_a_better_rate_than_its_first(tmp_path: Path) -> None:
    found = ran(
        git_url("digits_sweep", tmp_path),
        *("-P", "lr=0.00001,0.05", "-P", "epochs=2", "-P", "batch=int:64..128/64"),
        *("--sweep", "optuna:random", "--metric", "val_loss", "--minimize"),
        *("--trials", "3", "--jobs", "2", "--seed", "1", "--env-manager", "local"),
    )
    assert found["counts"] == {"total": 3, "finished": 3, "failed": 0, "pruned": 0}
    assert found["best"]["parameters"]["lr"] == "0.05"
    assert found["best"]["value"] < 0.5
    history = MlflowClient().get_metric_history(found["best"]["run_id"], "val_loss")
    assert [point.step for point in history] == [0, 1]
    assert headrace.get_run(found["run_id"]).data.tags["headrace.sweep.best_run_id"] == found["best"]["run_id"]


def test_the_locked_project_runs_with_the_packages_of_its_lock_and_replays_to_the_digit(tmp_path: Path) -> None:
    url = git_url("readability", tmp_path)
    found = ran(url)
    assert found["metrics"]["sentences"] == 9
    assert 60 < found["metrics"]["reading_ease"] < 110
    client, run_id = MlflowClient(), found["run_id"]

    def text(name: str) -> str:
        return Path(client.download_artifacts(run_id, f"project/{name}")).read_text()

    lock = (EXAMPLES / "readability" / "requirements.lock").read_text()
    assert text("requirements.lock") == lock
    installed = {line for line in text("packages.txt").splitlines() if "==" in line}
    assert installed == {line.partition(" ")[0] for line in lock.splitlines() if "==" in line}
    again = ran("--from-run", run_id)
    assert again["metrics"] == {"compared": 3, "differences": []}
    assert again["environment"]["differences"] == []
    assert again["missing"] == []


def test_the_lock_is_current() -> None:
    subprocess.run([HEADRACE, "lock", "--check", EXAMPLES / "readability"], check=True, capture_output=True)
