"""Registered models and versions as records: a page costs a few statements, however long it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from headrace.entities import ModelVersion, ModelVersionStage, RegisteredModel
from headrace.errors import NotFound
from headrace.stores.sql.connection import Database
from headrace.stores.sql.registry.tags import OF_MODELS, OF_VERSIONS

MODEL_COLUMNS = "m.id, m.name, m.creation_timestamp, m.last_updated_timestamp, m.description, m.revision"
VERSION_COLUMNS = (
    "v.id, v.model_ref, v.number, v.name, v.creation_timestamp, v.last_updated_timestamp, v.description, v.user_id, "
    "v.stage, v.source, v.run_id, v.run_link, v.model_id, v.digest"
)
BY_NAME = f"SELECT {MODEL_COLUMNS} FROM registered_model m WHERE m.name = ? AND m.deleted_ms IS NULL"
BY_NUMBER = f"SELECT {VERSION_COLUMNS} FROM model_version v WHERE v.name = ? AND v.number = ?"
BY_ALIAS = (
    f"SELECT {VERSION_COLUMNS} FROM registered_model m "
    "JOIN registered_model_alias a ON a.model_ref = m.id AND a.alias = ? "
    "JOIN model_version v ON v.name = m.name AND v.number = a.number WHERE m.name = ? AND m.deleted_ms IS NULL"
)
HIGHEST = f"SELECT {VERSION_COLUMNS} FROM model_version v WHERE v.name = ? ORDER BY v.number DESC LIMIT 1"
# One probe of an index for each model and stage.
LATEST = (
    f"SELECT {VERSION_COLUMNS} FROM model_version v WHERE v.id IN (SELECT (SELECT x.id FROM model_version x "
    "WHERE x.model_ref = m.id AND x.stage = s.stage ORDER BY x.number DESC LIMIT 1) FROM registered_model m "
    "CROSS JOIN (SELECT 0 AS stage UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3) s WHERE m.id {any_of}) "
    "ORDER BY v.stage"
)
ALIASES_OF_VERSION = "SELECT alias FROM registered_model_alias WHERE model_ref = ? AND number = ? ORDER BY alias"

_STAGES = ModelVersionStage.ALL


def stage_number(stage: str) -> int:
    return _STAGES.index(stage)


def stage_name(number: int) -> str:
    return _STAGES[number]


def no_model(name: str) -> NotFound:
    return NotFound("registered model", name, by="name")


def model(db: Database, name: str) -> RegisteredModel:
    row = db.execute(BY_NAME, (name,)).fetchone()
    if row is None:
        raise no_model(name)
    return models(db, [row])[0]


def models(db: Database, rows: Sequence[Any]) -> list[RegisteredModel]:
    """rows of MODEL_COLUMNS."""
    refs = [row[0] for row in rows]
    tags = OF_MODELS.all_of(db, refs)
    aliases: dict[int, dict[str, str]] = {}
    for ref, alias, number in db.execute(
        f"SELECT model_ref, alias, number FROM registered_model_alias WHERE model_ref {db.any_of} ORDER BY alias",
        (db.among(refs),),
    ):
        aliases.setdefault(ref, {})[alias] = str(number)
    latest: dict[int, list[ModelVersion]] = {}
    found = db.execute(LATEST.format(any_of=db.any_of), (db.among(refs),)).fetchall()
    for row, version in zip(found, versions(db, found), strict=True):
        latest.setdefault(row[1], []).append(version)
    return [
        RegisteredModel(
            name=name,
            creation_timestamp=created,
            last_updated_timestamp=updated,
            description=description,
            latest_versions=latest.get(ref, []),
            tags=tags.get(ref, {}),
            aliases=aliases.get(ref, {}),
            revision=revision,
        )
        for ref, name, created, updated, description, revision in rows
    ]


def version(db: Database, name: str, number: int) -> ModelVersion:
    return with_aliases(db, version_row(db, name, number))


def version_row(db: Database, name: str, number: int) -> Any:
    """Of VERSION_COLUMNS."""
    row = db.execute(BY_NUMBER, (name, number)).fetchone()
    if row is None:
        raise no_version(db, name, str(number))
    return row


def no_version(db: Database, name: str, version_text: str) -> NotFound:
    if db.execute(BY_NAME, (name,)).fetchone() is None:
        return no_model(name)
    return NotFound(f"version of registered model {name!r}", version_text, by="number")


def with_aliases(db: Database, row: Sequence[Any]) -> ModelVersion:
    """row of VERSION_COLUMNS."""
    tags = OF_VERSIONS.all_of(db, [row[0]])
    aliases = [alias for (alias,) in db.execute(ALIASES_OF_VERSION, (row[1], row[2]))]
    return _version(row, tags.get(row[0], {}), aliases)


def versions(db: Database, rows: Sequence[Any]) -> list[ModelVersion]:
    """Without their aliases. rows of VERSION_COLUMNS."""
    tags = OF_VERSIONS.all_of(db, [row[0] for row in rows])
    return [_version(row, tags.get(row[0], {}), []) for row in rows]


def _version(row: Sequence[Any], tags: dict[str, str], aliases: list[str]) -> ModelVersion:
    _, _, number, name, created, updated, description, user_id, stage, source, run_id, run_link, model_id, digest = row
    return ModelVersion(
        name=name,
        version=str(number),
        creation_timestamp=created,
        last_updated_timestamp=updated,
        description=description,
        user_id=user_id,
        current_stage=_STAGES[stage],
        source=source,
        run_id=run_id or None,
        tags=tags,
        run_link=run_link,
        aliases=aliases,
        model_id=model_id,
        digest=digest,
    )
