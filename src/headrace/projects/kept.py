"""What a run kept of its start (`evidence`), read back, and the same project made ready from it.

The commit is taken from the caller's repository if the project was run from a folder that is still there, else from its
remote; changes beside the commit are laid over a copy of it. A folder that is still in the state of that time is run
where it is. What can't be had is told by name, and nothing else is run
in its place.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from headrace.client.mlflow_client import MlflowClient
from headrace.client.tags import (
    MLFLOW_GIT_COMMIT,
    MLFLOW_GIT_REPO_URL,
    MLFLOW_PROJECT_BACKEND,
    MLFLOW_PROJECT_ENTRY_POINT,
    MLFLOW_PROJECT_ENV,
    MLFLOW_SOURCE_NAME,
)
from headrace.entities import Run
from headrace.errors import CallerError, HeadraceError, InvalidValue
from headrace.projects import environment, evidence, mlproject, packages, source
from headrace.projects.launch import Progress, Source
from headrace.projects.lock import UV_FILE_NAME
from headrace.projects.runner import Ready
from headrace.projects.source_cache import named


class CannotBeHad(CallerError):
    """Something that a run was made of is gone; the message says what, and where it was looked for."""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """As `evidence` writes it. given_parameters: as the caller gave them; None for a run of MLflow's, which keeps none.
    name: the tag mlflow.source.name, which has a local folder's absolute path."""

    run_id: str = ""
    name: str = ""
    uri: str = ""
    subdirectory: str = ""
    version: str | None = None
    commit: str | None = None
    repo_url: str | None = None
    dirty: bool = False
    archive: str | None = None
    entry_point: str = "main"
    given_parameters: dict[str, str] | None = None
    parameters: dict[str, str] = msgspec.field(default_factory=dict)
    env_manager: str | None = None
    environment: dict[str, Any] = msgspec.field(default_factory=dict)
    backend: str = "local"
    python: str | None = None
    platform: str | None = None

    @property
    def manager(self) -> str | None:
        """What made the environment; None for a container."""
        if self.environment.get("kind") == "docker" or self.env_manager == "docker":
            return None
        found: str | None = self.environment.get("manager") or self.env_manager
        return found

    def with_manager(self, manager: str) -> Kept:
        return msgspec.structs.replace(self, environment={**self.environment, "manager": manager})


@dataclass(frozen=True, kw_only=True)
class Files:
    """Texts of a run's files below `project/`; None for those that it doesn't have."""

    launch: str | None
    diff: str | None
    lock: str | None
    packages: str | None


def kept_of(run: Run, files: Files) -> Kept:
    """InvalidValue for a run that wasn't started as a project: it says what is missing."""
    tags = run.data.tags
    if files.launch is not None:
        try:
            found = msgspec.json.decode(files.launch, type=Kept)
        except (msgspec.ValidationError, msgspec.DecodeError) as error:
            raise InvalidValue(
                message=f"Artifact {evidence.FOLDER}/{evidence.LAUNCH_FILE} of run {run.info.run_id!r} can't be read: "
                f"{error}."
            ) from error
        return msgspec.structs.replace(found, run_id=run.info.run_id, name=tags.get(MLFLOW_SOURCE_NAME, found.uri))
    missing = [name for name in (MLFLOW_PROJECT_ENTRY_POINT, MLFLOW_SOURCE_NAME) if name not in tags]
    if missing:
        raise InvalidValue(
            message=f"Run {run.info.run_id!r} wasn't started as a project, so nothing says how to start it again: it "
            f"has no artifact {evidence.FOLDER}/{evidence.LAUNCH_FILE} and no tag {' or '.join(missing)}. Runs that "
            "`headrace run` or `mlflow run` started can be replayed."
        )
    name, subdirectory = source.split(tags[MLFLOW_SOURCE_NAME])
    return Kept(
        run_id=run.info.run_id,
        name=tags[MLFLOW_SOURCE_NAME],
        uri=name,
        subdirectory=subdirectory,
        commit=tags.get(MLFLOW_GIT_COMMIT),
        repo_url=tags.get(MLFLOW_GIT_REPO_URL),
        entry_point=tags[MLFLOW_PROJECT_ENTRY_POINT],
        parameters={key: _unquoted(value) for key, value in run.data.params.items()},
        env_manager=tags.get(MLFLOW_PROJECT_ENV),
        backend=tags.get(MLFLOW_PROJECT_BACKEND, "local"),
    )


def files_of(client: MlflowClient, run_id: str) -> Files:
    names = {Path(info.path).name for info in client.list_artifacts(run_id, evidence.FOLDER) if not info.is_dir}

    def text(*choices: str) -> str | None:
        name = next((each for each in choices if each in names), None)
        if name is None:
            return None
        with tempfile.TemporaryDirectory(prefix="headrace-kept-") as folder:
            path = client.download_artifacts(run_id, f"{evidence.FOLDER}/{name}", folder)
            return Path(path).read_text(encoding="utf-8", errors="surrogateescape")

    return Files(
        launch=text(evidence.LAUNCH_FILE),
        diff=text(evidence.DIFF_FILE),
        lock=text("uv.lock", "requirements.lock"),
        packages=text(packages.FILE_NAME),
    )


