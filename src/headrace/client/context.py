"""Tags that say who and what made a run: user, source, git, and those of MLFLOW_RUN_CONTEXT."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from headrace import settings
from headrace.client.tags import (
    MLFLOW_GIT_BRANCH,
    MLFLOW_GIT_COMMIT,
    MLFLOW_GIT_DIRTY,
    MLFLOW_GIT_REPO_URL,
    MLFLOW_SOURCE_NAME,
    MLFLOW_SOURCE_TYPE,
    MLFLOW_USER,
)
from headrace.entities import SourceType
from headrace.errors import InvalidValue

_GIT_TIMEOUT_S = 3.0  # a repository on a slow network disk mustn't hold up the run


def resolve_tags(tags: dict[str, str] | None = None) -> dict[str, str]:
    """Tags of a new run. What the caller gives wins over RUN_CONTEXT, that over what is found here."""
    source = source_name()
    return {
        MLFLOW_USER: user_name(),
        MLFLOW_SOURCE_NAME: source,
        MLFLOW_SOURCE_TYPE: SourceType.LOCAL,
        **git_tags(source),
        **_environment_tags(),
        **(tags or {}),
    }


def user_name() -> str:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        if os.environ.get(name):
            return os.environ[name]
    try:
        import pwd

        return pwd.getpwuid(os.getuid()).pw_name
    except (ImportError, KeyError):  # a container's user without a passwd entry
        return "unknown"


def source_name() -> str:
    """The main script as it was started, or <console>."""
    main = sys.argv[0] if sys.argv else ""
    return main if main and Path(main).is_file() else "<console>"


def git_tags(source: str) -> dict[str, str]:
    """Of the repository that the main script lies in; nothing without git or repository."""
    return {} if source == "<console>" else dict(_repository_tags(str(Path(source).absolute().parent), os.getpid()))


@lru_cache(maxsize=4)
def _repository_tags(folder: str, pid: int) -> tuple[tuple[str, str], ...]:  # noqa: ARG001 — asked once per process
    status = _git(folder, "status", "--porcelain=v2", "--branch", "--untracked-files=no")
    if status is None:
        return ()
    lines = status.splitlines()
    header = dict(line.removeprefix("# ").partition(" ")[::2] for line in lines if line.startswith("# "))
    commit, branch = header.get("branch.oid", ""), header.get("branch.head", "")
    if not commit or commit == "(initial)":
        return ()
    tags = {MLFLOW_GIT_COMMIT: commit}
    if branch and branch != "(detached)":
        tags[MLFLOW_GIT_BRANCH] = branch
    if any(not line.startswith("# ") for line in lines):
        tags[MLFLOW_GIT_DIRTY] = "true"
    remote = _git(folder, "config", "--get", "remote.origin.url")
    if remote:
        tags[MLFLOW_GIT_REPO_URL] = _without_secret(remote.strip())
    return tuple(tags.items())


def _git(folder: str, *arguments: str) -> str | None:
    # fsmonitor off: a repository's own configuration mustn't start programs because a run was logged.
    command = ["git", "-c", "core.fsmonitor=false", "--no-optional-locks", "-C", folder, *arguments]
    try:
        done = subprocess.run(  # noqa: S603 — arguments are ours, the folder is one word
            command, capture_output=True, timeout=_GIT_TIMEOUT_S, check=False, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None


def _without_secret(remote: str) -> str:
    """CI systems clone from https://user:token@host; the token is nobody's to read in a tag."""
    try:
        parts = urlsplit(remote)
    except ValueError:
        return remote
    if parts.scheme not in ("http", "https") or "@" not in parts.netloc:
        return remote
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _environment_tags() -> dict[str, str]:
    text = settings.RUN_CONTEXT.get()
    if not text:
        return {}
    try:
        tags = json.loads(text)
    except ValueError as error:
        raise InvalidValue(settings.RUN_CONTEXT.names[0], text, f"a JSON object of tags is needed: {error}.") from None
    if not isinstance(tags, dict):
        raise InvalidValue(settings.RUN_CONTEXT.names[0], text, "a JSON object of tags is needed.")
    return {str(key): str(value) for key, value in tags.items()}
