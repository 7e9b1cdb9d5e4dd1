from __future__ import annotations

from headrace.entities import FileRecord, VersionManifest, VersionSignature
from headrace.errors import InvalidValue
from headrace.wire.messages.version_files import FileFields, ManifestFields, SignatureFields


def manifest_fields(manifest: VersionManifest) -> ManifestFields:
    return ManifestFields(
        files=[
            FileFields(path=path, size_bytes=record.size_bytes, sha256=record.sha256)
            for path, record in manifest.files.items()
        ]
    )


def version_manifest(fields: ManifestFields) -> VersionManifest:
    """InvalidValue for a path that is there twice."""
    files = {item.path: FileRecord(item.size_bytes, item.sha256) for item in fields.files}
    if len(files) != len(fields.files):
        raise InvalidValue("manifest", f"{len(fields.files)} files", "each path is listed once.")
    return VersionManifest(files=files)


def signature_fields(signature: VersionSignature) -> SignatureFields:
    return SignatureFields(
        bundle=signature.bundle,
        digest=signature.digest,
        method="certificate" if signature.method == "certificate" else "key",
        signer=signature.signer,
        created_ms=signature.created_ms,
    )


def version_signature(fields: SignatureFields) -> VersionSignature:
    return VersionSignature(
        bundle=fields.bundle,
        digest=fields.digest,
        method=fields.method,
        signer=fields.signer,
        created_ms=fields.created_ms,
    )
