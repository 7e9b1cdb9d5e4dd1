"""Backends of MLflow's plugins: they get a URI, not a launch, and make the run themselves.

What they return has MLflow's surface: `run_id`, `wait`, `get_status` (a word or MLflow's number), `cancel`. `PluginRun`
gives it ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from headrace.client.open import tracking_store
from headrace.client.tags import MLFLOW_PROJECT_BACKEND, MLFLOW_RUN_NAME
from headrace.entities import RunTag
from headrace.errors import HeadraceError
from headrace.projects.backends.base import MlflowBackend
from headrace.projects.submitted import SubmittedRun

# MLflow's numbers of a run's status, which some plugins answer with.
_STATUSES = {1: "RUNNING", 2: "SCHEDULED", 3: "FINISHED", 4: "FAILED", 5: "KILLED"}


class PluginFailed(HeadraceError):
    """A plugin raised, or returned what is no submitted run. The cause is chained."""

    code = "BAD_REQUEST"


class PluginRun(SubmittedRun):
    def __init__(self, name: str, inner: Any) -> None:
        self._name, self._inner = name, inner

    @property
    def run_id(self) -> str:
        return str(self._inner.run_id)

    def wait(self) -> bool:
        return bool(self._inner.wait())

    def get_status(self) -> str:
        status = self._inner.get_status()
        return _STATUSES.get(status, str(status)) if isinstance(status, int) else str(status)

    def cancel(self) -> None:
        self._inner.cancel()

    def logs(self) -> Iterator[str]:
        logs = getattr(self._inner, "logs", None)
        return iter(logs() if callable(logs) else ())


def submit(
    backend: MlflowBackend,
    name: str,
    *,
    uri: str,
    entry_point: str,
    parameters: Mapping[str, Any],
    version: str | None,
    backend_config: Mapping[str, Any],
    tracking_uri: str,
    experiment_id: str,
    env_manager: str | None = None,
    synchronous: bool = True,
    docker_args: Mapping[str, str | bool] | None = None,
    storage_dir: str | Path | None = None,
    build_image: bool = False,
    docker_auth: Mapping[str, str] | None = None,
    run_name: str | None = None,
) -> PluginRun:
    """Lets a plugin run the project. Its config gets the keys that MLflow adds. PluginFailed names the plugin."""
    config = {
        **backend_config,
        "ENV_MANAGER": env_manager,
        "SYNCHRONOUS": synchronous,
        "DOCKER_ARGS": dict(docker_args or {}),
        "STORAGE_DIR": None if storage_dir is None else str(storage_dir),
        "build_image": build_image,
        "docker_auth": None if docker_auth is None else dict(docker_auth),
    }
    try:
        inner = backend.run(uri, entry_point, dict(parameters), version, config, tracking_uri, experiment_id)
    except HeadraceError:
        raise
    except Exception as error:
        raise PluginFailed(f"Backend {name!r} ({_origin(backend)}) failed: {error!r}") from error
    missing = [each for each in ("run_id", "wait", "get_status", "cancel") if not hasattr(inner, each)]
    if missing:
        raise PluginFailed(
            f"Backend {name!r} ({_origin(backend)}) returned {inner!r}, which has no {', '.join(missing)}; "
            "MLflow's plugins return a SubmittedRun."
        )
    run = PluginRun(name, inner)
    store = tracking_store(tracking_uri)
    store.set_tag(run.run_id, RunTag(MLFLOW_PROJECT_BACKEND, name))
    if run_name is not None:
        store.set_tag(run.run_id, RunTag(MLFLOW_RUN_NAME, run_name))
    return run


def _origin(backend: MlflowBackend) -> str:
    kind = type(backend)
    return f"{kind.__module__}.{kind.__qualname__}"
