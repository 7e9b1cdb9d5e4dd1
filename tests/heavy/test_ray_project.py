"""Projects on a real Ray cluster of this machine, through its Jobs API."""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import ray

from headrace import projects
from headrace.client import MlflowClient
from headrace.client.uri import set_tracking_uri
from headrace.projects import RunFailed

pytestmark = pytest.mark.filterwarnings("ignore")

MLPROJECT = """
name: on-ray
entry_points:
  main:
    parameters:
      rate: {type: float, default: 0.5}
      note: {type: string, default: ""}
    command: "python train.py --rate {rate} --note {note}"
  fail:
    command: "echo on the way down; exit 3"
  sleep:
    parameters: {place: path}
    command: "sleep 1000 & echo $! $$ > {place}; python -c 'import time; time.sleep(1000)'"
"""
TRAIN = """
import argparse, os
import headrace as mlflow

parser = argparse.ArgumentParser()
parser.add_argument("--rate", type=float)
parser.add_argument("--note")
given = parser.parse_args()
with mlflow.start_run():
    mlflow.log_metric("loss", 1 - given.rate)
    mlflow.set_tag("note", given.note)
print("trained in", os.getcwd())
"""


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """Address of its dashboard. Its `python` is the one that runs here, as on a cluster's nodes."""
    path = os.environ["PATH"]
    os.environ["PATH"] = f"{Path(sys.executable).parent}:{path}"
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    context = ray.init(
        num_cpus=2,
        include_dashboard=True,
        dashboard_port=port,
        log_to_driver=False,
        object_store_memory=100 << 20,
    )
    yield f"http://{context.dashboard_url}"
    ray.shutdown()
    os.environ["PATH"] = path


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    set_tracking_uri(tmp_path / "store")
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "MLproject").write_text(MLPROJECT)
    (folder / "train.py").write_text(TRAIN)
    yield folder
    set_tracking_uri(None)


def run(project: Path, cluster: str, entry_point: str = "main", **options: Any) -> projects.SubmittedRun:
    config = {"address": cluster, **options.pop("config", {})}
    return projects.run(str(project), entry_point, backend="ray", backend_config=config, **options)


def test_a_project_runs_on_ray_and_logs_to_the_store_here(project: Path, cluster: str, tmp_path: Path) -> None:
    note = 'it\'s; $(touch hacked) "here"'
    done = run(project, cluster, parameters={"rate": 0.25, "note": note})
    found = MlflowClient().get_run(done.run_id)
    assert (found.info.status, found.data.metrics, found.data.params["rate"]) == ("FINISHED", {"loss": 0.75}, "0.25")
    assert (found.data.tags["note"], found.data.tags["mlflow.project.backend"]) == (note, "ray")
    log = Path(MlflowClient().download_artifacts(done.run_id, "project/output.log", str(tmp_path))).read_text()
    (where,) = [line for line in log.splitlines() if line.startswith("trained in")]
    assert str(project) not in where
    assert not list(tmp_path.rglob("hacked"))


def test_ray_installs_what_the_project_asks_for(project: Path, cluster: str) -> None:
    (project / "MLproject").write_text(MLPROJECT + "python_env: python_env.yaml\n")
    (project / "python_env.yaml").write_text("dependencies: [toolz==0.12.1]\n")
    (project / "train.py").write_text("import toolz; print('toolz', toolz.__version__)")
    done = run(project, cluster)
    assert "toolz 0.12.1\n" in list(done.logs())


def test_a_command_that_fails_fails_the_run(project: Path, cluster: str) -> None:
    with pytest.raises(RunFailed, match="ended with status 3") as failed:
        run(project, cluster, "fail")
    assert failed.value.run_id is not None
    assert MlflowClient().get_run(failed.value.run_id).info.status == "FAILED"


def test_a_cancelled_run_leaves_no_process(project: Path, cluster: str, tmp_path: Path) -> None:
    place = tmp_path / "pids"
    place.touch()
    going = run(project, cluster, "sleep", parameters={"place": str(place)}, synchronous=False)
    deadline = time.monotonic() + 60
    while len(place.read_text().split()) < 2:
        assert time.monotonic() < deadline, list(going.logs())
        time.sleep(0.1)
    going.cancel()
    assert (going.wait(), going.get_status()) == (False, "KILLED")
    assert not [pid for pid in place.read_text().split() if is_alive(pid)]
    assert MlflowClient().get_run(going.run_id).info.status == "KILLED"


def test_a_run_that_waits_for_resources_can_be_cancelled(
    project: Path, cluster: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("headrace.projects.backends.ray.PENDING_STOP_S", 1.0)
    going = run(project, cluster, config={"entrypoint-num-gpus": 8}, synchronous=False)
    assert going.get_status() == "SCHEDULED"
    going.cancel()
    assert MlflowClient().get_run(going.run_id).info.status == "KILLED"


def is_alive(pid: str) -> bool:
    """A zombie isn't."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
