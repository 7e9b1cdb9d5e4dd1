from __future__ import annotations

from headrace.wire.messages.fields import Answer, Int64, KeyValue, KeyValueAnswer, Request, Text
from headrace.wire.messages.model_versions import ModelVersionMessage, RegistryWrite


class ModelAliasMessage(Answer, kw_only=True):
    alias: str
    version: str


class RegisteredModelMessage(Answer, kw_only=True):
    """revision is Headrace's own, as in `entities.RegisteredModel`."""

    name: str
    creation_timestamp: int | None = None
    last_updated_timestamp: int | None = None
    description: str | None = None
    latest_versions: list[ModelVersionMessage] = []
    tags: list[KeyValueAnswer] = []
    aliases: list[ModelAliasMessage] = []
    revision: int | None = None


class RegisteredModelAnswer(Answer, kw_only=True):
    registered_model: RegisteredModelMessage


class CreateRegisteredModel(RegistryWrite, kw_only=True):
    name: Text
    tags: list[KeyValue] = []
    description: str | None = None


class GetRegisteredModel(Request, kw_only=True):
    name: Text


class UpdateRegisteredModel(RegistryWrite, kw_only=True):
    """Without a description, it is cleared."""

    name: Text
    description: str | None = None


class RenameRegisteredModel(RegistryWrite, kw_only=True):
    name: Text
    new_name: Text


class DeleteRegisteredModel(RegistryWrite, kw_only=True):
    name: Text


class SearchRegisteredModels(Request, kw_only=True):
    filter: str | None = None
    max_results: Int64 = 100
    order_by: list[str] = []
    page_token: str | None = None


class SearchRegisteredModelsAnswer(Answer, kw_only=True):
    registered_models: list[RegisteredModelMessage] = []
    next_page_token: str | None = None


class GetLatestVersions(Request, kw_only=True):
    """No stages: all four."""

    name: Text
    stages: list[str] = []


class SetRegisteredModelTag(RegistryWrite, kw_only=True):
    name: Text
    key: Text
    value: str = ""


class DeleteRegisteredModelTag(RegistryWrite, kw_only=True):
    name: Text
    key: Text


class SetRegisteredModelAlias(RegistryWrite, kw_only=True):
    """if_revision is Headrace's own: refused with RESOURCE_CONFLICT if the model has changed since."""

    name: Text
    alias: Text
    version: Text
    if_revision: Int64 | None = None


class DeleteRegisteredModelAlias(RegistryWrite, kw_only=True):
    name: Text
    alias: Text


class GetModelVersionByAlias(Request, kw_only=True):
    name: Text
    alias: Text
