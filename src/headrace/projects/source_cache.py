"""Fetched projects on disk: pristine, each under a name that its content fixes, and copies of them for runs.

A project is made beside its place and renamed, so that it is there whole or not at all; of two processes that fetch the
same one, the second finds the place taken and drops its own. What killed processes left goes when it is a day old.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from headrace import clock, settings
from headrace.client.temporary import is_alive
from headrace.errors import InvalidValue
from headrace.projects.launch import Source

_PART = ".part-"
_COPY = "headrace-project-"
_STALE_MS = 24 * 3600 * 1000


def root() -> Path:
    chosen = settings.PROJECT_ROOT.get()
    if chosen:
        return Path(chosen).expanduser().absolute()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "headrace" / "projects"


def place(name: str) -> Path:
    return root() / name


def cached(name: str, make: Callable[[Path], None]) -> Path:
    """The folder of that name; `make` fills an empty one if it isn't there."""
    target = place(name)
    if target.is_dir():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    _sweep(target.parent)
    part = Path(tempfile.mkdtemp(prefix=_PART, dir=target.parent))
    try:
        make(part)
        part.rename(target)
    except OSError:
        if not target.is_dir():
            raise
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return target


def _sweep(folder: Path) -> None:
    oldest_ms = clock.now_ms() - _STALE_MS
    for left in folder.glob(f"{_PART}*"):
        if left.lstat().st_mtime_ns // 1_000_000 < oldest_ms:
            shutil.rmtree(left, ignore_errors=True)


@contextmanager
def working_copy(source: Source, parent: Path | None) -> Iterator[Source]:
    """Meanwhile, a source that a run may write into: a copy of a pristine one, in a new folder below parent (the
    system's temporary folder without one); the caller's own as it is."""
    if source.pristine is None:
        yield source
        return
    _sweep_copies(parent or Path(tempfile.gettempdir()))
    made = Path(tempfile.mkdtemp(prefix=f"{_COPY}{os.getpid()}-", dir=parent))
    try:
        shutil.copytree(source.pristine, made, symlinks=True, dirs_exist_ok=True, copy_function=_copy)
        yield replace(source, folder=made / source.folder.relative_to(source.pristine))
    finally:
        remove(made)


def _sweep_copies(parent: Path) -> None:
    """What processes left that were killed. Age counts as well: another container's processes can't be seen."""
    oldest_ms = clock.now_ms() - _STALE_MS
    for left in parent.glob(f"{_COPY}*"):
        pid = left.name.removeprefix(_COPY).partition("-")[0]
        with contextlib.suppress(OSError):
            stale = left.lstat().st_mtime_ns // 1_000_000 < oldest_ms and left.lstat().st_uid == os.getuid()
            if stale and pid.isdigit() and not is_alive(int(pid)):
                remove(left)


def remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def _copy(source: str, target: str) -> str:
    # git never changes an object file: a second name costs nothing, also for a large repository.
    if f"{os.sep}objects{os.sep}" in source and f"{os.sep}.git{os.sep}" in source:
        try:
            os.link(source, target)
        except OSError:
            pass
        else:
            return target
    return str(shutil.copy2(source, target, follow_symlinks=False))


def inside(folder: Path, subdirectory: str, address: str) -> Path:
    """The folder that # names. A link in a project may not lead out of it."""
    found = Path(os.path.abspath(folder / subdirectory))  # noqa: PTH100 — the caller's own links stay as they are
    if not found.is_dir():
        raise InvalidValue("uri", f"{address}#{subdirectory}", f"{address} has no folder {subdirectory!r}.")
    if subdirectory and not found.resolve().is_relative_to(folder.resolve()):
        raise InvalidValue("uri", f"{address}#{subdirectory}", "this folder is a link that leads out of the project.")
    return found


def named(address: str, subdirectory: str) -> str:
    return f"{address}#{subdirectory}" if subdirectory else address
