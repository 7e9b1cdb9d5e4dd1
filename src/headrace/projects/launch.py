"""What is known of one launch: the records that a project's run is made of, and that a backend gets. All are frozen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from headrace.environments import Manager

Progress = Callable[[str], None]
"""Gets one line of talk at a time, without its newline; may be called from any thread."""

EnvironmentKind = Literal["none", "python", "conda", "uv", "docker"]


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where a project came from. folder: where it lies now, the subdirectory included.

    uri: as the caller wrote it, without the subdirectory. name: the tag mlflow.source.name. commit: full, of what runs.
    branch: only if the version that was asked for is one. repo_url: of the remote, without a password. dirty: whether
    tracked files of a local folder were changed since the commit. diff: what `git diff HEAD` says then; None if it is
    too long to keep. archive: SHA-256 of the zip or tar, for a project that came in one. pristine: root of a fetched
    project in the cache, which nothing may change and of which each run gets a copy; None for a folder of the caller's,
    which is run where it is.
    """

    uri: str
    name: str
    folder: Path
    subdirectory: str = ""
    version: str | None = None
    commit: str | None = None
    branch: str | None = None
    repo_url: str | None = None
    dirty: bool = False
    diff: str | None = None
    archive: str | None = None
    pristine: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Docker:
    """`docker_env`. environment: names to copy from the host, or pairs of name and value."""

    image: str
    volumes: tuple[str, ...] = ()
    environment: tuple[str | tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class ProjectEnvironment:
    """What a project asks to run in, and who makes it.

    kind: which of MLproject's environments; "uv" is a pyproject.toml with or without its uv.lock. path: the file that
    describes it, None for "none" and "docker". manager: settled, never None; "local" runs where Headrace does. Docker
    projects run in their image, whatever the manager. lock: text of the lock (uv.lock, or requirements with hashes)
    that fixes the exact versions; None without one.
    """

    kind: EnvironmentKind = "none"
    path: Path | None = None
    manager: Manager = "local"
    docker: Docker | None = None
    lock: str | None = None


@dataclass(frozen=True, kw_only=True)
class Launch:
    """One run that a backend is to carry out. The run is there already, with its params and tags.

    command: text for `bash -c`, in the project's folder; every parameter's value in it is quoted for the shell.
    parameters: as they were resolved, declared ones first; values as the program gets them, not quoted. variables: of
    Headrace's and MLflow's, to be set beside the ones of the process: run, experiment, tracking URI and its token.
    tracking_uri: what the caller's process uses; may be a folder that only this machine has. variables has the address
    that the command reaches.
    interactive: the command may read this process's standard input. quiet: what it prints isn't shown, only kept.
    to_stderr: all that it prints is shown there, since standard output carries something else.
    """

    run_id: str
    experiment_id: str
    tracking_uri: str
    project_name: str | None
    entry_point: str
    parameters: Mapping[str, str]
    command: str
    variables: Mapping[str, str]
    environment: ProjectEnvironment
    source: Source
    backend: str = "local"
    backend_config: Mapping[str, Any] = field(default_factory=dict)
    docker_args: Mapping[str, str | bool] = field(default_factory=dict)
    docker_auth: Mapping[str, str] | None = None
    build_image: bool = False
    storage_dir: Path | None = None
    interactive: bool = False
    quiet: bool = False
    to_stderr: bool = False
    progress: Progress = print

    @property
    def folder(self) -> Path:
        """The project's folder, where the command runs."""
        return self.source.folder
