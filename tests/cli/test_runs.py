from __future__ import annotations

import json
import os
import pty
import subprocess
from typing import Any

import pytest

import headrace as mlflow
from headrace import MlflowClient
from tests.cli.conftest import HEADRACE, Headrace


def logged(name: str, rate: float, **tags: str) -> str:
    mlflow.set_experiment("digits")
    with mlflow.start_run(run_name=name, tags=tags) as run:
        mlflow.log_params({"rate": rate, "model": "mlp"})
        for step in range(3):
            mlflow.log_metric("loss", rate / (step + 1), step=step)
    return run.info.run_id


def on_a_terminal(*arguments: str, columns: int = 120) -> str:
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "rb", buffering=0) as screen:
        process = subprocess.Popen(
            [HEADRACE, *arguments], stdout=theirs, stdin=theirs, env={**os.environ, "COLUMNS": str(columns)}
        )
        os.close(theirs)
        shown = b""
        try:
            while part := screen.read(65536):
                shown += part
        except OSError:  # EIO: the other end is closed
            pass
        assert process.wait(30) == 0
    return shown.decode()


def test_runs_are_listed_filtered_ordered_and_with_columns(headrace: Headrace) -> None:
    slow, fast = logged("slow", 0.01), logged("fast", 0.3)
    mlflow.set_experiment("other")
    with mlflow.start_run(run_name="stranger"):
        pass
    lines = headrace("runs", "list", "-n", "digits", "-c", "params.rate", "-c", "metrics.loss").out.splitlines()
    assert [line.split()[2] for line in lines[2:]] == ["fast", "slow"]
    assert lines[2].split()[-3:] == ["0.3", "0.1", fast]
    for name in ("HEADRACE_EXPERIMENT_ID", "MLFLOW_EXPERIMENT_ID"):  # set_experiment leaves them to children
        del os.environ[name]
    everything = headrace("runs", "list").out
    assert "stranger" in everything
    assert "digits" in everything
    found = headrace(
        "runs", "list", "-x", "1", "--filter", "metrics.loss < 1", "--order-by", "metrics.loss", "--json"
    ).json()
    assert [run["info"]["run_id"] for run in found] == [slow, fast]
    short = headrace("runs", "list", "-n", "digits", "--max-results", "1")
    assert "--max-results" in short.err
    assert len(short.out.splitlines()) == 3
    named_by_environment = headrace("runs", "list", "--json", env={"MLFLOW_EXPERIMENT_ID": "2"}).json()
    assert [run["info"]["run_name"] for run in named_by_environment] == ["stranger"]
    assert "metrics.NAME" in headrace("runs", "list", "-c", "rate", status=1).err


def test_a_piped_description_is_the_json_that_mlflow_prints(headrace: Headrace) -> None:
    run_id = logged("one", 0.5, team="vision")
    MlflowClient().log_metric(run_id, "diverged", float("nan"))
    found = headrace("runs", "describe", "--run-id", run_id).json()
    assert found["info"]["run_id"] == run_id
    assert found["data"]["params"] == {"rate": "0.5", "model": "mlp"}
    assert found["data"]["metrics"] == {"loss": 0.5 / 3, "diverged": "NaN"}
    assert found["data"]["tags"]["team"] == "vision"
    assert found["inputs"] == {"dataset_inputs": [], "model_inputs": []}
    assert found["outputs"] == {"model_outputs": []}


def test_a_description_on_a_terminal_is_for_people(headrace: Headrace) -> None:
    run_id = logged("one", 0.5, team="vision\x1b[31m")
    dataset: Any = mlflow.data.from_numpy(__import__("numpy").zeros((2, 2)), name="zeros")
    with mlflow.start_run(run_id=run_id):
        mlflow.log_input(dataset, context="training")
    shown = on_a_terminal("runs", "describe", "--run-id", run_id)
    for piece in (run_id, "FINISHED", "rate", "0.166667", "zeros", dataset.digest, "training", "Set by the client"):
        assert piece in shown
    assert "vision\\x1b[31m" in shown, "escape sequences of others must not reach the terminal"
    assert json.loads(on_a_terminal("runs", "describe", "--run-id", run_id, "--json"))["info"]["run_id"] == run_id


def test_compare_marks_what_differs(headrace: Headrace) -> None:
    runs = [logged("a", 0.1, team="vision"), logged("b", 0.2, team="vision", extra="yes")]
    lines = headrace("runs", "compare", *runs).out.splitlines()
    rows = {words[-3]: line for line in lines if len(words := line.removeprefix("≠").split()) == 3}
    assert rows["rate"].startswith("≠")
    assert rows["loss"].startswith("≠")
    assert rows["extra"].startswith("≠")
    assert "–" in rows["extra"]
    assert rows["model"].startswith(" ")
    assert rows["team"].startswith(" ")
    assert "mlflow.user" not in rows
    found = headrace("runs", "compare", *runs, "--differences", "--all-tags", "--json").json()
    assert found["run_ids"] == runs
    assert found["params"] == [{"key": "rate", "values": ["0.1", "0.2"], "differs": True}]
    assert [row["key"] for row in found["tags"]] == ["extra", "mlflow.runName"]
    assert "at least two" in headrace("runs", "compare", runs[0], status=2).err
    assert "nosuch" in headrace("runs", "compare", runs[0], "nosuch", status=1).err


