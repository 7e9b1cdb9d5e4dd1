"""The files of a model folder that say what it needs to run, in MLflow's form: `requirements.txt`, `constraints.txt`,
`conda.yaml`, `python_env.yaml`; and, ours alone, `requirements.lock` with exact versions and hashes of everything.
"""

from __future__ import annotations

import platform
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml
from msgspec import Struct

from headrace.environments.conda_file import pip_of, python_of, read_yaml, with_pip
from headrace.environments.installed import distribution
from headrace.environments.requirement import Line

REQUIREMENTS, CONSTRAINTS, LOCK = "requirements.txt", "constraints.txt", "requirements.lock"
CONDA, PYTHON_ENV = "conda.yaml", "python_env.yaml"
_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)  # libyaml's is ten times as fast, where it is built in
_BUILD_PACKAGES = ("pip", "setuptools", "wheel")


class EnvFiles(Struct, frozen=True, kw_only=True):
    """pip: lines of requirements.txt. constraints: of constraints.txt, which `pip` then names. conda, python_env: what
    those files hold. lock: text of requirements.lock."""

    pip: list[str]
    constraints: list[str] = []
    conda: dict[str, Any]
    python_env: dict[str, Any]
    lock: str | None = None


def environment_of(
    lines: Iterable[Line], constraints: Iterable[Line] = (), conda: dict[str, Any] | None = None
) -> EnvFiles:
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
    return EnvFiles(pip=pip, constraints=limits, conda=conda, python_env=python_env)


def _pinned(name: str) -> str:
    found = distribution(name)
    return f"{name}=={found.public_version}" if found else name


def _conda_pip() -> str:
    # Not "==": conda-forge gets a version of pip some days later than the Python index.
    found = distribution("pip")
    return f"pip<={found.public_version}" if found else "pip"


def write(folder: str | Path, environment: EnvFiles) -> None:
    place = Path(folder)
    _write(place / REQUIREMENTS, "\n".join(environment.pip))
    if environment.constraints:
        _write(place / CONSTRAINTS, "\n".join(environment.constraints))
    if environment.lock is not None:
        _write(place / LOCK, environment.lock)
    _write(place / CONDA, _yaml(environment.conda))
    python_env = {key: value for key, value in environment.python_env.items() if value}
    _write(place / PYTHON_ENV, _yaml(python_env, sort_keys=False))


def _yaml(content: dict[str, Any], *, sort_keys: bool = True) -> str:
    text: str = yaml.dump(content, Dumper=_DUMPER, default_flow_style=False, sort_keys=sort_keys)
    return text


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def read(folder: str | Path) -> EnvFiles:
    """What a model folder says, of any MLflow version; files that aren't there count as empty."""
    place = Path(folder)
    conda = read_yaml(place / CONDA)
    requirements = _lines(place / REQUIREMENTS)
    return EnvFiles(
        pip=pip_of(conda) if requirements is None else requirements,
        constraints=_lines(place / CONSTRAINTS) or [],
        conda=conda,
        python_env=read_yaml(place / PYTHON_ENV),
        lock=(place / LOCK).read_text(encoding="utf-8") if (place / LOCK).is_file() else None,
    )


def _lines(path: Path) -> list[str] | None:
    if not path.is_file():
        return None
    lines = [line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines()]
    return [line for line in lines if line and not line.startswith("#")]
