from __future__ import annotations

from collections.abc import Sequence

from headrace.client.rest_store.registry_session import RegistrySession, caller
from headrace.entities import Act, ModelVersion, ModelVersionTag, Page, VersionManifest, VersionSignature
from headrace.stores.registry import NOBODY, ModelVersionStore
from headrace.wire.convert.model_versions import model_version, model_version_tag_fields
from headrace.wire.convert.version_files import (
    manifest_fields,
    signature_fields,
    version_manifest,
    version_signature,
)
from headrace.wire.messages import model_versions as m
from headrace.wire.messages import registry_extras as x
from headrace.wire.table import model_versions as t
from headrace.wire.table import registry_extras as own


class RestModelVersions(RegistrySession, ModelVersionStore):
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
        user_id: str | None = None,  # noqa: ARG002 — the server knows who is calling
        act: Act = NOBODY,
    ) -> ModelVersion:
        request = m.CreateModelVersion(
            name=name,
            source=source,
            run_id=run_id,
            tags=model_version_tag_fields(tags),
            run_link=run_link,
            description=description,
            model_id=model_id,
            storage_location=storage_location,
            manifest=None if manifest is None else manifest_fields(manifest),
            signatures=[signature_fields(signature) for signature in signatures],
            comment=act.comment,
        )
        # A second time would make a second version.
        answer = self._session.call(t.CREATE_MODEL_VERSION, request, caller(act), repeatable=False)
        return model_version(answer.model_version)

    def get_model_version(self, name: str, version: str) -> ModelVersion:
        request = m.GetModelVersion(name=name, version=version)
        return model_version(self._session.call(t.GET_MODEL_VERSION, request).model_version)

    def update_model_version(
        self, name: str, version: str, description: str | None, *, act: Act = NOBODY
    ) -> ModelVersion:
        request = m.UpdateModelVersion(name=name, version=version, description=description, comment=act.comment)
        return model_version(self._session.call(t.UPDATE_MODEL_VERSION, request, caller(act)).model_version)

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
        if if_revision is not None:
            self._compares_revisions(name)
        request = m.TransitionModelVersionStage(
            name=name,
            version=version,
            stage=stage,
            archive_existing_versions=archive_existing_versions,
            if_revision=if_revision,
            comment=act.comment,
        )
        answer = self._session.call(t.TRANSITION_MODEL_VERSION_STAGE, request, caller(act))
        return model_version(answer.model_version)

    def delete_model_version(self, name: str, version: str, *, act: Act = NOBODY) -> None:
        request = m.DeleteModelVersion(name=name, version=version, comment=act.comment)
        self._session.call(t.DELETE_MODEL_VERSION, request, caller(act))

    def search_model_versions(
        self,
        filter_string: str | None = None,
        max_results: int = 10_000,
        order_by: Sequence[str] = (),
        page_token: str | None = None,
    ) -> Page[ModelVersion]:
        request = m.SearchModelVersions(
            filter=filter_string, max_results=max_results, order_by=list(order_by), page_token=page_token
        )
        answer = self._session.call(t.SEARCH_MODEL_VERSIONS, request)
        return Page(map(model_version, answer.model_versions), answer.next_page_token)

    def get_model_version_download_uri(self, name: str, version: str) -> str:
        request = m.GetModelVersion(name=name, version=version)
        return self._session.call(t.GET_DOWNLOAD_URI, request).artifact_uri or ""

    def set_model_version_tag(self, name: str, version: str, tag: ModelVersionTag, *, act: Act = NOBODY) -> None:
        request = m.SetModelVersionTag(name=name, version=version, key=tag.key, value=tag.value, comment=act.comment)
        self._session.call(t.SET_MODEL_VERSION_TAG, request, caller(act))

    def delete_model_version_tag(self, name: str, version: str, key: str, *, act: Act = NOBODY) -> None:
        request = m.DeleteModelVersionTag(name=name, version=version, key=key, comment=act.comment)
        self._session.call(t.DELETE_MODEL_VERSION_TAG, request, caller(act))

    def get_version_manifest(self, name: str, version: str) -> VersionManifest | None:
        request = x.VersionAddress(name=name, version=version)
        fields = self._own(own.GET_MANIFEST, request, "manifests of model versions").manifest
        return None if fields is None else version_manifest(fields)

    def amend_version_manifest(
        self, name: str, version: str, manifest: VersionManifest, *, act: Act = NOBODY, if_digest: str | None = None
    ) -> ModelVersion:
        request = x.AmendManifest(
            name=name,
            version=version,
            manifest=manifest_fields(manifest),
            if_digest=if_digest,
            comment=act.comment,
        )
        answer = self._own(own.AMEND_MANIFEST, request, "manifests of model versions", act)
        return model_version(answer.model_version)

    def get_version_signatures(self, name: str, version: str) -> list[VersionSignature]:
        request = x.VersionAddress(name=name, version=version)
        answer = self._own(own.GET_SIGNATURES, request, "signatures of model versions")
        return [version_signature(fields) for fields in answer.signatures]

    def add_version_signature(self, name: str, version: str, signature: VersionSignature, *, act: Act = NOBODY) -> None:
        request = x.AddSignature(name=name, version=version, signature=signature_fields(signature), comment=act.comment)
        self._own(own.ADD_SIGNATURE, request, "signatures of model versions", act)
