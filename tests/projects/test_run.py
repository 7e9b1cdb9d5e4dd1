"""Projects on this machine, through `headrace.projects.run`, on an embedded store in the test's folder."""

from __future__ import annotations

import errno
import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

import headrace
from headrace import MlflowClient
from headrace.entities import Run
from headrace.errors import HeadraceError, InvalidValue, NotFound, StoreUnavailable
from headrace.projects import RunFailed, SubmittedRun, run, serve_store
from headrace.projects.recorded import RecordedRun, live
from headrace.projects.source_cache import root
from tests.projects.writing import commit, write

MAIN = """
    entry_points:
      main:
        parameters: {code: {type: int, default: 0}}
        command: echo out; echo err >&2; exit {code}
      says: {parameters: {what: string}, command: "echo {what}"}
      variables: {command: "env -0 | sort -z"}
      where: {command: "pwd; echo made > made.txt"}
      waits: {command: "echo going; read line < fifo"}
      leaves: {command: "(trap '' HUP; sleep 1000) & echo $!"}
      babbles: {command: "yes & echo $! >&2"}
      late: {command: "exec > >(sleep 0.3; cat); echo late"}
      deaf: {command: "trap '' TERM; echo $$; sleep 1000 & wait; sleep 1000"}
      dies: {command: "kill -9 $$"}
      binary: {command: "printf '\\\\377\\\\303'; printf '\\\\251\\\\n'; printf tail"}
"""


@pytest.fixture
def project(folder: Path) -> Path:
    return write(folder, MAIN)


def stored(handle: SubmittedRun) -> Run:
    return MlflowClient().get_run(handle.run_id)


def artifact(handle: SubmittedRun, name: str) -> str:
    return headrace.artifacts.load_text(f"runs:/{handle.run_id}/project/{name}")


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state not in ("Z", "X")


