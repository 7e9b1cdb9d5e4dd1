"""What an artifact store promises. Every store passes `headrace.testing.blobs`.

- Thread safe; any method from any thread. One reader or writer belongs to one thread at a time.
- Paths are relative to the root, with slashes, and go through `paths.relative`: InvalidPath (an InvalidValue) for any
  that could leave the root, that names a folder where a file is needed, or that lies below a file.
- A file appears whole or not at all, and replaces what was there: a writer that is aborted, or whose process died,
  leaves nothing that a reader could see.
- A file's bytes are never held in memory as a whole: at most a few chunks of `CHUNK_BYTES`.
- NotFound for a file that isn't there; StoreUnavailable where the storage can't answer or is full.
"""

from __future__ import annotations

import hashlib
import io
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Literal, Protocol, Self, runtime_checkable

import msgspec

from headrace.errors import InvalidValue, NotFound

CHUNK_BYTES = 1 << 20  # large enough that the per-chunk cost vanishes, small enough for a thousand streams at once

Progress = Callable[[int], None]  # called with the number of bytes that just passed


class Entry(msgspec.Struct, frozen=True):
    """One row of a listing. path: from the store's root. size_bytes: None for folders."""

    path: str
    is_dir: bool
    size_bytes: int | None = None


class Blob(msgspec.Struct, frozen=True):
    """etag: changes whenever the content does, quoted as in HTTP; None where the storage has none."""

    path: str
    size_bytes: int
    etag: str | None = None
    modified_ms: int | None = None


class Stored(msgspec.Struct, frozen=True):
    """What a writer has put away. sha256: 64 hex digits."""

    path: str
    size_bytes: int
    sha256: str


class BlobReader(ABC):
    """Iterates over the bytes [start, end) of `blob`, in chunks. Close it, or use it as a context manager."""

    blob: Blob
    start: int
    end: int

    @abstractmethod
    def __next__(self) -> bytes: ...

    def __iter__(self) -> Iterator[bytes]:
        return self

    @abstractmethod
    def close(self) -> None:
        """Idempotent."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class BlobWriter(ABC):
    """Takes a file's bytes; the file appears at `commit`. As a context manager it commits, or aborts on an error."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.reported_path = path  # what `commit` says; another one if this store is a folder of another
        self.size_bytes = 0
        self._sha256 = hashlib.sha256()
        self._open = True

    def write(self, chunk: bytes | bytearray | memoryview) -> None:
        self._write(chunk)
        self._sha256.update(chunk)
        self.size_bytes += len(chunk)

    def commit(self) -> Stored:
        assert self._open, "the writer is closed"
        self._open = False
        self._commit()
        return Stored(self.reported_path, self.size_bytes, self._sha256.hexdigest())

    def abort(self) -> None:
        """Idempotent; nothing after commit."""
        if self._open:
            self._open = False
            self._abort()

    @abstractmethod
    def _write(self, chunk: bytes | bytearray | memoryview) -> None: ...

    @abstractmethod
    def _commit(self) -> None:
        """Cleans up after itself if it fails."""

    @abstractmethod
    def _abort(self) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None and self._open:
            self.commit()
        else:
            self.abort()


class BlobStore(ABC):
    """uri: the root as its owner wrote it."""

    uri: str

    @abstractmethod
    def open_reader(self, path: str, start: int = 0, end: int | None = None) -> BlobReader:
        """The bytes [start, end), both cut to the file's size: a range beyond its end is empty."""

    @abstractmethod
    def open_writer(self, path: str, size_bytes: int | None = None) -> BlobWriter:
        """size_bytes: about how much will come, if known."""

    @abstractmethod
    def entries(self, path: str = "") -> list[Entry]:
        """What lies directly in the folder, by path (code points). Empty for a file and for what isn't there."""

    @abstractmethod
    def stat(self, path: str) -> Blob:
        """NotFound if there is no such file, InvalidPath if it is a folder."""

    @abstractmethod
    def delete(self, path: str) -> None:
        """The file, or the folder with all in it. Nothing there is fine."""

    def close(self) -> None:  # noqa: B027 (most stores hold nothing open)
        """Idempotent."""

    def put(self, path: str, content: Iterable[bytes], size_bytes: int | None = None) -> Stored:
        with self.open_writer(path, size_bytes) as writer:
            for chunk in content:
                writer.write(chunk)
            return writer.commit()

    def put_bytes(self, path: str, content: bytes) -> Stored:
        return self.put(path, (content,), len(content))

    def put_file(self, path: str, source: Path, progress: Progress | None = None) -> Stored:
        with open_source(source) as file:
            return self.put(path, read_chunks(file, progress), source_size(file))

    def get_bytes(self, path: str) -> bytes:
        """For files known to be small."""
        with self.open_reader(path) as reader:
            return b"".join(reader)

    def missing(self, path: str) -> NotFound:
        return NotFound("artifact", path, by="path")


def open_source(source: Path) -> io.FileIO:
    """A file of the caller's, to be read."""
    try:
        return source.open("rb", buffering=0)
    except OSError as error:
        raise InvalidValue("local_path", str(source), f"it can't be read: {error.strerror}.") from error


def source_size(file: io.FileIO) -> int:
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    return size


def read_chunks(file: io.FileIO, progress: Progress | None = None) -> Iterator[bytes]:
    while chunk := file.read(CHUNK_BYTES):
        yield chunk
        if progress:
            progress(len(chunk))


class TakesFiles(Protocol):
    def put_file(self, path: str, source: Path, progress: Progress | None = None) -> Stored: ...


@runtime_checkable
class SupportsLocalPath(Protocol):
    """A store whose files are files of this machine."""

    def local_path(self, path: str) -> Path:
        """Of a file or folder; NotFound if it isn't there."""
        ...


@runtime_checkable
class SupportsPresign(Protocol):
    """A store that can hand out an address with which a client reads or writes one file directly."""

    def presign(self, method: Literal["GET", "PUT"], path: str, expires_s: int) -> str: ...


@runtime_checkable
class SupportsAdopt(Protocol):
    """A store on this machine's disk that takes a folder which was written for it without copying."""

    def scratch(self) -> Path:
        """A folder on the store's disk that no listing shows. Its maker removes it, or after a crash a later writer."""
        ...

    def adopt(self, folder: Path) -> None:
        """All in the folder becomes the store's content, under its names and at once. The folder was a `scratch` of a
        store on the same disk; it is gone afterwards. InvalidPath if the store holds something already."""
        ...
