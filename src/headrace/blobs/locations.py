"""Whether one artifact address lies below another one."""

from __future__ import annotations

import os
from typing import NamedTuple
from urllib.parse import urlsplit

from headrace.blobs.paths import InvalidPath, local_path, relative, scheme
from headrace.errors import Forbidden


class Location(NamedTuple):
    """path: without slashes at its ends; a local one followed through links to where it really is."""

    kind: str
    authority: str
    path: str


def canonical(uri: str) -> Location:
    """Forbidden for what can't be compared: chained addresses, and paths not in normal form."""
    kind = scheme(uri)
    if kind in ("", "file"):
        return Location("file", "", os.path.realpath(local_path(uri)).strip("/"))
    if "::" in uri:
        raise Forbidden(f"Chained addresses such as {uri!r} aren't opened for callers.")
    parts = urlsplit(uri)
    authority = parts.netloc.lower() if kind in ("http", "https") else parts.netloc
    try:
        return Location(kind, authority, relative(parts.path.strip("/")))
    except InvalidPath:
        raise Forbidden(
            f"The artifact location {uri!r} isn't in normal form, so it isn't opened for callers."
        ) from None


def path_below(location: Location, root: Location) -> str | None:
    """The location's path from the root, "" for the root itself, None if it lies elsewhere."""
    if location[:2] != root[:2]:
        return None
    if not root.path or location.path == root.path:
        return location.path.removeprefix(root.path)
    return location.path.removeprefix(f"{root.path}/") if location.path.startswith(f"{root.path}/") else None
