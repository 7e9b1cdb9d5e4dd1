from __future__ import annotations

from collections.abc import Sequence

from headrace.entities import Act, ModelVersion
from headrace.stores import registry_checks as checks
from headrace.stores.sql.connection import Database, Work
from headrace.stores.sql.registry import records
from headrace.stores.sql.registry.journal import Journal, held

SET = (
    "INSERT INTO registered_model_alias (model_ref, alias, number) VALUES (?, ?, ?) "
    "ON CONFLICT (model_ref, alias) DO UPDATE SET number = excluded.number"
)
# The alias's version, with the digest that it has now.
HOLDER = (
    "SELECT a.number, v.digest FROM registered_model_alias a "
    "JOIN model_version v ON v.name = ? AND v.number = a.number WHERE a.model_ref = ? AND a.alias = ?"
)


def put(name: str, alias: str, version: str, act: Act, if_revision: int | None) -> Work[None]:
    checks.model_name(name)
    checks.alias_to_set(alias)
    number, act = checks.version_number(version), checks.act(act)

    def work(db: Database) -> None:
        model = held(db, name, act)
        target = db.execute("SELECT digest FROM model_version WHERE name = ? AND number = ?", (name, number)).fetchone()
        if target is None:
            raise records.no_version(db, name, version)
        checks.same_revision(name, model.revision, if_revision)
        holder = db.execute(HOLDER, (name, model.ref, alias)).fetchone()
        model.add(
            "alias_set",
            version=number,
            key=alias,
            before=None if holder is None else str(holder[0]),
            after=str(number),
            digest=target[0],
        )
        db.execute(SET, (model.ref, alias, number))
        model.close()

    return work


def delete(name: str, alias: str, act: Act) -> Work[None]:
    checks.model_name(name)
    checks.alias(alias)
    checks.act(act)

    def work(db: Database) -> None:
        model = held(db, name, act)
        holder = db.execute(HOLDER, (name, model.ref, alias)).fetchone()
        if holder is not None:
            remove(db, model, alias, holder[0], holder[1])
            model.close()

    return work


def remove(db: Database, model: Journal, alias: str, number: int, digest: str | None) -> None:
    model.add("alias_removed", version=number, key=alias, before=str(number), digest=digest)
    db.execute("DELETE FROM registered_model_alias WHERE model_ref = ? AND alias = ?", (model.ref, alias))


def resolve(name: str, alias: str) -> Work[ModelVersion]:
    checks.model_name(name)
    checks.alias(alias)

    def work(db: Database) -> ModelVersion:
        row = db.execute(records.BY_ALIAS, (alias, name)).fetchone()
        if row is None and alias.lower() == checks.LATEST:
            row = db.execute(records.HIGHEST, (name,)).fetchone()
        if row is not None:
            return records.with_aliases(db, row)
        if db.execute(records.BY_NAME, (name,)).fetchone() is None:
            raise records.no_model(name)
        raise checks.unknown_alias(name, alias)

    return work


def latest(name: str, stages: Sequence[str]) -> Work[list[ModelVersion]]:
    checks.model_name(name)
    wanted = checks.stages(stages)

    def work(db: Database) -> list[ModelVersion]:
        model = db.execute(records.BY_NAME, (name,)).fetchone()
        if model is None:
            raise records.no_model(name)
        rows = db.execute(records.LATEST.format(any_of=db.any_of), (db.among([model[0]]),)).fetchall()
        found = [records.with_aliases(db, row) for row in rows]
        return sorted(
            (each for each in found if each.current_stage in wanted), key=lambda each: wanted.index(each.current_stage)
        )

    return work
