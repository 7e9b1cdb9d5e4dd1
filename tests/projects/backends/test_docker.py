from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from headrace.environments.tool import ToolFailed
from headrace.errors import InvalidValue
from headrace.lazy import MissingPackage
from headrace.projects.backends import docker_command
from headrace.projects.backends.docker import DockerBackend
from headrace.projects.backends.docker_image import image_name
from headrace.projects.launch import Docker, Launch
from tests.projects.backends.conftest import Fakes, Project, Waiter, alive

PLAIN = Docker(image="python:3.12")
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def run_words(fakes: Fakes) -> list[str]:
    (call,) = [call for call in fakes.calls("docker") if call.args[0] == "run"]
    return call.args


def at_commit(launch: Launch) -> Launch:
    return replace(launch, source=replace(launch.source, commit=COMMIT))


def test_the_image_runs_as_it_is_with_mlflows_words(fakes: Fakes, project: Project, tmp_path: Path) -> None:
    launch = project.launch("python -c 'print(6 * 7)'", docker=PLAIN)
    run = DockerBackend().submit(launch)
    assert run.wait()
    assert (run.get_status(), list(run.logs())) == ("FINISHED", ["42\n"])
    words = run_words(fakes)
    name = words.pop(3)
    artifacts = tmp_path / "store" / "artifacts" / "0" / launch.run_id / "artifacts"
    assert words == [
        *("run", "--rm", "--name"),
        *("-v", f"{tmp_path / 'store'}:/mlflow/tmp/mlruns"),
        *("-v", f"{artifacts}:{artifacts}"),
        *("-e", f"MLFLOW_RUN_ID={launch.run_id}"),
        *("-e", "MLFLOW_EXPERIMENT_ID=0"),
        *("-e", "MLFLOW_TRACKING_URI=file:///mlflow/tmp/mlruns"),
        *("python:3.12", "python", "-c", "print(6 * 7)"),
    ]
    assert name.startswith(f"headrace-{launch.run_id[:12]}-")
    assert project.tags(launch)["mlflow.docker.image.uri"] == "python:3.12"
    assert project.tags(launch)["mlflow.docker.image.id"] == "sha256:pulled"


def test_an_image_is_pulled_only_where_it_is_missing(fakes: Fakes, project: Project) -> None:
    fakes.set("images/python:3.12", "sha256:here")
    DockerBackend().submit(project.launch("true", docker=PLAIN)).wait()
    assert [call.args[0] for call in fakes.calls("docker")] == ["version", "image", "run"]


def test_what_docker_says_of_a_pull_is_told(fakes: Fakes, project: Project) -> None:
    DockerBackend().submit(project.launch("true", docker=PLAIN)).wait()
    assert project.told == ["Pulling the image python:3.12", "Status: Downloaded newer image"]


@pytest.mark.parametrize("interpreter", ["true && false", "echo $HOME", "cat < /dev/null", "echo 'open"])
def test_a_command_that_needs_a_shell_gets_one(interpreter: str) -> None:
    assert docker_command.command(interpreter) == ["sh", "-c", interpreter]


def test_a_command_of_words_needs_none() -> None:
    command = "python train.py --name 'it'\"'\"'s; $(rm -rf /)' --rate 0.1"
    assert docker_command.command(command) == ["python", "train.py", "--name", "it's; $(rm -rf /)", "--rate", "0.1"]


def test_arguments_are_flags_and_values(fakes: Fakes, project: Project) -> None:
    given: dict[str, str | bool] = {"gpus": "all", "m": "1g", "privileged": True, "t": True, "init": False}
    DockerBackend().submit(project.launch("true", docker=PLAIN, docker_args=given)).wait()
    words = run_words(fakes)
    assert words[4:10] == ["--gpus", "all", "-m", "1g", "--privileged", "-t"]
    assert "--init" not in words