def test_a_run_is_made_deleted_and_restored(headrace: Headrace) -> None:
    made = headrace(
        "runs", "create", "--experiment-name", "new", "--run-name", "by-hand", "-t", "a=b", "--status", "FAILED"
    ).json()
    assert made | {"run_id": ""} == {"run_id": "", "experiment_id": "1", "status": "FAILED", "run_name": "by-hand"}
    child = headrace("runs", "create", "--experiment-id", "1", "--parent-run-id", made["run_id"], "--description", "d")
    run = mlflow.get_run(child.json()["run_id"])
    assert run.info.status == "FINISHED"
    assert run.info.end_time is not None
    assert run.data.tags["mlflow.parentRunId"] == made["run_id"]
    assert run.data.tags["mlflow.note.content"] == "d"
    assert run.data.tags["mlflow.user"] == run.info.user_id
    both = [made["run_id"], run.info.run_id]
    headrace("runs", "delete", "--run-id", both[0], "--run-id", both[1])
    assert headrace("runs", "list", "-x", "1", "--json").json() == []
    assert len(headrace("runs", "list", "-x", "1", "-v", "deleted_only", "--json").json()) == 2
    assert "restored" in headrace("runs", "restore", "--run-id", both[0]).out
    assert mlflow.get_run(both[0]).info.lifecycle_stage == "active"


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["describe", "--run-id", "nosuch"], 1, "No run with id 'nosuch' exists."),
        (["list", "-x", "0", "--filter", "metric.a > 'x'"], 1, "at character"),
        (["list", "-x", "0", "--order-by", "metrics.a sideways"], 1, "sideways"),
        (["list", "-x", "0", "-n", "Default"], 2, "not both"),
        (["create", "--status", "RUNNING", "--experiment-id", "0"], 2, "RUNNING"),
        (["create"], 2, "exactly one of"),
        (["create", "--experiment-id", "0", "--parent-run-id", "nosuch"], 1, "nosuch"),
        (["export", "-x", "0", "--key", "loss"], 2, "--history"),
        (["export", "-x", "0", "--format", "parquet"], 2, "--output"),
        (["export", "-x", "0", "-o", "no/such/folder.csv"], 1, "folder doesn't exist"),
    ],
)
def test_a_mistake_is_explained(in_process: Headrace, arguments: list[str], status: int, said: str) -> None:
    mlflow.search_experiments()  # makes the store
    ended = in_process("runs", *arguments, status=status)
    assert said in ended.err
    assert "Traceback" not in ended.err


def test_rewinds_and_what_they_hide_are_shown(headrace: Headrace) -> None:
    run_id = logged("trained", 0.3)
    with mlflow.start_run(run_id=run_id, resume_from_step=0):
        mlflow.log_metric("loss", 0.5, step=1)
    (rewind,) = headrace("runs", "rewinds", "--run-id", run_id, "--json").json()
    assert (rewind["step"], rewind["points"]) == (0, {"loss": 2})
    listed = headrace("runs", "rewinds", "--run-id", run_id).out.splitlines()[-1].split()
    assert listed[-3:] == ["0", "2", "loss"]
    points = headrace("runs", "rewinds", "--run-id", run_id, "--key", "loss", "--json").json()
    assert [(point["step"], point["value"]) for point in points] == [(1, 0.15), (2, pytest.approx(0.1))]
    rewind_id = str(rewind["rewind_id"])
    shown = headrace("runs", "rewinds", "--run-id", run_id, "--key", "loss", "--rewind", rewind_id).out
    assert [line.split()[:2] for line in shown.splitlines()[2:]] == [["1", "0.15"], ["2", "0.1"]]
    exported = headrace("runs", "export", run_id, "--history").out.splitlines()
    assert [line.split(",")[2] for line in exported[1:]] == ["0", "1"]


def test_corrected_params_are_shown_with_what_they_were(headrace: Headrace) -> None:
    run_id = logged("trained", 0.3)
    mlflow.correct_param("rate", 0.2, reason="a slip", run_id=run_id)
    (correction,) = headrace("runs", "corrections", "--run-id", run_id, "--json").json()
    assert [correction[name] for name in ("key", "old", "new", "reason")] == ["rate", "0.3", "0.2", "a slip"]
    assert "a slip" in headrace("runs", "corrections", "--run-id", run_id).out
    described = on_a_terminal("runs", "describe", "--run-id", run_id)
    assert "Corrected, Was" in described
    assert next(line.split() for line in described.splitlines() if "rate" in line)[-2:] == ["0.2", "0.3"]
    assert headrace("runs", "describe", "--run-id", run_id).json()["data"]["params"]["rate"] == "0.2"
