"""A store that is a folder of another one."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from headrace.blobs.base import (
    Blob,
    BlobReader,
    BlobStore,
    BlobWriter,
    Entry,
    Progress,
    Stored,
    SupportsLocalPath,
    SupportsPresign,
)
from headrace.blobs.paths import file_path, join, join_uri, relative


class _Reader(BlobReader):
    def __init__(self, inner: BlobReader, blob: Blob) -> None:
        self._inner, self.blob, self.start, self.end = inner, blob, inner.start, inner.end

    def __next__(self) -> bytes:
        return next(self._inner)

    def close(self) -> None:
        self._inner.close()


class Below(BlobStore):
    """Sizes, digests and listings are those of the folder's own paths. folder: in normal form."""

    def __init__(self, whole: BlobStore, folder: str) -> None:
        self.whole, self.folder = whole, folder
        self.uri = join_uri(whole.uri, folder)

    def open_reader(self, path: str, start: int = 0, end: int | None = None) -> BlobReader:
        reader = self.whole.open_reader(self._inner(path), start, end)
        return _Reader(reader, self._outer(reader.blob))

    def open_writer(self, path: str, size_bytes: int | None = None) -> BlobWriter:
        writer = self.whole.open_writer(self._inner(path), size_bytes)
        writer.reported_path = file_path(path)
        return writer

    def put_file(self, path: str, source: Path, progress: Progress | None = None) -> Stored:
        stored = self.whole.put_file(self._inner(path), source, progress)
        return Stored(file_path(path), stored.size_bytes, stored.sha256)

    def entries(self, path: str = "") -> list[Entry]:
        start = len(self.folder) + 1 if self.folder else 0
        rows = self.whole.entries(join(self.folder, relative(path)))
        return [Entry(row.path[start:], row.is_dir, row.size_bytes) for row in rows]

    def stat(self, path: str) -> Blob:
        return self._outer(self.whole.stat(self._inner(path)))

    def delete(self, path: str) -> None:
        self.whole.delete(join(self.folder, relative(path)))

    def _inner(self, path: str) -> str:
        return join(self.folder, file_path(path))

    def _outer(self, blob: Blob) -> Blob:
        start = len(self.folder) + 1 if self.folder else 0
        return Blob(blob.path[start:], blob.size_bytes, blob.etag, blob.modified_ms)


class PresigningBelow(Below):
    def __init__(self, whole: BlobStore, folder: str) -> None:
        super().__init__(whole, folder)
        assert isinstance(whole, SupportsPresign)
        self._signer = whole

    def presign(self, method: Literal["GET", "PUT"], path: str, expires_s: int) -> str:
        return self._signer.presign(method, self._inner(path), expires_s)


class LocalBelow(Below):
    def __init__(self, whole: BlobStore, folder: str) -> None:
        super().__init__(whole, folder)
        assert isinstance(whole, SupportsLocalPath)
        self._local = whole

    def local_path(self, path: str) -> Path:
        return self._local.local_path(join(self.folder, relative(path)))


def below(whole: BlobStore, folder: str) -> Below:
    """The folder as a store; what the whole one signs or has on this machine, it does, too."""
    if isinstance(whole, SupportsLocalPath):
        return LocalBelow(whole, folder)
    return PresigningBelow(whole, folder) if isinstance(whole, SupportsPresign) else Below(whole, folder)
