"""Backends of other distributions, really installed: a package with its dist-info on sys.path."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from headrace import projects
from headrace.client.open import tracking_store
from headrace.client.uri import set_tracking_uri
from headrace.errors import InvalidValue
from headrace.projects.backends import base, plugins
from headrace.projects.backends.plugins import PluginFailed, PluginRun
from tests.projects.backends.conftest import Project

PLUGIN = """
from headrace.client.open import tracking_store

class Submitted:
    def __init__(self, run_id, said):
        self.run_id, self.said, self.state = run_id, said, 1
    def wait(self):
        self.state = 3
        return True
    def get_status(self):
        return self.state
    def cancel(self):
        self.state = 5

class Backend:
    def run(self, project_uri, entry_point, params, version, backend_config, tracking_uri, experiment_id):
        if "fail" in params:
            raise RuntimeError("no machine is free")
        if "nothing" in params:
            return None
        run = tracking_store(tracking_uri).create_run(experiment_id)
        return Submitted(run.info.run_id, [project_uri, entry_point, params, version, backend_config])
"""


@pytest.fixture
def install(tmp_path: Path) -> Iterator[Callable[..., None]]:
    place = tmp_path / "site"
    place.mkdir()
    sys.path.insert(0, str(place))

    def installed(group: str, value: str, code: str = PLUGIN) -> None:
        (place / "farm.py").write_text(code)
        info = place / "farm_backend-1.2.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: farm-backend\nVersion: 1.2\n")
        (info / "entry_points.txt").write_text(f"[{group}]\nfarm = {value}\n")

    yield installed
    sys.path.remove(str(place))
    sys.modules.pop("farm", None)


def submitted(project: Project, **changed: Any) -> PluginRun:
    tracking_store(project.tracking_uri)
    backend: Any = base.find("farm")
    fields: dict[str, Any] = {
        "uri": "https://x/y.git",
        "entry_point": "main",
        "parameters": {"a": 1},
        "version": "v1",
        "backend_config": {"queue": "q"},
        "tracking_uri": project.tracking_uri,
        "experiment_id": "0",
    }
    return plugins.submit(backend, "farm", **{**fields, **changed})


def test_mlflows_plugins_are_found_and_get_what_mlflow_gives_them(
    install: Callable[..., None], project: Project
) -> None:
    install(base.MLFLOW_GROUP, "farm:Backend")
    assert "farm" in base.names()
    run = submitted(project, env_manager="local", docker_args={"gpus": "all"}, run_name="night")
    assert run._inner.said == [
        "https://x/y.git",
        "main",
        {"a": 1},
        "v1",
        {
            "queue": "q",
            "ENV_MANAGER": "local",
            "SYNCHRONOUS": True,
            "DOCKER_ARGS": {"gpus": "all"},
            "STORAGE_DIR": None,
            "build_image": False,
            "docker_auth": None,
        },
    ]
    tags = tracking_store(project.tracking_uri).get_run(run.run_id).data.tags
    assert (tags["mlflow.project.backend"], tags["mlflow.runName"]) == ("farm", "night")


def test_their_runs_have_our_surface(install: Callable[..., None], project: Project) -> None:
    install(base.MLFLOW_GROUP, "farm:Backend")
    run = submitted(project)
    assert (run.get_status(), run.wait(), run.get_status(), list(run.logs())) == ("RUNNING", True, "FINISHED", [])
    run.cancel()
    assert run.get_status() == "KILLED"


def test_a_project_is_run_by_a_plugin(install: Callable[..., None], project: Project) -> None:
    install(base.MLFLOW_GROUP, "farm:Backend")
    set_tracking_uri(project.tracking_uri)
    done = projects.run("https://x/y.git", backend="farm", backend_config={"queue": "q"})
    assert done.get_status() == "FINISHED"
    assert tracking_store(project.tracking_uri).get_run(done.run_id).info.status == "FINISHED"


MLFLOWS = """
from mlflow import MlflowClient
from mlflow.projects.backend.abstract_backend import AbstractBackend
from mlflow.projects.submitted_run import SubmittedRun

class Submitted(SubmittedRun):
    def __init__(self, run_id):
        super().__init__()
        self._run_id = run_id
    @property
    def run_id(self):
        return self._run_id
    def wait(self):
        MlflowClient().log_metric(self._run_id, "loss", 0.5)
        return True
    def get_status(self):
        return "FINISHED"
    def cancel(self):
        pass

class Backend(AbstractBackend):
    def run(self, project_uri, entry_point, params, version, backend_config, tracking_uri, experiment_id):
        return Submitted(MlflowClient().create_run(experiment_id).info.run_id)
"""
SCRIPT = "import mlflow; print(mlflow.projects.run('anywhere', backend='farm').run_id)"


def test_a_plugin_that_imports_mlflow_runs_under_the_shim(
    install: Callable[..., None], project: Project, tmp_path: Path
) -> None:
    install(base.MLFLOW_GROUP, "farm:Backend", code=MLFLOWS)
    done = subprocess.run(
        [sys.executable, "-m", "headrace.shim", "-c", SCRIPT],
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site"), "MLFLOW_TRACKING_URI": project.tracking_uri},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    found = tracking_store(project.tracking_uri).get_run(done.stdout.strip())
    assert (found.info.status, found.data.metrics) == ("FINISHED", {"loss": 0.5})


def test_a_plugin_that_fails_is_named_with_its_reason(install: Callable[..., None], project: Project) -> None:
    install(base.MLFLOW_GROUP, "farm:Backend")
    with pytest.raises(PluginFailed, match=r"'farm' \(farm.Backend\) failed: RuntimeError\('no machine is free'\)"):
        submitted(project, parameters={"fail": 1})
    with pytest.raises(PluginFailed, match="returned None, which has no run_id, wait, get_status, cancel"):
        submitted(project, parameters={"nothing": 1})


def test_a_plugin_that_cannot_be_loaded_is_named_with_its_distribution(install: Callable[..., None]) -> None:
    install(base.MLFLOW_GROUP, "farm:Backend", code="import nowhere_at_all")
    with pytest.raises(base.BackendBroken, match=r"'farm' comes with farm-backend 1.2, .*nowhere_at_all"):
        base.find("farm")


def test_plugins_of_our_own_group_get_launches(install: Callable[..., None], project: Project) -> None:
    install(
        base.GROUP, "farm:Backend", code="class Backend:\n    def submit(self, launch):\n        return launch.run_id"
    )
    backend: Any = base.find("farm")
    assert isinstance(backend, base.Backend)
    launch = project.launch("true")
    assert backend.submit(launch) == launch.run_id


def test_an_unknown_backend_is_told_with_those_there_are(install: Callable[..., None]) -> None:
    install(base.MLFLOW_GROUP, "farm:Backend")
    with pytest.raises(InvalidValue, match=r"'kubernetis'.*farm.*kubernetes, local, ray, slurm"):
        base.find("kubernetis")
