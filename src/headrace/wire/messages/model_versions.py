from __future__ import annotations

from headrace.wire.messages.fields import Answer, Int64, KeyValue, KeyValueAnswer, Request, Text
from headrace.wire.messages.version_files import ManifestFields, SignatureFields


class RegistryWrite(Request, kw_only=True):
    """comment is Headrace's own: why, kept in the model's history. MLflow's servers ignore it."""

    comment: str = ""


class ModelVersionMessage(Answer, kw_only=True):
    """digest is Headrace's own: SHA-256 over the version's manifest."""

    name: str
    version: str
    creation_timestamp: int | None = None
    last_updated_timestamp: int | None = None
    user_id: str | None = None
    current_stage: str | None = None
    description: str | None = None
    source: str | None = None
    run_id: str | None = None
    status: str | int | None = None
    status_message: str | None = None
    tags: list[KeyValueAnswer] = []
    run_link: str | None = None
    aliases: list[str] = []
    model_id: str | None = None
    digest: str | None = None


class ModelVersionAnswer(Answer, kw_only=True):
    model_version: ModelVersionMessage


class ModelVersionsAnswer(Answer, kw_only=True):
    model_versions: list[ModelVersionMessage] = []


class CreateModelVersion(RegistryWrite, kw_only=True):
    """storage_location, manifest and signatures are Headrace's own: of a version that is copied from elsewhere."""

    name: Text
    source: Text
    run_id: str | None = None
    tags: list[KeyValue] = []
    run_link: str | None = None
    description: str | None = None
    model_id: str | None = None
    storage_location: str | None = None
    manifest: ManifestFields | None = None
    signatures: list[SignatureFields] = []


class GetModelVersion(Request, kw_only=True):
    name: Text
    version: Text


class UpdateModelVersion(RegistryWrite, kw_only=True):
    """Without a description, it is cleared."""

    name: Text
    version: Text
    description: str | None = None


class TransitionModelVersionStage(RegistryWrite, kw_only=True):
    """if_revision is Headrace's own: refused with RESOURCE_CONFLICT if the model has changed since."""

    name: Text
    version: Text
    stage: Text
    archive_existing_versions: bool = False
    if_revision: Int64 | None = None


class DeleteModelVersion(RegistryWrite, kw_only=True):
    name: Text
    version: Text


class SearchModelVersions(Request, kw_only=True):
    filter: str | None = None
    max_results: Int64 = 200_000
    order_by: list[str] = []
    page_token: str | None = None


class SearchModelVersionsAnswer(Answer, kw_only=True):
    model_versions: list[ModelVersionMessage] = []
    next_page_token: str | None = None


class DownloadUriAnswer(Answer, kw_only=True):
    artifact_uri: str | None = None


class GetVersionArtifact(Request, kw_only=True):
    """Headed for a browser: the fields are checked by its route."""

    name: Text
    version: Text
    path: str = ""


class SetModelVersionTag(RegistryWrite, kw_only=True):
    name: Text
    version: Text
    key: Text
    value: str = ""


class DeleteModelVersionTag(RegistryWrite, kw_only=True):
    name: Text
    version: Text
    key: Text
