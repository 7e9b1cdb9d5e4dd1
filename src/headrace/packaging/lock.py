"""A lock: exact versions and hashes of all that a model's requirements pull in, worked out by uv.

The requirement of `mlflow` itself is not part of it: an environment that Headrace builds has Headrace in its place.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import warnings
from collections.abc import Iterable
from pathlib import Path

from headrace.environments import pip_settings
from headrace.environments.uv import find_uv
from headrace.errors import HeadraceError, ServiceError, TimedOut

_TIMEOUT_S = 300  # a resolution that downloads metadata of large packages from a slow index
_SHOWN_LINES = 12  # of what uv says: its reason comes last


class LockFailed(ServiceError):
    pass


def lock_or_warn(requirements: Iterable[str], constraints: Iterable[str], python: str) -> str | None:
    """The lock's text; None, with a warning that says why, if there can't be one."""
    try:
        return compile_lock(requirements, constraints, python)
    except HeadraceError as error:
        warnings.warn(f"The model's requirements aren't locked: {error.message}", stacklevel=5)
        return None


def compile_lock(requirements: Iterable[str], constraints: Iterable[str], python: str) -> str:
    """Raises MissingPackage where uv isn't installed, LockFailed with uv's reason, TimedOut."""
    uv = find_uv()
    with tempfile.TemporaryDirectory(prefix="headrace-lock-") as scratch:
        wanted, limits = Path(scratch, "requirements.in"), Path(scratch, "limits.txt")
        wanted.write_text("\n".join(line for line in requirements if not line.startswith("-c ")), encoding="utf-8")
        limits.write_text("\n".join(constraints), encoding="utf-8")
        command = [str(uv), "pip", "compile", "--quiet", "--no-header", "--no-annotate", "--generate-hashes"]
        command += ["--python-version", python, "--constraint", str(limits), str(wanted)]
        try:
            done = subprocess.run(  # noqa: S603 — no shell; uv reads the requirements from files
                command,
                capture_output=True,
                text=True,
                timeout=_TIMEOUT_S,
                cwd=scratch,
                env={**os.environ, **pip_settings.for_uv()},
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise TimedOut(f"uv found no answer in {_TIMEOUT_S} s.") from None
    if done.returncode:
        reason = "\n".join(done.stderr.strip().splitlines()[-_SHOWN_LINES:])
        raise LockFailed(f"uv pip compile says:\n{reason}")
    return done.stdout
