"""Built environments on disk, found again by the digest of what they hold.

    <root>/headrace-<digest>/
        lock         held (flock) by the process that builds; let go by the system when it dies
        ready.json   names the attempt that was finished; written last, in one step
        <attempt>/   the environment itself

An attempt has a name of its own and is never moved, since environments know their own path. What a killed builder left
is another attempt without `ready.json`: the next one removes it and starts anew, even while an orphaned installer still
writes there. `ready.json` is touched whenever the environment is used; `prune` goes by that.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from headrace import clock, settings
from headrace.environments.prepared import IN_USE

_PREFIX, _TRASH = "headrace-", ".removed-"
_LOCK, _READY = "lock", "ready.json"

Build = Callable[[Path], Path]
"""Builds into a folder that isn't there yet and returns the path of its Python."""


def root() -> Path:
    chosen = settings.ENV_ROOT.get()
    if chosen:
        return Path(chosen).expanduser().absolute()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "headrace" / "environments"


def get(digest: str, build: Build, progress: Callable[[str], None]) -> tuple[Path, Path]:
    """The environment's folder and its Python: at once if it is there, else once this or another process built it."""
    place = root() / f"{_PREFIX}{digest}"
    found = _ready(place)
    while found is None:
        place.mkdir(parents=True, exist_ok=True)
        with _locked(place, progress) as current:
            found = _ready(place)
            if found is None and current:
                found = _make(place, build)
    _touch(place / _READY)
    return found


def _make(place: Path, build: Build) -> tuple[Path, Path]:
    for left in place.iterdir():
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        elif left.name not in (_LOCK, IN_USE):
            left.unlink(missing_ok=True)
    attempt = place / clock.hex_id()[:12]
    try:
        python = build(attempt)
    except BaseException:
        shutil.rmtree(attempt, ignore_errors=True)
        raise
    part = place / f"{_READY}.part"
    part.write_text(json.dumps({"attempt": attempt.name, "python": str(python.relative_to(attempt))}), encoding="utf-8")
    part.replace(place / _READY)
    return attempt, python


def _ready(place: Path) -> tuple[Path, Path] | None:
    try:
        mark = json.loads((place / _READY).read_bytes())
    except FileNotFoundError:
        return None
    attempt = place / mark["attempt"]
    python = attempt / mark["python"]
    # Its Python is a link: to one that may have been removed since, with pyenv or the system's packages.
    return (attempt, python) if python.exists() else None


def _touch(path: Path) -> None:
    try:
        os.utime(path)
    except OSError:
        return  # a cache that others own and this user only reads


@contextmanager
def _locked(place: Path, progress: Callable[[str], None]) -> Iterator[bool]:
    """Alone at this place. False if the place was pruned while waiting: look again."""
    try:
        lock = os.open(place / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except FileNotFoundError:
        yield False
        return
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress("Waiting for another process that builds this environment")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield _is_same(place / _LOCK, lock)
    finally:
        os.close(lock)


def _is_same(path: Path, lock: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(lock))
    except FileNotFoundError:
        return False


def prune(older_than_s: float) -> list[Path]:
    """Removes environments that nobody started in that time and nothing runs in, and what killed builders left."""
    before_s = clock.now_ms() / 1000 - older_than_s
    removed = []
    here = root()
    for place in sorted(here.iterdir()) if here.is_dir() else []:
        if place.name.startswith(_TRASH):
            shutil.rmtree(place, ignore_errors=True)
        elif place.name.startswith(_PREFIX) and _last_used_s(place) < before_s and _take_out(place):
            removed.append(place)
    return removed


def _last_used_s(place: Path) -> float:
    mark = place / _READY
    return (mark if mark.exists() else place).stat().st_mtime


def _take_out(place: Path) -> bool:
    trash = place.with_name(f"{_TRASH}{clock.hex_id()[:12]}")
    marks = [os.open(place / name, os.O_RDWR | os.O_CREAT, 0o600) for name in (_LOCK, IN_USE)]
    try:
        for mark in marks:
            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
        place.rename(trash)
    except BlockingIOError:
        return False
    finally:
        for mark in marks:
            os.close(mark)
    shutil.rmtree(trash, ignore_errors=True)
    return True
