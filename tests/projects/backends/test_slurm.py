from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from headrace.environments.tool import ToolFailed
from headrace.errors import InvalidValue
from headrace.lazy import MissingPackage
from headrace.projects.backends import followed
from headrace.projects.backends.slurm import SlurmBackend
from headrace.projects.launch import ProjectEnvironment
from headrace.projects.submitted import SubmittedRun
from tests.projects.backends.conftest import Fakes, Project, Waiter, alive


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(followed, "FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(followed, "PAUSE_GROWTH", 1.0)


@pytest.fixture
def jobs(tmp_path: Path) -> Path:
    return tmp_path / "jobs"


@pytest.fixture
def submit(fakes: Fakes, project: Project, jobs: Path) -> Iterator[Callable[..., SubmittedRun]]:
    def submitted(command: str, config: dict[str, Any] | None = None, **changed: Any) -> SubmittedRun:
        launch = project.launch(command, backend_config={"folder": str(jobs), **(config or {})}, **changed)
        return SlurmBackend().submit(launch)

    yield submitted
    for place in fakes.state.glob("*.pid"):
        if not place.with_suffix(".end").exists():
            try:
                os.killpg(int(place.read_text()), 9)
            except ProcessLookupError:
                continue


def test_a_job_runs_to_its_end_and_its_output_is_followed(submit: Callable[..., SubmittedRun]) -> None:
    run = submit("echo one; echo two >&2")
    assert run.wait()
    assert (run.get_status(), list(run.logs())) == ("FINISHED", ["one\n", "two\n"])


def test_a_local_project_runs_where_it_is_with_the_runs_variables(
    submit: Callable[..., SubmittedRun], fakes: Fakes, project: Project, jobs: Path
) -> None:
    run = submit("pwd; env")
    assert run.wait()
    lines = [line.rstrip("\n") for line in run.logs()]
    assert lines[0] == str(project.folder)
    assert {f"MLFLOW_RUN_ID={run.run_id}", "MLFLOW_TRACKING_URI=http://127.0.0.1:4711"} <= set(lines)
    (call,) = fakes.calls("sbatch")
    (folder,) = jobs.iterdir()
    assert call.args == ["--parsable", "--export=ALL", str(folder / "job.sh")]


def test_a_token_travels_beside_the_script(submit: Callable[..., SubmittedRun], fakes: Fakes, jobs: Path) -> None:
    run = submit('echo "token: $MLFLOW_TRACKING_TOKEN"')
    assert run.wait()
    assert list(run.logs()) == ["token: secret of the run\n"]
    (script,) = jobs.glob("*/job.sh")
    assert "secret of the run" not in script.read_text()
    assert not [call for call in fakes.calls("sbatch") if "secret of the run" in " ".join(call.args)]


def test_a_fetched_project_goes_along(submit: Callable[..., SubmittedRun], project: Project, jobs: Path) -> None:
    project.write(greet__sh="echo hello")
    source = project.launch("x").source
    run = submit("pwd; bash greet.sh", source=replace(source, pristine=project.folder))
    assert run.wait()
    (folder,) = jobs.iterdir()
    assert list(run.logs()) == [f"{folder / 'code'}\n", "hello\n"]


def test_parameters_reach_no_shell_on_the_way(submit: Callable[..., SubmittedRun], project: Project) -> None:
    run = submit("printf '%s|' 'a'\"'\"'b; $(touch hacked) `id` \n#SBATCH --x'")
    assert run.wait()
    assert "".join(run.logs()) == "a'b; $(touch hacked) `id` \n#SBATCH --x|"
    assert not list(project.folder.iterdir())


def test_a_failing_command_fails_the_run(submit: Callable[..., SubmittedRun]) -> None:
    run = submit("echo why; exit 3")
    assert not run.wait()
    assert (run.get_status(), run.exit_code, list(run.logs())) == ("FAILED", 3, ["why\n"])  # type: ignore[attr-defined]


def test_a_job_waits_in_the_queue(submit: Callable[..., SubmittedRun], fakes: Fakes) -> None:
    fakes.set("hold")
    run = submit("true")
    assert run.get_status() == "SCHEDULED"
    run.cancel()
    assert (run.get_status(), run.wait()) == ("KILLED", False)


def test_a_cancelled_job_leaves_no_process(
    submit: Callable[..., SubmittedRun], fakes: Fakes, until: Callable[..., Any]
) -> None:
    run = submit("sleep 100 & echo $!; wait")
    waiter = Waiter(run)
    pid = int(until(lambda: list(run.logs()))[0])
    run.cancel()
    assert (waiter.answer(), run.get_status(), alive(pid)) == (False, "KILLED", False)
    assert [call.args for call in fakes.calls("scancel")] == [["100"]]


@pytest.mark.parametrize(("command", "status"), [("true", "FINISHED"), ("exit 1", "FAILED")])
def test_the_accounts_tell_the_outcome_of_a_job_that_left_the_queue(
    submit: Callable[..., SubmittedRun], fakes: Fakes, until: Callable[..., Any], command: str, status: str
) -> None:
    run = submit(command)
    until(lambda: list(fakes.state.glob("100.end")))
    fakes.set("forgotten")
    run.wait()
    assert run.get_status() == status
    assert len(fakes.calls("sacct")) == 1


@pytest.mark.parametrize(("command", "status"), [("true", "FINISHED"), ("exit 1", "FAILED")])
def test_without_accounts_the_jobs_own_note_tells_it(
    submit: Callable[..., SubmittedRun], fakes: Fakes, until: Callable[..., Any], command: str, status: str
) -> None:
    fakes.set("no-accounts")
    run = submit(command)
    until(lambda: list(fakes.state.glob("100.end")))
    fakes.set("forgotten")
    run.wait()
    assert run.get_status() == status


def test_an_array_is_one_run_of_many_tasks(submit: Callable[..., SubmittedRun]) -> None:
    run = submit('echo "task $SLURM_ARRAY_TASK_ID"', {"array": "0-2"})
    assert run.wait()
    assert sorted(run.logs()) == ["task 0\n", "task 1\n", "task 2\n"]


def test_one_failed_task_fails_an_array(submit: Callable[..., SubmittedRun]) -> None:
    run = submit("exit $SLURM_ARRAY_TASK_ID", {"array": "0-1"})
    assert not run.wait()
    assert run.get_status() == "FAILED"


def test_a_controller_that_is_silent_for_a_while_is_asked_again(
    submit: Callable[..., SubmittedRun], fakes: Fakes, project: Project, until: Callable[..., Any]
) -> None:
    run = submit("true")
    fakes.break_("squeue", "slurm_load_jobs error: Unable to contact slurm controller (connect failure)")
    waiter = Waiter(run)
    until(lambda: [line for line in project.told if "Unable to contact" in line])
    (fakes.state / "broken-squeue").unlink()
    assert waiter.answer()


def test_what_sbatch_refuses_is_told_in_its_words(
    submit: Callable[..., SubmittedRun], fakes: Fakes, jobs: Path
) -> None:
    fakes.break_("sbatch", "sbatch: error: invalid partition specified: gpx")
    with pytest.raises(ToolFailed, match="invalid partition specified: gpx"):
        submit("true", {"partition": "gpx"})
    assert not list(jobs.iterdir())


def test_nothing_is_made_where_there_is_no_slurm(
    submit: Callable[..., SubmittedRun], fakes: Fakes, jobs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fakes.remove("sbatch")
    monkeypatch.setenv("PATH", str(fakes.bin))
    with pytest.raises(MissingPackage, match="'sbatch' is needed"):
        submit("true")
    assert not jobs.exists()


def test_a_misspelt_resource_is_refused_with_the_one_that_was_meant(
    submit: Callable[..., SubmittedRun], fakes: Fakes
) -> None:
    with pytest.raises(InvalidValue, match=r"'partiton'.*Did you mean 'partition'"):
        submit("true", {"partiton": "gpu"})
    assert fakes.calls("sbatch") == []


def test_an_environment_is_built_here_and_used_there(
    submit: Callable[..., SubmittedRun], project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADRACE_ENV_ROOT", str(tmp_path / "environments"))
    project.write(python_env__yaml="dependencies: []")
    environment = ProjectEnvironment(kind="python", path=project.folder / "python_env.yaml", manager="uv")
    run = submit("python -c 'import sys; print(sys.prefix)'; echo $VIRTUAL_ENV", environment=environment)
    assert run.wait()
    prefix, activated = (line.strip() for line in run.logs())
    assert prefix == activated
    assert Path(prefix).is_relative_to(tmp_path / "environments")
