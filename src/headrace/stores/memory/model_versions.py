from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec

from headrace.entities import (
    Act,
    ModelVersion,
    ModelVersionStage,
    ModelVersionTag,
    Page,
    VersionManifest,
    VersionSignature,
    limits,
)
from headrace.query import (
    MODEL_VERSIONS,
    SearchableModelVersion,
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
from headrace.stores.memory.registered_models import MemoryRegisteredModels
from headrace.stores.memory.registry_rows import VersionRow
from headrace.stores.registry import NOBODY, ModelVersionStore

TAG = "model version tag"


class MemoryModelVersions(MemoryRegisteredModels, ModelVersionStore):
    def create_model_version(
        self,
        name: str,
        source: str,
        run_id: str | None = None,
        tags: Sequence[ModelVersionTag] = (),
        run_link: str | None = None,
        description: str | None = None,
        model_id: str | None = None,
        *,
        storage_location: str | None = None,
        manifest: VersionManifest | None = None,
        signatures: Sequence[VersionSignature] = (),
        user_id: str | None = None,
        act: Act = NOBODY,
    ) -> ModelVersion:
        checks.model_name(name)
        checks.act(act)
        new = checks.new_version(
            source=source,
            run_id=run_id,
            run_link=run_link,
            description_text=description,
            model_id=model_id,
            storage_location=storage_location,
            user_id=user_id,
            tag_entries=tags,
        )
        kept_manifests = [] if manifest is None else [checks.manifest(manifest)]
        kept_signatures = [checks.signature(each) for each in signatures]
        with self.lock:
            row = self.registered(name)
            number = row.made_versions + 1
            now = self.journal(
                row,
                act,
                "version_created",
                version=number,
                after=new.source,
                digest=kept_manifests[0].digest if kept_manifests else None,
                data={
                    "source": new.source,
                    "run_id": new.run_id,
                    "tags": new.tags,
                    "description": new.description,
                },
            )
            row.made_versions = number
            record = ModelVersion(
                name=name,
                version=str(number),
                creation_timestamp=now,
                last_updated_timestamp=now,
                description=new.description,
                user_id=new.user_id,
                source=new.source,
                run_id=new.run_id,
                run_link=new.run_link,
                model_id=new.model_id,
                tags=new.tags,
            )
            made = row.versions[number] = VersionRow(record, new.storage_location)
            made.manifests, made.signatures = kept_manifests, kept_signatures
            row.touch(now)
            return row.version(number)

    def get_model_version(self, name: str, version: str) -> ModelVersion:
        checks.model_name(name)
        with self.lock:
            row, number = self.held_version(name, version)
            return row.version(number)

    def update_model_version(
        self, name: str, version: str, description: str | None, *, act: Act = NOBODY
    ) -> ModelVersion:
        checks.model_name(name)
        text, act = checks.description(description), checks.act(act)
        with self.lock:
            row, number = self.held_version(name, version)
            held = row.versions[number]
            before = held.record.description
            now = self.journal(
                row, act, "version_updated", version=number, before=before, after=text, digest=held.digest
            )
            row.touch_version(number, now, description=text)
            return row.version(number)

    def transition_model_version_stage(
        self,
        name: str,
        version: str,
        stage: str,
        archive_existing_versions: bool = False,
        *,
        act: Act = NOBODY,
        if_revision: int | None = None,
    ) -> ModelVersion:
        checks.model_name(name)
        wanted = checks.stage_to_set(stage, archive_existing_versions)
        checks.act(act)
        with self.lock:
            row, number = self.held_version(name, version)
            checks.same_revision(name, len(row.events), if_revision)
            moves = {number: wanted}
            if archive_existing_versions:
                others = (each for each, held in row.versions.items() if held.record.current_stage == wanted)
                moves = {each: ModelVersionStage.ARCHIVED for each in others if each != number} | moves
            for each, after in moves.items():
                held = row.versions[each]
                before = held.record.current_stage
                now = self.journal(row, act, "stage_set", version=each, before=before, after=after, digest=held.digest)
                row.touch_version(each, now, current_stage=after)
            row.touch(row.event_ms)
            return row.version(number)

    def delete_model_version(self, name: str, version: str, *, act: Act = NOBODY) -> None:
        checks.model_name(name)
        checks.act(act)
        with self.lock:
            row, number = self.held_version(name, version)
            for alias in sorted(each for each, held in row.aliases.items() if held == number):
                self.remove_alias(row, alias, act)
            held = row.versions[number]
            now = self.journal(
                row, act, "version_deleted", version=number, before=held.record.source, digest=held.digest
            )
            del row.versions[number]
            row.touch(now)

    def search_model_versions(
        self,
        filter_string: str | None = None,
        max_results: int = 10_000,
        order_by: Sequence[str] = (),
        page_token: str | None = None,
    ) -> Page[ModelVersion]:
        limits.check_max_results(max_results, limits.MAX_MODEL_VERSION_RESULTS)
        rule, order = parse_filter(filter_string, MODEL_VERSIONS), parse_order(order_by, MODEL_VERSIONS)
        digest = tokens.search_digest("model versions", filter_string or "", list(order_by))
        prompts = asks_for_prompts(rule)
        with self.lock:
            versions = [row.bare_version(number) for row in self.registered_models for number in row.versions]
        matching = [SearchableModelVersion(each) for each in versions if is_prompt(each.tags) == prompts]
        found = ordered([each for each in matching if evaluate(rule, each)], order)
        return page([each.version for each in found], max_results, page_token, digest)

    def get_model_version_download_uri(self, name: str, version: str) -> str:
        checks.model_name(name)
        with self.lock:
            row, number = self.held_version(name, version)
            return row.versions[number].storage_location or row.versions[number].record.source

    def versions_at(self, locations: Collection[str]) -> dict[str, list[ModelVersion]]:
        found: dict[str, list[ModelVersion]] = {}
        with self.lock:
            for row in sorted(self.registered_models, key=lambda row: row.name):
                for number, version in sorted(row.versions.items()):
                    location = version.storage_location or version.record.source
                    if location in locations and not row.deleted and not row.prompt:
                        found.setdefault(location, []).append(msgspec.structs.replace(row.version(number), aliases=[]))
        return found

    def set_model_version_tag(self, name: str, version: str, tag: ModelVersionTag, *, act: Act = NOBODY) -> None:
        checks.model_name(name)
        checks.tag(TAG, tag.key, tag.value)
        checks.act(act)
        with self.lock:
            row, number = self.held_version(name, version)
            held = row.versions[number]
            self.journal(
                row,
                act,
                "version_tag_set",
                version=number,
                key=tag.key,
                before=held.record.tags.get(tag.key),
                after=tag.value,
                digest=held.digest,
            )
            held.record.tags[tag.key] = tag.value

    def delete_model_version_tag(self, name: str, version: str, key: str, *, act: Act = NOBODY) -> None:
        checks.model_name(name)
        limits.check_key("key", key)
        checks.act(act)
        with self.lock:
            row, number = self.held_version(name, version)
            held = row.versions[number]
            if key in held.record.tags:
                before = held.record.tags.pop(key)
                self.journal(
                    row, act, "version_tag_removed", version=number, key=key, before=before, digest=held.digest
                )

    def get_version_manifest(self, name: str, version: str) -> VersionManifest | None:
        checks.model_name(name)
        with self.lock:
            row, number = self.held_version(name, version)
            manifests = row.versions[number].manifests
            return manifests[-1] if manifests else None

    def amend_version_manifest(
        self, name: str, version: str, manifest: VersionManifest, *, act: Act = NOBODY, if_digest: str | None = None
    ) -> ModelVersion:
        checks.model_name(name)
        checks.manifest(manifest)
        checks.act(act)
        with self.lock:
            row, number = self.held_version(name, version)
            before, after = row.versions[number].digest, manifest.digest
            checks.same_manifest(name, number, before, if_digest)
            now = self.journal(row, act, "manifest_amended", version=number, before=before, after=after, digest=after)
            row.versions[number].manifests.append(manifest)
            row.touch_version(number, now)
            return row.version(number)

    def get_version_signatures(self, name: str, version: str) -> list[VersionSignature]:
        checks.model_name(name)
        with self.lock:
            row, number = self.held_version(name, version)
            return list(row.versions[number].signatures)

    def add_version_signature(self, name: str, version: str, signature: VersionSignature, *, act: Act = NOBODY) -> None:
        checks.model_name(name)
        checks.signature(signature)
        checks.act(act)
        with self.lock:
            row, number = self.held_version(name, version)
            self.journal(row, act, "version_signed", version=number, after=signature.signer, digest=signature.digest)
            row.versions[number].signatures.append(signature)
