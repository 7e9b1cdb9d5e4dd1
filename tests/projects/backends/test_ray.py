"""What a Ray cluster is asked for, and what happens when it doesn't answer as it should. The jobs themselves run on a
real Ray in tests/heavy/test_ray_project.py."""

from __future__ import annotations

import io
import json
import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from headrace.errors import InvalidValue, ServiceError, TooLarge, Unauthenticated
from headrace.projects.backends import followed, ray
from headrace.projects.backends.ray import RayBackend
from headrace.projects.launch import Docker, ProjectEnvironment
from tests.projects.backends.conftest import Project, Waiter


@dataclass
class Cluster:
    """Ray's API with answers that a test sets."""

    address: str = ""
    token: str = ""
    packages: dict[str, bytes] = field(default_factory=dict)
    jobs: list[dict[str, Any]] = field(default_factory=list)
    status: list[Any] = field(default_factory=lambda: ["RUNNING", "SUCCEEDED"])
    log: str | None = ""
    keeps_pending: bool = False
    stopped: list[str] = field(default_factory=list)

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        match method, path.strip("/").split("/"):
            case "GET", ["api", "packages", "gcs", name]:
                return (200, "") if name in self.packages else (404, f"Package {name} does not exist")
            case "PUT", ["api", "packages", "gcs", name]:
                self.packages[name] = body
                return 200, ""
            case "POST", ["api", "jobs"]:
                self.jobs.append(json.loads(body))
                return 200, {"submission_id": self.jobs[-1]["submission_id"]}
            case "POST", ["api", "jobs", name, "stop"]:
                self.stopped.append(name)
                self.status = ["PENDING" if self.keeps_pending else "STOPPED"]
                return 200, {"stopped": True}
            case "GET", ["api", "jobs", _, "logs"]:
                return (200, {"logs": self.log}) if self.log is not None else (500, "the node is gone")
            case "GET", ["api", "jobs", _]:
                status = self.status.pop(0) if len(self.status) > 1 else self.status[0]
                return (200, {"status": status}) if isinstance(status, str) else status
        return 404, "no such route"


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(followed, "FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(followed, "PAUSE_GROWTH", 1.0)
    made = Cluster()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if made.token and self.headers.get("Authorization") != f"Bearer {made.token}":
                status, said = 401, "Unauthorized: Missing authentication token"
            else:
                status, said = made.answer(self.command, self.path, body)
            content = (said if isinstance(said, str) else json.dumps(said)).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = answer  # noqa: N815 — names that http.server looks for

        def log_message(self, format: str, *args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield made
    server.shutdown()
    thread.join()
    server.server_close()


def config(cluster: Cluster, **more: Any) -> dict[str, Any]:
    return {"address": cluster.address, **more}


def test_the_project_goes_along_once(cluster: Cluster, project: Project) -> None:
    project.write(train__py="print('hello')")
    for _ in range(2):
        assert RayBackend().submit(project.launch("python train.py", backend_config=config(cluster))).wait()
    ((name, content),) = cluster.packages.items()
    assert {job["runtime_env"]["working_dir"] for job in cluster.jobs} == {f"gcs://{name}"}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.namelist() == ["train.py"]
    assert len([line for line in project.told if line.startswith("Sending the project")]) == 1


def test_resources_variables_and_the_command_are_asked_for(cluster: Cluster, project: Project) -> None:
    asked = config(
        cluster,
        **{"entrypoint-num-gpus": 2, "entrypoint_resources": {"tpu": 1}, "metadata": {"team": "a"}},
        runtime_env={"env_vars": {"LEVEL": "3"}, "config": {"setup_timeout_seconds": 60}},
    )
    launch = project.launch("python train.py 'it'\"'\"'s'", backend_config=asked)
    RayBackend().submit(launch).wait()
    (job,) = cluster.jobs
    assert job["entrypoint"] == "bash -c 'python train.py '\"'\"'it'\"'\"'\"'\"'\"'\"'\"'\"'s'\"'\"''"
    assert (job["entrypoint_num_gpus"], job["entrypoint_resources"]) == (2.0, {"tpu": 1.0})
    assert job["metadata"] == {"team": "a", "run_id": launch.run_id, "entry_point": "main"}
    assert job["runtime_env"]["env_vars"] == {"LEVEL": "3", **launch.variables}
    assert job["runtime_env"]["config"] == {"setup_timeout_seconds": 60}
    assert "entrypoint_num_cpus" not in job


@pytest.mark.parametrize(
    ("installer", "more"), [("pip", {}), ("uv", {"installer": "uv"}), ("conda", {"runtime_env": {"conda": "base"}})]
)
def test_requirements_are_for_ray_to_install(
    cluster: Cluster, project: Project, installer: str, more: dict[str, Any]
) -> None:
    project.write(python_env__yaml="python: '3.11'\ndependencies: [toolz==0.12.1, ./mine]")
    environment = ProjectEnvironment(kind="python", path=project.folder / "python_env.yaml", manager="uv")
    asked = config(cluster, **more)
    RayBackend().submit(project.launch("true", environment=environment, backend_config=asked)).wait()
    found = cluster.jobs[0]["runtime_env"]
    assert {"pip", "uv", "conda"} & found.keys() == {installer}
    if installer != "conda":
        assert found[installer] == ["toolz==0.12.1", "${RAY_RUNTIME_ENV_CREATE_WORKING_DIR}/mine"]
    assert [line for line in project.told if "Python 3.11" in line]


def test_a_lock_pins_what_ray_installs(cluster: Cluster, project: Project) -> None:
    project.write(python_env__yaml="dependencies: [toolz]")
    lock = "# made\ntoolz==0.12.1 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n"
    path = project.folder / "python_env.yaml"
    environment = ProjectEnvironment(kind="python", path=path, manager="uv", lock=lock)
    launch = project.launch("true", environment=environment, backend_config=config(cluster))
    RayBackend().submit(launch).wait()
    assert cluster.jobs[0]["runtime_env"]["pip"] == ["toolz==0.12.1"]


def test_output_is_shown_as_it_comes_and_once(cluster: Cluster, project: Project, until: Callable[..., Any]) -> None:
    cluster.status, cluster.log = ["RUNNING"], "one\n"
    run = RayBackend().submit(project.launch("true", backend_config=config(cluster)))
    waiter = Waiter(run)
    until(lambda: list(run.logs()) == ["one\n"])
    cluster.log = "one\ntwö\n"
    until(lambda: list(run.logs()) == ["one\n", "twö\n"])
    cluster.status = ["SUCCEEDED"]
    assert waiter.answer()


def test_cancelling_stops_the_job_and_waits_for_its_end(cluster: Cluster, project: Project) -> None:
    cluster.status = ["PENDING"]
    run = RayBackend().submit(project.launch("true", backend_config=config(cluster)))
    assert run.get_status() == "SCHEDULED"
    run.cancel()
    assert (run.get_status(), cluster.stopped) == ("KILLED", [cluster.jobs[0]["submission_id"]])


def test_a_job_that_never_begins_needs_no_end(
    cluster: Cluster, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ray, "PENDING_STOP_S", 0.0)
    cluster.keeps_pending, cluster.status = True, ["PENDING"]
    run = RayBackend().submit(project.launch("true", backend_config=config(cluster)))
    run.cancel()
    assert (run.get_status(), len(cluster.stopped)) == ("KILLED", 1)
    assert "hasn't begun" in project.told[-1]


def test_a_cluster_that_is_gone_cannot_keep_a_cancelled_run_waiting(cluster: Cluster, project: Project) -> None:
    cluster.status = ["RUNNING"]
    run = RayBackend().submit(project.launch("true", backend_config=config(cluster)))
    waiter = Waiter(run)
    cluster.token = "another"
    with pytest.raises(Unauthenticated):
        run.cancel()
    waiter.thread.join(30)
    assert (waiter.thread.is_alive(), waiter.answers) == (False, [])
    assert waiter.error is not None


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ({"status": "FAILED", "driver_exit_code": 3}, "its command ended with status 3"),
        (
            {"status": "FAILED", "error_type": "RUNTIME_ENV_SETUP_FAILURE", "message": "Traceback\nno such package"},
            "RUNTIME_ENV_SETUP_FAILURE: no such package",
        ),
    ],
)
def test_why_a_job_failed_is_told(cluster: Cluster, project: Project, answer: dict[str, Any], why: str) -> None:
    cluster.status = [(200, answer)]
    run = RayBackend().submit(project.launch("true", backend_config=config(cluster)))
    assert (run.wait(), run.get_status()) == (False, "FAILED")
    assert project.told[-1].endswith(why)


