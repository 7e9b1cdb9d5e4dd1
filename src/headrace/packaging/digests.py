"""Size and SHA-256 of files, taken while they are copied where they must be copied anyway.

A copy is a reflink where the disk can (the file's blocks are shared until one side is written), else two threads work
on it: one reads and writes, the other hashes the very bytes that were written. So it takes about as long as the slower
of the two, in a few megabytes of memory, and the digest is that of the copy even if the source changes meanwhile. It is
never a hard link: a model must not change when its maker goes on writing to his file.

A copy gets its final name when it is complete; a crash leaves a `.headrace-part-*` file at most.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import queue
import stat
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from io import FileIO
from pathlib import Path

import msgspec

from headrace import clock
from headrace.blobs.base import Progress
from headrace.blobs.local import PART_PREFIX, local_errors
from headrace.errors import InvalidValue

CHUNK_BYTES = 4 << 20  # handing over costs nothing at this size; two threads copied 2 GB in 1.3 s, with 1 MB in 2.7
CHUNKS_IN_FLIGHT = 4
SMALL_BYTES = 4 << 20  # below, a second thread costs more than it saves
THREADS = 4  # files in flight: hides the latency of opening many small ones

_FICLONE = 0x40049409  # <linux/fs.h>: share the blocks of another file


class FileDigest(msgspec.Struct, frozen=True):
    size_bytes: int
    sha256: str  # 64 hex digits


def hash_file(path: Path, progress: Progress | None = None) -> FileDigest:
    with path.open("rb", buffering=0) as file:
        if os.fstat(file.fileno()).st_size <= SMALL_BYTES:
            content = file.readall()
            if progress:
                progress(len(content))
            return FileDigest(len(content), hashlib.sha256(content).hexdigest())
        digest, size, buffer = hashlib.sha256(), 0, memoryview(bytearray(CHUNK_BYTES))
        while read := file.readinto(buffer):
            digest.update(buffer[:read])
            size += read
            if progress:
                progress(read)
    return FileDigest(size, digest.hexdigest())


def hash_files(paths: Sequence[Path], progress: Progress | None = None) -> Iterator[FileDigest]:
    """In order, several at a time where that is worth a thread."""
    if sum(path.stat().st_size for path in paths) <= SMALL_BYTES:
        yield from (hash_file(path, progress) for path in paths)
        return
    with ThreadPoolExecutor(THREADS, thread_name_prefix="headrace-digests") as pool:
        yield from pool.map(lambda path: hash_file(path, progress), paths)


def copy_and_hash(
    source: str | Path, target: str | Path, progress: Progress | None = None, *, sync: bool = False
) -> FileDigest:
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
) -> dict[str, FileDigest]:
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


def _copy_to(part: Path, origin: Path, progress: Progress | None, sync: bool) -> FileDigest:
    with origin.open("rb", buffering=0) as reader, part.open("xb", buffering=0) as writer:
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
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        return False  # another file system, or one that can't
    return True


def _copy(reader: FileIO, writer: FileIO, progress: Progress | None) -> FileDigest:
    if os.fstat(reader.fileno()).st_size <= SMALL_BYTES:
        content = reader.read()
        _write(writer, memoryview(content))
        if progress:
            progress(len(content))
        return FileDigest(len(content), hashlib.sha256(content).hexdigest())
    size = 0
    with _Hasher() as hasher:
        while True:
            buffer = hasher.free_buffer()
            read = reader.readinto(buffer)
            if not read:
                break
            hasher.take(buffer, read)
            _write(writer, buffer[:read])
            size += read
            if progress:
                progress(read)
    return FileDigest(size, hasher.hexdigest())


def _write(writer: FileIO, rest: memoryview) -> None:
    while rest:
        rest = rest[writer.write(rest) :]


class _Hasher:
    """A thread that hashes what it is given, in order; hashlib lets go of the interpreter's lock meanwhile.

    Its buffers go round: `take` gives one back to `free_buffer` when it is hashed, and the one caller asks for the next
    only when it has written the last.
    """

    def __init__(self) -> None:
        self._free: queue.SimpleQueue[memoryview] = queue.SimpleQueue()
        for _ in range(CHUNKS_IN_FLIGHT):
            self._free.put(memoryview(bytearray(CHUNK_BYTES)))
        self._waiting: queue.SimpleQueue[tuple[memoryview, int] | None] = queue.SimpleQueue()
        self._digest = hashlib.sha256()
        self._thread = threading.Thread(target=self._work, name="headrace-sha256", daemon=True)

    def __enter__(self) -> _Hasher:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._waiting.put(None)
        self._thread.join()

    def free_buffer(self) -> memoryview:
        return self._free.get()

    def take(self, buffer: memoryview, size: int) -> None:
        self._waiting.put((buffer, size))

    def hexdigest(self) -> str:
        return self._digest.hexdigest()

    def _work(self) -> None:
        while job := self._waiting.get():
            buffer, size = job
            self._digest.update(buffer[:size])
            self._free.put(buffer)
