from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import HEADRACE, Headrace
from tests.projects.writing import write


@pytest.fixture
def project(tmp_path: Path) -> Path:
    text = """
        entry_points:
          main:
            parameters: {alpha: {type: float, default: 0.5}, name: {default: a}}
            command: "echo {alpha} {name}"
          fails: {command: "echo half; exit 4"}
          reads: {command: "cat"}
          waits: {command: "echo going; sleep 1000"}
    """
    return write(tmp_path / "project", text)


def test_run_shows_output_and_where_to_look(headrace: Headrace, project: Path) -> None:
    ended = headrace("run", "project", "-P", "alpha=0.1", "-P", "name=a b=c", "--run-name", "first")
    assert ended.out == "0.1 a b=c\n"
    start, summary, look = ended.err.splitlines()
    run_id = start.split()[1].rstrip(":")
    assert start == f"Run {run_id}: main of {project}"
    assert summary.startswith(f"Run {run_id} (first) FINISHED in ")
    assert look == f"Look at it: headrace runs describe --run-id {run_id}"
    assert headrace(*look.partition(": headrace ")[2].split()).status == 0


def test_failed_run_has_its_status_and_the_summary(headrace: Headrace, project: Path) -> None:
    ended = headrace("run", "project", "-e", "fails", status=1)
    assert ended.out == "half\n"
    assert "FAILED in " in ended.err
    assert ended.err.rstrip().endswith(
        "its command ended with status 4. What it printed is its artifact project/output.log."
    )


def test_json_has_standard_output_for_itself(headrace: Headrace, project: Path) -> None:
    found = headrace("run", "project", "--json").json()
    assert (found["status"], found["params"]) == ("FINISHED", {"alpha": "0.5", "name": "a"})
    failed = headrace("run", "project", "-e", "fails", "--json", status=1)
    assert json.loads(failed.out)["status"] == "FAILED"
    assert "half" in failed.err


def test_command_reads_standard_input(headrace: Headrace, project: Path) -> None:
    assert headrace("run", "project", "-e", "reads", stdin="typed\n").out == "typed\n"


def test_run_by_mlflows_options(headrace: Headrace, project: Path) -> None:
    made = headrace("experiments", "create", "-n", "mine").out
    options = ["--experiment-name", "mine", "--env-manager", "local", "--backend", "local", "--backend-config", "{}"]
    found = headrace(
        "run", project.as_uri(), "--entry-point", "main", *options, "--storage-dir", "down", "--json"
    ).json()
    assert made
    assert found["experiment_id"] != "0"
    again = headrace("run", "project", "--run-id", found["run_id"], "--json").json()
    assert again["run_id"] == found["run_id"]


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_signal_ends_the_run_and_says_so(number: signal.Signals, status: int, project: Path) -> None:
    words = [str(HEADRACE), "run", "project", "-e", "waits"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "going\n"
        child.send_signal(number)
        _, said = child.communicate()
    assert child.returncode == status
    run_id = said.split()[1].rstrip(":")
    assert said.splitlines()[1:] == [f"{number.name} is passed on to run {run_id}", f"Run {run_id} ended: KILLED"]


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["project", "-P", "alpha"], 2, "'alpha': write NAME=VALUE"),
        (["project", "-P", "a=1", "-P", "a=2"], 2, "'a' is given twice"),
        (["project", "-A", "=x"], 2, "write NAME=VALUE or FLAG"),
        (["project", "-c", "{x"], 2, "neither the path of a .json file nor JSON"),
        (["project", "-c", "[1]"], 2, "must be a JSON object"),
        (["project", "-c", "none.json"], 1, "can't be read"),
        (["project", "--experiment-name", "a", "--experiment-id", "0"], 2, "not both"),
        (["project", "-P", "alpha=fast"], 1, "declared as float"),
        (["project", "-e", "mian"], 1, "Did you mean main?"),
        (["project", "-b", "moon"], 1, "there are "),
        (["project", "--env-manager", "pip"], 2, "'pip' is not one of"),
        (["nowhere"], 1, "nothing is at"),
        ([], 2, "Missing argument 'URI'"),
    ],
)
def test_mistake_is_told_without_a_traceback(
    arguments: list[str], status: int, said: str, in_process: Headrace, project: Path
) -> None:
    ended = in_process("run", *arguments, status=status)
    assert said in " ".join(ended.err.split())
    assert "Traceback" not in ended.err


def test_python_m_headrace_is_the_command(headrace: Headrace) -> None:
    assert headrace("-m", "headrace", "--version", program=Path(sys.executable)).out.startswith("headrace, version ")
