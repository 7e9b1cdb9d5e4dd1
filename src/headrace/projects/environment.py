"""Which environment a project runs in, who makes it, and making it."""

from __future__ import annotations

from headrace import environments
from headrace.projects.launch import Progress, ProjectEnvironment
from headrace.projects.mlproject import MLproject


def choose(project: MLproject, manager: str | None = None) -> ProjectEnvironment:
    """What MLproject and the caller ask for, settled. Builds nothing. InvalidValue where the two contradict."""
    raise NotImplementedError


def built(environment: ProjectEnvironment, progress: Progress) -> environments.Environment:
    """The environment, built if it isn't there: minutes for large packages, some ms afterwards."""
    raise NotImplementedError
