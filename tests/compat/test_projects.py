"""The same project folders, run by the genuine MLflow and by `headrace run`, make the same runs on one server."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.exceptions import MlflowException
from servers import BIN, Server, environment, free_port

# What may differ: names are drawn by chance.
UNLIKE = {"mlflow.runName"}
MLFLOWS_BIN = str(Path(sys.executable).parent)

TRAIN = """
import sys
import mlflow

with mlflow.start_run():
    mlflow.log_metric("loss", float(sys.argv[1]))
"""
# Most commands import nothing: MLflow takes seconds for it.
PARAMETERS = """
name: every type
entry_points:
  main:
    parameters:
      loss: {type: float, default: 0.25}
      epochs: {type: int, default: 3}
      data: {type: path, default: /}
      origin: {type: uri, default: "https://example.com/a?b=c&d"}
      title: string
      flag: {default: true}
      nothing: {type: string, default: ""}
    command: echo {loss} {epochs} {origin} {title} {flag} {nothing} {data}
  quoted:
    parameters: {title: string}
    command: test "{title}" = plain && test --x={title} = --x=plain
  trains:
    parameters: {loss: float}
    command: python train.py {loss}
  fails:
    command: exit 3
  fails_afterwards:
    command: python train.py 0.5 && exit 3
"""


@dataclass(frozen=True)
class Case:
    entry_point: str = "main"
    parameters: dict[str, str] = field(default_factory=lambda: {"title": "t"})
    subdirectory: str = ""
    version: str | None = None
    address: str = "{folder}"


CASES = {
    "defaults, and one value with spaces and quotes": Case(parameters={"title": 'it\'s "so" $HOME; ls'}),
    "given values, and two that nobody declared": Case(
        parameters={"title": "plain", "loss": "1e-3", "extra": "a b", "other-one": "$(id)"}
    ),
    "in quotes of the template": Case(entry_point="quoted", parameters={"title": "plain"}),
    "a script": Case(entry_point="hello.sh", parameters={"x": "1"}),
    "fails": Case(entry_point="fails", parameters={}),
    "fails after its program finished": Case(entry_point="fails_afterwards", parameters={}),
    "a folder below a repository's root": Case(subdirectory="inner/deep"),
    "a folder named behind #": Case(address="{folder}#inner/deep"),
    "a folder without repository": Case(address="{plain}"),
    "a branch elsewhere": Case(address="{remote}#inner/deep", version="experiment"),
    "the main branch elsewhere": Case(address="{remote}"),
    "a tag elsewhere": Case(address="{remote}", version="v1"),
}


def git(*words: str, at: Path) -> str:
    who = ["-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main"]
    return subprocess.run(["git", *who, *words], cwd=at, check=True, capture_output=True, text=True).stdout


def write(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mlproject").write_text(PARAMETERS)
    (folder / "train.py").write_text(TRAIN)
    (folder / "hello.sh").write_text("echo hello")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with a remote, a branch and a tag; the same, bare, beside it."""
    folder = tmp_path_factory.mktemp("projects") / "project"
    write(folder)
    write(folder / "inner" / "deep")
    git("init", "-q", at=folder)
    git("add", ".", at=folder)
    git("commit", "-qm", "first", at=folder)
    git("tag", "-am", "one", "v1", at=folder)
    git("remote", "add", "origin", "https://user:secret@example.com/org/project.git", at=folder)
    git("switch", "-qc", "experiment", at=folder)
    (folder / "notes.txt").write_text("more")
    git("add", ".", at=folder)
    git("commit", "-qm", "second", at=folder)
    git("switch", "-q", "main", at=folder)
    git("clone", "-q", "--bare", str(folder), str(folder.parent / "bare"), at=folder)
    return folder


@pytest.fixture(scope="module")
def remote(project: Path) -> Iterator[str]:
    """Git's own server: what MLflow clones from has to be an address elsewhere."""
    port = free_port()
    words = ["git", "daemon", "--export-all", f"--base-path={project.parent}", "--listen=127.0.0.1", f"--port={port}"]
    with subprocess.Popen([*words, "--reuseaddr", "--informative-errors"], start_new_session=True) as daemon:
        url = f"git://127.0.0.1:{port}/bare"
        while subprocess.run(["git", "ls-remote", url], capture_output=True, check=False).returncode:
            assert daemon.poll() is None
        yield url
        os.killpg(daemon.pid, signal.SIGTERM)


@pytest.fixture(autouse=True)
def python_of_mlflow(monkeypatch: pytest.MonkeyPatch) -> None:
    """`python` in commands is the one that has the genuine client, for both."""
    monkeypatch.setenv("PATH", os.pathsep.join([MLFLOWS_BIN, os.environ["PATH"]]))
    monkeypatch.setenv("VIRTUAL_ENV", sys.prefix)


