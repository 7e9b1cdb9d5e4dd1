"""Who writes, or sends, a journal: one process at a time, known by a lock that ends with the process."""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path

_TAKEN = (errno.EAGAIN, errno.EACCES)


class JournalLock:
    """Of one writer in one folder. `take` doesn't wait."""

    def __init__(self, folder: Path, writer_id: str) -> None:
        self.path = folder / f"{writer_id}.lock"
        self._descriptor = -1

    def take(self) -> bool:
        """False where another process holds it. Where the file system has no locks, nobody is kept out."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in _TAKEN:
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