def test_run_succeeds(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    handle = run(str(project))
    assert (handle.wait(), handle.get_status()) == (True, "FINISHED")
    found = stored(handle)
    assert (found.info.status, found.data.params) == ("FINISHED", {"code": "0"})
    assert found.info.end_time is not None
    assert found.data.tags["mlflow.project.backend"] == "local"
    assert "mlflow.project.env" not in found.data.tags
    shown = capsys.readouterr()
    assert shown.out == "out\n"
    assert shown.err == f"Run {handle.run_id}: main of {project}\nerr\n"
    assert sorted(artifact(handle, "output.log").split()) == ["err", "out"]
    assert sorted(handle.logs()) == ["err\n", "out\n"]


def test_run_fails(project: Path) -> None:
    with pytest.raises(RunFailed, match="its command ended with status 3") as caught:
        run(str(project), parameters={"code": 3})
    assert caught.value.exit_code == 3
    assert caught.value.run_id is not None
    assert MlflowClient().get_run(caught.value.run_id).info.status == "FAILED"


def test_command_that_is_killed_from_outside_failed(project: Path) -> None:
    with pytest.raises(RunFailed, match="was ended by SIGKILL"):
        run(str(project), "dies")
    assert headrace.search_runs(output_format="list")[0].info.status == "FAILED"


@pytest.mark.parametrize("end", ["FINISHED", "KILLED", "FAILED"])
@pytest.mark.parametrize("code", [0, 1])
def test_program_that_ended_its_run_itself_knows_better(end: str, code: int, folder: Path) -> None:
    script = f"""
        import sys, headrace
        headrace.start_run()
        headrace.end_run({end!r})
        sys.exit({code})
    """
    handle = run(str(write(folder, train__py=script)), "train.py", synchronous=False)
    assert handle.wait() is (code == 0)
    # Finished, says the program, but its command failed after all.
    assert stored(handle).info.status == ("FAILED" if end == "FINISHED" and code else end)


def test_command_gets_run_experiment_and_store(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "another")
    handle = run(str(project), "variables", experiment_name="own")
    found = dict(line.split("=", 1) for line in artifact(handle, "output.log").rstrip("\0").split("\0"))
    experiment = headrace.get_experiment_by_name("own")
    assert experiment is not None
    for prefix in ("HEADRACE_", "MLFLOW_"):
        assert found[f"{prefix}RUN_ID"] == handle.run_id
        assert found[f"{prefix}EXPERIMENT_ID"] == experiment.experiment_id
    assert found["HEADRACE_TRACKING_URI"] == headrace.get_tracking_uri()
    assert found["MLFLOW_TRACKING_URI"].startswith("http://127.0.0.1:")
    assert len(found["MLFLOW_TRACKING_TOKEN"]) == 64
    assert found["MLFLOW_EXPERIMENT_NAME"] == ""
    assert "127.0.0.1" in found["no_proxy"].split(",")


def test_start_is_kept_as_artifact(project: Path) -> None:
    sha = commit(project)
    write(project, MAIN + "# changed\n")
    handle = run(str(project), "says", parameters={"what": "a b", "more": 1})
    kept: dict[str, Any] = json.loads(artifact(handle, "launch.json"))
    assert (kept["commit"], kept["dirty"], kept["given_parameters"]) == (sha, True, {"what": "a b", "more": "1"})
    assert (kept["command"], kept["parameters"]) == ("echo 'a b' --more 1", kept["given_parameters"])
    assert "# changed" in artifact(handle, "changes.diff")
    tags = stored(handle).data.tags
    assert (tags["mlflow.source.git.commit"], tags["mlflow.source.git.dirty"]) == (sha, "true")


def test_fetched_project_runs_in_a_copy_that_is_gone_afterwards(project: Path) -> None:
    commit(project)
    handle = run(str(project), "where", version="main")
    where = Path(artifact(handle, "output.log").strip())
    assert where != project
    assert not where.exists()
    assert not list(root().rglob("made.txt"))
    run(str(project), "where")
    assert (project / "made.txt").exists()


def test_run_below_an_open_one_is_its_child(project: Path) -> None:
    with headrace.start_run() as parent:
        handle = run(str(project))
    assert stored(handle).data.tags["mlflow.parentRunId"] == parent.info.run_id


def test_run_that_is_there_is_taken(project: Path) -> None:
    made = MlflowClient().create_run("0", tags={"mine": "1"})
    MlflowClient().set_terminated(made.info.run_id)
    handle = run(str(project), run_id=made.info.run_id)
    assert handle.run_id == made.info.run_id
    found = stored(handle)
    # As with MLflow, it keeps the params that it had.
    assert (found.info.status, found.data.params, found.data.tags["mine"]) == ("FINISHED", {}, "1")


def test_tags_name_and_description_of_the_caller(project: Path) -> None:
    found = stored(run(str(project), run_name="mine", tags={"team": "a"}))
    assert (found.info.run_name, found.data.tags["team"]) == ("mine", "a")


def test_bytes_that_are_no_text_are_kept_and_shown(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    handle = run(str(project), "binary")
    assert list(handle.logs()) == ["�é\n", "tail"]
    assert capsys.readouterr().out == "�é\ntail"
    path = headrace.artifacts.download_artifacts(f"runs:/{handle.run_id}/project/output.log")
    assert Path(path).read_bytes() == b"\xff\xc3\xa9\ntail"


def test_output_over_the_limit_is_cut(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headrace.projects.output.MAX_KEPT_BYTES", 5)
    handle = run(str(project))
    assert len(artifact(handle, "output.log").partition("\n[headrace: the output went on")[0]) == 5


class Fifo:
    """Lets a command that waits go on."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "fifo"
        os.mkfifo(self._path)

    def open(self) -> None:
        self._path.write_text("go\n")


def until_it_prints(handle: SubmittedRun) -> str:
    while True:
        for line in handle.logs():
            return line
        time.sleep(0.01)


def test_handle_without_waiting(project: Path) -> None:
    fifo = Fifo(project)
    handle = run(str(project), "waits", synchronous=False)
    assert until_it_prints(handle) == "going\n"
    assert handle.get_status() == "RUNNING"
    assert stored(handle).info.status == "RUNNING"
    fifo.open()
    assert handle.wait() is True
    assert handle.wait() is True
    assert (handle.get_status(), stored(handle).info.status) == ("FINISHED", "FINISHED")
    handle.cancel()
    assert handle.get_status() == "FINISHED"


def test_command_doesnt_go_on_if_its_start_fails(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder, "entry_points:\n  main: {command: 'echo $$ > pid; sleep 1000'}\n")

    def fail(*_: object) -> None:
        while not (folder / "pid").exists() or not (folder / "pid").read_text():
            time.sleep(0.01)
        raise StoreUnavailable("gone")

    monkeypatch.setattr("headrace.projects.evidence.keep_packages", fail)
    with pytest.raises(StoreUnavailable):
        run(str(folder))
    assert not is_running(int((folder / "pid").read_text()))
    assert headrace.search_runs(output_format="list")[0].info.status == "FAILED"


def test_handle_is_awaited_beside_others(project: Path) -> None:
    import asyncio

    async def both() -> list[bool]:
        handles = [run(str(project), parameters={"code": code}, synchronous=False) for code in (0, 1)]
        return await asyncio.gather(*(asyncio.to_thread(handle.wait) for handle in handles))

    assert asyncio.run(both()) == [True, False]


def test_cancelled_run_leaves_no_process(project: Path) -> None:
    Fifo(project)
    handle = run(str(project), "waits", synchronous=False)
    until_it_prints(handle)
    cancelling = [threading.Thread(target=handle.cancel) for _ in range(3)]
    for each in cancelling:
        each.start()
    for each in cancelling:
        each.join()
    assert (handle.wait(), handle.get_status(), stored(handle).info.status) == (False, "KILLED", "KILLED")


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="processes are looked up in /proc")
def test_background_process_ends_with_the_command(project: Path) -> None:
    handle = run(str(project), "leaves")
    assert not is_running(int(artifact(handle, "output.log")))


def test_last_words_of_what_the_command_started_are_kept(project: Path) -> None:
    assert artifact(run(str(project), "late"), "output.log") == "late\n"


def test_process_that_prints_forever_doesnt_keep_the_run(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headrace.projects.local.LAST_WORDS_S", 0.0)
    monkeypatch.setattr("headrace.projects.output.MAX_KEPT_BYTES", 1000)
    handle = run(str(project), "babbles", synchronous=False)
    assert handle.wait()


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="processes are looked up in /proc")
def test_process_that_left_the_session_ends_with_a_cancelled_run(folder: Path) -> None:
    script = """
        import os, subprocess, time
        os.environ.pop("HEADRACE_RUN_ID")
        print(subprocess.Popen(["sleep", "1000"], start_new_session=True, stdout=subprocess.DEVNULL).pid)
        time.sleep(1000)
    """
    handle = run(str(write(folder, leaves__py=script)), "leaves.py", synchronous=False)
    pid = int(until_it_prints(handle))
    assert is_running(pid)
    handle.cancel()
    assert not is_running(pid)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="processes are looked up in /proc")
def test_command_that_ignores_the_signal_is_killed(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headrace.projects.local.GRACE_S", 0.2)
    handle = run(str(project), "deaf", synchronous=False)
    pid = int(until_it_prints(handle))
    handle.cancel()
    assert not is_running(pid)
    assert stored(handle).info.status == "KILLED"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_to_a_waiting_program_reaches_the_command(number: signal.Signals, folder: Path) -> None:
    script = """
        import signal, sys, time
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda number, _: (print("got", signal.Signals(number).name), sys.exit(1)))
        print("ready")
        time.sleep(1000)
    """
    write(folder, train__py=script)
    program = f"import headrace; headrace.projects.run({str(folder)!r}, 'train.py')"
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        child.send_signal(number)
        assert child.stdout.read() == f"got {number.name}\n"
    assert child.returncode == (-signal.SIGINT if number is signal.SIGINT else 128 + number)
    (made,) = headrace.search_runs(output_format="list")
    assert made.info.status == "KILLED"
    assert headrace.artifacts.load_text(f"runs:/{made.info.run_id}/project/output.log").endswith(f"got {number.name}\n")


def test_end_of_the_program_waits_for_its_runs(project: Path) -> None:
    program = f"import headrace; headrace.projects.run({str(project)!r}, synchronous=False)"
    subprocess.run([sys.executable, "-c", program], check=True)
    assert headrace.search_runs(output_format="list")[0].info.status == "FINISHED"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_command_ends_with_a_program_that_is_killed(number: signal.Signals, folder: Path) -> None:
    write(folder, "entry_points:\n  main: {command: 'echo $$; sleep 1000'}\n")
    program = f"import headrace; headrace.projects.run({str(folder)!r}, synchronous=False)"
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        pid = int(child.stdout.readline())
        assert is_running(pid)
        child.send_signal(number)
    while is_running(pid):
        time.sleep(0.01)


@pytest.mark.parametrize("synchronous", [True, False])
def test_interruption_before_anybody_waits_ends_the_run(
    synchronous: bool, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = RecordedRun.__init__

    def begin_and_interrupt(self: RecordedRun, *arguments: Any) -> None:
        begin(self, *arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(RecordedRun, "__init__", begin_and_interrupt)
    Fifo(project)
    with pytest.raises(KeyboardInterrupt):
        run(str(project), "waits", synchronous=synchronous)
    assert not live()
    assert headrace.search_runs(output_format="list")[0].info.status == "KILLED"


def test_server_starts_only_when_somebody_asks(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[bool] = []
    serve = serve_store._Service._serve
    monkeypatch.setattr(serve_store._Service, "_serve", lambda self: started.append(True) or serve(self))  # type: ignore[func-returns-value]
    run(str(project))
    assert not started
    ask = """
        import os, urllib.request
        uri = os.environ["MLFLOW_TRACKING_URI"] + "/api/2.0/mlflow/runs/get?run_id=" + os.environ["MLFLOW_RUN_ID"]
        for token in (os.environ["MLFLOW_TRACKING_TOKEN"], "x" * 64, None):
            request = urllib.request.Request(uri, headers={"Authorization": f"Bearer {token}"} if token else {})
            try:
                print(urllib.request.urlopen(request).status)
            except urllib.error.HTTPError as error:
                print(error.code)
    """
    handle = run(str(write(project, ask__py=ask)), "ask.py")
    assert artifact(handle, "output.log").split() == ["200", "401", "401"]
    assert started == [True]
    assert not serve_store._services


def test_server_that_is_killed_is_started_again(project: Path) -> None:
    ask = """
        import os, signal, urllib.request
        from pathlib import Path

        def ask():
            uri = os.environ["MLFLOW_TRACKING_URI"] + "/api/2.0/mlflow/runs/get?run_id=" + os.environ["MLFLOW_RUN_ID"]
            headers = {"Authorization": "Bearer " + os.environ["MLFLOW_TRACKING_TOKEN"]}
            return urllib.request.urlopen(urllib.request.Request(uri, headers=headers)).status

        def is_server(process):
            try:
                parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
                return parent == int(os.environ["RUNNER"]) and b"store-server" in (process / "cmdline").read_bytes()
            except FileNotFoundError:
                return False

        print(ask())
        (server,) = filter(is_server, Path("/proc").glob("[0-9]*"))
        os.kill(int(server.name), signal.SIGKILL)
        print(ask())
    """
    write(project, ask__py=ask)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RUNNER", str(os.getpid()))
        handle = run(str(project), "ask.py")
    assert artifact(handle, "output.log").split() == ["200", "200"]


def test_remote_store_is_reached_without_a_server_between(monkeypatch: pytest.MonkeyPatch) -> None:
    with serve_store.served("https://tracking.example.com") as variables:
        assert set(variables.values()) == {"https://tracking.example.com"}


def test_environment_that_doesnt_resolve_fails_the_run_in_the_resolvers_words(folder: Path) -> None:
    text = "python_env: python_env.yaml\nentry_points:\n  main: {command: 'true'}\n"
    write(folder, text, python_env__yaml="dependencies: [headrace-has-no-such-package==9999]\n")
    with pytest.raises(HeadraceError, match="headrace-has-no-such-package"):
        run(str(folder))
    (made,) = headrace.search_runs(output_format="list")
    assert made.info.status == "FAILED"
    assert made.data.tags["mlflow.project.env"] == "uv"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"parameters": {"code": "x"}}, "parameters.code"),
        ({"entry_point": "none"}, "'entry_point'"),
        ({"backend": "cloud"}, r"'cloud' for parameter 'backend'.*there are .*local"),
        ({"env_manager": "pipenv"}, r"'env_manager'.*local, uv, virtualenv, conda"),
        ({"env_manager": "conda"}, "no conda_env"),
        ({"experiment_name": "a", "experiment_id": "0"}, "not both"),
        ({"backend_config": "nowhere.json"}, "can't be read"),
        ({"version": "v1"}, "only git has versions"),
    ],
)
def test_mistake_makes_no_run(changes: dict[str, Any], said: str, project: Path) -> None:
    with pytest.raises(InvalidValue, match=said):
        run(str(project), **changes)
    assert not headrace.search_runs(output_format="list")


def test_run_or_experiment_that_isnt_there(project: Path) -> None:
    with pytest.raises(NotFound):
        run(str(project), run_id="0" * 32)
    with pytest.raises(HeadraceError, match="experiment"):
        run(str(project), experiment_id="999")


def test_command_that_is_too_long_for_the_system(folder: Path) -> None:
    write(folder, "entry_points:\n  main: {parameters: {a: string}, command: 'true {a}'}\n")
    with pytest.raises(InvalidValue, match="longer than a command may be"):
        run(str(folder), parameters={"a": "x" * (4 << 20)})
    assert headrace.search_runs(output_format="list")[0].info.status == "FAILED"


class FullDisk(io.BytesIO):
    def write(self, content: object, /) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_disk_that_is_full_stops_the_log_and_not_the_run(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.SpooledTemporaryFile", lambda size: FullDisk())
    told: list[str] = []
    handle = run(str(project), progress=told.append)
    assert handle.get_status() == "FINISHED"
    assert "The output isn't kept any further: No space left on device" in told
