"""Projects on this machine: in the environment that they ask for, or in a container of its Docker engine."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from headrace.environments import Environment
from headrace.projects import environment, evidence, packages
from headrace.projects.launch import Launch
from headrace.projects.local import CommandRun, shell_words
from headrace.projects.submitted import SubmittedRun


class LocalBackend:
    def submit(self, launch: Launch, /) -> SubmittedRun:
        if launch.environment.docker is not None:
            from headrace.projects.backends.docker import DockerBackend

            return DockerBackend().submit(launch)
        found = environment.built(launch.environment, launch.progress)
        variables = _variables(launch, found)
        with found.in_use() as kept:
            run = CommandRun(launch, shell_words(launch.command), variables, kept)
        try:
            evidence.keep_packages(launch, packages.listed(variables))  # while it runs already
        except BaseException:
            run.abandon()
            raise
        return run


def _variables(launch: Launch, found: Environment) -> dict[str, str]:
    variables = found.variables(launch.variables)
    # Into a pipe, Python would print by the block; whoever looks wants the line when it is printed.
    variables.setdefault("PYTHONUNBUFFERED", "1")
    if found.path is None and sys.prefix != sys.base_prefix and not _activated():
        # `.venv/bin/headrace run` in a shell without that environment: `python` shall be the one that runs here.
        variables["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), variables.get("PATH", os.defpath)])
    return variables


def _activated() -> bool:
    """Whether the shell has chosen an environment, this one or another."""
    return bool(os.environ.get("VIRTUAL_ENV") or os.environ.get("CONDA_PREFIX"))