def by_mlflow(case: Case, address: str, experiment_id: str, client: MlflowClient) -> Run:
    before = {run.info.run_id for run in client.search_runs([experiment_id])}
    try:
        mlflow.projects.run(
            address,
            case.entry_point,
            case.version,
            dict(case.parameters),
            experiment_id=experiment_id,
            env_manager="local",
        )
    except MlflowException as error:
        if "failed" not in str(error):  # of a command that failed: there is a run
            raise
    (made,) = [run for run in client.search_runs([experiment_id]) if run.info.run_id not in before]
    return made


def by_headrace(
    case: Case, address: str, experiment_id: str, server: Server, folder: Path
) -> "tuple[dict[str, Any], str]":
    words = [str(BIN / "headrace"), "run", address, "-e", case.entry_point, "--env-manager", "local", "--json"]
    words += ["--experiment-id", experiment_id, *(["-v", case.version] if case.version else [])]
    for name, value in case.parameters.items():
        words += ["-P", f"{name}={value}"]
    variables = environment({"MLFLOW_TRACKING_URI": server.url, "HEADRACE_PROJECT_ROOT": str(folder)})
    done = subprocess.run(words, capture_output=True, text=True, env=variables, check=False)
    assert done.stdout, done.stderr
    return json.loads(done.stdout), done.stderr


@pytest.mark.parametrize("server", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", CASES)
def test_runs_are_alike(
    name: str, project: Path, remote: str, server: Server, client: MlflowClient, fluent: str, tmp_path: Path
) -> None:
    case = CASES[name]
    where = project / case.subdirectory if case.subdirectory else project
    write(tmp_path / "plain")
    address = case.address.format(folder=where, remote=remote, plain=tmp_path / "plain")
    theirs = by_mlflow(case, address, fluent, client)
    told, said = by_headrace(case, address, fluent, server, tmp_path)
    ours = client.get_run(told["run_id"])
    assert ours.data.params == theirs.data.params, said
    assert ours.info.status == theirs.info.status, said
    assert ours.data.metrics == theirs.data.metrics
    assert ours.info.experiment_id == theirs.info.experiment_id
    assert without(ours.data.tags, UNLIKE) == without(theirs.data.tags, UNLIKE), said


def without(tags: "dict[str, str]", names: "set[str]") -> "dict[str, str]":
    return {key: value for key, value in tags.items() if key not in names}


@pytest.mark.full
@pytest.mark.parametrize("server", ["sqlite"], indirect=True)
def test_mlflows_command_line_makes_the_same_run(
    project: Path, server: Server, client: MlflowClient, fluent: str, tmp_path: Path
) -> None:
    case = Case(parameters={"title": "by the command"})
    words = [
        sys.executable,
        "-m",
        "mlflow",
        "run",
        str(project),
        "--env-manager",
        "local",
        "-P",
        "title=by the command",
    ]
    subprocess.run(
        [*words, "--experiment-id", fluent],
        check=True,
        capture_output=True,
        env=environment({"MLFLOW_TRACKING_URI": server.url}),
    )
    (theirs,) = client.search_runs([fluent])
    told, said = by_headrace(case, str(project), fluent, server, tmp_path)
    ours = client.get_run(told["run_id"])
    assert (ours.data.params, ours.info.status) == (theirs.data.params, theirs.info.status), said
    assert without(ours.data.tags, UNLIKE) == without(theirs.data.tags, UNLIKE)


@pytest.mark.parametrize(
    "uri", ["", pytest.param("sqlite:///{folder}/own.db", marks=pytest.mark.full)], ids=["embedded", "a database"]
)
def test_a_program_with_mlflow_logs_to_a_store_without_server(uri: str, project: Path, tmp_path: Path) -> None:
    words = [str(BIN / "headrace"), "run", str(project), "-e", "trains", "-P", "loss=0.125", "--json"]
    variables = environment({"MLFLOW_TRACKING_URI": uri.format(folder=tmp_path)} if uri else {})
    done = subprocess.run(words, capture_output=True, text=True, env=variables, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["metrics"] == {"loss": 0.125}
    assert told["status"] == "FINISHED"


@pytest.mark.full
def test_children_of_children_log_to_it_too(tmp_path: Path, unique: Callable[[str], str]) -> None:
    folder = tmp_path / unique("outer")
    write(folder)
    (folder / "mlproject").write_text(
        "entry_points:\n  main: {command: python outer.py}\n  step: {command: python train.py 2}\n"
    )
    (folder / "outer.py").write_text(
        "import mlflow\n"
        "with mlflow.start_run() as run:\n"
        "    step = mlflow.projects.run('.', 'step', env_manager='local', experiment_id=run.info.experiment_id)\n"
        "    mlflow.log_metric('of_step', mlflow.get_run(step.run_id).data.metrics['loss'])\n"
    )
    words = [str(BIN / "headrace"), "run", str(folder), "--json"]
    done = subprocess.run(words, capture_output=True, text=True, env=environment({}), cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["metrics"] == {"of_step": 2.0}
