from __future__ import annotations

import msgspec


class FileInfo(msgspec.Struct, frozen=True):
    """path: relative to the root that was listed, with slashes. file_size in bytes, None for folders."""

    path: str
    is_dir: bool
    file_size: int | None = None


class ManifestEntry(msgspec.Struct, frozen=True):
    """What the server saw while it streamed a file in. root: artifact root URI; sha256: 64 hex digits."""

    root: str
    path: str
    size_bytes: int
    sha256: str
    recorded_ms: int = 0
