"""A registry that hands every call to another one; what guards calls overrides those it guards."""

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
from headrace.stores.registry import (
    NOBODY,
    ModelVersionStore,
    RegisteredModelStore,
    RegistryHistoryStore,
    RegistryStore,
)


class _Models(RegisteredModelStore):
    store: RegistryStore

    def create_registered_model(
        self,
        name: str,
        tags: Sequence[RegisteredModelTag] = (),
        description: str | None = None,
        *,
        act: Act = NOBODY,
    ) -> RegisteredModel:
        return self.store.create_registered_model(name, tags, description, act=act)

    def get_registered_model(self, name: str) -> RegisteredModel:
        return self.store.get_registered_model(name)

    def update_registered_model(self, name: str, description: str | None, *, act: Act = NOBODY) -> RegisteredModel:
        return self.store.update_registered_model(name, description, act=act)

    def rename_registered_model(self, name: str, new_name: str, *, act: Act = NOBODY) -> RegisteredModel:
        return self.store.rename_registered_model(name, new_name, act=act)

    def delete_registered_model(self, name: str, *, act: Act = NOBODY) -> None:
        self.store.delete_registered_model(name, act=act)

    def search_registered_models(
        self,
        filter_string: str | None = None,
        max_results: int = 100,
        order_by: Sequence[str] = (),
        page_token: str | None = None,
    ) -> Page[RegisteredModel]:
        return self.store.search_registered_models(filter_string, max_results, order_by, page_token)

    def set_registered_model_tag(self, name: str, tag: RegisteredModelTag, *, act: Act = NOBODY) -> None:
        self.store.set_registered_model_tag(name, tag, act=act)

    def delete_registered_model_tag(self, name: str, key: str, *, act: Act = NOBODY) -> None:
        self.store.delete_registered_model_tag(name, key, act=act)

    def set_registered_model_alias(
        self, name: str, alias: str, version: str, *, act: Act = NOBODY, if_revision: int | None = None
    ) -> None:
        self.store.set_registered_model_alias(name, alias, version, act=act, if_revision=if_revision)

    def delete_registered_model_alias(self, name: str, alias: str, *, act: Act = NOBODY) -> None:
        self.store.delete_registered_model_alias(name, alias, act=act)

    def get_model_version_by_alias(self, name: str, alias: str) -> ModelVersion:
        return self.store.get_model_version_by_alias(name, alias)

    def get_latest_versions(self, name: str, stages: Sequence[str] = ()) -> list[ModelVersion]:
        return self.store.get_latest_versions(name, stages)

    def get_policy(self, name: str) -> ModelPolicy:
        return self.store.get_policy(name)

    def set_policy(self, name: str, policy: ModelPolicy, *, act: Act = NOBODY) -> None:
        self.store.set_policy(name, policy, act=act)


class _Versions(ModelVersionStore):
    store: RegistryStore

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
        return self.store.create_model_version(
            name,
            source,
            run_id,
            tags,
            run_link,
            description,
            model_id,
            storage_location=storage_location,
            manifest=manifest,
            signatures=signatures,
            user_id=user_id,
            act=act,
        )

    def get_model_version(self, name: str, version: str) -> ModelVersion:
        return self.store.get_model_version(name, version)

    def update_model_version(
        self, name: str, version: str, description: str | None, *, act: Act = NOBODY
    ) -> ModelVersion:
        return self.store.update_model_version(name, version, description, act=act)

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
        return self.store.transition_model_version_stage(
            name, version, stage, archive_existing_versions, act=act, if_revision=if_revision
        )

    def delete_model_version(self, name: str, version: str, *, act: Act = NOBODY) -> None:
        self.store.delete_model_version(name, version, act=act)

    def search_model_versions(
        self,
        filter_string: str | None = None,
        max_results: int = 10_000,
        order_by: Sequence[str] = (),
        page_token: str | None = None,
    ) -> Page[ModelVersion]:
        return self.store.search_model_versions(filter_string, max_results, order_by, page_token)

    def get_model_version_download_uri(self, name: str, version: str) -> str:
        return self.store.get_model_version_download_uri(name, version)

    def set_model_version_tag(self, name: str, version: str, tag: ModelVersionTag, *, act: Act = NOBODY) -> None:
        self.store.set_model_version_tag(name, version, tag, act=act)

    def delete_model_version_tag(self, name: str, version: str, key: str, *, act: Act = NOBODY) -> None:
        self.store.delete_model_version_tag(name, version, key, act=act)

    def get_version_manifest(self, name: str, version: str) -> VersionManifest | None:
        return self.store.get_version_manifest(name, version)

    def amend_version_manifest(
        self, name: str, version: str, manifest: VersionManifest, *, act: Act = NOBODY, if_digest: str | None = None
    ) -> ModelVersion:
        return self.store.amend_version_manifest(name, version, manifest, act=act, if_digest=if_digest)

    def get_version_signatures(self, name: str, version: str) -> list[VersionSignature]:
        return self.store.get_version_signatures(name, version)

    def add_version_signature(self, name: str, version: str, signature: VersionSignature, *, act: Act = NOBODY) -> None:
        self.store.add_version_signature(name, version, signature, act=act)


class _History(RegistryHistoryStore):
    store: RegistryStore

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
        return self.store.search_history(
            name,
            version=version,
            kinds=kinds,
            key=key,
            since_ms=since_ms,
            until_ms=until_ms,
            max_results=max_results,
            page_token=page_token,
        )

    def get_alias_at(self, name: str, alias: str, at_ms: int) -> RegistryEvent | None:
        return self.store.get_alias_at(name, alias, at_ms)

    def get_stage_at(self, name: str, stage: str, at_ms: int) -> list[RegistryEvent]:
        return self.store.get_stage_at(name, stage, at_ms)

    def verify_history(self, name: str) -> list[RegistryEvent]:
        return self.store.verify_history(name)

    def import_history(self, name: str, events: Sequence[RegistryEvent], *, act: Act = NOBODY) -> None:
        self.store.import_history(name, events, act=act)


class ForwardingRegistry(_Models, _Versions, _History, RegistryStore):
    def __init__(self, store: RegistryStore) -> None:
        self.store = store