def test_a_job_that_ray_forgot_was_killed(cluster: Cluster, project: Project) -> None:
    cluster.status = [(404, "Job does not exist")]
    run = RayBackend().submit(project.launch("true", backend_config=config(cluster)))
    assert (run.wait(), run.get_status()) == (False, "KILLED")


def test_a_head_that_fails_for_a_while_is_asked_again(cluster: Cluster, project: Project) -> None:
    cluster.status = [(500, "Traceback\nValueError: agent isn't there")] * 3 + ["SUCCEEDED"]
    run = RayBackend().submit(project.launch("true", backend_config=config(cluster)))
    assert run.wait()
    assert [line for line in project.told if "agent isn't there" in line and line.endswith("Asking again.")]


def test_an_outcome_counts_without_the_end_of_the_output(cluster: Cluster, project: Project) -> None:
    cluster.status, cluster.log = ["SUCCEEDED"], None
    run = RayBackend().submit(project.launch("true", backend_config=config(cluster)))
    assert run.wait()
    assert [line for line in project.told if line.startswith("The end of the output is missing")]


def test_the_last_known_status_is_told_where_nobody_answers(cluster: Cluster, project: Project) -> None:
    cluster.status = ["RUNNING", (500, "broken")]
    run = RayBackend().submit(project.launch("true", backend_config=config(cluster)))
    assert [run.get_status(), run.get_status()] == ["RUNNING", "RUNNING"]


