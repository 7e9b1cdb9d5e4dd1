"""Who writes, or sends, a journal, known by locks that end with their process.

WRITER.lock    the process that writes the journal: alone if it also sends it, shared if it is offline
WRITER.sync    the process that sends what another has written
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

_TAKEN = (errno.EAGAIN, errno.EACCES)


class JournalLock:
    """`take` doesn't wait."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor = -1

    def take(self, *, shared: bool = False) -> bool:
        """False where another process holds it otherwise. Where the file system has no locks, nobody is kept out."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in _TAKEN:
                os.close(descriptor)
                return False
        if not _is_at(self.path, descriptor):  # removed by whoever held it until now
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        return True

    def leave(self, *, remove: bool = False) -> None:
        if self._descriptor < 0:
            return
        if remove:
            self.path.unlink(missing_ok=True)
        os.close(self._descriptor)
        self._descriptor = -1


def writing(folder: Path, writer_id: str) -> JournalLock:
    return JournalLock(folder / f"{writer_id}.lock")


def sending(folder: Path, writer_id: str) -> JournalLock:
    return JournalLock(folder / f"{writer_id}.sync")


@contextlib.contextmanager
def held(path: Path) -> Iterator[None]:
    """Waits for the lock, which is for moments. Its file may be removed by whoever holds it."""
    while True:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except FileNotFoundError:  # the folder was removed just now
            continue
        try:
            with contextlib.suppress(OSError):  # where the file system has no locks, nobody is kept out
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            if _is_at(path, descriptor):
                yield
                return
        finally:
            with contextlib.suppress(OSError):
                # A process that was forked meanwhile has the lock, too, as long as it isn't given back by name.
                fcntl.flock(descriptor, fcntl.LOCK_UN)
            os.close(descriptor)


def _is_at(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