@contextmanager
def ready_from(kept: Kept, files: Files, progress: Progress) -> Iterator[Ready]:
    """The project as it was, its lock included. What had to be made for that goes afterwards. CannotBeHad."""
    if kept.dirty and files.diff is None:
        raise CannotBeHad(
            f"Run {kept.run_id!r} ran commit {kept.commit} with changes that weren't kept, since they were too long. "
            "Commit them, and run that commit."
        )
    ready = _in_place(kept, files, progress)
    if ready is not None:
        yield _with_lock(ready, files)
        return
    found = _fetched(kept, progress)
    with tempfile.TemporaryDirectory(prefix="headrace-replay-", ignore_cleanup_errors=True) as scratch:
        if files.diff is not None:
            found = _copied(found, Path(scratch, "project"), kept)
            _apply(files.diff, found, kept)
        ready = _read(found, kept, progress)
        if files.lock is not None and _has_another_uv_lock(ready, files):
            found = _copied(found, Path(scratch, "locked"), kept)
            (found.folder / UV_FILE_NAME).write_text(files.lock, encoding="utf-8")
            ready = _read(found, kept, progress)
        yield _with_lock(ready, files)


def _with_lock(ready: Ready, files: Files) -> Ready:
    if files.launch is None or ready.environment.manager == "local":
        return ready
    return replace(ready, environment=replace(ready.environment, lock=files.lock))


def _has_another_uv_lock(ready: Ready, files: Files) -> bool:
    """uv reads its lock from the folder."""
    environment = ready.environment
    return environment.kind == "uv" and environment.manager != "local" and environment.lock != files.lock


def _in_place(kept: Kept, files: Files, progress: Progress) -> Ready | None:
    """The folder that was run, if it is still in that state: it has files, too, that git doesn't know."""
    if kept.version is not None or not kept.name.startswith(("file:", "/")):
        return None
    try:
        found = source.fetch(kept.name, None, progress)
    except HeadraceError:
        return None
    if found.pristine is not None or (found.commit, found.diff, found.dirty) != (kept.commit, files.diff, kept.dirty):
        return None
    ready = _read(found, kept, progress)
    return None if _has_another_uv_lock(ready, files) else ready


def _read(found: Source, kept: Kept, progress: Progress) -> Ready:
    project, manager = mlproject.read(found.folder), kept.manager
    return Ready(
        source=found,
        project=project,
        environment=environment.choose(project, manager, progress),
        env_manager=manager,
    )


def _fetched(kept: Kept, progress: Progress) -> Source:
    failures = []
    for address in _addresses(kept):
        try:
            found = source.fetch(address, kept.commit, progress)
        except HeadraceError as error:
            failures.append(f"{address}: {error.message}")
            continue
        if kept.archive is not None and found.archive != kept.archive:
            raise CannotBeHad(
                f"The archive at {kept.uri!r} is another one now: run {kept.run_id!r} had one of SHA-256 "
                f"{kept.archive}, this is {found.archive}."
            )
        return found
    what = f"Commit {kept.commit}" if kept.commit else "The project"
    raise CannotBeHad(f"{what} of run {kept.run_id!r} can't be had. Tried {'; '.join(failures)}")


def _addresses(kept: Kept) -> Iterator[str]:
    """Where the project may be, the nearest first."""
    address, subdirectory = source.split(kept.name or kept.uri)
    yield named(address, subdirectory)
    if kept.repo_url is not None and kept.commit is not None and kept.repo_url != address:
        yield named(kept.repo_url, kept.subdirectory or subdirectory)


def _copied(found: Source, folder: Path, kept: Kept) -> Source:
    if found.pristine is None:
        raise CannotBeHad(
            f"Run {kept.run_id!r} ran another state of {str(found.folder)!r} than is there now, and no commit tells "
            "which."
        )
    shutil.copytree(found.pristine, folder, symlinks=True)
    return replace(found, folder=folder / found.folder.relative_to(found.pristine), pristine=folder)


def _apply(diff: str, found: Source, kept: Kept) -> None:
    assert found.pristine is not None
    done = subprocess.run(  # noqa: S603 — no shell; the diff goes in as text
        ["git", "-C", str(found.pristine), "apply", "--binary", "--whitespace=nowarn", "-"],  # noqa: S607
        input=diff.encode("utf-8", "surrogateescape"),
        capture_output=True,
        check=False,
    )
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip()
        raise CannotBeHad(f"The changes of run {kept.run_id!r} don't fit its commit {kept.commit}: {said}")


def _unquoted(text: str) -> str:
    """MLflow logs parameters quoted for the shell."""
    try:
        words = shlex.split(text)
    except ValueError:
        return text
    return words[0] if len(words) == 1 else text
