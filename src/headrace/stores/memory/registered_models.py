from __future__ import annotations

from collections.abc import Sequence

import msgspec

from headrace import clock
from headrace.entities import Act, ModelPolicy, ModelVersion, Page, RegisteredModel, RegisteredModelTag, limits
from headrace.query import (
    REGISTERED_MODELS,
    SearchableRegisteredModel,
    asks_for_prompts,
    evaluate,
    is_prompt,
    ordered,
    parse_filter,
    parse_order,
)
from headrace.stores import registry_checks as checks
from headrace.stores import tokens
from headrace.stores.memory.paging import page
from headrace.stores.memory.registry_rows import RegisteredModelRow
from headrace.stores.memory.registry_state import RegistryState
from headrace.stores.registry import NOBODY, RegisteredModelStore

TAG = "registered model tag"


class MemoryRegisteredModels(RegistryState, RegisteredModelStore):
    def create_registered_model(
        self,
        name: str,
        tags: Sequence[RegisteredModelTag] = (),
        description: str | None = None,
        *,
        act: Act = NOBODY,
    ) -> RegisteredModel:
        checks.model_name(name)
        kept, text, act = checks.tags(TAG, tags), checks.description(description), checks.act(act)
        with self.lock:
            self.check_free(name, prompt=is_prompt(kept))
            now = clock.now_ms()
            row = RegisteredModelRow(
                RegisteredModel(
                    name=name, creation_timestamp=now, last_updated_timestamp=now, description=text, tags=kept
                )
            )
            self.registered_models.append(row)
            self.journal(row, act, "model_created", after=text, data={"tags": kept, "description": text})
            return row.model()

    def get_registered_model(self, name: str) -> RegisteredModel:
        checks.model_name(name)
        with self.lock:
            return self.registered(name).model()

    def update_registered_model(self, name: str, description: str | None, *, act: Act = NOBODY) -> RegisteredModel:
        checks.model_name(name)
        text, act = checks.description(description), checks.act(act)
        with self.lock:
            row = self.registered(name)
            now = self.journal(row, act, "model_updated", before=row.record.description, after=text)
            row.touch(now, description=text)
            return row.model()

    def rename_registered_model(self, name: str, new_name: str, *, act: Act = NOBODY) -> RegisteredModel:
        checks.model_name(name)
        checks.model_name(new_name, "new_name")
        checks.act(act)
        with self.lock:
            row = self.registered(name)
            if new_name != name:
                self.check_free(new_name, prompt=row.prompt)
            now = self.journal(row, act, "model_renamed", before=name, after=new_name)
            row.touch(now, name=new_name)
            row.former_names.add(new_name)
            for number in row.versions:
                row.touch_version(number, now, name=new_name)
            return row.model()

    def delete_registered_model(self, name: str, *, act: Act = NOBODY) -> None:
        checks.model_name(name)
        checks.act(act)
        with self.lock:
            row = self.registered(name)
            self.journal(row, act, "model_deleted")
            row.deleted = True
            row.versions.clear()
            row.aliases.clear()

    def search_registered_models(
        self,
        filter_string: str | None = None,
        max_results: int = 100,
        order_by: Sequence[str] = (),
        page_token: str | None = None,
    ) -> Page[RegisteredModel]:
        limits.check_max_results(max_results, limits.MAX_REGISTERED_MODEL_RESULTS)
        rule, order = parse_filter(filter_string, REGISTERED_MODELS), parse_order(order_by, REGISTERED_MODELS)
        digest = tokens.search_digest("registered models", filter_string or "", list(order_by))
        prompts = asks_for_prompts(rule)
        with self.lock:
            models = [row.model() for row in self.registered_models if not row.deleted and row.prompt == prompts]
        matching = [SearchableRegisteredModel(each) for each in models]
        found = ordered([each for each in matching if evaluate(rule, each)], order)
        return page([each.model for each in found], max_results, page_token, digest)

    def set_registered_model_tag(self, name: str, tag: RegisteredModelTag, *, act: Act = NOBODY) -> None:
        checks.model_name(name)
        checks.tag(TAG, tag.key, tag.value)
        checks.act(act)
        with self.lock:
            row = self.registered(name)
            before = row.record.tags.get(tag.key)
            self.journal(row, act, "model_tag_set", key=tag.key, before=before, after=tag.value)
            row.record.tags[tag.key] = tag.value

    def delete_registered_model_tag(self, name: str, key: str, *, act: Act = NOBODY) -> None:
        checks.model_name(name)
        limits.check_key("key", key)
        checks.act(act)
        with self.lock:
            row = self.registered(name)
            if key in row.record.tags:
                self.journal(row, act, "model_tag_removed", key=key, before=row.record.tags[key])
                del row.record.tags[key]

    def set_registered_model_alias(
        self, name: str, alias: str, version: str, *, act: Act = NOBODY, if_revision: int | None = None
    ) -> None:
        checks.model_name(name)
        checks.alias_to_set(alias)
        checks.act(act)
        with self.lock:
            row, number = self.held_version(name, version)
            checks.same_revision(name, len(row.events), if_revision)
            held = row.aliases.get(alias)
            self.journal(
                row,
                act,
                "alias_set",
                version=number,
                key=alias,
                before=None if held is None else str(held),
                after=str(number),
                digest=row.versions[number].digest,
            )
            row.aliases[alias] = number

    def delete_registered_model_alias(self, name: str, alias: str, *, act: Act = NOBODY) -> None:
        checks.model_name(name)
        checks.alias(alias)
        checks.act(act)
        with self.lock:
            row = self.registered(name)
            if alias in row.aliases:
                self.remove_alias(row, alias, act)

    def remove_alias(self, row: RegisteredModelRow, alias: str, act: Act) -> None:
        held = row.aliases[alias]
        digest = row.versions[held].digest
        self.journal(row, act, "alias_removed", version=held, key=alias, before=str(held), digest=digest)
        del row.aliases[alias]

    def get_model_version_by_alias(self, name: str, alias: str) -> ModelVersion:
        checks.model_name(name)
        checks.alias(alias)
        with self.lock:
            row = self.registered(name)
            number = row.aliases.get(alias)
            if alias.lower() == checks.LATEST:
                number = max(row.versions, default=None)
            if number is None:
                raise checks.unknown_alias(name, alias)
            return row.version(number)

    def get_latest_versions(self, name: str, stages: Sequence[str] = ()) -> list[ModelVersion]:
        checks.model_name(name)
        wanted = checks.stages(stages)
        with self.lock:
            row = self.registered(name)
            latest = row.latest()
            return [row.version(latest[stage]) for stage in wanted if stage in latest]

    def get_policy(self, name: str) -> ModelPolicy:
        checks.model_name(name)
        with self.lock:
            return self.registered(name).policy

    def set_policy(self, name: str, policy: ModelPolicy, *, act: Act = NOBODY) -> None:
        checks.model_name(name)
        text = checks.policy(policy)
        checks.act(act)
        with self.lock:
            row = self.registered(name)
            before = msgspec.json.encode(row.policy).decode() if row.policy != ModelPolicy() else None
            self.journal(row, act, "policy_set", before=before, after=text)
            row.policy = policy
