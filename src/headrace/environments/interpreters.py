"""Finding the Python that an environment asks for: this one, one that pyenv or the system has, or one that uv gets."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from headrace.environments.uv import uv_or_none
from headrace.errors import CallerError

_ASK_TIMEOUT_S = 20  # a Python that starts on a busy machine
_INSTALL_TIMEOUT_S = 600  # some 30 MB over a slow line


class NoSuchPython(CallerError):
    """The version that an environment asks for is nowhere."""


def find(version: str | None, progress: Callable[[str], None]) -> Path:
    """An interpreter of that version: the exact one if it is on this machine, else one with the same two first numbers,
    this one before others; else one that uv downloads. NoSuchPython says what to do."""
    here = platform.python_version()
    if version is None or version == here or here.startswith(f"{version}."):
        return Path(sys.executable)
    minor = ".".join(version.split(".")[:2])
    exact = _on_this_machine(version) if version.count(".") == 2 else None
    if exact is not None:
        return exact
    if here.startswith(f"{minor}."):
        progress(f"Python {version} isn't here; using {here}")
        return Path(sys.executable)
    return _on_this_machine(minor) or _by_uv(minor, progress)


def _on_this_machine(version: str) -> Path | None:
    return next((place for place in _candidates(version) if _is(place, version)), None)


def _candidates(version: str) -> Iterator[Path]:
    minor = ".".join(version.split(".")[:2])
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    if pyenv.is_dir():
        matching = [place for place in pyenv.iterdir() if f"{place.name}.".startswith(f"{version}.")]
        for place in sorted(matching, key=lambda place: [int(part) for part in re.findall(r"\d+", place.name)])[::-1]:
            yield place / "bin" / "python"
    for folder in os.get_exec_path():
        found = shutil.which(f"python{minor}", path=folder)
        if found:
            yield Path(found)
    uv = uv_or_none()
    if uv is not None:
        answer = _said(uv, "python", "find", "--system", "--no-project", "--no-python-downloads", version)
        if answer:
            yield Path(answer)


def _is(place: Path, version: str) -> bool:
    answer = _said(place, "-c", "import platform; print(platform.python_version())") if place.is_file() else ""
    return f"{answer}.".startswith(f"{version}.")


def _said(*command: str | Path) -> str:
    """What a command printed, or "" if it failed."""
    try:
        done = subprocess.run(  # noqa: S603 — no shell; the version holds digits and dots only
            list(map(str, command)), capture_output=True, text=True, timeout=_ASK_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _by_uv(minor: str, progress: Callable[[str], None]) -> Path:
    uv = uv_or_none()
    reason = "uv, which could download it, isn't installed"
    if uv is not None:
        progress(f"Getting Python {minor}")
        try:
            done = subprocess.run(  # noqa: S603 — no shell
                [str(uv), "python", "install", minor],
                capture_output=True,
                text=True,
                timeout=_INSTALL_TIMEOUT_S,
                check=False,
            )
            reason = done.stderr.strip().splitlines()[-1] if done.stderr.strip() else f"uv failed ({done.returncode})"
        except subprocess.TimeoutExpired:
            reason = f"uv took over {_INSTALL_TIMEOUT_S} s"
        found = _said(uv, "python", "find", "--system", "--no-project", "--managed-python", minor)
        if found and _is(Path(found), minor):
            return Path(found)
    raise NoSuchPython(
        f"The environment asks for Python {minor}; this is {platform.python_version()}, and no other one was found "
        f"({reason}). Install Python {minor}, or run without an environment of its own: env_manager 'local'."
    )
