"""What a run keeps of its start, below its artifact folder `project/`: enough to start the same again.

`launch.json` is what was asked for and what came of it; `changes.diff` what the working tree had beside its commit; a
lock has its own name. Written before the command starts.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from headrace.client.mlflow_client import MlflowClient
from headrace.errors import HeadraceError
from headrace.projects import packages
from headrace.projects.launch import Launch

FOLDER = "project"
LAUNCH_FILE = "launch.json"
DIFF_FILE = "changes.diff"
FORMAT = 1


def keep(client: MlflowClient, launch: Launch, given: Mapping[str, Any], env_manager: str | None) -> None:
    with tempfile.TemporaryDirectory(prefix="headrace-launch-") as folder:
        for name, text in _files(launch, given, env_manager).items():
            Path(folder, name).write_text(text, encoding="utf-8", errors="surrogateescape")
        client.log_artifacts(launch.run_id, folder, FOLDER)


def keep_packages(launch: Launch, listed: str | None) -> None:
    """The versions that the command finds; nothing where they aren't known. A store that fails doesn't end the run."""
    if listed is None:
        return
    try:
        MlflowClient(launch.tracking_uri).log_text(launch.run_id, listed, f"{FOLDER}/{packages.FILE_NAME}")
    except (HeadraceError, OSError) as error:
        launch.progress(f"The packages of run {launch.run_id} couldn't be noted: {error}")


def _files(launch: Launch, given: Mapping[str, Any], env_manager: str | None) -> dict[str, str]:
    source, environment = launch.source, launch.environment
    record = {
        "format": FORMAT,
        "uri": source.uri,
        "subdirectory": source.subdirectory,
        "version": source.version,
        "commit": source.commit,
        "repo_url": source.repo_url,
        "dirty": source.dirty,
        "archive": source.archive,
        "entry_point": launch.entry_point,
        "given_parameters": {str(key): str(value) for key, value in given.items()},
        "parameters": dict(launch.parameters),
        "command": launch.command,
        "env_manager": env_manager,
        "environment": {
            "kind": environment.kind,
            "manager": environment.manager,
            "file": environment.path.name if environment.path else None,
            "lock": lock_name(launch) if environment.lock is not None else None,
            "image": environment.docker.image if environment.docker else None,
        },
        "backend": launch.backend,
        "python": sys.version.split()[0],
        "platform": sys.platform,
    }
    found = {LAUNCH_FILE: json.dumps(record, indent=2, ensure_ascii=False) + "\n"}
    if source.diff is not None:
        found[DIFF_FILE] = source.diff
    if environment.lock is not None:
        found[lock_name(launch)] = environment.lock
    return found


def lock_name(launch: Launch) -> str:
    return "uv.lock" if launch.environment.kind == "uv" else "requirements.lock"
