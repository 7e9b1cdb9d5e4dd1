"""The lock of a project: `requirements.lock` beside its python_env.yaml or conda.yaml, uv's own `uv.lock` beside its
pyproject.toml.

The first is a requirements file with hashes, for every platform, that pip and uv read, too. A digest in its head says
which requirements it was made of, so that whether it is current is known without a network. What can't be hashed,
folders and repositories, stands in it without.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, replace
from pathlib import Path

from headrace.environments import Spec, of_conda, of_python_env
from headrace.environments.lock import LockFailed, compile_lock, split, uv_says
from headrace.environments.requirement import Verbatim, parse
from headrace.errors import InvalidValue
from headrace.projects import mlproject
from headrace.projects.mlproject import MLproject

FILE_NAME = "requirements.lock"
UV_FILE_NAME = "uv.lock"
_OLDEST_PYTHON = "3.11"  # that Headrace runs on: where the project leaves it open, the lock holds from there on
_HEAD = (
    "# Made by `headrace lock` from {source}. Don't edit: a change there makes it out of date.\n# digest: {digest}\n"
)
_DIGEST = re.compile(r"^# digest: (\S+)$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Lock:
    """path: of its file. current: whether it was made of what the environment file asks for now."""

    path: Path
    text: str
    current: bool


@dataclass(frozen=True, kw_only=True)
class Written:
    """packages: exact versions in the lock. unhashed: lines without a hash. changed: whether the file is another."""

    path: Path
    packages: int
    unhashed: tuple[str, ...]
    changed: bool


def write(folder: str | Path) -> Written:
    """Works out the lock of the project in a folder and writes it. InvalidValue for a project that can't have one,
    LockFailed with the resolver's words; then the old lock stays."""
    project = _read(folder)
    if project.kind == "uv":
        return _write_uv(project)
    source, spec = _described(project)
    python = ".".join((spec.python or _OLDEST_PYTHON).split(".")[:2])
    lines = [*spec.build, *spec.lines]
    text = compile_lock(lines, spec.constraints, python, universal=True, folder=source.parent.absolute())
    whole = _HEAD.format(source=source.name, digest=_digest(spec)) + text
    path = source.with_name(FILE_NAME)
    before = path.read_text(encoding="utf-8") if path.is_file() else None
    part = path.with_name(f".{path.name}.part")
    part.write_text(whole, encoding="utf-8")
    part.replace(path)
    hashed, unhashed = split(text)
    return Written(path=path, packages=len(hashed) + len(unhashed), unhashed=tuple(unhashed), changed=before != whole)


def check(folder: str | Path) -> Lock:
    """The lock that is there, whether current or not. InvalidValue if there is none."""
    project = _read(folder)
    if project.kind == "uv":
        found = _find_uv(project)
    else:
        source, spec = _described(project)
        found = find(source, spec)
    if found is None:
        raise InvalidValue("project", str(folder), f"it has no lock yet; `headrace lock {folder}` writes one.")
    return found


def find(source: Path, spec: Spec) -> Lock | None:
    """The lock beside an environment file (python_env.yaml, conda.yaml) that was read into a spec."""
    path = source.with_name(FILE_NAME)
    if not path.is_file():
        return None
    text = path.read_text(encoding="utf-8")
    noted = _DIGEST.search(text)
    # A lock that somebody made by other means says nothing of its source: it holds for as long as it is there.
    return Lock(path=path, text=text, current=noted is None or noted[1] == _digest(spec))


def locked(spec: Spec, text: str) -> Spec:
    """The spec with a lock's versions in the place of its own requirements."""
    hashed, unhashed = split(text)
    lines = map(parse, unhashed)
    own = tuple(str(line.under(spec.folder)) if isinstance(line, Verbatim) else str(line) for line in lines)
    return replace(spec, build=(), lock="\n".join(hashed) + "\n", own=(*spec.own, *own))


def _read(folder: str | Path) -> MLproject:
    place = Path(folder).expanduser()
    if not place.is_dir():
        raise InvalidValue("project", str(folder), "a lock is written into a folder of this machine; there is none.")
    return mlproject.read(place)


def _described(project: MLproject) -> tuple[Path, Spec]:
    if project.kind == "docker":
        raise InvalidValue(
            "project", str(project.folder), "its environment is an image; pin it by its digest: name@sha256:…"
        )
    if project.environment is None:
        raise InvalidValue(
            "project",
            str(project.folder),
            "it has no environment to lock. Write a python_env.yaml with its dependencies, and `python_env: "
            "python_env.yaml` into its MLproject.",
        )
    reader = of_conda if project.kind == "conda" else of_python_env
    return project.environment, reader(project.environment)


def _digest(spec: Spec) -> str:
    content = [spec.python, spec.build, spec.lines, spec.constraints]
    return f"sha256:{hashlib.sha256(json.dumps(content).encode()).hexdigest()}"


def _write_uv(project: MLproject) -> Written:
    path = project.folder / UV_FILE_NAME
    before = path.read_text(encoding="utf-8") if path.is_file() else None
    uv_says(["lock", "--quiet"], project.folder)
    after = path.read_text(encoding="utf-8")
    return Written(path=path, packages=after.count("[[package]]") - 1, unhashed=(), changed=before != after)


def _find_uv(project: MLproject) -> Lock | None:
    path = project.folder / UV_FILE_NAME
    if not path.is_file():
        return None
    text = path.read_text(encoding="utf-8")
    return Lock(path=path, text=text, current=_uv_agrees(project.folder))


def _uv_agrees(folder: Path) -> bool:
    # Most locks are seen to be current from what uv has cached; where that says no, the index is asked.
    for way in (["--offline"], []):
        try:
            uv_says(["lock", "--check", *way], folder)
        except LockFailed as error:
            if "needs to be updated" in error.message and not way:
                return False
            if not way:
                raise
        else:
            return True
    return False
