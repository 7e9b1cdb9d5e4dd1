"""Registered models: what creates, changes and removes them, but for aliases."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec

from headrace import clock
from headrace.entities import Act, ModelPolicy, RegisteredModel, RegisteredModelTag, limits
from headrace.errors import IntegrityViolation
from headrace.query import is_prompt
from headrace.query.records import PROMPT_TAG
from headrace.stores import registry_checks as checks
from headrace.stores.sql.connection import Database, Work
from headrace.stores.sql.faults import sql_errors
from headrace.stores.sql.registry import journal, records, tags
from headrace.stores.sql.registry.journal import Journal, held

INSERT = (
    "INSERT INTO registered_model (name, creation_timestamp, last_updated_timestamp, description, prompt, chain) "
    "VALUES (?, ?, ?, ?, ?, '') ON CONFLICT (name) WHERE deleted_ms IS NULL DO NOTHING "
    "RETURNING id, prompt, versions, revision, event_ms, chain, description, policy"
)
ADD_NAME = (
    "INSERT INTO registered_model_former (name, model_ref) VALUES (?, ?) ON CONFLICT (name, model_ref) DO NOTHING"
)
OF_VERSIONS = "(SELECT id FROM model_version WHERE model_ref = ?)"
TAG = "registered model tag"


def create(
    name: str, entries: Sequence[RegisteredModelTag], description: str | None, act: Act
) -> Work[RegisteredModel]:
    checks.model_name(name)
    kept, text, act = checks.tags(TAG, entries), checks.description(description), checks.act(act)
    prompt = is_prompt(kept)

    def work(db: Database) -> RegisteredModel:
        now = clock.now_ms()
        row = db.execute(INSERT, (name, now, now, text, int(prompt))).fetchone()
        if row is None:
            raise _taken(db, name, prompt=prompt)
        made = Journal(db, name, act, row)
        db.execute(ADD_NAME, (name, made.ref))
        if kept:
            tags.OF_MODELS.put(db, made.ref, kept)
        made.add("model_created", after=text, data={"tags": kept, "description": text})
        made.close()
        return RegisteredModel(
            name=name,
            creation_timestamp=now,
            last_updated_timestamp=now,
            description=text,
            tags=kept,
            revision=made.revision,
        )

    return work


def _taken(db: Database, name: str, *, prompt: bool) -> Exception:
    holder = db.execute(journal.HOLD, (name,)).fetchone()
    return checks.name_taken(name, by_prompt=prompt if holder is None else bool(holder[1]), prompt=prompt)


def get(name: str) -> Work[RegisteredModel]:
    checks.model_name(name)
    return lambda db: records.model(db, name)


def update(name: str, description: str | None, act: Act) -> Work[RegisteredModel]:
    checks.model_name(name)
    text, act = checks.description(description), checks.act(act)

    def work(db: Database) -> RegisteredModel:
        model = held(db, name, act)
        now = model.add("model_updated", before=model.description, after=text)
        model.close(description=text, last_updated_timestamp=now)
        return records.model(db, name)

    return work


def rename(name: str, new_name: str, act: Act) -> Work[RegisteredModel]:
    checks.model_name(name)
    checks.model_name(new_name, "new_name")
    checks.act(act)

    def work(db: Database) -> RegisteredModel:
        model = held(db, name, act)
        if new_name != name and db.execute(journal.HOLD, (new_name,)).fetchone() is not None:
            raise _taken(db, new_name, prompt=model.prompt)
        now = model.add("model_renamed", before=name, after=new_name)
        try:
            with sql_errors():
                model.close(name=new_name, last_updated_timestamp=now)
        except IntegrityViolation:  # somebody took the name meanwhile
            raise checks.name_taken(new_name, by_prompt=model.prompt, prompt=model.prompt) from None
        db.execute(ADD_NAME, (new_name, model.ref))
        db.execute(
            "UPDATE model_version SET name = ?, last_updated_timestamp = ? WHERE model_ref = ?",
            (new_name, now, model.ref),
        )
        return records.model(db, new_name)

    return work


def delete(name: str, act: Act) -> Work[None]:
    checks.model_name(name)
    checks.act(act)

    def work(db: Database) -> None:
        model = held(db, name, act)
        now = model.add("model_deleted")
        model.close(deleted_ms=now)
        for table in ("model_version_tag", "version_manifest", "version_signature"):
            db.execute(f"DELETE FROM {table} WHERE version_ref IN {OF_VERSIONS}", (model.ref,))
        for table in ("model_version", "registered_model_alias", "registered_model_tag"):
            db.execute(f"DELETE FROM {table} WHERE model_ref = ?", (model.ref,))

    return work


def set_tag(name: str, tag: RegisteredModelTag, act: Act) -> Work[None]:
    checks.model_name(name)
    checks.tag(TAG, tag.key, tag.value)
    checks.act(act)

    def work(db: Database) -> None:
        model = held(db, name, act)
        model.add("model_tag_set", key=tag.key, before=tags.OF_MODELS.get(db, model.ref, tag.key), after=tag.value)
        tags.OF_MODELS.put(db, model.ref, {tag.key: tag.value})
        model.close(**_prompt({tag.key: tag.value}))

    return work


def delete_tag(name: str, key: str, act: Act) -> Work[None]:
    checks.model_name(name)
    limits.check_key("key", key)
    checks.act(act)

    def work(db: Database) -> None:
        model = held(db, name, act)
        before = tags.OF_MODELS.get(db, model.ref, key)
        if before is not None:
            model.add("model_tag_removed", key=key, before=before)
            tags.OF_MODELS.remove(db, model.ref, key)
            model.close(**_prompt({key: ""}))

    return work


def _prompt(changed_tags: Mapping[str, str]) -> dict[str, int]:
    """What a change of tags does to column `prompt`."""
    return {"prompt": int(is_prompt(changed_tags))} if PROMPT_TAG in changed_tags else {}


def get_policy(name: str) -> Work[ModelPolicy]:
    checks.model_name(name)

    def work(db: Database) -> ModelPolicy:
        row = db.execute(journal.HOLD, (name,)).fetchone()
        if row is None:
            raise records.no_model(name)
        return ModelPolicy() if row[-1] is None else _decode_policy(row[-1])

    return work


_decode_policy: Callable[[str], ModelPolicy] = msgspec.json.Decoder(ModelPolicy).decode


def set_policy(name: str, policy: ModelPolicy, act: Act) -> Work[None]:
    checks.model_name(name)
    text, act = checks.policy(policy), checks.act(act)

    def work(db: Database) -> None:
        model = held(db, name, act)
        model.add("policy_set", before=model.policy, after=text)
        model.close(policy=None if policy == ModelPolicy() else text)

    return work
