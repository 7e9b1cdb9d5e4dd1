"""Which packages a command finds: the versions that a run had, to be held against those of another.

Names and versions stand in the names of the folders beside the packages; nothing is imported and no program started.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from headrace.environments.installed import canonical

FILE_NAME = "packages.txt"
_HEAD = "# Python "
_INFO = re.compile(r"(?P<name>.+?)-(?P<version>[^-]+)\.dist-info")
_VERSION = re.compile(r"^version(?:_info)?\s*=\s*(\d+\.\d+\.\d+)", re.MULTILINE)

_seen: dict[tuple[str, int], dict[str, str]] = {}  # by folder and the time of its last change


def listed(variables: Mapping[str, str]) -> str | None:
    """Lines `name==version` below one with the version of Python, for the `python` that a command with these variables
    starts. None where that isn't known: the python on the PATH only stands for another, as pyenv's does."""
    python = shutil.which("python", path=variables.get("PATH"))
    if python is None:
        return None
    root = Path(python).parent.parent
    folders = sorted(root.glob("lib/python3*/site-packages"))
    if not folders:
        return None
    found = _packages(folders[0])
    return (
        "\n".join([f"{_HEAD}{_python_of(root, folders[0])}", *(f"{name}=={found[name]}" for name in sorted(found))])
        + "\n"
    )


def read(text: str | None) -> dict[str, str]:
    """Versions by name; that of Python as `python`. Empty for None."""
    lines = (text or "").splitlines()
    pairs = [line.partition("==")[::2] for line in lines if "==" in line]
    head = next((line.removeprefix(_HEAD) for line in lines if line.startswith(_HEAD)), None)
    return {**({} if head is None else {"python": head}), **dict(pairs)}


def _packages(folder: Path) -> dict[str, str]:
    key = str(folder), folder.stat().st_mtime_ns
    found = _seen.get(key)
    if found is None:
        matches = filter(None, (_INFO.fullmatch(entry.name) for entry in folder.iterdir()))
        found = _seen[key] = {canonical(match["name"]): match["version"] for match in matches}
    return found


def _python_of(root: Path, folder: Path) -> str:
    """To the last number for a virtual environment, to the second for others."""
    try:
        noted = _VERSION.search((root / "pyvenv.cfg").read_text(encoding="utf-8"))
    except OSError:
        noted = None
    return noted[1] if noted else folder.parent.name.removeprefix("python")
