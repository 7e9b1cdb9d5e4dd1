from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

import msgspec


class FileRecord(msgspec.Struct, frozen=True):
    """What one file holds. sha256: 64 hex digits."""

    size_bytes: int
    sha256: str


def tree_digest(files: Mapping[str, FileRecord]) -> str:
    """SHA-256, in hex, over one line `SHA256 SIZE "PATH"` a file, by path."""
    lines = (f"{each.sha256} {each.size_bytes} {json.dumps(path)}\n" for path, each in sorted(files.items()))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


class VersionManifest(msgspec.Struct, frozen=True, kw_only=True):
    """The files of a model version, by path from its root with "/". Taken when the version was made; an allowed edit
    of the version's files makes the next one, which replaces it."""

    files: dict[str, FileRecord]

    @property
    def size_bytes(self) -> int:
        return sum(each.size_bytes for each in self.files.values())

    @property
    def digest(self) -> str:
        """The same as of the folder's own manifest."""
        return tree_digest(self.files)


class VersionSignature(msgspec.Struct, frozen=True, kw_only=True):
    """A detached signature of a version's files. bundle: the sigstore bundle (JSON) that OpenSSF model-signing wrote.
    digest: of the manifest that was signed; a later manifest leaves the version unsigned. signer: what identifies the
    key or certificate (SHA-256 of the public key, or the certificate's subject), as found when it was verified."""

    bundle: str
    digest: str
    method: str  # "key" or "certificate"
    signer: str
    created_ms: int
