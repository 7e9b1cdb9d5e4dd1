from __future__ import annotations

import hashlib
import json

import msgspec


class FileRecord(msgspec.Struct, frozen=True):
    """What one file of a version holds. sha256: hex."""

    size_bytes: int
    sha256: str


class VersionManifest(msgspec.Struct, frozen=True, kw_only=True):
    """The files of a model version, by path from its root with "/". Taken when the version was made; an allowed edit
    of the version's files makes the next one, which replaces it."""

    files: dict[str, FileRecord]

    @property
    def size_bytes(self) -> int:
        return sum(each.size_bytes for each in self.files.values())

    @property
    def digest(self) -> str:
        """SHA-256, in hex, over one line `SHA256 SIZE "PATH"` a file, by path, as in a folder's own manifest."""
        lines = (f"{each.sha256} {each.size_bytes} {json.dumps(path)}\n" for path, each in sorted(self.files.items()))
        return hashlib.sha256("".join(lines).encode()).hexdigest()


class VersionSignature(msgspec.Struct, frozen=True, kw_only=True):
    """A detached signature of a version's files. bundle: the sigstore bundle (JSON) that OpenSSF model-signing wrote.
    digest: of the manifest that was signed; a later manifest leaves the version unsigned. signer: what identifies the
    key or certificate (SHA-256 of the public key, or the certificate's subject), as found when it was verified."""

    bundle: str
    digest: str
    method: str  # "key" or "certificate"
    signer: str
    created_ms: int
