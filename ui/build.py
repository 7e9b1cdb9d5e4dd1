"""Builds the pages from their sources into the package, unless what is there was made of the same sources.

    python ui/build.py [--force]

Needs Node 20 or newer with npm; standard library only, since the package's build calls it before anything is installed.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
TARGET = HERE.parent / "src" / "headrace" / "server" / "ui"
MADE_OF = "sources.sha256"
COMPRESSED = {".css", ".html", ".js", ".json", ".svg"}
SMALL_BYTES = 1 << 10  # below, compressing gains nothing
_PARTS = ("src", "public", "index.html", "package.json", "package-lock.json", "vite.config.ts", "tsconfig.json")


class NoNode(Exception):
    """Node or npm isn't there, or one of their steps failed: what was said."""


def digest() -> str:
    found = hashlib.sha256()
    for part in _PARTS:
        place = HERE / part
        files = sorted(path for path in place.rglob("*") if path.is_file()) if place.is_dir() else [place]
        for path in files:
            if ".test." in path.name:
                continue
            found.update(f"{path.relative_to(HERE)}\0".encode())
            found.update(path.read_bytes())
    return found.hexdigest()


def is_current() -> bool:
    mark = TARGET / MADE_OF
    return mark.is_file() and mark.read_text(encoding="utf-8") == digest()


def build(*, force: bool = False) -> bool:
    """Whether something had to be done. Raises NoNode."""
    if not force and is_current():
        return False
    npm = shutil.which("npm")
    if npm is None:
        raise NoNode("npm isn't on the path; the pages need Node 20 or newer to be built.")
    if not _is_installed():
        _run(npm, "ci", "--no-audit", "--no-fund", "--loglevel=error")
    _run(npm, "run", "--silent", "build")
    for path in TARGET.rglob("*"):
        if path.suffix in COMPRESSED and path.stat().st_size > SMALL_BYTES:
            packed = gzip.compress(path.read_bytes(), compresslevel=9, mtime=0)
            path.with_name(path.name + ".gz").write_bytes(packed)
    (TARGET / MADE_OF).write_text(digest(), encoding="utf-8")
    return True


def _is_installed() -> bool:
    mark = HERE / "node_modules" / ".package-lock.json"
    return mark.is_file() and mark.stat().st_mtime >= (HERE / "package-lock.json").stat().st_mtime


def _run(*command: str) -> None:
    done = subprocess.run(  # noqa: S603 — no shell, words of ours
        command, cwd=HERE, capture_output=True, text=True, env={**os.environ, "CI": "1"}, check=False
    )
    if done.returncode:
        raise NoNode(f"{' '.join(command[1:])} failed:\n{(done.stdout + done.stderr)[-3000:]}")


if __name__ == "__main__":
    try:
        made = build(force="--force" in sys.argv[1:])
    except NoNode as error:
        sys.exit(str(error))
    sys.stdout.write(f"{TARGET}: {'built' if made else 'up to date'}\n")
