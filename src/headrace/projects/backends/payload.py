"""What of a project's folder goes along to another machine, or into an image.

Of a git work tree, what git knows or would add; of another folder, everything but what tools leave behind. Stores of
runs stay here: they are large, and not the project's.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import stat
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

LEFT_BEHIND = frozenset(
    ".git .hg .svn .venv venv .tox .nox __pycache__ .mypy_cache .pytest_cache .ruff_cache .ipynb_checkpoints "
    "mlruns mlartifacts .headrace node_modules".split()
)
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first time that a zip can say: the same files make the same bytes


def files(folder: Path) -> list[Path]:
    """Relative to `folder`, sorted. Links to files count as files."""
    found = _known_to_git(folder)
    listed = _walked(folder) if found is None else [path for path in found if not LEFT_BEHIND & set(path.parts)]
    return sorted(path for path in listed if (folder / path).is_file())


def copy(folder: Path, target: Path) -> None:
    for path in files(folder):
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(folder / path, target / path)


def zipped(folder: Path) -> bytes:
    """A zip whose bytes depend on names, contents and the bit to execute alone."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files(folder):
            entry = zipfile.ZipInfo(path.as_posix(), _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            runs = (folder / path).stat().st_mode & stat.S_IXUSR
            entry.external_attr = (stat.S_IFREG | (0o755 if runs else 0o644)) << 16
            with (folder / path).open("rb") as source, archive.open(entry, "w") as sink:
                shutil.copyfileobj(source, sink)
    return made.getvalue()


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _known_to_git(folder: Path) -> list[Path] | None:
    """None where git isn't, or knows nothing of the folder."""
    git = shutil.which("git")
    if git is None:
        return None
    found = list[Path]()
    for kind in (["--cached", "--recurse-submodules"], ["--others", "--exclude-standard"]):
        asked = subprocess.run(  # noqa: S603 — no shell
            [git, "-C", str(folder), "ls-files", "-z", *kind], capture_output=True, check=False
        )
        if asked.returncode:
            return None
        found += [Path(os.fsdecode(name)) for name in asked.stdout.split(b"\0") if name]
    return found or None


def _walked(folder: Path) -> Iterator[Path]:
    for here, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in LEFT_BEHIND]
        for name in names:
            if not name.endswith((".pyc", ".pyo")):
                yield (Path(here) / name).relative_to(folder)
