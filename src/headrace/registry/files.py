"""Where a registry finds the files of its versions. Whoever builds one says how: a server opens what lies below the
roots that it serves, a client without a server what its user can reach."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from headrace.blobs.base import BlobStore


class FilesAt(Protocol):
    """An opened place. manifest_root, folder: under which names a `ManifestStore` has the files of the place."""

    @property
    def blobs(self) -> BlobStore: ...

    @property
    def manifest_root(self) -> str: ...

    @property
    def folder(self) -> str: ...


class VersionFiles(Protocol):
    def open(self, location: str) -> FilesAt:
        """The place at an artifact address, which need not exist. Forbidden for one that isn't this side's to open:
        its versions get no manifest here. Any other CallerError counts as that, too. Thread safe."""
        ...


@dataclass(frozen=True, kw_only=True)
class OpenedFiles:
    """`FilesAt` for those who have no record of their own."""

    blobs: BlobStore
    manifest_root: str
    folder: str = ""
