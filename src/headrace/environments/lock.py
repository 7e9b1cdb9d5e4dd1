"""A lock: exact versions and hashes of all that some requirements pull in, worked out by uv."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from headrace.environments import pip_settings
from headrace.environments.uv import find_uv
from headrace.errors import ServiceError, TimedOut

_TIMEOUT_S = 300  # a resolution that downloads metadata of large packages from a slow index
_SHOWN_LINES = 12  # of what uv says: its reason comes last
_BLOCK = re.compile(r"^(?![ #]).*(?:\n[ \t]+\S.*)*", re.MULTILINE)  # a requirement with the hashes below it


class LockFailed(ServiceError):
    """uv can't lock the requirements, or not now; the message holds what it said."""


def compile_lock(
    requirements: Iterable[str],
    constraints: Iterable[str],
    python: str,
    *,
    universal: bool = False,
    folder: Path | None = None,
) -> str:
    """universal: for all platforms, and for later versions of Python too. folder: what paths are relative to.

    What uv can't hash (folders, repositories) stands there without. Raises MissingPackage where uv isn't installed,
    LockFailed with uv's reason, TimedOut.
    """
    with tempfile.TemporaryDirectory(prefix="headrace-lock-") as scratch:
        limits = Path(scratch, "limits.txt")
        limits.write_text("\n".join(constraints), encoding="utf-8")
        command = ["pip", "compile", "--quiet", "--no-header", "--no-annotate", "--generate-hashes"]
        command += ["--universal"] if universal else []
        command += ["--python-version", python, "--constraint", str(limits), "-"]
        lines = "\n".join(line for line in requirements if not line.startswith("-c "))
        return uv_says(command, folder or Path(scratch), lines)


def uv_says(arguments: Sequence[str], folder: Path, stdin: str = "") -> str:
    """What uv prints, run in a folder, with pip's settings."""
    command = [str(find_uv()), *arguments]
    try:
        done = subprocess.run(  # noqa: S603 — no shell; uv reads the requirements from its input
            command,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            cwd=folder,
            env={**os.environ, **pip_settings.for_uv()},
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise TimedOut(f"uv found no answer in {_TIMEOUT_S} s.") from None
    if done.returncode:
        reason = "\n".join(done.stderr.strip().splitlines()[-_SHOWN_LINES:])
        raise LockFailed(f"uv {' '.join(word for word in arguments[:2] if word.isalpha())} says:\n{reason}")
    return done.stdout


def split(text: str) -> tuple[list[str], list[str]]:
    """The requirements of a lock: those with hashes, each with the lines of its hashes, and those without."""
    blocks = [block for block in _BLOCK.findall(text) if block.strip()]
    hashed = [block for block in blocks if "--hash" in block]
    return hashed, [block.strip() for block in blocks if "--hash" not in block]
