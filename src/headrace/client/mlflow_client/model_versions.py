from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from headrace.client.acts import act
from headrace.client.mlflow_client.target import Target
from headrace.client.registration import AWAIT_S, until_ready
from headrace.client.values import as_key, as_text
from headrace.entities import (
    ModelVersion,
    ModelVersionStage,
    ModelVersionTag,
    Page,
    VersionManifest,
    VersionSignature,
)
from headrace.errors import InvalidValue, MissingValue
from headrace.stores.model_uris import version_in_stage

if TYPE_CHECKING:
    from headrace.registry.lineage import Lineage

_VERSIONS_PAGE = 10_000


class ModelVersionCalls(Target):
    """comment, everywhere: why; the model's history keeps it, with who and when. version: digits, as text or int."""

    def create_model_version(
        self,
        name: str,
        source: str,
        run_id: str | None = None,
        tags: Mapping[str, Any] | None = None,
        run_link: str | None = None,
        description: str | None = None,
        await_creation_for: int | None = AWAIT_S,
        model_id: str | None = None,
        *,
        comment: str | None = None,
    ) -> ModelVersion:
        """The next version of a model that is there; waits up to so many seconds until it is ready."""
        entries = [ModelVersionTag(as_key("tag name", key), as_text(value)) for key, value in (tags or {}).items()]
        doing = act(comment)
        made = self._registry.create_model_version(
            name, str(source), run_id, entries, run_link, description, model_id, user_id=doing.who, act=doing
        )
        return until_ready(self._registry, made, await_creation_for)

    def copy_model_version(
        self, src_model_uri: str, dst_name: str, *, dst_registry_uri: str | None = None, comment: str | None = None
    ) -> ModelVersion:
        """A version as the next one of another model, which is made if it is missing. dst_registry_uri: of another
        server or store, where the files are copied to, too."""
        from headrace.client.version_copy import copy_version  # loads all of `packaging`

        return copy_version(
            str(src_model_uri), dst_name, self._registry_uri, self._tracking_uri, dst_registry_uri, comment
        )

    def get_model_version(self, name: str, version: str | int) -> ModelVersion:
        return self._registry.get_model_version(name, str(version))

    def update_model_version(
        self, name: str, version: str | int, description: str | None = None, *, comment: str | None = None
    ) -> ModelVersion:
        """description: None clears it."""
        return self._registry.update_model_version(name, str(version), description, act=act(comment))

    def transition_model_version_stage(
        self,
        name: str,
        version: str | int,
        stage: str,
        archive_existing_versions: bool = False,
        *,
        comment: str | None = None,
    ) -> ModelVersion:
        """stage: None, Staging, Production or Archived, in any case."""
        if not str(stage).strip():
            raise MissingValue("stage")
        return self._registry.transition_model_version_stage(
            name, str(version), stage, archive_existing_versions, act=act(comment)
        )

    def delete_model_version(self, name: str, version: str | int, *, comment: str | None = None) -> None:
        """Aliases that point to it go, too; its number isn't used again."""
        self._registry.delete_model_version(name, str(version), act=act(comment))

    def search_model_versions(
        self,
        filter_string: str | None = None,
        max_results: int = _VERSIONS_PAGE,
        order_by: Sequence[str] | None = None,
        page_token: str | None = None,
    ) -> Page[ModelVersion]:
        """One page; its `token` leads to the next. Aliases aren't filled."""
        return self._registry.search_model_versions(
            filter_string or None, max_results, tuple(order_by or ()), page_token
        )

    def get_model_version_download_uri(self, name: str, version: str | int) -> str:
        """Where its files lie."""
        return self._registry.get_model_version_download_uri(name, str(version))

    def get_model_version_stages(self, name: str, version: str | int) -> list[str]:  # noqa: ARG002 — MLflow's arguments
        return list(ModelVersionStage.ALL)

    def set_model_version_tag(
        self,
        name: str,
        version: str | int | None = None,
        key: str | None = None,
        value: Any = None,
        stage: str | None = None,
        *,
        comment: str | None = None,
    ) -> None:
        """Of a version, or of the highest one in a stage."""
        tag = ModelVersionTag(as_key("tag name", _needed("key", key)), as_text(value))
        self._registry.set_model_version_tag(name, self._version(name, version, stage), tag, act=act(comment))

    def delete_model_version_tag(
        self,
        name: str,
        version: str | int | None = None,
        key: str | None = None,
        stage: str | None = None,
        *,
        comment: str | None = None,
    ) -> None:
        """Of a version, or of the highest one in a stage."""
        self._registry.delete_model_version_tag(
            name, self._version(name, version, stage), _needed("key", key), act=act(comment)
        )

    def get_model_version_manifest(self, name: str, version: str | int) -> VersionManifest | None:
        """The files of the version, with sizes and digests; None where nobody took them."""
        return self._registry.get_version_manifest(name, str(version))

    def get_model_version_signatures(self, name: str, version: str | int) -> list[VersionSignature]:
        """Oldest first, also of earlier manifests."""
        return self._registry.get_version_signatures(name, str(version))

    def get_model_version_lineage(self, name: str, version: str | int) -> Lineage:
        """The run, parameters, metrics, datasets, commit and environment that the version comes from."""
        from headrace.registry.lineage import lineage_of

        return lineage_of(self._registry, self._store, name, str(version))

    def search_model_version_lineage(
        self,
        *,
        run_id: str | None = None,
        dataset_digest: str | None = None,
        git_commit: str | None = None,
        digest: str | None = None,
    ) -> list[ModelVersion]:
        """The versions that came of exactly one of these, newest first. digest: of a version's files."""
        from headrace.registry.lineage import versions_from

        return versions_from(
            self._registry,
            self._store,
            run_id=run_id,
            dataset_digest=dataset_digest,
            git_commit=git_commit,
            digest=digest,
        )

    def _version(self, name: str, version: str | int | None, stage: str | None) -> str:
        if (version is None) == (stage is None):
            raise InvalidValue(message="Give exactly one of version and stage.")
        if stage is not None:
            return version_in_stage(name, stage, self._registry).version
        return str(version)


def _needed(field: str, value: str | None) -> str:
    if value is None:
        raise MissingValue(field)
    return value
