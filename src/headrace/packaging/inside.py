"""The one safe way from a path that an MLmodel names to a place in the model's folder.

An MLmodel is written by whoever made the model, and is read before anybody decided to trust it. Its paths are never
percent-decoded, so, unlike artifact paths of a request (`blobs.paths`), they are judged as they stand. Backslashes
count as separators too: a path that is harmless here and not on Windows is refused on both.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from headrace.blobs.paths import InvalidPath

MAX_PATH_CHARS = 4096  # PATH_MAX of Linux

_DRIVE = re.compile(r"^[A-Za-z]:")


def inside(folder: str | Path, relative_path: str) -> Path:
    """`folder`/`relative_path`, which need not exist; "" and "." are the folder. InvalidPath for what is absolute, has
    a ".." segment, or leads out of the folder through links."""
    if not isinstance(relative_path, str):
        raise InvalidPath(repr(relative_path), "the MLmodel must name a file or folder of the model")
    unified = relative_path.replace("\\", "/")
    if "\0" in relative_path or len(relative_path) > MAX_PATH_CHARS:
        raise InvalidPath(relative_path, f"it holds a NUL or has more than {MAX_PATH_CHARS} characters")
    if unified.startswith(("/", "~")) or _DRIVE.match(unified) or "://" in unified:
        raise InvalidPath(relative_path, "paths in an MLmodel are relative to the model's folder")
    if ".." in unified.split("/"):
        raise InvalidPath(relative_path, "it holds a '..' segment, so it could leave the model's folder")
    place = Path(folder) / relative_path
    if not is_inside(folder, place):
        raise InvalidPath(relative_path, "it is a link that leads out of the model's folder")
    return place


def is_inside(folder: str | Path, place: str | Path) -> bool:
    """With all links followed. The folder itself counts."""
    root = os.path.realpath(folder)
    return os.path.commonpath([root, os.path.realpath(place)]) == root
