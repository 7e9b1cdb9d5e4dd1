from __future__ import annotations

import os
import pty
import re
import subprocess
from pathlib import Path

import pytest

from headrace.cli.run_sweep import sentence
from headrace.projects.sweeps.outcome import Counts, Standing
from headrace.projects.sweeps.trial import Trial
from tests.cli.conftest import HEADRACE, Headrace

MLPROJECT = """
entry_points:
  main:
    parameters:
      n: {type: int, default: 1}
      name: {type: string, default: none}
    command: "echo {n} {name}; [ {n} != 9 ]"
"""
TIMEOUT_S = 60


@pytest.fixture(autouse=True)
def project(tmp_path: Path) -> None:
    (tmp_path / "MLproject").write_text(MLPROJECT)


def test_the_table_has_the_trials_and_talk_goes_to_standard_error(in_process: Headrace) -> None:
    done = in_process("run", ".", "--sweep", "grid", "-P", "n=1,9", "-P", "name=a\\,b")
    header, _, first, second = done.out.splitlines()
    assert header.split() == ["Trial", "n", "State", "Took", "Run"]
    assert first.split()[:3] == ["0", "1", "finished"]
    assert second.split()[:3] == ["1", "9", "failed"]
    assert "Trial 1 failed (n=9, name=a,b)" in done.err
    assert "  9 a,b" in done.err
    assert "1 finished, 1 failed of 2" in done.err
    assert "headrace runs describe --run-id" in done.err


def test_json_has_all_trials_and_the_seed(in_process: Headrace) -> None:
    found = in_process("run", ".", "--sweep", "random:12", "-P", "n=int:1..5", "--seed", "4", "--json").json()
    assert found["seed"] == 4
    assert found["counts"] == {"total": 12, "finished": 12, "failed": 0, "pruned": 0}
    assert sorted(trial["trial"] for trial in found["trials"]) == list(range(12))
    longer = in_process("run", "--resume", found["run_id"], "--trials", "13", "--jobs", "2", "--json").json()
    assert longer["run_id"] == found["run_id"]
    assert {trial["run_id"] for trial in found["trials"]} < {trial["run_id"] for trial in longer["trials"]}


def test_long_sweeps_show_their_first_trials(in_process: Headrace) -> None:
    done = in_process("run", ".", "--sweep", "grid", "-P", "n=int:10..21", "--jobs", "3")
    assert "The first 10 of 12 trials" in done.out
    assert len(done.out.splitlines()) == 13


def test_the_exit_status_says_whether_a_trial_succeeded(in_process: Headrace) -> None:
    done = in_process("run", ".", "--sweep", "grid", "-P", "n=9", "-P", "name=a,b", status=1)
    assert "0 finished, 2 failed of 2" in done.err


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        ([".", "--metric", "loss"], 2, "--metric belongs to --sweep"),
        ([".", "--minimize"], 2, "--minimize and --maximize belong to --sweep"),
        ([".", "--jobs", "2"], 2, "--jobs belongs to --sweep"),
        (["--sweep", "grid", "-P", "n=1,2"], 2, "Missing argument 'URI'"),
        ([".", "--sweep", "grid", "-P", "n=1,2", "--run-id", "x"], 2, "--run-id names one run"),
        ([".", "--sweep", "grid", "-P", "n=1,2", "--jobs", "0"], 1, "'--jobs'"),
        ([".", "--sweep", "gird", "-P", "n=1,2"], 1, "'gird' for parameter '--sweep' supplied: allowed are grid"),
        ([".", "--sweep", "grid", "-P", "m=1,2"], 1, "declares no such parameter; it has n, name"),
        ([".", "--resume", "x"], 2, "URI can't go with --resume"),
        (["--resume", "x", "-P", "n=3", "--seed", "1"], 2, "-P, --seed can't go with --resume"),
        (["--resume", "0" * 32], 1, "No run with id"),
        ([".", "--from-run", "x"], 2, "URI can't go with --from-run"),
        (["--from-run", "x", "-P", "n=3"], 2, "-P can't go with --from-run"),
        (["--from-run", "0" * 32], 1, "No run with id"),
        ([], 2, "Missing argument 'URI'"),
    ],
)
def test_options_that_contradict_are_told(in_process: Headrace, arguments: list[str], status: int, said: str) -> None:
    assert said in in_process("run", *arguments, status=status).err


def test_a_replay_prints_what_differs_and_how_much_is_the_same(in_process: Headrace) -> None:
    found = in_process("run", ".", "-P", "n=3", "--json").json()
    done = in_process("run", "--from-run", found["run_id"])
    assert "nothing differs" in done.out
    assert "Parameters: all 2 the same" in done.err
    assert f"headrace runs compare {found['run_id']}" in done.err
    again = in_process("run", "--from-run", found["run_id"], "--json").json()
    assert again["original_id"] == found["run_id"]
    assert again["parameters"] == {"compared": 2, "differences": []}
    assert "No commit was recorded" in again["missing"][0]


def test_a_sweep_is_not_replayed(in_process: Headrace) -> None:
    found = in_process("run", ".", "--sweep", "grid", "-P", "n=1,2", "--json").json()
    assert "this run is a sweep" in in_process("run", "--from-run", found["run_id"], status=1).err


def test_a_terminal_gets_one_line_that_is_written_over(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [HEADRACE, "run", ".", "--sweep", "grid", "-P", "n=int:1..30"],
        stdout=subprocess.DEVNULL,
        stderr=theirs,
        env={**os.environ, "COLUMNS": "60"},
    )
    os.close(theirs)
    said = b""
    while True:
        try:
            said += os.read(ours, 1 << 16)
        except OSError:  # the other end is closed
            break
    os.close(ours)
    assert process.wait(TIMEOUT_S) == 0
    drawn = [
        part.partition("\x1b[K")[0] for part in said.decode().split("\r") if "trials, " in part and "\x1b[K" in part
    ]
    assert drawn
    assert all(len(line) < 60 for line in drawn)
    assert all(re.match(r"\d+/30 trials", line) for line in drawn)


def test_the_line_says_counts_best_speed_and_time_left() -> None:
    best = Trial(number=7, parameters={}, run_id="r", state="finished", value=0.0431)
    counts = Counts(total=50, finished=10, failed=1, pruned=1, running=2)
    standing = Standing(counts=counts, best=best, here=10, elapsed_ms=5000)
    assert sentence(standing) == "12/50 trials, 1 failed, 1 pruned, 2 running; best 0.0431 (trial 7); 2/s, 19.0 s left"
    assert sentence(Standing(counts=Counts(total=3), best=None, here=0, elapsed_ms=0)) == "0/3 trials"
