"""The files of a model folder that say what it needs to run, in MLflow's form: `requirements.txt`, `constraints.txt`,
`conda.yaml`, `python_env.yaml`; and, ours alone, `requirements.lock` with exact versions and hashes of everything.
"""

from __future__ import annotations

import platform
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from headrace.environments.installed import distribution
from headrace.environments.requirement import Line, Requirement, parse
from headrace.errors import InvalidValue, shown

REQUIREMENTS, CONSTRAINTS, LOCK = "requirements.txt", "constraints.txt", "requirements.lock"
CONDA, PYTHON_ENV = "conda.yaml", "python_env.yaml"
_BUILD_PACKAGES = ("pip", "setuptools", "wheel")


@dataclass(frozen=True, kw_only=True)
class Environment:
    """pip: lines of requirements.txt. constraints: of constraints.txt, which `pip` then names. conda, python_env: what
    those files hold. lock: text of requirements.lock."""

    pip: list[str]
    constraints: list[str] = field(default_factory=list)
    conda: dict[str, Any]
    python_env: dict[str, Any]
    lock: str | None = None


def environment_of(
    lines: Iterable[Line], constraints: Iterable[Line] = (), conda: dict[str, Any] | None = None
) -> Environment:
    """The files' contents for requirement lines. conda: the user's own file, whose pip part the lines replace."""
    pip, limits = [str(line) for line in lines], [str(line) for line in constraints]
    if limits:
        pip.append(f"-c {CONSTRAINTS}")
    python = platform.python_version()
    if conda is None:
        conda = {"name": "mlflow-env", "channels": ["conda-forge"], "dependencies": [f"python={python}", _conda_pip()]}
    conda = with_pip(conda, pip)
    python_env = {
        "python": python_of(conda) or python,
        "build_dependencies": [_pinned(name) for name in _BUILD_PACKAGES],
        "dependencies": [f"-r {REQUIREMENTS}"],
    }
    return Environment(pip=pip, constraints=limits, conda=conda, python_env=python_env)


def _pinned(name: str) -> str:
    found = distribution(name)
    return f"{name}=={found.public_version}" if found else name


def _conda_pip() -> str:
    # Not "==": conda-forge gets a version of pip some days later than the Python index.
    found = distribution("pip")
    return f"pip<={found.public_version}" if found else "pip"


def pip_of(conda: dict[str, Any]) -> list[str]:
    """The pip part of a conda environment."""
    for part in _parts(conda):
        if isinstance(part, dict) and "pip" in part:
            lines = part["pip"] or []
            if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
                raise InvalidValue("conda_env", lines, "its pip part is a list of requirements.")
            return list(lines)
    return []


def with_pip(conda: dict[str, Any], pip: list[str]) -> dict[str, Any]:
    """The environment with another pip part, in its place."""
    parts = [{"pip": list(pip)} if isinstance(part, dict) and "pip" in part else part for part in _parts(conda)]
    if not any(isinstance(part, dict) for part in parts):
        parts.append({"pip": list(pip)})
    return {**conda, "dependencies": parts}


def python_of(conda: dict[str, Any]) -> str | None:
    """The version of Python that a conda environment pins, such as "3.11.7"; None if it leaves it open."""
    for part in _parts(conda):
        if isinstance(part, str):
            name, _, version = part.replace("==", "=").partition("=")
            if name.strip() == "python" and version:
                return version.strip().removesuffix(".*")
    return None


def _parts(conda: dict[str, Any]) -> list[Any]:
    parts = conda.get("dependencies") or []
    if not isinstance(parts, list):
        raise InvalidValue("conda_env", parts, "its dependencies are a list.")
    return parts


def write(folder: str | Path, environment: Environment) -> None:
    place = Path(folder)
    _write(place / REQUIREMENTS, "\n".join(environment.pip))
    if environment.constraints:
        _write(place / CONSTRAINTS, "\n".join(environment.constraints))
    if environment.lock is not None:
        _write(place / LOCK, environment.lock)
    _write(place / CONDA, yaml.safe_dump(environment.conda, default_flow_style=False))
    python_env = {key: value for key, value in environment.python_env.items() if value}
    _write(place / PYTHON_ENV, yaml.safe_dump(python_env, default_flow_style=False, sort_keys=False))


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def read(folder: str | Path) -> Environment:
    """What a model folder says, of any MLflow version; files that aren't there count as empty."""
    place = Path(folder)
    conda = read_yaml(place / CONDA)
    requirements = _lines(place / REQUIREMENTS)
    return Environment(
        pip=pip_of(conda) if requirements is None else requirements,
        constraints=_lines(place / CONSTRAINTS) or [],
        conda=conda,
        python_env=read_yaml(place / PYTHON_ENV),
        lock=(place / LOCK).read_text(encoding="utf-8") if (place / LOCK).is_file() else None,
    )


def requirements_of(environment: Environment) -> list[Requirement]:
    """Those that name a distribution and apply to this interpreter."""
    lines = [parse(line) for line in environment.pip if not line.startswith("-")]
    return [line for line in lines if isinstance(line, Requirement) and line.applies]


def _lines(path: Path) -> list[str] | None:
    if not path.is_file():
        return None
    lines = [line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def read_yaml(path: str | Path) -> dict[str, Any]:
    """A YAML file that holds a mapping; {} if it isn't there."""
    try:
        loaded = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InvalidValue(message=f"Environment file {str(path)!r} is no YAML: {error}") from error
    if loaded is not None and not isinstance(loaded, dict):
        raise InvalidValue(message=f"Environment file {str(path)!r} holds {shown(loaded)}; expected a mapping.")
    return loaded or {}
