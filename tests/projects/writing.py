"""Projects as tests write them."""

from __future__ import annotations

import subprocess
from pathlib import Path
from textwrap import dedent


def write(folder: Path, mlproject: str = "", **files: str) -> Path:
    """files: name of a file, with __ for its dot: train__py."""
    folder.mkdir(parents=True, exist_ok=True)
    if mlproject:
        (folder / "MLproject").write_text(dedent(mlproject))
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(dedent(text))
    return folder


def git(folder: Path, *words: str) -> str:
    who = ["-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main"]
    return subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def commit(folder: Path, message: str = "change") -> str:
    if not (folder / ".git").exists():
        git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", message)
    return git(folder, "rev-parse", "HEAD")
