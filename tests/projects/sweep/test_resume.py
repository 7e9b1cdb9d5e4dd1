from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

import headrace
from headrace import MlflowClient, clock
from headrace.client.open import close_stores
from headrace.errors import InvalidState, InvalidValue, StoreUnavailable
from headrace.projects import resume, sweep
from headrace.projects.sweeps.parent import CONDUCTED_TAG
from tests.cli.conftest import HEADRACE
from tests.projects.sweep.conftest import Project
from tests.projects.sweep.test_sweep import trials_below
from tests.support.git import committed, git
from tests.support.live_server import live_server

TIMEOUT_S = 60
WAITS = "echo {n} >> begun; echo $$ >> pids; [ {n} -lt 3 ] || [ -e go ] || {{ touch waits-{n}; sleep 600; }}"


@contextmanager
def conducting(project: Project, *options: str) -> Iterator[subprocess.Popen[str]]:
    """A sweep in a process of its own, over 1 to 5; trials 3 and later wait until they are ended."""
    process = subprocess.Popen(
        [HEADRACE, "run", project.uri, "--sweep", "grid", "-P", "n=1,2,3,4,5", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=TIMEOUT_S)
        for pid in project.lines("pids"):
            try:
                os.killpg(int(pid), signal.SIGKILL)
            except ProcessLookupError:
                continue


def until_there(process: subprocess.Popen[str], *paths: Path) -> None:
    start_s = clock.monotonic_s()
    while not all(path.exists() for path in paths):
        assert process.poll() is None, process.communicate()
        assert clock.monotonic_s() - start_s < TIMEOUT_S
        clock.sleep_s(0.02)


def the_parent() -> str:
    [parent] = headrace.search_runs(filter_string="tags.`headrace.sweep` != ''", output_format="list")
    return str(parent.info.run_id)


def statuses(parent: str) -> list[tuple[str, str]]:
    return sorted((run.data.params["n"], run.info.status) for run in trials_below(parent))


def is_running(pid: str) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def test_ctrl_c_ends_all_trials_and_leaves_what_can_go_on(project: Project) -> None:
    project.command(WAITS)
    with conducting(project, "--jobs", "2") as process:
        until_there(process, project.folder / "waits-3", project.folder / "waits-4")
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 1
    parent = the_parent()
    assert f"headrace run --resume {parent}" in said
    assert not [pid for pid in project.lines("pids") if is_running(pid)]
    assert headrace.get_run(parent).info.status == "KILLED"
    assert statuses(parent) == [("1", "FINISHED"), ("2", "FINISHED"), ("3", "KILLED"), ("4", "KILLED")], said

    (project.folder / "go").touch()
    result = resume(parent, jobs=2)
    assert result.complete
    assert [dict(trial.parameters)["n"] for trial in result.trials] == ["1", "2", "3", "4", "5"]
    assert sorted(project.lines("begun")) == ["1", "2", "3", "3", "4", "4", "5"]
    assert headrace.get_run(parent).info.status == "FINISHED"
    assert headrace.get_run(parent).data.metrics["trials_finished"] == 5
    assert resume(parent).trials == result.trials  # nothing is left to do


def test_a_sweep_whose_process_died_goes_on(project: Project) -> None:
    project.command(WAITS)
    with conducting(project) as process:
        until_there(process, project.folder / "waits-3")
        parent = the_parent()
        with pytest.raises(InvalidState, match=rf"conducted by process {process.pid} on this machine"):
            resume(parent)
        process.kill()
        process.wait(timeout=TIMEOUT_S)
        assert headrace.get_run(parent).info.status == "RUNNING"
        (project.folder / "go").touch()
        assert resume(parent).complete
    assert sorted(project.lines("begun")) == ["1", "2", "3", "3", "4", "5"]
    assert [run for run in statuses(parent) if run[1] != "FINISHED"] == [("3", "KILLED")]


def test_sigterm_ends_it_too(project: Project) -> None:
    project.command(WAITS)
    with conducting(project) as process:
        until_there(process, project.folder / "waits-3")
        process.terminate()
        process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 128 + signal.SIGTERM
    assert headrace.get_run(the_parent()).info.status == "KILLED"
    assert not [pid for pid in project.lines("pids") if is_running(pid)]


def test_one_that_is_conducted_elsewhere_is_left_alone_until_it_falls_silent(project: Project) -> None:
    parent = sweep(project.uri, {"n": "1,2"}).run_id
    client = MlflowClient()
    client.update_run(parent, "RUNNING")

    def beat(at_ms: int) -> None:
        text = msgspec.json.encode({"host": "far-away", "pid": 7, "at_ms": at_ms}).decode()
        client.set_tag(parent, CONDUCTED_TAG, text)

    beat(clock.now_ms())
    with pytest.raises(InvalidState, match="process 7 on far-away"):
        resume(parent)
    beat(clock.now_ms() - 3_600_000)
    assert resume(parent).complete


def test_failed_trials_are_not_run_again(project: Project) -> None:
    project.command("echo {n} >> begun; [ {n} != 2 ]")
    parent = sweep(project.uri, {"n": "1,2,3"}).run_id
    result = resume(parent)
    assert (result.counts.finished, result.counts.failed) == (2, 1)
    assert project.lines("begun") == ["1", "2", "3"]


@pytest.mark.usefixtures("served")
def test_more_trials_continue_the_draws_and_what_optuna_learnt(project: Project) -> None:
    random = sweep(project.uri, {"x": "float:0..1"}, "random:5", seed=9)
    begun = sweep(project.uri, {"x": "float:0..1"}, "random:2", seed=9)
    assert resume(begun.run_id, trials=5).trials[4].parameters == random.trials[4].parameters
    assert headrace.get_run(begun.run_id).data.metrics["trials_finished"] == 5

    project.program("log(loss=abs(x - 3), step=0); log(loss=abs(x - 3), step=1)")
    given = {"x": "float:0..10"}
    first = sweep(project.uri, given, "optuna", "train", metric="loss", direction="minimize", trials=3, seed=1)
    later = resume(first.run_id, trials=5)
    assert later.trials[:3] == first.trials
    assert len({trial.parameters["x"] for trial in later.trials}) == 5
    assert later.best is not None
    assert later.best.value == min(trial.value for trial in later.trials if trial.value is not None)


def test_it_goes_on_from_another_folder_with_the_code_of_then(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    headrace.set_tracking_uri(tmp_path / "store")
    project.command("echo then {n}")
    committed(project.folder)
    monkeypatch.chdir(project.folder)
    begun = sweep(".", {"n": "int:1..9"}, "random:1", seed=1)
    project.command("echo now {n}")
    committed(project.folder)
    monkeypatch.chdir(tmp_path)
    later = resume(begun.run_id, trials=2)
    path = MlflowClient().download_artifacts(later.trials[1].run_id, "project/output.log")
    assert Path(path).read_text() == f"then {later.trials[1].parameters['n']}\n"
    tags = headrace.get_run(later.trials[1].run_id).data.tags
    assert tags["mlflow.source.git.commit"] == git(project.folder, "rev-parse", "HEAD~1")


def test_runs_that_are_no_sweeps_say_where_one_is(project: Project) -> None:
    result = sweep(project.uri, {"n": "1,2"})
    with pytest.raises(InvalidValue, match=f"no sweep. It is a trial of one: go on with --resume {result.run_id}"):
        resume(result.trials[0].run_id)
    with headrace.start_run() as plain:
        pass
    with pytest.raises(InvalidValue, match=r"no sweep.*shows those that are"):
        resume(plain.info.run_id)
    headrace.delete_run(result.run_id)
    with pytest.raises(InvalidState, match="deleted"):
        resume(result.run_id)


def test_a_backend_config_is_asked_for_again(project: Project) -> None:
    result = sweep(project.uri, {"n": "1,2"}, backend_config={"secret": "s3cret"})
    tags = headrace.get_run(result.run_id).data.tags
    assert "s3cret" not in str(tags)
    with pytest.raises(InvalidValue, match=r"--backend-config.*give it again"):
        resume(result.run_id)


@pytest.mark.full
def test_a_store_that_is_gone_ends_the_sweep_which_goes_on_when_it_is_back(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADRACE_HTTP_REQUEST_MAX_RETRIES", "0")
    said: list[str] = []
    with live_server(tmp_path / "server") as server:
        headrace.set_tracking_uri(server.url)
        project.command(f"[ {{n}} != 2 ] || kill -9 {server.pid}")
        with pytest.raises(StoreUnavailable):
            sweep(project.uri, {"n": "1,2,3"}, progress=said.append)
    assert any("couldn't be noted" in line for line in said)
    close_stores()
    project.command("true")
    with live_server(tmp_path / "server") as server:
        headrace.set_tracking_uri(server.url)
        parent = the_parent()
        assert any(f"--resume {parent}" in line for line in said)
        assert statuses(parent) == [("1", "FINISHED"), ("2", "RUNNING")]
        assert resume(parent).complete
        assert statuses(parent) == [("1", "FINISHED"), ("2", "FINISHED"), ("2", "KILLED"), ("3", "FINISHED")]
        close_stores()
