from __future__ import annotations

import json
from pathlib import Path

import pytest

import headrace as mlflow
from tests.cli.conftest import HEADRACE, Headrace


@pytest.fixture
def run_id() -> str:
    with mlflow.start_run() as run:
        return run.info.run_id


def test_files_go_up_are_listed_and_come_back(headrace: Headrace, run_id: str) -> None:
    Path("report.txt").write_text("fine")
    Path("plots/deep").mkdir(parents=True)
    Path("plots/deep/loss ü.png").write_bytes(b"\x89PNG")
    told = headrace(
        "artifacts", "log-artifact", "--local-file", "report.txt", "--run-id", run_id, "--artifact-path", "notes"
    )
    assert not told.out, "stdout is for data: MLflow's clients read it"
    headrace("artifacts", "log-artifacts", "-l", "plots", "-r", run_id)

    listed = headrace("artifacts", "list", "-r", run_id)
    assert listed.json() == [{"path": "deep", "is_dir": True}, {"path": "notes", "is_dir": True}]
    inner = headrace("artifacts", "list", "--run-id", run_id, "--artifact-path", "deep").json()
    assert inner == [{"path": "deep/loss ü.png", "is_dir": False, "file_size": 4}]
    assert headrace("artifacts", "list", "-r", run_id, "-a", "nosuch").json() == []

    printed = headrace("artifacts", "download", "-r", run_id, "-a", "deep", "-d", "down").out
    assert printed == f"{Path('down/deep').absolute()}\n"
    assert Path("down/deep/loss ü.png").read_bytes() == b"\x89PNG"
    whole = Path(headrace("artifacts", "download", "--run-id", run_id).out.strip())
    assert (whole / "notes/report.txt").read_text() == "fine"
    single = Path(headrace("artifacts", "download", "-u", f"runs:/{run_id}/notes/report.txt").out.strip())
    assert single.read_text() == "fine"
    as_json = headrace("artifacts", "download", "-u", f"runs:/{run_id}/notes", "-d", "n", "--json").json()
    assert as_json == {"path": str(Path("n/notes").absolute())}


def test_clients_for_java_and_r_find_it_under_the_name_mlflow(headrace: Headrace, run_id: str) -> None:
    """They start a program called mlflow, with the tracking URI in its environment, and parse what it prints."""
    program = Path("bin/mlflow")
    program.parent.mkdir()
    program.symlink_to(HEADRACE)
    Path("model.bin").write_bytes(b"12345")
    env = {"MLFLOW_TRACKING_URI": str(Path(".headrace").absolute())}
    arguments = ["artifacts", "log-artifact", "--local-file", "model.bin", "--run-id", run_id, "--artifact-path", "m"]
    headrace(*arguments, env=env, program=program.absolute())
    listed = headrace(
        "artifacts", "list", "--run-id", run_id, "--artifact-path", "m", env=env, program=program.absolute()
    )
    assert json.loads(f'{{"files": {listed.out}}}') == {
        "files": [{"path": "m/model.bin", "is_dir": False, "file_size": 5}]
    }
    printed = headrace("artifacts", "download", "--run-id", run_id, "--artifact-path", "m/model.bin", env=env)
    assert Path(printed.out.strip()).read_bytes() == b"12345"


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["list", "-r", "nosuch"], 1, "No run with id 'nosuch' exists."),
        (["download", "-r", "RUN", "-a", "nosuch"], 1, "nosuch"),
        (["download", "-r", "RUN", "-a", "../../x"], 1, "../../x"),
        (["download", "-r", "RUN", "-u", "runs:/RUN/x"], 2, "exactly one of"),
        (["download"], 2, "exactly one of"),
        (["download", "-u", "runs:/RUN", "-a", "x"], 2, "put the path into the URI"),
        (["download", "-u", "gopher://host/x"], 1, "gopher"),
        (["log-artifact", "-r", "RUN", "-l", "nosuch.txt"], 2, "nosuch.txt"),
    ],
)
def test_a_mistake_is_explained(
    in_process: Headrace, run_id: str, arguments: list[str], status: int, said: str
) -> None:
    ended = in_process("artifacts", *[word.replace("RUN", run_id) for word in arguments], status=status)
    assert said in ended.err
    assert "Traceback" not in ended.err
