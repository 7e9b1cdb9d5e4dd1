"""Folders in the system's temporary folder that live as long as this process: models that were downloaded to be loaded
(libraries read some files late), and models on their way to a server.

A process that is killed leaves its folders. A later one of the same user removes them when they are a day old.
"""

from __future__ import annotations

import atexit
import os
import re
import shutil
import tempfile
from pathlib import Path

from headrace import clock

PREFIX = "headrace-model-"
STALE_MS = 24 * 3600 * 1000

_NAME = re.compile(re.escape(PREFIX) + r"(\d+)-\w+")
_made: list[Path] = []
_swept: list[bool] = []


def temporary_folder() -> Path:
    if not _swept:
        _swept.append(True)
        atexit.register(_remove_own)
        sweep()
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    _made.append(folder)
    return folder


def remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    if folder in _made:
        _made.remove(folder)


def remove_around(path: Path) -> None:
    """The one of this process's folders that the path lies in, if it does."""
    for folder in _made:
        if path.is_relative_to(folder):
            remove(folder)


def sweep() -> None:
    """What processes that are gone have left. Age counts as well: another container's processes can't be seen."""
    oldest_ms = clock.now_ms() - STALE_MS
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        name = _NAME.fullmatch(folder.name)
        try:
            found = folder.lstat()
        except OSError:
            continue
        stale = found.st_mtime_ns // 1_000_000 < oldest_ms
        if name and stale and found.st_uid == os.getuid() and not is_alive(int(name[1])):
            shutil.rmtree(folder, ignore_errors=True)


def is_alive(pid: int) -> bool:
    """Also of a process that isn't this user's."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        pass
    return True


def _remove_own() -> None:
    while _made:
        remove(_made[-1])


os.register_at_fork(after_in_child=_made.clear)  # those are the parent's
