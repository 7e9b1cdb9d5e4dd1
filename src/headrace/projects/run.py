"""`run`: from a URI to a run in a backend, and what others build on: `prepare` once, `start` as often as wanted."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from headrace.projects.launch import Progress, ProjectEnvironment, Source
from headrace.projects.mlproject import MLproject
from headrace.projects.submitted import SubmittedRun


@dataclass(frozen=True, kw_only=True)
class Ready:
    """A project that is fetched and read, whose environment is chosen. Starts any number of runs."""

    source: Source
    project: MLproject
    environment: ProjectEnvironment


def prepare(
    uri: str | os.PathLike[str],
    *,
    version: str | None = None,
    env_manager: str | None = None,
    progress: Progress | None = None,
) -> Ready:
    """Fetches the project, or finds it fetched, and reads its MLproject. Makes no run and builds no environment."""
    raise NotImplementedError


def start(
    ready: Ready,
    entry_point: str = "main",
    parameters: Mapping[str, Any] | None = None,
    *,
    experiment_id: str,
    run_id: str | None = None,
    run_name: str | None = None,
    parent_run_id: str | None = None,
    tags: Mapping[str, str] | None = None,
    backend: str = "local",
    backend_config: Mapping[str, Any] | None = None,
    docker_args: Mapping[str, str | bool] | None = None,
    docker_auth: Mapping[str, str] | None = None,
    build_image: bool = False,
    storage_dir: str | os.PathLike[str] | None = None,
    interactive: bool = False,
    quiet: bool = False,
    progress: Progress | None = None,
) -> SubmittedRun:
    """Checks the parameters, makes the run (or takes run_id) and hands it to the backend; doesn't wait.

    The handle settles the run's status by itself, also if nobody waits. quiet: the command's output isn't shown, only
    kept. tags: on top of those that MLflow sets.
    """
    raise NotImplementedError


def run(
    uri: str | os.PathLike[str],
    entry_point: str = "main",
    version: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    docker_args: Mapping[str, str | bool] | None = None,
    experiment_name: str | None = None,
    experiment_id: str | None = None,
    backend: str = "local",
    backend_config: str | os.PathLike[str] | Mapping[str, Any] | None = None,
    storage_dir: str | os.PathLike[str] | None = None,
    synchronous: bool = True,
    run_id: str | None = None,
    run_name: str | None = None,
    env_manager: str | None = None,
    build_image: bool = False,
    docker_auth: Mapping[str, str] | None = None,
    *,
    tags: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> SubmittedRun:
    """Runs a project as a run of the tracking URI.

    uri: folder, file:, git over https or ssh, zip or tar, `runs:/…`; `#folder` at its end names a folder inside.
    version: branch, tag or commit. backend_config: mapping, or path of a JSON file. env_manager: local, uv, virtualenv
    or conda; None: what the project's environment file asks for.
    synchronous: waits, and raises RunFailed if the command didn't succeed; Ctrl-C ends it. Otherwise the handle returns
    at once.
    """
    raise NotImplementedError
