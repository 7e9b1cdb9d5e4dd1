"""What a project's environment asks for, in the words of Ray's runtime_env.

Ray installs into an environment on top of the cluster's own Python: the project's packages are there beside Ray's, and
the version of Python is the cluster's.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from headrace.environments import Spec, of_conda, of_python_env
from headrace.environments.conda_file import read_yaml
from headrace.environments.lock import uv_says
from headrace.errors import InvalidValue
from headrace.projects.launch import Launch

# Ray puts the path of the project there, on each node.
_CODE = "${RAY_RUNTIME_ENV_CREATE_WORKING_DIR}"


def runtime_env(launch: Launch, installer: str) -> dict[str, Any]:
    """The keys of runtime_env; none for an environment that is the cluster's own. InvalidValue for Docker projects."""
    environment = launch.environment
    if environment.kind == "docker":
        raise InvalidValue("backend", "ray", "the project has a docker_env, and Ray's nodes run no images.")
    if environment.manager == "local" or environment.path is None:
        return {}
    if environment.manager == "conda":
        return {"conda": read_yaml(environment.path)}
    if environment.kind == "uv":
        found = _exported(environment.path.parent)
    elif environment.lock is not None:
        found = _pins(environment.lock)
    else:
        spec = (of_conda if environment.kind == "conda" else of_python_env)(environment.path)
        _tell_of_python(launch, spec)
        found = list(spec.all_lines)
    lines = [_there(line, launch.folder) for line in found]
    return {installer: lines} if lines else {}


def _exported(folder: Path) -> list[str]:
    """What a pyproject.toml asks for, with the versions of its uv.lock where there is one."""
    options = ["--no-hashes", "--no-header", "--no-annotate", "--no-emit-project", "--no-dev"]
    options += ["--frozen"] if (folder / "uv.lock").is_file() else []
    return _lines(uv_says(["export", "--quiet", *options], folder))


def _pins(lock: str) -> list[str]:
    """Of a lock, without its hashes: those would be asked of Ray's own packages, too."""
    return [line for line in _lines(lock) if not line.startswith("--hash")]


def _lines(text: str) -> list[str]:
    found = [line.strip().removesuffix("\\").strip() for line in text.splitlines()]
    return [line for line in found if line and not line.startswith("#")]


def _there(line: str, folder: Path) -> str:
    """A path into the project, as nodes see it."""
    return line.replace(str(folder), _CODE)


def _tell_of_python(launch: Launch, spec: Spec) -> None:
    if spec.python is not None:
        launch.progress(f"The project asks for Python {spec.python}; Ray runs it with the Python of its cluster")
