"""What a project's environment asks for, in the words of Ray's runtime_env.

Ray installs into an environment on top of the cluster's own Python: the project's packages are there beside Ray's, and
the version of Python is the cluster's.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from headrace.environments.conda_file import read_yaml
from headrace.errors import InvalidValue
from headrace.projects.environment import spec_of
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
    spec = spec_of(environment)
    if spec.python is not None:
        launch.progress(f"The project asks for Python {spec.python}; Ray runs it with the Python of its cluster")
    if spec.constraints:
        launch.progress(f"Ray takes no constraints; these aren't kept to: {', '.join(spec.constraints)}")
    found = list(spec.all_lines) if spec.lock is None else [*_pins(spec.lock), *spec.own]
    lines = [_there(line, launch.folder) for line in found]
    return {installer: lines} if lines else {}


def _pins(lock: str) -> list[str]:
    """Of a lock, without its hashes: those would be asked of Ray's own packages, too."""
    found = [line.strip().removesuffix("\\").strip() for line in lock.splitlines()]
    return [line for line in found if line and not line.startswith(("#", "--hash"))]


def _there(line: str, folder: Path) -> str:
    """A path into the project, as nodes see it."""
    return line.replace(str(folder), _CODE)
