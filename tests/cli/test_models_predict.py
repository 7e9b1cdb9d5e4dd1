from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

import headrace.models
import headrace.pyfunc
from headrace.cli import main

COMMAND = [str(Path(sys.executable).with_name("headrace")), "models", "predict"]


@pytest.fixture
def model(tmp_path: Path) -> str:
    """y = 2 a + 1"""

    def line(model_input):  # type: ignore[no-untyped-def]
        return 2 * model_input["a"].to_numpy() + 1

    example = pd.DataFrame({"a": [0.0, 1.0, 2.0]})
    headrace.pyfunc.save_model(str(tmp_path / "model"), python_model=line, input_example=example)
    return str(tmp_path / "model")


def run(*arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], input=stdin, capture_output=True, text=True)


def test_a_request_on_stdin_is_answered_on_stdout_as_the_server_answers(model: str) -> None:
    done = run("-m", model, stdin='{"dataframe_split": {"columns": ["a"], "data": [[1], [2]]}}')
    assert json.loads(done.stdout) == {"predictions": [pytest.approx(3), pytest.approx(5)]}
    assert "2 rows in" in done.stderr


def test_csv_on_stdin_needs_its_type(model: str) -> None:
    done = run("-m", model, "-t", "csv", "--output-type", "csv", "-q", stdin="a\n1\n2\n")
    name, *values = done.stdout.split()
    assert name == "prediction"
    assert [float(value) for value in values] == pytest.approx([3, 5])
    assert done.stderr == ""


def test_files_tell_their_types_by_their_names(model: str, tmp_path: Path) -> None:
    Path("in.csv").write_text("a\n1\n2\n")
    result = CliRunner().invoke(main, ["models", "predict", "-m", model, "-i", "in.csv", "-o", "out.parquet"])
    assert result.exit_code == 0, result.output
    assert pd.read_parquet("out.parquet")["prediction"].tolist() == pytest.approx([3, 5])


def test_a_bad_row_ends_with_status_1_and_its_name(model: str) -> None:
    Path("in.csv").write_text("a\n1\nx\n")
    failed = CliRunner().invoke(main, ["models", "predict", "-m", model, "-i", "in.csv", "-o", "out.csv"])
    assert failed.exit_code == 1
    assert "in.csv, row 2: column 'a': expected double, found 'x'." in failed.output
    assert not Path("out.csv").exists()
    told = CliRunner().invoke(
        main, ["models", "predict", "-m", model, "-i", "in.csv", "-o", "out.json", "--on-error", "null"]
    )
    assert told.exit_code == 0
    assert "Null for in.csv, row 2: column 'a'" in told.output
    assert json.loads(Path("out.json").read_text()) == {"predictions": [pytest.approx(3), None]}


@pytest.fixture
def slow(tmp_path: Path) -> str:
    def slowly(model_input):  # type: ignore[no-untyped-def]
        import time

        time.sleep(0.3)
        return model_input["a"]

    headrace.pyfunc.save_model(str(tmp_path / "slow"), python_model=slowly, pip_requirements=[])
    return str(tmp_path / "slow")