def test_variables_are_copied_or_set_and_volumes_follow(
    fakes: Fakes, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_COPIED", "with blanks $HOME")
    docker = Docker(image="i", volumes=("/data:/data:ro",), environment=("TEST_COPIED", ("TEST_SET", "x y")))
    run = DockerBackend().submit(project.launch("env", docker=docker))
    assert run.wait()
    assert {"TEST_COPIED=with blanks $HOME\n", "TEST_SET=x y\n"} <= set(run.logs())
    words = run_words(fakes)
    assert words[words.index("/data:/data:ro") - 1] == "-v"


def test_a_variable_that_is_missing_here_is_named_before_anything_starts(fakes: Fakes, project: Project) -> None:
    docker = Docker(image="i", environment=("TEST_NOWHERE", "PATH"))
    with pytest.raises(InvalidValue, match="TEST_NOWHERE"):
        DockerBackend().submit(project.launch("true", docker=docker, build_image=True))
    assert fakes.calls("docker") == []


def test_secrets_stand_in_no_list_of_processes(fakes: Fakes, project: Project) -> None:
    launch = project.launch("env", docker=PLAIN, docker_args={"network": "host"})
    run = DockerBackend().submit(launch)
    assert run.wait()
    words = run_words(fakes)
    assert not [word for word in words if "secret of the run" in word]
    assert words[words.index("MLFLOW_TRACKING_TOKEN") - 1] == "-e"
    assert "MLFLOW_TRACKING_TOKEN=secret of the run\n" in list(run.logs())


def test_a_container_on_the_machines_network_reaches_the_server_that_serves_the_store(
    fakes: Fakes, project: Project
) -> None:
    DockerBackend().submit(project.launch("true", docker=PLAIN, docker_args={"network": "host"})).wait()
    assert "MLFLOW_TRACKING_URI=http://127.0.0.1:4711" in run_words(fakes)
    assert not [word for word in run_words(fakes) if word.endswith(":/mlflow/tmp/mlruns")]


def test_a_database_is_mounted_with_its_folder(project: Project, tmp_path: Path) -> None:
    launch = replace(project.launch("true", docker=PLAIN), tracking_uri=f"sqlite:///{tmp_path}/my%20runs.db")
    found = docker_command.tracking(launch)
    assert found.mounts == [f"{tmp_path}:/mlflow/tmp/mlruns"]
    assert found.variables["MLFLOW_TRACKING_URI"] == "sqlite:////mlflow/tmp/mlruns/my%20runs.db"


def test_a_server_elsewhere_is_handed_over_as_it_is(project: Project) -> None:
    launch = project.launch("true", docker=PLAIN)
    far = replace(
        launch, tracking_uri="https://runs", variables={**launch.variables, "MLFLOW_TRACKING_URI": "https://runs"}
    )
    found = docker_command.tracking(far)
    assert (found.mounts, found.variables) == ([], far.variables)
    assert project.told == []


def test_a_server_on_the_loopback_is_told_of(project: Project) -> None:
    docker_command.tracking(replace(project.launch("true", docker=PLAIN), tracking_uri="http://localhost:5000"))
    assert "network=host" in project.told[0]


def test_object_stores_get_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s3cret")
    monkeypatch.setenv("AZURE_STORAGE_ACCESS_KEY", "azure")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/keys/gcs.json")
    assert docker_command.artifacts("s3://bucket/x").variables["AWS_SECRET_ACCESS_KEY"] == "s3cret"
    assert docker_command.artifacts("s3://bucket/x").mounts == []
    (tmp_path / ".aws").mkdir()
    assert docker_command.artifacts("s3://bucket/x").mounts == [f"{tmp_path}/.aws:/.aws:ro"]
    assert docker_command.artifacts("wasbs://c@a/x").variables == {"AZURE_STORAGE_ACCESS_KEY": "azure"}
    assert docker_command.artifacts("gs://bucket/x").mounts == ["/keys/gcs.json:/.gcs:ro"]
    assert docker_command.artifacts("mlflow-artifacts:/0/x") == docker_command.Inside()


def test_a_built_image_holds_the_project_and_no_store(fakes: Fakes, project: Project) -> None:
    project.write(train__py="print('hello')", Dockerfile="FROM scratch")
    for leftover in (".headrace", "mlruns", ".git"):
        (project.folder / leftover).mkdir()
        (project.folder / leftover / "x").touch()
    launch = at_commit(project.launch("python train.py", docker=PLAIN, build_image=True))
    assert DockerBackend().submit(launch).wait()
    assert (fakes.state / "Dockerfile").read_text().splitlines() == [
        "FROM python:3.12",
        "COPY . /mlflow/projects/code/",
        "WORKDIR /mlflow/projects/code/",
    ]
    assert sorted(path.name for path in (fakes.state / "context").iterdir()) == ["Dockerfile", "train.py"]
    assert project.tags(launch)["mlflow.docker.image.uri"] == "my-project:0123456"
    assert project.tags(launch)["mlflow.docker.image.id"] == "sha256:built"


@pytest.mark.parametrize(
    ("repository", "commit", "name"),
    [
        ("docker-example", COMMIT, "docker-example:0123456"),
        (None, None, "docker-project"),
        ("My Project!", None, "my-project"),
        ("registry.io:5000/team/x", COMMIT, "registry.io:5000/team/x:0123456"),
    ],
)
def test_images_have_mlflows_names(repository: str | None, commit: str | None, name: str) -> None:
    assert image_name(repository, commit) == name


def test_the_commands_status_is_the_runs(fakes: Fakes, project: Project) -> None:
    run = DockerBackend().submit(project.launch("sh -c 'echo gone >&2; exit 3'", docker=PLAIN))
    assert not run.wait()
    assert (run.get_status(), run.exit_code, list(run.logs())) == ("FAILED", 3, ["gone\n"])  # type: ignore[attr-defined]


def test_a_cancelled_container_is_stopped_and_nothing_of_it_runs(
    fakes: Fakes, project: Project, until: Callable[..., Any]
) -> None:
    run = DockerBackend().submit(project.launch("sh -c 'echo $$; exec sleep 100'", docker=PLAIN))
    waiter = Waiter(run)
    pid = int(until(lambda: list(run.logs()))[0])
    run.cancel()
    assert (waiter.answer(), run.get_status(), alive(pid)) == (False, "KILLED", False)
    stop = next(call.args for call in fakes.calls("docker") if call.args[0] == "stop")
    assert stop == ["stop", "-t", "10", run_words(fakes)[3]]
    run.cancel()  # over: nothing happens
    assert len([call for call in fakes.calls("docker") if call.args[0] == "stop"]) == 1


def test_a_container_that_never_came_is_no_obstacle_to_cancelling(
    fakes: Fakes, project: Project, until: Callable[..., Any]
) -> None:
    fakes.set("images/i", "sha256:here")
    fakes.set("slow-run")
    run = DockerBackend().submit(project.launch("true", docker=Docker(image="i")))
    waiter = Waiter(run)
    until(lambda: [call for call in fakes.calls("docker") if call.args[0] == "run"])
    run.cancel()
    assert (waiter.answer(), run.get_status()) == (False, "KILLED")
    assert [call.args[0] for call in fakes.calls("docker")][-2:] == ["stop", "rm"]
    assert not [line for line in project.told if "No such container" in line]


def test_an_engine_that_does_not_answer_is_told_in_its_words(fakes: Fakes, project: Project) -> None:
    fakes.break_("version", "Cannot connect to the Docker daemon at unix:///x.sock. Is the docker daemon running?")
    with pytest.raises(ToolFailed, match=r"No Docker engine answers: Cannot connect.*\n.*DOCKER_HOST"):
        DockerBackend().submit(project.launch("true", docker=PLAIN))


def test_no_docker_at_all_is_told_with_the_way_to_it(fakes: Fakes, project: Project, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(tmp_path / "empty"))
        with pytest.raises(MissingPackage, match="'docker' is needed"):
            DockerBackend().submit(project.launch("true", docker=PLAIN))


def test_an_image_that_cannot_be_had_is_told_in_dockers_words(fakes: Fakes, project: Project) -> None:
    fakes.break_("pull", "manifest for python:3.12 not found: manifest unknown")
    with pytest.raises(ToolFailed, match=r"`docker pull python:3.12` ended with status 1 and said:\nmanifest for"):
        DockerBackend().submit(project.launch("true", docker=PLAIN))


def test_a_failed_build_starts_nothing(fakes: Fakes, project: Project) -> None:
    fakes.break_("build", "failed to solve: python:3.12: not found")
    with pytest.raises(ToolFailed, match="failed to solve"):
        DockerBackend().submit(project.launch("true", docker=PLAIN, build_image=True))
    assert not [call for call in fakes.calls("docker") if call.args[0] == "run"]


def test_signing_in_leaves_the_users_configuration_alone(
    fakes: Fakes, project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "docker-config"
    own.mkdir()
    before = json.dumps({"credsStore": "desktop", "auths": {"other": {"auth": "x"}}, "currentContext": "far"})
    (own / "config.json").write_text(before)
    monkeypatch.setenv("DOCKER_CONFIG", str(own))
    auth = {"username": "ada", "password": "p:w", "registry": "registry.io"}
    DockerBackend().submit(project.launch("true", docker=PLAIN, docker_auth=auth)).wait()
    used = json.loads((fakes.state / "config.json").read_text())
    assert base64.b64decode(used["auths"]["registry.io"]["auth"]) == b"ada:p:w"
    assert ("credsStore" in used, used["currentContext"], "other" in used["auths"]) == (False, "far", True)
    assert (own / "config.json").read_text() == before
    assert not [call for call in fakes.calls("docker") if "p:w" in " ".join(call.args)]
    (config,) = {call.args[1] for call in fakes.calls("docker") if call.args[0] == "--config"}
    assert not Path(config).exists()


def test_a_sign_in_without_a_password_is_refused(fakes: Fakes, project: Project) -> None:
    with pytest.raises(InvalidValue, match="username and password"):
        DockerBackend().submit(project.launch("true", docker=PLAIN, docker_auth={"username": "ada"}))
