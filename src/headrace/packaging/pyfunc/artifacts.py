"""The files that a PythonModel brings along: copied into the model's folder, found again by name."""

from __future__ import annotations

import posixpath
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from headrace.errors import InvalidValue
from headrace.packaging.draft import Draft
from headrace.packaging.source import Source

FOLDER = "artifacts"
HUB_PREFIX = "hf:"

Fetch = Callable[[str, Path], Path]  # (address, an empty folder) → the local file or folder


def store(artifacts: Mapping[str, Any], draft: Draft, fetch: Fetch) -> dict[str, dict[str, str]]:
    """Copies them into the draft's folder `artifacts`; returns what MLmodel says of them: name → {path, uri}. A local
    path is recorded by its last part only: where it lay on this machine is nobody's business."""
    found: dict[str, dict[str, str]] = {}
    taken: set[str] = set()
    for name, given in artifacts.items():
        if not name:
            raise InvalidValue("artifacts", name, "a name is a text that isn't empty.")
        address = str(given)
        scratch = draft.path / f".fetched-{len(found)}"
        local = fetch(address, scratch)
        base = name if address.startswith(HUB_PREFIX) else local.name
        if base in ("", ".", "..") or "/" in base or "\\" in base:
            raise InvalidValue("artifacts", address, "its last part can't be a file's name.")
        base = _free(base, taken)
        draft.copy_in(local, f"{FOLDER}/{base}")
        shutil.rmtree(scratch, ignore_errors=True)
        own = "://" not in address and not address.startswith(("runs:", "models:", HUB_PREFIX))
        found[name] = {"path": f"{FOLDER}/{base}", "uri": local.name if own else address}
    return found


def located(source: Source, entries: Mapping[str, Any]) -> dict[str, str]:
    """name → absolute path, of what MLmodel says."""
    found = {}
    for name, entry in entries.items():
        path = entry.get("path") if isinstance(entry, Mapping) else entry
        found[str(name)] = str(source.file(posixpath.normpath(str(path).replace("\\", "/"))))
    return found


def _free(base: str, taken: set[str]) -> str:
    stem, dot, suffix = base.partition(".")
    name, count = base, 1
    while name in taken:
        name, count = f"{stem}-{count}{dot}{suffix}", count + 1
    taken.add(name)
    return name
