"""The tags of a project's run: MLflow's, and two of our own about what can't be had from a commit alone."""

from __future__ import annotations

import hashlib

from headrace.client.context import user_name
from headrace.client.tags import (
    MLFLOW_GIT_BRANCH,
    MLFLOW_GIT_COMMIT,
    MLFLOW_GIT_DIRTY,
    MLFLOW_GIT_REPO_URL,
    MLFLOW_PARENT_RUN_ID,
    MLFLOW_PROJECT_BACKEND,
    MLFLOW_PROJECT_ENTRY_POINT,
    MLFLOW_PROJECT_ENV,
    MLFLOW_SOURCE_NAME,
    MLFLOW_SOURCE_TYPE,
    MLFLOW_USER,
)
from headrace.entities import SourceType
from headrace.projects.launch import ProjectEnvironment, Source

LOCK_DIGEST = "headrace.project.lock"


def of_source(source: Source, entry_point: str, parent_run_id: str | None) -> dict[str, str]:
    found = {
        MLFLOW_USER: user_name(),
        MLFLOW_SOURCE_NAME: source.name,
        MLFLOW_SOURCE_TYPE: SourceType.PROJECT,
        MLFLOW_PROJECT_ENTRY_POINT: entry_point,
        MLFLOW_GIT_COMMIT: source.commit,
        MLFLOW_GIT_REPO_URL: source.repo_url,
        MLFLOW_GIT_BRANCH: source.branch,
        MLFLOW_GIT_DIRTY: "true" if source.dirty else None,
        MLFLOW_PARENT_RUN_ID: parent_run_id,
    }
    return {key: value for key, value in found.items() if value is not None}


def of_environment(environment: ProjectEnvironment, backend: str) -> dict[str, str]:
    """mlflow.project.env isn't there for what runs where Headrace does."""
    found = {MLFLOW_PROJECT_BACKEND: backend}
    if environment.docker is not None:
        found[MLFLOW_PROJECT_ENV] = "docker"
    elif environment.manager != "local":
        found[MLFLOW_PROJECT_ENV] = environment.manager
    if environment.lock is not None:
        found[LOCK_DIGEST] = f"sha256:{hashlib.sha256(environment.lock.encode()).hexdigest()}"
    return found
