"""The MLproject file: what a project is called, what it runs in, its entry points. Faults name their line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from headrace.projects.launch import Docker, EnvironmentKind

ParameterType = Literal["string", "float", "int", "bool", "path", "uri"]


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """default: as YAML read it; None: there is none, the caller must give a value."""

    name: str
    type: ParameterType = "string"
    default: Any = None


@dataclass(frozen=True, kw_only=True)
class EntryPoint:
    """command: a template with `{parameter}` in it."""

    name: str
    command: str
    parameters: Mapping[str, Parameter] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class MLproject:
    """path: of the file; None for a folder that has none. environment: kind and the file that describes it."""

    folder: Path
    path: Path | None = None
    name: str | None = None
    kind: EnvironmentKind = "none"
    environment: Path | None = None
    docker: Docker | None = None
    entry_points: Mapping[str, EntryPoint] = field(default_factory=dict)
