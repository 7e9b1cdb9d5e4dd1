"""What an environment shall hold, from a model's or a project's files, and the digest by which it is found again."""

from __future__ import annotations

import contextlib
import hashlib
import json
import platform
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from headrace import settings
from headrace.environments import conda_file
from headrace.environments.conda_file import read_yaml
from headrace.environments.installed import distribution
from headrace.environments.requirement import Line, Lines, Requirement, Verbatim, parse, read, read_lines
from headrace.errors import InvalidValue

_FORMAT = 1  # of what is built for a digest; a change makes all environments anew
_OLDEST_PYTHON = [3, 11]  # that Headrace runs on
_MLFLOW = frozenset({"mlflow", "mlflow-skinny", "mlflow-tracing"})


@dataclass(frozen=True, kw_only=True)
class Spec:
    """python: "3.11.7", "3.11", or None for the one that runs. build: what is installed before the others. lines,
    constraints: of pip. lock: text of a requirements file with hashes, which replaces `lines`. own: lines that are
    installed beside a lock. notes: what a user should know when it is built. conda: the whole mapping, for conda alone.
    folder: what paths in lines are relative to."""

    python: str | None = None
    build: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    lock: str | None = None
    own: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    conda: dict[str, Any] = field(default_factory=dict)
    folder: Path = field(default_factory=Path)

    def digest(self, *, conda: bool = False) -> str:
        """Of the content: the same requirements on the same kind of machine give the same environment. conda: whether
        conda builds it, so that its own packages count."""
        content = {
            **asdict(self),
            "lines": self.all_lines,
            "folder": self._places(),
            "conda": self.conda if conda else None,
        }
        content |= {"format": _FORMAT, "machine": [sys.platform, platform.machine()]}
        del content["notes"]
        content["installer"] = settings.ENV_INSTALLER.get()
        content["python"] = self.python or platform.python_version()
        return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()[:32]

    def _places(self) -> list[str]:
        """Files and folders that lines name, with the time of their last change."""
        found = []
        for line in self._read():
            if isinstance(line, Verbatim) and line.local and not line.text.startswith("-"):
                with contextlib.suppress(OSError):
                    found.append(f"{line.text} {Path(line.text).stat().st_mtime_ns}")
        return found

    def _read(self) -> list[Line]:
        """All lines, with absolute paths."""
        lines = map(parse, (*self.lines, *self.own))
        return [line.under(self.folder) if isinstance(line, Verbatim) else line for line in lines]

    @property
    def all_lines(self) -> tuple[str, ...]:
        """For an installer that runs anywhere: paths are absolute."""
        return tuple(map(str, self._read()))

    def names(self, distribution_name: str) -> bool:
        """Whether a distribution is asked for by name."""
        return any(isinstance(line, Requirement) and line.key == distribution_name for line in self._read())

    def with_lines(self, extra: Iterable[str]) -> Spec:
        """With further requirements, which replace those of the same name."""
        added = read_lines(extra)
        new = {line.key for line in added.requirements if isinstance(line, Requirement)}
        kept = [line for line in read_lines(self.lines, self.folder).requirements if _key(line) not in new]
        lines = tuple(map(str, [*kept, *added.requirements]))
        limits = (*self.constraints, *map(str, added.constraints))
        return replace(self, lines=lines, constraints=limits, lock=None)


