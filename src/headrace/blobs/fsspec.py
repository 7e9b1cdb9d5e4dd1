"""Artifacts at any other address that fsspec knows (hdfs, sftp, smb, webdav, memory …).

A file is written to a temporary name in the root and moved. Only calls that take a path literally are used: fsspec's
`rm`, `mv` and `copy` read `*`, `?` and `[` as patterns.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from headrace import clock
from headrace.blobs.base import CHUNK_BYTES, Blob, BlobReader, BlobStore, BlobWriter, Entry
from headrace.blobs.local import PART_PREFIX
from headrace.blobs.paths import InvalidPath, file_path, join, relative
from headrace.errors import HeadraceError, InvalidValue, NotFound, StoreUnavailable
from headrace.lazy import optional_import


@contextlib.contextmanager
def fsspec_errors(uri: str, path: str) -> Iterator[None]:
    try:
        yield
    except HeadraceError:
        raise
    except FileNotFoundError as error:
        raise NotFound("artifact", path, by="path") from error
    except IsADirectoryError as error:
        raise InvalidPath(path, "it is a folder") from error
    except (NotADirectoryError, FileExistsError) as error:
        raise InvalidPath(path, "a part of it is a file, not a folder") from error
    except Exception as error:  # every file system brings classes of its own
        raise StoreUnavailable(f"{uri} can't answer for {path!r}: {error}") from error


class FsspecReader(BlobReader):
    def __init__(self, store: FsspecBlobs, blob: Blob, start: int, end: int | None) -> None:
        self.blob = blob
        self.start = min(start, blob.size_bytes)
        self.end = max(self.start, blob.size_bytes if end is None else min(end, blob.size_bytes))
        self._uri = store.uri
        self._left = self.end - self.start
        with fsspec_errors(self._uri, blob.path):
            self._file = store.fs.open(store.full(blob.path), "rb")
            if self.start:
                self._file.seek(self.start)

    def __next__(self) -> bytes:
        if self._left <= 0:
            raise StopIteration
        with fsspec_errors(self._uri, self.blob.path):
            chunk: bytes = self._file.read(min(CHUNK_BYTES, self._left))
        if not chunk:
            raise StoreUnavailable(f"Artifact {self.blob.path!r} became shorter while it was read.")
        self._left -= len(chunk)
        return chunk

    def close(self) -> None:
        self._left = 0
        self._file.close()


class FsspecWriter(BlobWriter):
    def __init__(self, path: str, store: FsspecBlobs) -> None:
        super().__init__(path)
        self._store = store
        self._part = store.full(f"{PART_PREFIX}{clock.hex_id()}")
        with fsspec_errors(store.uri, path):
            store.fs.makedirs(store.root, exist_ok=True)
            self._file = store.fs.open(self._part, "wb")

    def _write(self, chunk: bytes | bytearray | memoryview) -> None:
        with fsspec_errors(self._store.uri, self.path):
            self._file.write(chunk)

    def _commit(self) -> None:
        store, target = self._store, self._store.full(self.path)
        try:
            with fsspec_errors(store.uri, self.path):
                self._file.close()
                parent = target.rpartition("/")[0]
                if not store.fs.isdir(parent):
                    store.fs.makedirs(parent, exist_ok=True)
                store.move(self._part, target)
        except BaseException:
            self._abort()
            raise

    def _abort(self) -> None:
        with contextlib.suppress(Exception):
            self._file.close()
        with contextlib.suppress(Exception):
            self._store.fs.rm_file(self._part)


class FsspecBlobs(BlobStore):
    def __init__(self, uri: str) -> None:
        self.uri = uri
        package = optional_import("fsspec", extra="fsspec", why=f"for {uri}")
        try:
            # Without its listings cache: another process may have written since.
            self.fs: Any
            self.fs, root = package.core.url_to_fs(uri, use_listings_cache=False)
        except (ValueError, ImportError) as error:
            raise InvalidValue("artifact location", uri, f"{error}.") from error
        except Exception as error:
            raise StoreUnavailable(f"{uri} can't be opened: {error}") from error
        self.root = str(root).rstrip("/")

    def full(self, clean: str) -> str:
        return f"{self.root}/{clean}" if clean else self.root

    def open_reader(self, path: str, start: int = 0, end: int | None = None) -> BlobReader:
        return FsspecReader(self, self.stat(path), start, end)

    def open_writer(self, path: str, size_bytes: int | None = None) -> BlobWriter:  # noqa: ARG002
        clean = file_path(path)
        with fsspec_errors(self.uri, path):
            folder = ""
            for segment in clean.split("/")[:-1]:
                folder = join(folder, segment)
                if self.fs.isfile(self.full(folder)):
                    raise InvalidPath(path, "a part of it is a file, not a folder")
            if self.fs.isdir(self.full(clean)):
                raise InvalidPath(path, "it is a folder")
        return FsspecWriter(clean, self)

    def entries(self, path: str = "") -> list[Entry]:
        clean = relative(path)
        try:
            with fsspec_errors(self.uri, path):
                rows = self.fs.ls(self.full(clean), detail=True)
        except (NotFound, InvalidPath):
            return []
        found = []
        for row in rows:
            full = str(row["name"]).rstrip("/")
            if full.strip("/") == self.full(clean).strip("/"):
                if row["type"] != "directory":
                    return []  # ls of a file answers the file
                continue
            name = full.rpartition("/")[2]
            if not clean and name.startswith(PART_PREFIX):
                continue
            folder = row["type"] == "directory"
            found.append(Entry(join(clean, name), folder, None if folder else row["size"]))
        return sorted(found, key=lambda entry: entry.path)

    def stat(self, path: str) -> Blob:
        clean = file_path(path)
        with fsspec_errors(self.uri, path):
            row = self.fs.info(self.full(clean))
        if row["type"] == "directory":
            raise InvalidPath(path, "it is a folder")
        tag = row.get("ETag") or row.get("etag") or row.get("mtime") or row.get("created") or row.get("LastModified")
        return Blob(clean, int(row["size"]), f'"{str(tag).strip(chr(34))}-{row["size"]}"' if tag else None)

    def delete(self, path: str) -> None:
        with contextlib.suppress(NotFound), fsspec_errors(self.uri, path):
            self._remove(self.full(relative(path)))

    def _remove(self, full: str) -> None:
        if self.fs.isfile(full):
            self.fs.rm_file(full)
            return
        for row in self.fs.ls(full, detail=True):
            self._remove(str(row["name"]).rstrip("/"))
        with contextlib.suppress(FileNotFoundError, NotImplementedError):
            self.fs.rmdir(full)

    def move(self, part: str, target: str) -> None:
        from fsspec import AbstractFileSystem

        if type(self.fs).mv is AbstractFileSystem.mv:
            self.fs.cp_file(part, target)
            self.fs.rm_file(part)
            return
        try:
            self.fs.mv(part, target)
        except OSError:
            # sftp and hdfs don't rename onto a file that is there.
            self.fs.rm_file(target)
            self.fs.mv(part, target)
