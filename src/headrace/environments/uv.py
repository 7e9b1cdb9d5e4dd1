"""Where uv is: beside this interpreter, in the package that pip installs, or on the PATH."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from headrace.lazy import MissingPackage

_NAME = "uv.exe" if sys.platform == "win32" else "uv"


def uv_or_none() -> Path | None:
    beside = Path(sys.executable).parent / _NAME
    if beside.is_file():
        return beside
    try:
        from uv import find_uv_bin

        return Path(find_uv_bin())
    except (ImportError, FileNotFoundError):
        found = shutil.which("uv")
        return Path(found) if found else None


def find_uv() -> Path:
    """MissingPackage with the install command if it is nowhere."""
    found = uv_or_none()
    if found is None:
        raise MissingPackage(
            "uv is needed to resolve and build environments; install it with: pip install 'headrace[env]'"
        )
    return found