def of_model(folder: str | Path, *, python_env: str = "python_env.yaml", conda: str = "conda.yaml") -> Spec:
    """Of a model folder, with Headrace in the place of `mlflow`: what runs the model is Headrace.

    Folders of MLflow 1.x have no python_env.yaml, some no requirements.txt: then conda.yaml says it.
    """
    place = Path(folder)
    described, mapping = read_yaml(place / python_env), read_yaml(place / conda)
    if (place / "requirements.txt").is_file():
        lines = read(place / "requirements.txt", within=place)
    else:
        lines = read_lines(conda_file.pip_of(mapping), place, within=place)
    lock = place / "requirements.lock"
    python, notes = _python(described.get("python")) or conda_file.python_of(mapping), tuple[str, ...]()
    if python is not None and [int(part) for part in python.split(".")] < _OLDEST_PYTHON:
        notes = (f"The model was made with Python {python}; Headrace needs 3.11 or later, so this one runs it",)
        python = None
    return Spec(
        python=python,
        notes=notes,
        build=tuple(_texts(described, "build_dependencies") or conda_file.build_packages_of(mapping)),
        lines=tuple(str(line) for line in lines.requirements if _key(line) not in _MLFLOW | {"headrace"}),
        constraints=tuple(map(str, lines.constraints)),
        lock=lock.read_text(encoding="utf-8") if lock.is_file() else None,
        own=(own_requirement(),),
        conda=mapping,
        folder=place.absolute(),
    )


def of_python_env(path: str | Path) -> Spec:
    """Of a project's python_env.yaml. Files that it names lie beside it."""
    place = Path(path)
    if not place.is_file():
        raise InvalidValue("python_env", str(path), "there is no such file.")
    described = read_yaml(place)
    return _spec(
        _python(described.get("python")),
        _texts(described, "build_dependencies"),
        read_lines(_texts(described, "dependencies"), place.parent),
        place.parent,
    )


def of_conda(path: str | Path) -> Spec:
    """Of a project's conda.yaml. Without conda, only its pip part can be installed."""
    place = Path(path)
    if not place.is_file():
        raise InvalidValue("conda_env", str(path), "there is no such file.")
    mapping = read_yaml(place)
    lines = read_lines(conda_file.pip_of(mapping), place.parent)
    build = conda_file.build_packages_of(mapping)
    return replace(_spec(conda_file.python_of(mapping), build, lines, place.parent), conda=mapping)


def _spec(python: str | None, build: list[str], lines: Lines, folder: Path) -> Spec:
    return Spec(
        python=python,
        build=tuple(build),
        lines=tuple(map(str, lines.requirements)),
        constraints=tuple(map(str, lines.constraints)),
        folder=folder.absolute(),
    )


def _python(value: object) -> str | None:
    # YAML reads an unquoted 3.11 as a number; 3.10 came out as 3.1, and there is no Python 3.1 in use.
    text = "3.10" if value == 3.1 else str(value)
    if value is None:
        return None
    parts = text.split(".")
    if len(parts) > 3 or not all(part.isdigit() for part in parts):
        raise InvalidValue("python", value, 'a version such as "3.11" or "3.11.7".')
    return text


def _texts(described: dict[str, Any], key: str) -> list[str]:
    values = described.get(key) or []
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise InvalidValue(key, values, "a list of requirements.")
    return list(values)


def _key(line: Line) -> str:
    return line.key if isinstance(line, Requirement) else ("mlflow" if "/mlflow" in line.text else "")


def own_requirement(extras: Iterable[str] = ()) -> str:
    """The line that installs this Headrace: by its version, or from where it was installed if that was a place."""
    found = distribution("headrace")
    source = Path(__file__).parents[3]
    wanted = f"[{','.join(extras)}]" if extras else ""
    if found is None and not (source / "pyproject.toml").is_file():
        raise InvalidValue(message="This Headrace wasn't installed by pip or uv, so it can't be installed elsewhere.")
    if found is None or found.editable:
        return f"-e {source}{wanted}"
    return (found.place or f"headrace=={found.version}").replace("headrace", f"headrace{wanted}", 1)


def with_own(spec: Spec) -> Spec:
    """With this Headrace where `headrace` is asked for without a version: a project logs by the one that runs it."""

    def settled(line: Line) -> str:
        plain = isinstance(line, Requirement) and line.key == "headrace" and not line.clauses and not line.url
        return own_requirement(line.extras) if isinstance(line, Requirement) and plain else str(line)

    return replace(spec, lines=tuple(settled(parse(line)) for line in spec.lines))
