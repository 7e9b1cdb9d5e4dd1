from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

import headrace as mlflow
from tests.cli.conftest import Headrace


def test_an_experiment_is_made_found_changed_and_removed(headrace: Headrace) -> None:
    assert (
        headrace("experiments", "create", "-n", "digits", "-t", "team=a=b").out
        == "Created experiment 'digits' with id 1\n"
    )
    headrace("experiments", "update", "-x", "1", "--description", "Handwritten", "--tag", "stage=one")
    headrace("experiments", "update", "-x", "1", "--remove-tag", "stage")
    found = headrace("experiments", "get", "-n", "digits", "--json").json()
    assert found["experiment_id"] == "1"
    assert found["tags"] == {"team": "a=b", "mlflow.note.content": "Handwritten"}
    assert headrace("experiments", "get", "-x", "1", "--output", "json").json() == found

    headrace("experiments", "rename", "-x", "1", "--new-name", "figures")
    headrace("experiments", "delete", "-x", "1")
    listed = headrace("experiments", "search", "--json").json()
    assert [each["name"] for each in listed] == ["Default"]
    deleted = headrace("experiments", "search", "-v", "deleted_only").out.splitlines()
    assert "figures" in deleted[-1]
    headrace("experiments", "restore", "-x", "1")
    both = headrace("--json", "experiments", "search", "--order-by", "name").json()
    assert [each["name"] for each in both] == ["Default", "figures"]
    assert headrace("experiments", "search", "--filter", "name = 'figures'", "--json").json() == both[1:]


def test_runs_of_an_experiment_as_csv(headrace: Headrace) -> None:
    mlflow.set_experiment("digits")
    with mlflow.start_run(run_name="one, two"):
        mlflow.log_metric("loss", float("nan"))
    with mlflow.start_run(run_name="three"):
        mlflow.log_param("text", 'a "quoted"\nline')
    headrace("experiments", "csv", "-x", "1", "-o", "runs.csv")
    text = Path("runs.csv").read_text()
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert list(rows[0])[:6] == ["run_id", "experiment_id", "status", "artifact_uri", "start_time", "end_time"]
    assert [row["tags.mlflow.runName"] for row in rows] == ["three", "one, two"]
    assert [row["metrics.loss"] for row in rows] == ["", "NaN"]
    assert rows[0]["params.text"] == 'a "quoted"\nline'
    assert headrace("experiments", "csv", "-x", "1").out == text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["create", "-n", "Default"], "'Default' already exists"),
        (["get", "-x", "77"], "No experiment with id '77' exists."),
        (["get", "-n", "nosuch"], "No experiment with name 'nosuch' exists."),
        (["get", "-x", "one"], "'one'"),
        (["delete", "-x", "77"], "77"),
        (["search", "--filter", "name ="], "at character 7"),
        (["update", "-x", "0", "-t", "novalue"], "KEY=VALUE"),
    ],
)
def test_a_mistake_is_one_line(in_process: Headrace, arguments: list[str], said: str) -> None:
    mlflow.search_experiments()  # makes the store
    ended = in_process("experiments", *arguments, status=1)
    first = ended.err.splitlines()[0]
    assert first.startswith("Error: ")
    assert said in first
    assert "Traceback" not in ended.err
    assert not ended.out


def test_wrong_usage_is_explained(headrace: Headrace) -> None:
    mlflow.search_experiments()
    assert "exactly one of" in headrace("experiments", "get", status=2).err
    assert "Nothing to change" in headrace("experiments", "update", "-x", "0", status=2).err
    assert "active_only" in headrace("experiments", "search", "-v", "some", status=2).err


def test_looking_makes_no_store(headrace: Headrace) -> None:
    ended = headrace("experiments", "search", status=1)
    assert "There is no store at" in ended.err
    assert "--tracking-uri" in ended.err
    headrace("experiments", "search", "--tracking-uri", "sqlite:///none.db", status=1)
    assert list(Path().iterdir()) == []


def test_the_store_may_be_named_before_and_after_the_noun(headrace: Headrace) -> None:
    headrace("--tracking-uri", "here", "experiments", "create", "-n", "one")
    headrace("experiments", "create", "-n", "two", "--tracking-uri", "here")
    names = headrace("experiments", "search", "--json", env={"MLFLOW_TRACKING_URI": "here"}).json()
    assert {each["name"] for each in names} == {"Default", "one", "two"}
    wins = headrace("experiments", "search", "--json", "--tracking-uri", "here", env={"HEADRACE_TRACKING_URI": "there"})
    assert json.loads(wins.out) == names