def test_patience_has_an_end(cluster: Cluster, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(followed, "PATIENCE_S", 0.0)
    cluster.status = [(500, "broken")]
    run = RayBackend().submit(project.launch("true", backend_config=config(cluster)))
    with pytest.raises(ServiceError, match="broken"):
        run.wait()


def test_rays_token_is_found_where_ray_keeps_it(cluster: Cluster, project: Project, tmp_path: Path) -> None:
    cluster.token = "tok"
    launch = project.launch("true", backend_config=config(cluster))
    with pytest.raises(Unauthenticated, match="RAY_AUTH_TOKEN"):
        RayBackend().submit(launch)
    (tmp_path / ".ray").mkdir()
    (tmp_path / ".ray" / "auth_token").write_text("tok\n")
    assert RayBackend().submit(launch).wait()


def test_no_cluster_is_told_with_the_way_to_one(project: Project) -> None:
    launch = project.launch("true", backend_config={"address": "http://127.0.0.1:9"})
    with pytest.raises(ServiceError, match=r"No Ray cluster answers at http://127.0.0.1:9.*ray start --head"):
        RayBackend().submit(launch)


@pytest.mark.parametrize("address", ["ray://head:10001", "head:6379", "auto"])
def test_only_the_dashboards_address_will_do(project: Project, address: str) -> None:
    with pytest.raises(InvalidValue, match="dashboard"):
        RayBackend().submit(project.launch("true", backend_config={"address": address}))


def test_a_far_cluster_does_not_reach_a_store_of_this_machine(project: Project) -> None:
    with pytest.raises(InvalidValue, match="headrace server"):
        RayBackend().submit(project.launch("true", backend_config={"address": "http://ray.example:8265"}))


def test_a_project_that_is_too_large_is_told_before_it_is_sent(
    cluster: Cluster, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ray, "MAX_PACKAGE_BYTES", 100)
    project.write(big="x" * 10)
    with pytest.raises(TooLarge, match=r"zipped for Ray.*at most 100 are allowed"):
        RayBackend().submit(project.launch("true", backend_config=config(cluster)))
    assert cluster.packages == {}


def test_docker_projects_are_refused(cluster: Cluster, project: Project) -> None:
    launch = project.launch("true", docker=Docker(image="i"), backend_config=config(cluster))
    with pytest.raises(InvalidValue, match="docker_env"):
        RayBackend().submit(launch)


def test_an_address_of_something_else_is_told(cluster: Cluster, project: Project) -> None:
    cluster.answer = lambda *_: (200, "<html>")  # type: ignore[method-assign]
    with pytest.raises(ServiceError, match="doesn't speak Ray's language"):
        RayBackend().submit(replace(project.launch("true"), backend_config=config(cluster)))
