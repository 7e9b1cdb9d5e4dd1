from __future__ import annotations

from collections.abc import Collection, Sequence

from headrace.entities import (
    Act,
    ModelVersion,
    ModelVersionStage,
    ModelVersionTag,
    VersionManifest,
    VersionSignature,
    limits,
)
from headrace.query import is_prompt
from headrace.query.records import PROMPT_TAG
from headrace.stores import registry_checks as checks
from headrace.stores.sql.connection import Database, Work
from headrace.stores.sql.registry import aliases, manifests, records, tags
from headrace.stores.sql.registry.journal import HeldVersion, Journal, held

INSERT = (
    "INSERT INTO model_version (model_ref, number, name, prompt, creation_timestamp, last_updated_timestamp, "
    "description, user_id, source, storage_location, run_id, run_link, model_id, digest) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id"
)
TAG = "model version tag"


def create(
    name: str,
    new: checks.NewVersion,
    manifest: VersionManifest | None,
    signatures: Sequence[VersionSignature],
    act: Act,
) -> Work[ModelVersion]:
    checks.model_name(name)
    checks.act(act)
    digest = None if manifest is None else checks.manifest(manifest).digest
    packed = None if manifest is None else manifests.packed(manifest)
    kept_signatures = [checks.signature(each) for each in signatures]
    prompt = is_prompt(new.tags)
    told = {"source": new.source, "run_id": new.run_id, "tags": new.tags, "description": new.description}

    def work(db: Database) -> ModelVersion:
        model = held(db, name, act)
        number = model.versions + 1
        now = model.add("version_created", version=number, after=new.source, digest=digest, data=told)
        made = (model.ref, number, name, int(prompt), now, now, new.description, new.user_id, new.source)
        place = None if prompt else new.storage_location or new.source
        placed = (place, new.run_id or "", new.run_link, new.model_id, digest)
        ref = db.execute(INSERT, (*made, *placed)).fetchone()[0]
        if new.tags:
            tags.OF_VERSIONS.put(db, ref, new.tags)
        if packed is not None:
            db.execute(manifests.ADD, (ref, 1, now, packed))
        for each in kept_signatures:
            manifests.add_signature(db, ref, each)
        model.close(versions=number, last_updated_timestamp=now)
        return ModelVersion(
            name=name,
            version=str(number),
            creation_timestamp=now,
            last_updated_timestamp=now,
            description=new.description,
            user_id=new.user_id,
            source=new.source,
            run_id=new.run_id,
            tags=new.tags,
            run_link=new.run_link,
            model_id=new.model_id,
            digest=digest,
        )

    return work


def get(name: str, version: str) -> Work[ModelVersion]:
    checks.model_name(name)
    number = checks.version_number(version)
    return lambda db: records.version(db, name, number)


def download_uri(name: str, version: str) -> Work[str]:
    checks.model_name(name)
    number = checks.version_number(version)

    def work(db: Database) -> str:
        row = db.execute(
            "SELECT coalesce(storage_location, source) FROM model_version WHERE name = ? AND number = ?",
            (name, number),
        ).fetchone()
        if row is None:
            raise records.no_version(db, name, version)
        return str(row[0])

    return work


def at(locations: Collection[str]) -> Work[dict[str, list[ModelVersion]]]:
    def work(db: Database) -> dict[str, list[ModelVersion]]:
        rows = db.execute(
            f"SELECT {records.VERSION_COLUMNS}, v.storage_location FROM model_version v "
            f"WHERE v.storage_location {db.any_of} ORDER BY v.name, v.number",
            (db.among(sorted(set(locations))),),
        ).fetchall()
        found: dict[str, list[ModelVersion]] = {}
        for row, version in zip(rows, records.versions(db, [row[:-1] for row in rows]), strict=True):
            found.setdefault(row[-1], []).append(version)
        return found

    return work


