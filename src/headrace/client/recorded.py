"""Artifacts that this process writes itself, beside a store without a server: the store's manifest gets their sizes and
digests, as from a server that streams a file in, and under the same names.

An entry is written once its file is there; a process that dies between the two leaves a file without an entry. Two that
write the same file at the same moment may leave the entry of the other one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

from headrace import clock
from headrace.blobs.base import (
    Blob,
    BlobReader,
    BlobStore,
    BlobWriter,
    Entry,
    Progress,
    Stored,
    SupportsAdopt,
    SupportsLocalPath,
)
from headrace.blobs.open import PROXY_SCHEME
from headrace.blobs.paths import join, relative, scheme
from headrace.entities import ManifestEntry
from headrace.stores.base import ManifestStore, SupportsSubmit


class _Writer(BlobWriter):
    def __init__(self, inner: BlobWriter, owner: Recorded) -> None:
        super().__init__(inner.path)
        self.inner, self.owner = inner, owner

    def write(self, chunk: bytes | bytearray | memoryview) -> None:
        self.inner.write(chunk)
        self.size_bytes = self.inner.size_bytes

    def commit(self) -> Stored:
        self._open = False
        return self.owner.noted(self.inner.commit())

    def _write(self, chunk: bytes | bytearray | memoryview) -> None:
        self.inner.write(chunk)

    def _commit(self) -> None:
        self.inner.commit()

    def _abort(self) -> None:
        self.inner.abort()


class Recorded(BlobStore):
    """root, folder: the names under which the manifest has the inner store's files. manifest: asked for at each use,
    since the process may close its store and open it again."""

    def __init__(self, inner: BlobStore, manifest: Callable[[], ManifestStore], root: str, folder: str) -> None:
        self.inner, self.manifest, self.root, self.folder = inner, manifest, root, folder
        self.uri = inner.uri

    def noted(self, stored: Stored) -> Stored:
        self.note([stored])
        return stored

    def note(self, files: Sequence[Stored]) -> None:
        now = clock.now_ms()
        entries = [
            ManifestEntry(self.root, join(self.folder, each.path), each.size_bytes, each.sha256, now) for each in files
        ]
        manifest = self.manifest()
        if isinstance(manifest, SupportsSubmit):  # they share a commit
            for waiting in [manifest.submit("record_artifact", entry) for entry in entries]:
                waiting.result()
            return
        for entry in entries:
            manifest.record_artifact(entry)

    def open_reader(self, path: str, start: int = 0, end: int | None = None) -> BlobReader:
        return self.inner.open_reader(path, start, end)

    def open_writer(self, path: str, size_bytes: int | None = None) -> BlobWriter:
        return _Writer(self.inner.open_writer(path, size_bytes), self)

    def put(self, path: str, content: Iterable[bytes], size_bytes: int | None = None) -> Stored:
        return self.noted(self.inner.put(path, content, size_bytes))

    def put_file(self, path: str, source: Path, progress: Progress | None = None) -> Stored:
        return self.noted(self.inner.put_file(path, source, progress))

    def entries(self, path: str = "") -> list[Entry]:
        return self.inner.entries(path)

    def stat(self, path: str) -> Blob:
        return self.inner.stat(path)

    def delete(self, path: str) -> None:
        self.inner.delete(path)
        self.manifest().forget_artifacts(self.root, join(self.folder, relative(path)))

    def close(self) -> None:
        self.inner.close()


class RecordedFolder(Recorded):
    """Of a folder of this machine."""

    def local_path(self, path: str) -> Path:
        assert isinstance(self.inner, SupportsLocalPath)
        return self.inner.local_path(path)

    def scratch(self) -> Path:
        assert isinstance(self.inner, SupportsAdopt)
        return self.inner.scratch()

    def adopt(self, folder: Path) -> None:
        """Files of a model folder that its own manifest names aren't read again."""
        from headrace.packaging import manifest

        assert isinstance(self.inner, SupportsAdopt)
        known = manifest.read(folder)
        files = dict(manifest.take(folder, known.files if known else None).files)
        if known:  # it doesn't name itself
            files[manifest.FILE_NAME] = manifest.hash_file(folder / manifest.FILE_NAME)
        self.inner.adopt(folder)
        self.note([Stored(path, found.size_bytes, found.sha256) for path, found in files.items()])


def recorded(blobs: BlobStore, store: Callable[[], object], location: str) -> BlobStore:
    """location: what the store calls the root. As it is, where the store keeps no manifest of its own."""
    if not isinstance(store(), ManifestStore):
        return blobs
    root, folder = location.rstrip("/"), ""
    if scheme(location) == PROXY_SCHEME:
        parts = urlsplit(location)
        if parts.netloc:
            return blobs
        root, folder = f"{PROXY_SCHEME}:/", relative(parts.path.lstrip("/"))
    local = isinstance(blobs, SupportsLocalPath) and isinstance(blobs, SupportsAdopt)
    manifest = cast("Callable[[], ManifestStore]", store)
    return (RecordedFolder if local else Recorded)(blobs, manifest, root, folder)