@pytest.mark.parametrize("where", [(), ("--env", "A=1")], ids=["here", "in a child"])
def test_an_interrupted_run_leaves_nothing(slow: str, tmp_path: Path, where: tuple[str, ...]) -> None:
    folder = tmp_path / "results"
    folder.mkdir()
    (tmp_path / "in.csv").write_text("a\n" + "1\n" * 1000)
    child = subprocess.Popen(
        [*COMMAND, "-m", slow, "-i", "in.csv", "-o", str(folder / "out.csv"), "--chunk-rows", "1", *where],
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 30
    while not list(folder.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert list(folder.iterdir())
    child.send_signal(signal.SIGINT)
    assert child.wait(20) != 0
    assert list(folder.iterdir()) == []


def test_progress_on_a_terminal_is_one_line_with_the_time_left(slow: str) -> None:
    Path("in.csv").write_text("a\n" + "1\n" * 6)
    ours, theirs = pty.openpty()
    subprocess.run(
        [*COMMAND, "-m", slow, "-i", "in.csv", "-o", "o.csv", "--chunk-rows", "1"],
        stderr=theirs,
        check=True,
    )
    os.close(theirs)
    told = os.read(ours, 1 << 16).decode()
    os.close(ours)
    assert "rows/s, 0:0" in told
    assert "left" in told
    assert told.count("\n") == 1
    assert "6 rows in" in told


def test_variables_are_the_models_alone(tmp_path: Path) -> None:
    def colour(model_input):  # type: ignore[no-untyped-def]
        import os

        return [os.environ.get("COLOUR", "none")] * len(model_input)

    headrace.pyfunc.save_model(str(tmp_path / "m"), python_model=colour, pip_requirements=[])
    done = run("-m", str(tmp_path / "m"), "--env", "COLOUR=red", "-q", stdin='{"dataframe_records": [{"a": 1}]}')
    assert json.loads(done.stdout) == {"predictions": ["red"]}
    assert "COLOUR" not in os.environ
    wrong = run("-m", str(tmp_path / "m"), "--env", "COLOUR", stdin="{}")
    assert "write NAME=VALUE" in wrong.stderr


def test_an_error_of_the_models_process_comes_back_whole(tmp_path: Path) -> None:
    def broken(model_input):  # type: ignore[no-untyped-def]
        raise LookupError("nowhere to be found")

    headrace.pyfunc.save_model(str(tmp_path / "m"), python_model=broken, pip_requirements=[])
    done = run("-m", str(tmp_path / "m"), "--env", "A=1", "-t", "csv", "-q", stdin="a\n1\n")
    assert done.returncode == 1
    assert "row 1: LookupError: nowhere to be found" in done.stderr


def test_a_model_that_kills_its_process_is_told(tmp_path: Path) -> None:
    def deadly(model_input):  # type: ignore[no-untyped-def]
        import os

        os.kill(os.getpid(), 9)

    headrace.pyfunc.save_model(str(tmp_path / "m"), python_model=deadly, pip_requirements=[])
    done = run("-m", str(tmp_path / "m"), "--env", "A=1", "-t", "csv", "-q", stdin="a\n1\n")
    assert done.returncode == 1
    assert "status -9 before it was done (killed, perhaps for want of memory)" in done.stderr


def test_python_gives_data_at_hand(model: str, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    data = pd.DataFrame({"a": [1.0, 2.0]})
    headrace.models.predict(model, data)
    headrace.models.predict(model, data, content_type="csv")
    headrace.models.predict(model, '{"dataframe_records": [{"a": 1}]}', content_type="json", output_path="out.json")
    printed = capfd.readouterr().out.splitlines()
    assert [json.loads(line) for line in printed] == [{"predictions": [pytest.approx(3), pytest.approx(5)]}] * 2
    assert json.loads(Path("out.json").read_text()) == {"predictions": [pytest.approx(3)]}


@pytest.mark.full
def test_a_model_runs_in_its_own_environment(tmp_path: Path) -> None:
    def versions(model_input):  # type: ignore[no-untyped-def]
        import sys

        import toolz

        return [f"{toolz.__version__} {sys.prefix}"] * len(model_input)

    headrace.pyfunc.save_model(
        str(tmp_path / "m"), python_model=versions, pip_requirements=["toolz==0.12.1", "cloudpickle"]
    )
    Path("in.csv").write_text("a\n1\n2\n")
    os.environ["HEADRACE_ENV_ROOT"] = str(tmp_path / "environments")
    done = run("-m", str(tmp_path / "m"), "-i", "in.csv", "-o", "out.jsonl", "--env-manager", "uv")
    assert done.returncode == 0, done.stderr
    said = [json.loads(line) for line in Path("out.jsonl").read_text().splitlines()]
    assert len(said) == 2
    assert said[0].startswith(f"0.12.1 {tmp_path / 'environments'}")
