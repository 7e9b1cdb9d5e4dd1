"""The registry's part of the store: each method is one function of this package, run in one transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from headrace.entities import (
    Act,
    EventKind,
    ModelPolicy,
    ModelVersion,
    ModelVersionTag,
    Page,
    RegisteredModel,
    RegisteredModelTag,
    RegistryEvent,
    VersionManifest,
    VersionSignature,
)
from headrace.stores import registry_checks as checks
from headrace.stores.registry import NOBODY, RegistryStore
from headrace.stores.sql.registry import aliases, history, manifests, model_search, models, version_search, versions
from headrace.stores.sql.registry.model_cache import ModelCache
from headrace.stores.sql.transactions import Transactions


class _RegisteredModels(Transactions, RegistryStore):
    read_models: ModelCache

    def create_registered_model(
        self,
        name: str,
        tags: Sequence[RegisteredModelTag] = (),
        description: str | None = None,
        *,
        act: Act = NOBODY,
    ) -> RegisteredModel:
        return self._write(models.create(name, tags, description, act))

    def get_registered_model(self, name: str) -> RegisteredModel:
        return self._read(models.get(name))

    def update_registered_model(self, name: str, description: str | None, *, act: Act = NOBODY) -> RegisteredModel:
        return self._write(models.update(name, description, act))

    def rename_registered_model(self, name: str, new_name: str, *, act: Act = NOBODY) -> RegisteredModel:
        return self._write(models.rename(name, new_name, act))

    def delete_registered_model(self, name: str, *, act: Act = NOBODY) -> None:
        self._write(models.delete(name, act))

    def search_registered_models(
        self,
        filter_string: str | None = None,
        max_results: int = 100,
        order_by: Sequence[str] = (),
        page_token: str | None = None,
    ) -> Page[RegisteredModel]:
        return self._read(model_search.search(filter_string, max_results, order_by, page_token, self.read_models))

    def set_registered_model_tag(self, name: str, tag: RegisteredModelTag, *, act: Act = NOBODY) -> None:
        self._write(models.set_tag(name, tag, act))

    def delete_registered_model_tag(self, name: str, key: str, *, act: Act = NOBODY) -> None:
        self._write(models.delete_tag(name, key, act))

    def set_registered_model_alias(
        self, name: str, alias: str, version: str, *, act: Act = NOBODY, if_revision: int | None = None
    ) -> None:
        self._write(aliases.put(name, alias, version, act, if_revision))

    def delete_registered_model_alias(self, name: str, alias: str, *, act: Act = NOBODY) -> None:
        self._write(aliases.delete(name, alias, act))

    def get_model_version_by_alias(self, name: str, alias: str) -> ModelVersion:
        return self._read(aliases.resolve(name, alias))

    def get_latest_versions(self, name: str, stages: Sequence[str] = ()) -> list[ModelVersion]:
        return self._read(aliases.latest(name, stages))

    def get_policy(self, name: str) -> ModelPolicy:
        return self._read(models.get_policy(name))

    def set_policy(self, name: str, policy: ModelPolicy, *, act: Act = NOBODY) -> None:
        self._write(models.set_policy(name, policy, act))


class _ModelVersions(Transactions, RegistryStore):
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
        return self._write(versions.create(name, new, manifest, signatures, act))

    def get_model_version(self, name: str, version: str) -> ModelVersion:
        return self._read(versions.get(name, version))

    def update_model_version(
        self, name: str, version: str, description: str | None, *, act: Act = NOBODY
    ) -> ModelVersion:
        return self._write(versions.update(name, version, description, act))

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
        return self._write(versions.move(name, version, stage, archive_existing_versions, act, if_revision))

    def delete_model_version(self, name: str, version: str, *, act: Act = NOBODY) -> None:
        self._write(versions.delete(name, version, act))

    def search_model_versions(
        self,
        filter_string: str | None = None,
        max_results: int = 10_000,
        order_by: Sequence[str] = (),
        page_token: str | None = None,
    ) -> Page[ModelVersion]:
        return self._read(version_search.search(filter_string, max_results, order_by, page_token))

    def get_model_version_download_uri(self, name: str, version: str) -> str:
        return self._read(versions.download_uri(name, version))

    def versions_at(self, locations: Collection[str]) -> dict[str, list[ModelVersion]]:
        return self._read(versions.at(locations))

    def set_model_version_tag(self, name: str, version: str, tag: ModelVersionTag, *, act: Act = NOBODY) -> None:
        self._write(versions.set_tag(name, version, tag, act))

    def delete_model_version_tag(self, name: str, version: str, key: str, *, act: Act = NOBODY) -> None:
        self._write(versions.delete_tag(name, version, key, act))

    def get_version_manifest(self, name: str, version: str) -> VersionManifest | None:
        return self._read(manifests.get(name, version))

    def amend_version_manifest(
        self, name: str, version: str, manifest: VersionManifest, *, act: Act = NOBODY, if_digest: str | None = None
    ) -> ModelVersion:
        return self._write(manifests.amend(name, version, manifest, act, if_digest))

    def get_version_signatures(self, name: str, version: str) -> list[VersionSignature]:
        return self._read(manifests.signatures(name, version))

    def add_version_signature(self, name: str, version: str, signature: VersionSignature, *, act: Act = NOBODY) -> None:
        self._write(manifests.sign(name, version, signature, act))


class _History(Transactions, RegistryStore):
    def search_history(
        self,
        name: str,
        *,
        version: str | None = None,
        kinds: Collection[EventKind] = (),
        key: str | None = None,
        since_ms: int | None = None,
        until_ms: int | None = None,
        max_results: int = 1000,
        page_token: str | None = None,
    ) -> Page[RegistryEvent]:
        wanted = checks.history_search(name, version, kinds, key, since_ms, until_ms, max_results)
        return self._read(history.search(wanted, max_results, page_token))

    def get_alias_at(self, name: str, alias: str, at_ms: int) -> RegistryEvent | None:
        return self._read(history.alias_at(name, alias, at_ms))

    def get_stage_at(self, name: str, stage: str, at_ms: int) -> list[RegistryEvent]:
        return self._read(history.stage_at(name, stage, at_ms))

    def verify_history(self, name: str) -> list[RegistryEvent]:
        return self._read(history.verify(name))

    def import_history(self, name: str, events: Sequence[RegistryEvent], *, act: Act = NOBODY) -> None:
        self._write(history.take_over(name, events, act))


class SqlRegistry(_RegisteredModels, _ModelVersions, _History):
    pass
