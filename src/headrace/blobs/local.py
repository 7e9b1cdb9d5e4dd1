"""Artifacts in a folder of this machine.

A file is written to `.headrace-part-*` in the root, synced and renamed, so no reader ever sees a part of it. A crash
may leave such a part; the next writer in that root removes those older than a day. Links that lead out of the root
are neither followed nor listed.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from headrace import clock
from headrace.blobs.base import CHUNK_BYTES, Blob, BlobReader, BlobStore, BlobWriter, Entry
from headrace.blobs.paths import InvalidPath, file_path, join, local_path, relative
from headrace.errors import NotFound, StoreUnavailable

PART_PREFIX = ".headrace-part-"
STALE_PART_MS = 24 * 3600 * 1000


@contextlib.contextmanager
def local_errors(path: str) -> Iterator[None]:
    """Where OSError becomes one of ours."""
    try:
        yield
    except FileNotFoundError as error:
        raise NotFound("artifact", path, by="path") from error
    except IsADirectoryError as error:
        raise InvalidPath(path, "it is a folder") from error
    except (NotADirectoryError, FileExistsError) as error:
        raise InvalidPath(path, "a part of it is a file, not a folder") from error
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise InvalidPath(path, "it is too long for this file system") from error
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StoreUnavailable(f"No space is left for artifact {path!r}: {error}.") from error
        raise StoreUnavailable(f"Artifact {path!r} can't be read or written: {error}.") from error


class LocalReader(BlobReader):
    def __init__(self, descriptor: int, blob: Blob, start: int, end: int | None) -> None:
        self.blob = blob
        self.start = min(start, blob.size_bytes)
        self.end = max(self.start, blob.size_bytes if end is None else min(end, blob.size_bytes))
        self._at = self.start
        self._descriptor = descriptor

    def __next__(self) -> bytes:
        wanted = min(CHUNK_BYTES, self.end - self._at)
        if wanted <= 0 or self._descriptor < 0:
            raise StopIteration
        with local_errors(self.blob.path):
            chunk = os.pread(self._descriptor, wanted, self._at)
        if not chunk:
            raise StoreUnavailable(f"Artifact {self.blob.path!r} became shorter while it was read.")
        self._at += len(chunk)
        return chunk

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __del__(self) -> None:
        self.close()


class PartWriter(BlobWriter):
    """Writes a part, which its subclass gives its name. file: the part, unbuffered."""

    def __init__(self, path: str, part: Path, file: io.FileIO) -> None:
        super().__init__(path)
        self._part, self._file = part, file

    def _write(self, chunk: bytes | bytearray | memoryview) -> None:
        rest = memoryview(chunk)
        with local_errors(self.path):
            while rest:
                written = self._file.write(rest)
                rest = rest[written:]

    def _abort(self) -> None:
        self._file.close()
        self._part.unlink(missing_ok=True)


class LocalWriter(PartWriter):
    def __init__(self, path: str, root: Path, place: Path) -> None:
        part = root / f"{PART_PREFIX}{clock.hex_id()}"
        with local_errors(path):
            root.mkdir(parents=True, exist_ok=True)
            super().__init__(path, part, part.open("xb", buffering=0))
        self._place = place

    def _commit(self) -> None:
        try:
            with local_errors(self.path):
                os.fsync(self._file.fileno())
                self._file.close()
                self._place.parent.mkdir(parents=True, exist_ok=True)
                self._part.replace(self._place)
                sync(self._place.parent)
        except BaseException:
            self._abort()
            raise


def sync(place: Path) -> None:
    """A file's bytes, or a folder's names."""
    descriptor = os.open(place, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class LocalBlobs(BlobStore):
    """uri: a path or a file: URI."""

    def __init__(self, uri: str | Path) -> None:
        self.uri = str(uri)
        # The root itself may be reached through links (a big disk mounted elsewhere); what lies in it may not leave it.
        self.root = Path(os.path.realpath(local_path(self.uri)))
        self._swept = False

    def open_reader(self, path: str, start: int = 0, end: int | None = None) -> BlobReader:
        clean = file_path(path)
        with local_errors(path):
            descriptor = os.open(self._place(clean), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            try:
                blob = _blob(clean, os.fstat(descriptor))
            except BaseException:
                os.close(descriptor)
                raise
        return LocalReader(descriptor, blob, start, end)

    def open_writer(self, path: str, size_bytes: int | None = None) -> BlobWriter:  # noqa: ARG002
        clean = file_path(path)
        place = self._place(clean)
        if place.is_dir():
            raise InvalidPath(path, "it is a folder")
        if any(parent.is_file() for parent in place.parents if parent.is_relative_to(self.root)):
            raise InvalidPath(path, "a part of it is a file, not a folder")
        self._sweep()
        return LocalWriter(clean, self.root, place)

    def entries(self, path: str = "") -> list[Entry]:
        clean = relative(path)
        found = []
        try:
            with os.scandir(self._place(clean)) as rows:
                for row in rows:
                    entry = self._entry(clean, row)
                    if entry:
                        found.append(entry)
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise StoreUnavailable(f"Folder {path!r} can't be listed: {error}.") from error
        return sorted(found, key=lambda entry: entry.path)

    def stat(self, path: str) -> Blob:
        clean = file_path(path)
        with local_errors(path):
            return _blob(clean, self._place(clean).stat())

    def delete(self, path: str) -> None:
        clean = relative(path)
        place = self._place(clean)
        with local_errors(path):
            _remove(place)

    def local_path(self, path: str) -> Path:
        place = self._place(relative(path))
        if not place.exists():
            raise self.missing(path)
        return place

    def scratch(self) -> Path:
        self._sweep()
        folder = self.root / f"{PART_PREFIX}{clock.hex_id()}"
        with local_errors(""):
            folder.mkdir(parents=True)
        return folder

    def adopt(self, folder: Path) -> None:
        with local_errors(""):
            for place in sorted(folder.rglob("*"), reverse=True):  # files before their folders
                sync(place)
            self.root.parent.mkdir(parents=True, exist_ok=True)
            if self.root.is_dir():
                try:
                    self.root.rmdir()
                except OSError:
                    raise InvalidPath("", "this place holds files already") from None
            folder.rename(self.root)
            sync(self.root.parent)

    def _place(self, clean: str) -> Path:
        place = self.root / clean
        real = os.path.realpath(place)
        if clean and not real.startswith(f"{self.root}{os.sep}" if self.root != Path("/") else "/"):
            raise InvalidPath(clean, "it leads out of the artifact folder")
        return place

    def _entry(self, folder: str, row: os.DirEntry[str]) -> Entry | None:
        if not folder and row.name.startswith(PART_PREFIX):
            return None
        path = join(folder, row.name)
        try:
            if row.is_symlink():
                self._place(path)
            if row.is_dir():
                return Entry(path, True)
            return Entry(path, False, row.stat().st_size) if row.is_file() else None
        except (InvalidPath, FileNotFoundError):
            return None  # a link that leads out, or a file deleted meanwhile

    def _sweep(self) -> None:
        if self._swept:
            return
        self._swept = True
        oldest_ms = clock.now_ms() - STALE_PART_MS
        with contextlib.suppress(OSError):
            for part in self.root.glob(f"{PART_PREFIX}*"):
                if part.stat().st_mtime_ns // 1_000_000 < oldest_ms:
                    _remove(part)


def _blob(path: str, found: os.stat_result) -> Blob:
    if stat.S_ISDIR(found.st_mode):
        raise InvalidPath(path, "it is a folder")
    if not stat.S_ISREG(found.st_mode):
        raise InvalidPath(path, "it isn't a plain file")
    etag = f'"{found.st_ino:x}-{found.st_mtime_ns:x}-{found.st_size:x}"'
    return Blob(path, found.st_size, etag, found.st_mtime_ns // 1_000_000)


def _remove(place: Path) -> None:
    """Like `rm -rf`: links are removed, not followed; others may remove the same folder at the same time."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        if place.is_symlink() or not place.is_dir():
            place.unlink()
            return
        for inner in list(place.iterdir()):
            _remove(inner)
        place.rmdir()
