"""From `headrace.projects.run` through a backend to a program that logs to the run, and back to the run's status."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from headrace import projects
from headrace.client import MlflowClient
from headrace.client.open import close_stores
from headrace.client.uri import set_tracking_uri
from headrace.projects import RunFailed
from headrace.projects.backends import followed
from tests.projects.backends.conftest import Fakes

MLPROJECT = """
name: whole
entry_points:
  main:
    parameters: {{rate: float}}
    command: "{python} train.py {{rate}}"
  fail:
    command: "echo on the way down; exit 3"
"""
TRAIN = """
import sys
import headrace as mlflow
with mlflow.start_run():
    mlflow.log_metric("loss", 1 - float(sys.argv[1]))
print("trained")
"""


@pytest.fixture
def folder(tmp_path: Path, fakes: Fakes, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(followed, "FIRST_PAUSE_S", 0.02)
    set_tracking_uri(tmp_path / "store")
    made = tmp_path / "project"
    made.mkdir()
    (made / "MLproject").write_text(MLPROJECT.format(python=sys.executable))
    (made / "train.py").write_text(TRAIN)
    yield made
    close_stores()
    set_tracking_uri(None)


def output(run_id: str, tmp_path: Path) -> str:
    return Path(MlflowClient().download_artifacts(run_id, "project/output.log", str(tmp_path))).read_text()


def test_a_slurm_job_logs_to_its_run(folder: Path, tmp_path: Path) -> None:
    config = {"folder": str(tmp_path / "jobs")}
    done = projects.run(str(folder), parameters={"rate": 0.25}, backend="slurm", backend_config=config)
    found = MlflowClient().get_run(done.run_id)
    assert (found.info.status, found.data.metrics) == ("FINISHED", {"loss": 0.75})
    assert found.data.tags["mlflow.project.backend"] == "slurm"
    assert output(done.run_id, tmp_path) == "trained\n"
    (script,) = (tmp_path / "jobs").glob("*/job.sh")
    variables = script.read_text()
    assert "TRACKING_URI=http://127.0.0.1:" in variables
    assert "TOKEN" not in variables


def test_a_failed_slurm_job_fails_its_run(folder: Path, tmp_path: Path) -> None:
    config = {"folder": str(tmp_path / "jobs")}
    with pytest.raises(RunFailed, match="ended with status 3") as failed:
        projects.run(str(folder), "fail", backend="slurm", backend_config=config)
    assert failed.value.run_id is not None
    assert MlflowClient().get_run(failed.value.run_id).info.status == "FAILED"
    assert output(failed.value.run_id, tmp_path) == "on the way down\n"


def test_a_container_on_the_machines_network_logs_to_its_run(folder: Path, tmp_path: Path) -> None:
    with (folder / "MLproject").open("a") as file:
        file.write("docker_env: {image: any}\n")
    done = projects.run(str(folder), parameters={"rate": 0.5}, docker_args={"network": "host"})
    found = MlflowClient().get_run(done.run_id)
    assert (found.info.status, found.data.metrics) == ("FINISHED", {"loss": 0.5})
    tags = {key: found.data.tags[key] for key in found.data.tags if "docker" in key or "project.env" in key}
    assert tags == {
        "mlflow.docker.image.id": "sha256:pulled",
        "mlflow.docker.image.uri": "any",
        "mlflow.project.env": "docker",
    }
    assert output(done.run_id, tmp_path) == "trained\n"
