from __future__ import annotations

from pathlib import Path

import pytest

import headrace as mlflow
from headrace.cli import cells
from headrace.cli.comparison import compared
from headrace.cli.env_file import parsed
from headrace.cli.output import as_json
from headrace.cli.users import lifetime_ms
from headrace.entities import Metric, Run, RunData, RunInfo
from headrace.errors import InvalidValue
from tests.cli.conftest import Headrace


def test_debug_shows_where_an_error_came_from(headrace: Headrace) -> None:
    mlflow.search_experiments()
    ended = headrace("runs", "describe", "--run-id", "nosuch", status=1, env={"HEADRACE_DEBUG": "1"})
    assert "Traceback" in ended.err
    assert ended.err.splitlines()[-2].startswith("Error: No run with id 'nosuch' exists.")
    assert ended.err.splitlines()[-1] == "headrace runs list shows the runs there are."


def test_a_tracking_uri_that_nobody_speaks(headrace: Headrace) -> None:
    ended = headrace("--tracking-uri", "ftp://host/x", "runs", "list", status=1)
    assert "supported are" in ended.err
    assert "Traceback" not in ended.err


def test_a_server_that_is_down_is_told_in_seconds(headrace: Headrace) -> None:
    ended = headrace("runs", "list", "--tracking-uri", "http://127.0.0.1:9", status=1)
    assert "does not answer" in ended.err
    assert "headrace doctor" in ended.err


def test_a_closed_pipe_is_no_error(headrace: Headrace) -> None:
    import subprocess

    from tests.cli.conftest import HEADRACE

    mlflow.search_experiments()
    ended = subprocess.run(f"{HEADRACE} experiments search | true", shell=True, capture_output=True, text=True)
    assert not ended.stderr


def test_env_file_sets_what_is_not_set(headrace: Headrace) -> None:
    Path(".env").write_text("# where\nexport MLFLOW_TRACKING_URI='./a b'\nHEADRACE_DEBUG=0 # off\nEMPTY=\n")
    headrace("--env-file", ".env", "experiments", "create", "-n", "x")
    assert Path("a b/headrace.db").exists()
    headrace("--env-file", ".env", "experiments", "create", "-n", "x", env={"MLFLOW_TRACKING_URI": "c"})
    assert Path("c/headrace.db").exists()
    Path(".env").write_text("just words\n")
    assert "line 1 must be NAME=VALUE" in headrace("--env-file", ".env", "doctor", status=1).err
    assert "No such file" in headrace("--env-file", "nosuch", "doctor", status=1).err


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=1", "1"),
        ("A = two words ", "two words"),
        ("export A=x#y", "x#y"),
        ("A=x # comment", "x"),
        ("A='x # y' # z", "x # y"),
        ('A="quoted \\" inside"', 'quoted " inside'),
        ("A=", ""),
        ("A=''", ""),
        ("A=b=c", "b=c"),
    ],
)
def test_lines_of_env_files(line: str, value: str) -> None:
    assert parsed(line) == {"A": value}


@pytest.mark.parametrize("line", ["A", "1A=x", "A B=x", "A='open"])
def test_wrong_lines_of_env_files(line: str) -> None:
    with pytest.raises(InvalidValue, match="line 1"):
        parsed(line)


def test_json_of_what_json_has_no_numbers_for() -> None:
    assert as_json([float("nan"), {"a": float("inf"), "b": float("-inf")}, 1.5]).split() == [
        "[",
        '"NaN",',
        "{",
        '"a":',
        '"Infinity",',
        '"b":',
        '"-Infinity"',
        "},",
        "1.5",
        "]",
    ]


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.1, "0.1"), (1 / 3, "0.333333"), (1e20, "1e+20"), (3.0, "3"), (-0.0, "0"), (float("nan"), "nan"), (None, "–")],
)
def test_numbers_in_tables(value: float | None, shown: str) -> None:
    assert cells.number(value) == shown


@pytest.mark.parametrize(
    ("took_ms", "shown"),
    [(0, "0.0 s"), (59_949, "59.9 s"), (61_000, "1 min 1 s"), (3_600_000, "1 h 0 min"), (172_800_000, "2 d 0 h")],
)
def test_durations_in_tables(took_ms: int, shown: str) -> None:
    assert cells.duration(1000, 1000 + took_ms) == shown
    assert cells.duration(1000, None) == "–"


def test_times_that_are_no_dates_stay_numbers() -> None:
    assert cells.time((1 << 63) - 1) == str((1 << 63) - 1)
    assert cells.time(None) == "–"


@pytest.mark.parametrize(("text", "ms"), [("12h", 43_200_000), ("90d", 7_776_000_000), ("1w", 604_800_000)])
def test_lifetimes(text: str, ms: int) -> None:
    assert lifetime_ms(text) == ms


@pytest.mark.parametrize("text", ["", "0d", "d", "-1d", "1.5d", "1m", "101y"])
def test_wrong_lifetimes(text: str) -> None:
    with pytest.raises(InvalidValue, match="90d"):
        lifetime_ms(text)


def run(name: str, **metrics: float) -> Run:
    info = RunInfo(name, "1", "", "FINISHED", 0, 10, "active", "", name)
    return Run(info, RunData(latest=[Metric(key, value, 0) for key, value in metrics.items()]))


def test_two_diverged_runs_are_the_same() -> None:
    result = compared([run("a", loss=float("nan"), only=1.0), run("b", loss=float("nan"))])
    assert [(row.key, row.differs) for row in result.metrics] == [("loss", False), ("only", True)]
    assert result.metrics[1].values == [1.0, None]
