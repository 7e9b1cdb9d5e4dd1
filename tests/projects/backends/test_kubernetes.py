from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from headrace.environments.tool import ToolFailed
from headrace.errors import InvalidValue
from headrace.projects.backends import followed
from headrace.projects.backends.kubernetes import KubernetesBackend
from headrace.projects.launch import Docker
from headrace.projects.submitted import SubmittedRun
from tests.projects.backends.conftest import Fakes, Project, Waiter, alive

PLAIN = Docker(image="python:3.12")
TEMPLATE: dict[str, Any] = {
    "apiVersion": "batch/v1",
    "kind": "Job",
    "metadata": {"name": "{replaced}", "namespace": "ml"},
    "spec": {
        "ttlSecondsAfterFinished": 100,
        "backoffLimit": 0,
        "template": {
            "spec": {
                "containers": [{"name": "x", "resources": {"limits": {"memory": "512Mi"}}, "env": []}],
                "restartPolicy": "Never",
            }
        },
    },
}


@pytest.fixture(autouse=True)
def server_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBE_MLFLOW_TRACKING_URI", "http://headrace.ml:5000")
    monkeypatch.setattr(followed, "FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(followed, "PAUSE_GROWTH", 1.0)


def submit(project: Project, command: str, config: dict[str, Any] | None = None, **changed: Any) -> SubmittedRun:
    docker = changed.pop("docker", PLAIN)
    return KubernetesBackend().submit(project.launch(command, docker=docker, backend_config=config or {}, **changed))


def created(fakes: Fakes) -> dict[str, Any]:
    (call,) = [call for call in fakes.calls("kubectl") if "create" in call.args]
    manifest: dict[str, Any] = json.loads(call.stdin)
    return manifest


def test_a_job_runs_to_its_end_and_what_it_prints_is_kept(fakes: Fakes, project: Project) -> None:
    run = submit(project, "sh -c 'echo one; echo two'")
    assert run.wait()
    assert (run.get_status(), list(run.logs())) == ("FINISHED", ["one\n", "two\n"])


def test_the_template_gets_image_command_and_variables(fakes: Fakes, project: Project, tmp_path: Path) -> None:
    place = tmp_path / "job.yaml"
    place.write_text(yaml.safe_dump(TEMPLATE))
    launch = project.launch(
        "python train.py --name 'a; b'",
        docker=replace(PLAIN, environment=(("LEVEL", "3"),)),
        backend_config={"kube-context": "gke", "kube-job-template-path": str(place)},
    )
    run = KubernetesBackend().submit(launch)
    run.wait()
    manifest = created(fakes)
    name = manifest["metadata"].pop("name")
    assert name.startswith("my-project-")
    container = manifest["spec"]["template"]["spec"]["containers"][0]
    assert container == {
        "name": "my-project",
        "image": "python:3.12",
        "command": ["python", "train.py", "--name", "a; b"],
        "resources": {"limits": {"memory": "512Mi"}},
        "env": [
            {"name": "MLFLOW_RUN_ID", "value": launch.run_id},
            {"name": "MLFLOW_EXPERIMENT_ID", "value": "0"},
            {"name": "MLFLOW_TRACKING_URI", "value": "http://headrace.ml:5000"},
            {"name": "HEADRACE_TRACKING_URI", "value": "http://headrace.ml:5000"},
            {"name": "LEVEL", "value": "3"},
        ],
    }
    assert manifest["metadata"] == {"namespace": "ml"}
    assert {tuple(call.args[:2]) for call in fakes.calls("kubectl")} == {("--context", "gke")}
    get = next(call.args[2:] for call in fakes.calls("kubectl") if "get" in call.args)
    assert get == ["get", "job", name, "--namespace", "ml", "--output", "json"]
    assert project.tags(launch)["mlflow.docker.image.uri"] == "python:3.12"


def test_a_token_stays_out_of_the_job(fakes: Fakes, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "secret of the run")
    submit(project, "true").wait()
    assert "secret of the run" not in json.dumps(created(fakes))
    assert [line for line in project.told if line.startswith("HEADRACE_TRACKING_TOKEN isn't put into the Job")]


def test_a_failing_command_fails_the_run(fakes: Fakes, project: Project) -> None:
    run = submit(project, "sh -c 'echo why >&2; exit 4'")
    assert not run.wait()
    assert (run.get_status(), run.exit_code, list(run.logs())) == ("FAILED", 4, ["why\n"])  # type: ignore[attr-defined]
    assert "backoff limit" in project.told[-1]


def test_a_cancelled_job_is_deleted_with_its_pods(fakes: Fakes, project: Project, until: Callable[..., Any]) -> None:
    run = submit(project, "sh -c 'echo $$; exec sleep 100'")
    waiter = Waiter(run)
    pid = int(until(lambda: list(run.logs()))[0])
    run.cancel()
    assert (waiter.answer(), run.get_status(), alive(pid)) == (False, "KILLED", False)
    delete = next(call.args for call in fakes.calls("kubectl") if "delete" in call.args)
    assert delete[3:] == ["--namespace", "default", "--ignore-not-found", "--cascade=foreground", "--wait"]


def test_a_job_that_somebody_deletes_was_killed(fakes: Fakes, project: Project) -> None:
    run = submit(project, "sleep 100")
    (place,) = fakes.state.glob("my-project-*.json")
    pid = int((fakes.state / f"{place.stem}.pid").read_text())
    place.unlink()
    assert (run.wait(), run.get_status()) == (False, "KILLED")
    assert "somebody else deleted it" in project.told[-1]
    os.killpg(pid, signal.SIGKILL)


def test_why_a_job_waits_is_told_once(fakes: Fakes, project: Project) -> None:
    fakes.set("hold", json.dumps({"reason": "ErrImagePull", "message": "no such image"}))
    run = submit(project, "true")
    for _ in range(3):
        assert run.get_status() == "RUNNING"
    assert [line for line in project.told if "waits: ErrImagePull: no such image" in line] == [project.told[-1]]
    run.cancel()


def test_a_log_that_breaks_off_is_read_again_without_repeats(
    fakes: Fakes, project: Project, until: Callable[..., Any]
) -> None:
    fakes.set("cut-logs")
    go = project.folder / "go"
    run = submit(project, f"sh -c 'echo one; while [ ! -e {go} ]; do sleep 0.01; done; echo two'")
    until(lambda: run.get_status() and not (fakes.state / "cut-logs").exists())
    go.touch()
    assert run.wait()
    assert list(run.logs()) == ["one\n", "two\n"]
    assert len([call for call in fakes.calls("kubectl") if "logs" in call.args]) == 2


def test_a_cluster_that_is_silent_for_a_while_is_asked_again(
    fakes: Fakes, project: Project, until: Callable[..., Any]
) -> None:
    run = submit(project, "sleep 0.3")
    fakes.break_("kubectl-get", "Unable to connect to the server: dial tcp: i/o timeout")
    waiter = Waiter(run)
    until(lambda: [line for line in project.told if "i/o timeout" in line and line.endswith("Asking again.")])
    (fakes.state / "broken-kubectl-get").unlink()
    assert waiter.answer()


def test_an_image_is_built_pushed_and_pulled_by_its_digest(fakes: Fakes, project: Project) -> None:
    project.write(train__py="print('hello')")
    config = {"repository-uri": "registry.io/team/x"}
    launch = project.launch("python train.py", docker=PLAIN, backend_config=config, build_image=True)
    KubernetesBackend().submit(launch).wait()
    digest = f"sha256:{'d' * 64}"
    image = created(fakes)["spec"]["template"]["spec"]["containers"][0]["image"]
    assert image.partition("@") == ("registry.io/team/x", "@", digest)
    assert "push" in [call.args[0] for call in fakes.calls("docker")]
    assert project.tags(launch)["mlflow.docker.image.id"] == digest


def test_what_is_missing_is_said_before_anything_is_made(fakes: Fakes, project: Project, tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match="repository-uri"):
        submit(project, "true", build_image=True)
    with pytest.raises(InvalidValue, match="no docker_env"):
        submit(project, "true", docker=None)
    with pytest.raises(InvalidValue, match="no such file"):
        submit(project, "true", {"kube-job-template-path": "nowhere.yaml"})
    with pytest.raises(InvalidValue, match="Did you mean 'kube-job-template-path'"):
        submit(project, "true", {"kube-job-template": "x"})
    assert fakes.calls("kubectl") + fakes.calls("docker") == []


def test_a_store_of_this_machine_is_refused(fakes: Fakes, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBE_MLFLOW_TRACKING_URI")
    for uri in (project.tracking_uri, "http://localhost:5000", "sqlite:///runs.db"):
        with pytest.raises(InvalidValue, match=r"headrace server.*HEADRACE_KUBE_TRACKING_URI"):
            submit(project, "true", tracking_uri=uri)
    assert fakes.calls("kubectl") == []


def test_what_the_cluster_refuses_is_told_in_its_words(fakes: Fakes, project: Project) -> None:
    fakes.break_("kubectl-create", 'Error from server (Forbidden): jobs.batch is forbidden: User "ada" cannot create')
    with pytest.raises(ToolFailed, match=r"`kubectl create.*said:\nError from server \(Forbidden\)"):
        submit(project, "true")
