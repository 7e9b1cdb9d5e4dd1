"""The same commands on a real server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import headrace as mlflow
from tests.cli.conftest import Headrace
from tests.cli.served import Served, serving


@pytest.fixture
def server() -> Iterator[Served]:
    with serving() as served:
        yield served


def test_a_run_made_compared_and_exported_through_a_server(headrace: Headrace, server: Served) -> None:
    there = ("--tracking-uri", server.url)
    headrace("experiments", "create", "-n", "digits", *there)
    runs = [
        headrace("runs", "create", "--experiment-name", "digits", "--run-name", name, *there).json()["run_id"]
        for name in ("a", "b")
    ]
    Path("report.txt").write_text("fine")
    headrace("artifacts", "log-artifact", "-l", "report.txt", "-r", runs[0], "-a", "notes", *there)
    listed = headrace("artifacts", "list", "-r", runs[0], "-a", "notes", *there).json()
    assert listed == [{"path": "notes/report.txt", "is_dir": False, "file_size": 4}]
    down = headrace("artifacts", "download", "-u", f"runs:/{runs[0]}/notes/report.txt", *there).out.strip()
    assert Path(down).read_text() == "fine"
    compared = headrace("runs", "compare", *runs, "--all-tags", "--json", *there).json()
    assert {"key": "mlflow.runName", "values": ["a", "b"], "differs": True} in compared["tags"]
    exported = headrace("runs", "export", "-n", "digits", *there).out.splitlines()
    assert sorted(line.split(",")[0] for line in exported[1:]) == sorted(runs)
    assert "No run with id 'nosuch'" in headrace("runs", "describe", "--run-id", "nosuch", *there, status=1).err


def test_a_folder_serves_programs_with_and_without_its_server(headrace: Headrace, server: Served) -> None:
    mlflow.set_tracking_uri(server.url)
    with mlflow.start_run() as through_server:
        mlflow.log_text("one", "note.txt")
    mlflow.set_tracking_uri(None)
    assert mlflow.artifacts.load_text(f"runs:/{through_server.info.run_id}/note.txt") == "one"
    with mlflow.start_run() as directly:
        mlflow.log_text("two", "note.txt")
    mlflow.set_tracking_uri(server.url)
    assert mlflow.artifacts.load_text(f"runs:/{directly.info.run_id}/note.txt") == "two"


def test_an_experiment_made_through_a_server_cannot_lead_programs_out_of_the_folder(
    headrace: Headrace, server: Served
) -> None:
    Path("secret.txt").write_text("mine")
    made = headrace(
        "experiments", "create", "-n", "e", "-l", "mlflow-artifacts:/../..", "--json", "--tracking-uri", server.url
    )
    run = headrace("runs", "create", "--experiment-id", made.json()["experiment_id"], "--tracking-uri", server.url)
    refused = headrace("artifacts", "list", "-r", run.json()["run_id"], status=1)
    assert "Invalid path" in refused.err
