"""What a backend is, and how one is found by its name.

Ours are in a table; third parties' come from entry points of the group `headrace.project_backend`, each naming a class
or function that makes a `Backend`, or of MLflow's group `mlflow.project_backend`, whose objects have MLflow's `run` and
make the run themselves.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Protocol, cast, runtime_checkable

from headrace.errors import HeadraceError, InvalidValue
from headrace.projects.launch import Launch
from headrace.projects.submitted import SubmittedRun

GROUP = "headrace.project_backend"
MLFLOW_GROUP = "mlflow.project_backend"

# name → "module:class". A class is made without arguments.
BUILT_IN: dict[str, str] = {
    "kubernetes": "headrace.projects.backends.kubernetes:KubernetesBackend",
    "local": "headrace.projects.backends.local:LocalBackend",
    "ray": "headrace.projects.backends.ray:RayBackend",
    "slurm": "headrace.projects.backends.slurm:SlurmBackend",
}


@runtime_checkable
class Backend(Protocol):
    """Carries out launches. Stateless: one object may serve many threads at a time.

    Around `submit`, `headrace.projects.run` makes the run before, and sets its status afterwards from what `wait`
    answers, but only if the command left it open. What `logs` gives at the end becomes the artifact
    `project/output.log`. An error of `submit` makes the run FAILED and reaches the caller.
    """

    def submit(self, launch: Launch, /) -> SubmittedRun:
        """Starts the command and returns without waiting for it. InvalidValue for a backend_config that names no
        place, MissingPackage for a tool that isn't installed; both before anything was started."""
        ...


class MlflowBackend(Protocol):
    """The shape of MLflow's plugins. They fetch the project and make the run themselves."""

    def run(
        self,
        project_uri: str,
        entry_point: str,
        params: Mapping[str, Any],
        version: str | None,
        backend_config: Mapping[str, Any],
        tracking_uri: str,
        experiment_id: str,
    ) -> Any: ...


class BackendBroken(HeadraceError):
    """A backend's distribution is installed, but its entry point can't be loaded."""

    code = "BAD_REQUEST"


def find(name: str) -> Backend | MlflowBackend:
    """The backend of that name. InvalidValue names those that there are; BackendBroken the distribution at fault."""
    place = BUILT_IN.get(name)
    if place is not None:
        module, _, attribute = place.partition(":")
        return cast(Backend, getattr(importlib.import_module(module), attribute)())
    for group in (GROUP, MLFLOW_GROUP):
        for entry in entry_points(group=group, name=name):
            return _loaded(entry)
    raise InvalidValue("backend", name, f"there are {', '.join(names())}. Others come with plugins (pip install …).")


def names() -> list[str]:
    found = {entry.name for group in (GROUP, MLFLOW_GROUP) for entry in entry_points(group=group)}
    return sorted({*BUILT_IN, *found})


def _loaded(entry: EntryPoint) -> Backend | MlflowBackend:
    try:
        return cast(Backend | MlflowBackend, entry.load()())
    except Exception as error:
        version = f" {entry.dist.version}" if entry.dist else ""
        name = entry.dist.name if entry.dist else entry.value
        raise BackendBroken(
            f"Backend {entry.name!r} comes with {name}{version}, which can't be loaded: {error!r}. Update or remove it."
        ) from error
