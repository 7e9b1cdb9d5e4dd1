"""A conda environment as a mapping: its pip part, its Python and what only conda can install."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from headrace.errors import InvalidValue, shown

_PACKAGE = re.compile(r"(?:[\w.-]+::)?(?P<name>[A-Za-z0-9_.-]+)\s*(?P<operator>[<>=!]+)?\s*(?P<version>[^\s=]*)")
_BUILD_PACKAGES = frozenset({"pip", "setuptools", "wheel"})


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


def pip_of(conda: dict[str, Any]) -> list[str]:
    """The pip part."""
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
    """The version of Python that it pins, such as "3.11.7" or "3.11"; None if it leaves it open."""
    for name, operator, version in _packages(conda):
        if name == "python" and operator in ("=", "=="):
            return version.removesuffix(".*")
    return None


def build_packages_of(conda: dict[str, Any]) -> list[str]:
    """pip, setuptools and wheel among its packages, as lines for pip."""
    return [
        f"{name}{'==' if operator == '=' else operator}{version}"
        for name, operator, version in _packages(conda)
        if name in _BUILD_PACKAGES
    ]


def conda_only(conda: dict[str, Any]) -> list[str]:
    """Names of packages that nothing but conda installs."""
    return [name for name, _, _ in _packages(conda) if name not in _BUILD_PACKAGES and name != "python"]


def _packages(conda: dict[str, Any]) -> list[tuple[str, str, str]]:
    matches = [_PACKAGE.match(part) for part in _parts(conda) if isinstance(part, str)]
    return [(match["name"], match["operator"] or "", match["version"]) for match in matches if match]


def _parts(conda: dict[str, Any]) -> list[Any]:
    parts = conda.get("dependencies") or []
    if not isinstance(parts, list):
        raise InvalidValue("conda_env", parts, "its dependencies are a list.")
    return parts