def update(name: str, version: str, description: str | None, act: Act) -> Work[ModelVersion]:
    checks.model_name(name)
    number, text, act = checks.version_number(version), checks.description(description), checks.act(act)

    def work(db: Database) -> ModelVersion:
        it = HeldVersion(db, name, number, act)
        now = it.model.add("version_updated", version=number, before=it.description, after=text, digest=it.digest)
        db.execute(
            "UPDATE model_version SET description = ?, last_updated_timestamp = ? WHERE id = ?", (text, now, it.ref)
        )
        it.model.close()
        return records.version(db, name, number)

    return work


def move(
    name: str, version: str, stage: str, archive_existing_versions: bool, act: Act, if_revision: int | None
) -> Work[ModelVersion]:
    """To another stage."""
    checks.model_name(name)
    number, act = checks.version_number(version), checks.act(act)
    wanted = checks.stage_to_set(stage, archive_existing_versions)

    def work(db: Database) -> ModelVersion:
        it = HeldVersion(db, name, number, act)
        checks.same_revision(name, it.model.revision, if_revision)
        if archive_existing_versions:
            others = db.execute(
                "SELECT id, number, digest FROM model_version WHERE model_ref = ? AND stage = ? AND number != ? "
                "ORDER BY number",
                (it.model.ref, records.stage_number(wanted), number),
            ).fetchall()
            for ref, other, digest in others:
                _move(db, it.model, ref, other, digest, wanted, ModelVersionStage.ARCHIVED)
        now = _move(db, it.model, it.ref, number, it.digest, it.stage, wanted)
        it.model.close(last_updated_timestamp=now)
        return records.version(db, name, number)

    return work


def _move(db: Database, model: Journal, ref: int, number: int, digest: str | None, before: str, after: str) -> int:
    now = model.add("stage_set", version=number, before=before, after=after, digest=digest)
    db.execute(
        "UPDATE model_version SET stage = ?, last_updated_timestamp = ? WHERE id = ?",
        (records.stage_number(after), now, ref),
    )
    return now


def delete(name: str, version: str, act: Act) -> Work[None]:
    checks.model_name(name)
    number, act = checks.version_number(version), checks.act(act)

    def work(db: Database) -> None:
        it = HeldVersion(db, name, number, act)
        for (alias,) in db.execute(records.ALIASES_OF_VERSION, (it.model.ref, number)).fetchall():
            aliases.remove(db, it.model, alias, number, it.digest)
        now = it.model.add("version_deleted", version=number, before=it.source, digest=it.digest)
        for table in ("model_version_tag", "version_manifest", "version_signature"):
            db.execute(f"DELETE FROM {table} WHERE version_ref = ?", (it.ref,))
        db.execute("DELETE FROM model_version WHERE id = ?", (it.ref,))
        it.model.close(last_updated_timestamp=now)

    return work


def set_tag(name: str, version: str, tag: ModelVersionTag, act: Act) -> Work[None]:
    checks.model_name(name)
    checks.tag(TAG, tag.key, tag.value)
    number, act = checks.version_number(version), checks.act(act)

    def work(db: Database) -> None:
        it = HeldVersion(db, name, number, act)
        before = tags.OF_VERSIONS.get(db, it.ref, tag.key)
        it.model.add("version_tag_set", version=number, key=tag.key, before=before, after=tag.value, digest=it.digest)
        tags.OF_VERSIONS.put(db, it.ref, {tag.key: tag.value})
        _note_prompt(db, it.ref, tag.key, tag.value)
        it.model.close()

    return work


def delete_tag(name: str, version: str, key: str, act: Act) -> Work[None]:
    checks.model_name(name)
    limits.check_key("key", key)
    number, act = checks.version_number(version), checks.act(act)

    def work(db: Database) -> None:
        it = HeldVersion(db, name, number, act)
        before = tags.OF_VERSIONS.get(db, it.ref, key)
        if before is not None:
            it.model.add("version_tag_removed", version=number, key=key, before=before, digest=it.digest)
            tags.OF_VERSIONS.remove(db, it.ref, key)
            _note_prompt(db, it.ref, key, "")
            it.model.close()

    return work


def _note_prompt(db: Database, ref: int, key: str, value: str) -> None:
    if key == PROMPT_TAG:
        db.execute("UPDATE model_version SET prompt = ? WHERE id = ?", (int(is_prompt({key: value})), ref))
