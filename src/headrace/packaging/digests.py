"""Size and SHA-256 of files, taken while they are copied where they must be copied anyway.

A copy is a reflink where the disk can (the file's blocks are shared until one side is written). Else the kernel copies,
which is far cheaper than reading and writing here, while a second thread reads the copy a little behind it and hashes.
So it takes about as long as the slower of the two, in a few megabytes of memory, and the digest is that of the copy
even if the source changes meanwhile. It is never a hard link: a model must not change when its maker goes on writing to
his file.

A copy gets its final name when it is complete; a crash leaves a `.headrace-part-*` file at most.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import stat
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from io import FileIO
from pathlib import Path

from headrace import clock
from headrace.blobs.base import Progress
from headrace.blobs.local import PART_PREFIX, local_errors
from headrace.entities import FileRecord
from headrace.errors import InvalidValue

CHUNK_BYTES = 8 << 20  # that the kernel copies in one call: often enough for progress, too seldom to cost anything
READ_BYTES = 1 << 20  # in the second-level cache when it is hashed
WRITE_BACK_BYTES = 128 << 20  # large enough that a disk is busy with it, small beside a model that matters
MAX_BEHIND_BYTES = 256 << 20  # of the hasher; what it reads is still in the page cache then
SMALL_BYTES = 4 << 20  # below, a second thread costs more than it saves
THREADS = 4  # files in flight: hides the latency of opening many small ones

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FICLONE = 0x40049409  # <linux/fs.h>: share the blocks of another file


def hash_file(path: Path, progress: Progress | None = None) -> FileRecord:
    with path.open("rb", buffering=0) as file:
        if os.fstat(file.fileno()).st_size <= SMALL_BYTES:
            content = file.readall()
            if progress:
                progress(len(content))
            return FileRecord(len(content), hashlib.sha256(content).hexdigest())
        digest, size, buffer = hashlib.sha256(), 0, memoryview(bytearray(READ_BYTES))
        while read := file.readinto(buffer):
            digest.update(buffer[:read])
            size += read
            if progress:
                progress(read)
    return FileRecord(size, digest.hexdigest())


def hash_files(paths: Sequence[Path], progress: Progress | None = None) -> Iterator[FileRecord]:
    """In order, several at a time where that is worth a thread."""
    if sum(path.stat().st_size for path in paths) <= SMALL_BYTES:
        yield from (hash_file(path, progress) for path in paths)
        return
    with ThreadPoolExecutor(THREADS, thread_name_prefix="headrace-digests") as pool:
        yield from pool.map(lambda path: hash_file(path, progress), paths)


def copy_and_hash(
    source: str | Path, target: str | Path, progress: Progress | None = None, *, sync: bool = False
) -> FileRecord:
    """Copies a file, links followed, and makes the folders above `target`; what is there is replaced.

    sync: the copy is on the disk, not only with the operating system, when this returns.
    """
    origin, place = Path(source), Path(target)
    _refuse_odd(origin)
    with local_errors(str(place)):
        place.parent.mkdir(parents=True, exist_ok=True)
        part = place.parent / f"{PART_PREFIX}{clock.hex_id()}"
        try:
            digest = _copy_to(part, origin, progress, sync)
            part.replace(place)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    return digest


def copy_tree(
    source: str | Path,
    target: str | Path,
    progress: Progress | None = None,
    *,
    leave_out: Callable[[Path], bool] | None = None,
) -> dict[str, FileRecord]:
    """Copies a folder, or one file, as `target`: path below it (for a file, its name) → digest.

    Links are followed wherever they lead, as `cp -rL` does: this is for what a user hands over, never for a folder that
    came from elsewhere. A link to a folder that it is in is left out. leave_out: of paths in the source.
    """
    root, place = Path(source), Path(target)
    if root.is_file():
        return {place.name: copy_and_hash(root, place, progress)}
    if not root.is_dir():
        raise InvalidValue("path", str(root), "there is no such file or folder.")
    if place.absolute().is_relative_to(root.absolute()):
        raise InvalidValue("path", str(root), f"the copy in {place} would lie inside of it.")
    place.mkdir(parents=True, exist_ok=True)
    names = list(files_below(root, leave_out))
    if len(names) == 1:
        return {names[0]: copy_and_hash(root / names[0], place / names[0], progress)}
    with ThreadPoolExecutor(THREADS, thread_name_prefix="headrace-copies") as pool:
        digests = pool.map(lambda name: copy_and_hash(root / name, place / name, progress), names)
        return dict(zip(names, digests, strict=True))


def files_below(folder: Path, leave_out: Callable[[Path], bool] | None = None) -> Iterator[str]:
    """Paths, from the folder, of all files below it in order; links are followed, each folder once on a way down."""

    def walk(here: Path, prefix: str, above: frozenset[str]) -> Iterator[str]:
        real = os.path.realpath(here)
        if real in above:
            return
        with os.scandir(here) as found:
            entries = sorted(found, key=lambda entry: entry.name)
        for entry in entries:
            if leave_out and leave_out(Path(entry.path)):
                continue
            if entry.is_dir():
                yield from walk(Path(entry.path), f"{prefix}{entry.name}/", above | {real})
            else:
                yield f"{prefix}{entry.name}"

    yield from walk(folder, "", frozenset())


def _refuse_odd(origin: Path) -> None:
    """Devices, pipes and sockets have no end, and dangling links no content."""
    try:
        mode = origin.stat().st_mode
    except OSError as error:
        raise InvalidValue("path", str(origin), f"it can't be read: {error.strerror}.") from error
    if not stat.S_ISREG(mode):
        raise InvalidValue("path", str(origin), "it isn't a plain file.")


def _copy_to(part: Path, origin: Path, progress: Progress | None, sync: bool) -> FileRecord:
    with origin.open("rb", buffering=0) as reader, part.open("x+b", buffering=0) as writer:
        digest = hash_file(part, progress) if _share_blocks(reader, writer) else _copy(reader, writer, progress)
        with contextlib.suppress(OSError):  # file systems without modes
            os.fchmod(writer.fileno(), 0o644 | (os.fstat(reader.fileno()).st_mode & 0o111))
        if sync:
            os.fsync(writer.fileno())
    return digest


def _share_blocks(reader: FileIO, writer: FileIO) -> bool:
    if sys.platform != "linux":
        return False
    import fcntl

    try:
        fcntl.ioctl(writer.fileno(), _FICLONE, reader.fileno())
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise
        return False  # another file system, or one that can't
    return True


def _copy(reader: FileIO, writer: FileIO, progress: Progress | None) -> FileRecord:
    if os.fstat(reader.fileno()).st_size <= SMALL_BYTES:
        content = reader.readall()
        _write(writer, memoryview(content))
        if progress:
            progress(len(content))
        return FileRecord(len(content), hashlib.sha256(content).hexdigest())
    size = on_disk = 0
    with _Follower(writer.fileno()) as follower:
        for copied in _copied(reader, writer):
            size += copied
            follower.advance(size)
            if size - on_disk >= WRITE_BACK_BYTES:  # the disk works while the hasher does, not after it
                os.fsync(writer.fileno())
                on_disk = size
            if progress:
                progress(copied)
    return FileRecord(size, follower.hexdigest())


def _copied(reader: FileIO, writer: FileIO) -> Iterator[int]:
    """Copies all, and yields how many bytes there are more."""
    in_kernel = hasattr(os, "copy_file_range")
    buffer = None
    while True:
        if in_kernel:
            try:
                count = os.copy_file_range(reader.fileno(), writer.fileno(), CHUNK_BYTES)
            except OSError as error:
                if error.errno in _NO_ROOM:
                    raise
                in_kernel = False  # between these two it can't: other kinds of file system, a sandbox, an old kernel
                continue
            if not count:
                in_kernel = False  # some file systems say that too; reading will show whether it is the end
                continue
        else:
            buffer = buffer or memoryview(bytearray(READ_BYTES))
            count = reader.readinto(buffer)
            if not count:
                return
            _write(writer, buffer[:count])
        yield count


def _write(writer: FileIO, rest: memoryview) -> None:
    while rest:
        rest = rest[writer.write(rest) :]


class _Follower:
    """A thread that hashes a file while it is written. Leaving the block waits for it."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._digest = hashlib.sha256()
        self._written = self._hashed = 0
        self._ended = False
        self._error: Exception | None = None
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._work, name="headrace-sha256", daemon=True)

    def __enter__(self) -> _Follower:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        self._thread.join()

    def advance(self, written: int) -> None:
        """So many bytes are there now. Waits while the hasher is far behind."""
        with self._changed:
            self._written = written
            self._changed.notify_all()
            while not self._error and self._written - self._hashed > MAX_BEHIND_BYTES:
                self._changed.wait()

    def hexdigest(self) -> str:
        if self._error:
            raise self._error
        return self._digest.hexdigest()

    def _work(self) -> None:
        buffer = memoryview(bytearray(READ_BYTES))
        try:
            while end := self._next_end():
                while self._hashed < end:
                    part = buffer[: min(READ_BYTES, end - self._hashed)]
                    read = os.preadv(self._descriptor, [part], self._hashed)
                    if not read:
                        raise OSError(errno.EIO, "the copy became shorter while it was written")
                    self._digest.update(part[:read])
                    with self._changed:
                        self._hashed += read
                        self._changed.notify_all()
        except Exception as error:  # noqa: BLE001 — raised where the digest is asked for
            with self._changed:
                self._error = error
                self._changed.notify_all()

    def _next_end(self) -> int:
        """Where there is more to hash up to; 0 at the end."""
        with self._changed:
            while self._written == self._hashed and not self._ended:
                self._changed.wait()
            return self._written if self._written > self._hashed else 0
