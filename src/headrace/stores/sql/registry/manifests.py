"""Manifests and signatures of versions. A manifest is one packed row, however many files it names; former ones stay."""

from __future__ import annotations

import zlib

import msgspec

from headrace.entities import Act, ModelVersion, VersionManifest, VersionSignature
from headrace.entities.version_manifest import FileRecord
from headrace.stores import registry_checks as checks
from headrace.stores.sql.connection import Database, Work
from headrace.stores.sql.registry import records
from headrace.stores.sql.registry.journal import HeldVersion

ADD = "INSERT INTO version_manifest (version_ref, serial, created_ms, payload) VALUES (?, ?, ?, ?)"
PRESENT = "SELECT serial, payload FROM version_manifest WHERE version_ref = ? ORDER BY serial DESC LIMIT 1"
ADD_SIGNATURE = (
    "INSERT INTO version_signature (version_ref, bundle, digest, method, signer, created_ms) VALUES (?, ?, ?, ?, ?, ?)"
)
SIGNATURES = (
    "SELECT bundle, digest, method, signer, created_ms FROM version_signature WHERE version_ref = ? ORDER BY id"
)

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict[str, FileRecord]).decode


def packed(manifest: VersionManifest) -> bytes:
    return zlib.compress(_encode(manifest.files))


def get(name: str, version: str) -> Work[VersionManifest | None]:
    checks.model_name(name)
    number = checks.version_number(version)

    def work(db: Database) -> VersionManifest | None:
        row = db.execute(PRESENT, (records.version_row(db, name, number)[0],)).fetchone()
        return None if row is None else VersionManifest(files=_decode(zlib.decompress(row[1])))

    return work


def amend(name: str, version: str, manifest: VersionManifest, act: Act, if_digest: str | None) -> Work[ModelVersion]:
    checks.model_name(name)
    number, act = checks.version_number(version), checks.act(act)
    digest, payload = checks.manifest(manifest).digest, packed(manifest)

    def work(db: Database) -> ModelVersion:
        it = HeldVersion(db, name, number, act)
        checks.same_manifest(name, number, it.digest, if_digest)
        now = it.model.add("manifest_amended", version=number, before=it.digest, after=digest, digest=digest)
        present = db.execute(PRESENT, (it.ref,)).fetchone()
        db.execute(ADD, (it.ref, 1 if present is None else present[0] + 1, now, payload))
        db.execute(
            "UPDATE model_version SET digest = ?, last_updated_timestamp = ? WHERE id = ?", (digest, now, it.ref)
        )
        it.model.close()
        return records.version(db, name, number)

    return work


def signatures(name: str, version: str) -> Work[list[VersionSignature]]:
    checks.model_name(name)
    number = checks.version_number(version)

    def work(db: Database) -> list[VersionSignature]:
        rows = db.execute(SIGNATURES, (records.version_row(db, name, number)[0],))
        return [
            VersionSignature(bundle=bundle, digest=digest, method=method, signer=signer, created_ms=created_ms)
            for bundle, digest, method, signer, created_ms in rows
        ]

    return work


def sign(name: str, version: str, signature: VersionSignature, act: Act) -> Work[None]:
    checks.model_name(name)
    checks.signature(signature)
    number, act = checks.version_number(version), checks.act(act)

    def work(db: Database) -> None:
        it = HeldVersion(db, name, number, act)
        it.model.add("version_signed", version=number, after=signature.signer, digest=signature.digest)
        add_signature(db, it.ref, signature)
        it.model.close()

    return work


def add_signature(db: Database, ref: int, each: VersionSignature) -> None:
    db.execute(ADD_SIGNATURE, (ref, each.bundle, each.digest, each.method, each.signer, each.created_ms))
