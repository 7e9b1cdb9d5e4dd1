"""Which environment a project runs in, who makes it, and making it.

| the project has | made by |
| --- | --- |
| nothing | nobody: it runs where Headrace does |
| python_env | uv, or venv and pip where there is no uv |
| conda_env | conda, mamba or micromamba; where none is installed uv, which leaves out what only conda can install |
| pyproject.toml | uv |

A `requirements.lock` beside the environment file, or a uv.lock, fixes every version.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any, cast, get_args

from headrace import environments
from headrace.environments import Manager, Spec
from headrace.environments.spec import with_own
from headrace.errors import InvalidValue
from headrace.projects.launch import Progress, ProjectEnvironment
from headrace.projects.mlproject import MLproject

_UV_LOCK = "uv.lock"
_EXPORT = ("export", "--frozen", "--no-header", "--no-annotate", "--no-emit-project", "--format", "requirements-txt")


def choose(project: MLproject, manager: str | None = None, progress: Progress | None = None) -> ProjectEnvironment:
    """What MLproject and the caller ask for, settled. Builds nothing. InvalidValue where the two contradict, or where
    the environment's file is wrong."""
    if manager is not None and manager not in get_args(Manager):
        raise InvalidValue("env_manager", manager, f"allowed are {', '.join(get_args(Manager))}.")
    if project.kind == "docker":
        return ProjectEnvironment(kind="docker", docker=project.docker)
    if manager == "conda" and project.kind != "conda":
        raise InvalidValue(
            "env_manager", manager, "this project has no conda_env; 'uv', 'virtualenv' and 'local' can run it."
        )
    settled = cast(Manager, manager or _default(project))
    chosen = ProjectEnvironment(kind=project.kind, path=project.environment, manager=settled)
    if settled == "local":
        return chosen
    return replace(chosen, lock=_lock(chosen, progress))


def built(environment: ProjectEnvironment, progress: Progress) -> environments.Environment:
    """The environment, built if it isn't there: minutes for large packages, some ms afterwards."""
    if environment.manager == "local":
        return environments.local()
    return environments.prepare(spec_of(environment), environment.manager, progress=progress)


def spec_of(environment: ProjectEnvironment) -> Spec:
    """What is to be installed, by its lock where it has one."""
    spec = _described(environment)
    if environment.lock is None:
        return with_own(spec)
    from headrace.projects import lock

    if environment.kind == "uv":
        from headrace.environments.lock import uv_says

        assert environment.path is not None
        return lock.locked(replace(spec, lines=()), uv_says(_EXPORT, environment.path.parent))
    return lock.locked(spec, environment.lock)


def _default(project: MLproject) -> str:
    if project.kind == "none":
        return "local"
    from headrace.environments.build import conda_or_none
    from headrace.environments.uv import uv_or_none

    if project.kind == "conda" and conda_or_none() is not None:
        return "conda"
    return "virtualenv" if uv_or_none() is None else "uv"


def _lock(environment: ProjectEnvironment, progress: Progress | None) -> str | None:
    if environment.path is None or environment.manager == "conda":
        return None  # conda resolves what its file asks for
    if environment.kind == "uv":
        path = environment.path.with_name(_UV_LOCK)
        return path.read_text(encoding="utf-8") if path.is_file() else None
    from headrace.projects import lock

    found = lock.find(environment.path, _described(environment))
    if found is None or found.current:
        return None if found is None else found.text
    if progress is not None:
        progress(
            f"{found.path.name} is older than {environment.path.name} and isn't used; `headrace lock` writes it anew"
        )
    return None


def _described(environment: ProjectEnvironment) -> Spec:
    """What the environment's file asks for. Nothing at all: an empty environment of this Python."""
    path = environment.path
    if path is None:
        return Spec()
    if environment.kind == "conda":
        return environments.of_conda(path)
    return environments.of_python_env(path) if environment.kind == "python" else _of_pyproject(path.parent)


def _of_pyproject(folder: Path) -> Spec:
    """The dependencies, and the project itself where it is a package."""
    text = (folder / "pyproject.toml").read_text(encoding="utf-8")
    described: dict[str, Any] = tomllib.loads(text)
    project: dict[str, Any] = described.get("project") or {}
    own = (f"-e {folder.absolute()}",) if "build-system" in described else ()
    lines = () if own else tuple(str(line) for line in project.get("dependencies") or ())
    return Spec(python=_python(folder, project.get("requires-python")), lines=lines, own=own, folder=folder.absolute())


def _python(folder: Path, asked: str | None) -> str | None:
    """What .python-version pins; else None if this Python will do, or the oldest that will."""
    pinned = folder / ".python-version"
    if pinned.is_file():
        match = re.fullmatch(r"(?:cpython-?)?(\d+(?:\.\d+){0,2})", pinned.read_text(encoding="utf-8").strip())
        if match:
            return match[1]
    if asked is None:
        return None
    import platform

    from headrace.environments.versions import clauses

    found = clauses(asked)
    if found is None:
        raise InvalidValue("requires-python", asked, 'conditions on a version, such as ">=3.11,<3.14".')
    if all(clause.matches(platform.python_version()) for clause in found):
        return None
    low = next((clause.version for clause in found if clause.operator in (">=", "==", "~=")), None)
    return None if low is None else ".".join(low.removesuffix(".*").split(".")[:2])
