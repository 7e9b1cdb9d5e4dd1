from __future__ import annotations

from collections.abc import Iterable

from headrace.entities import RegisteredModel, RegisteredModelTag
from headrace.wire.convert.experiments import mapping, pairs
from headrace.wire.convert.model_versions import model_version, model_version_message
from headrace.wire.messages.fields import KeyValue
from headrace.wire.messages.registered_models import ModelAliasMessage, RegisteredModelMessage


def registered_model_message(model: RegisteredModel) -> RegisteredModelMessage:
    return RegisteredModelMessage(
        name=model.name,
        creation_timestamp=model.creation_timestamp,
        last_updated_timestamp=model.last_updated_timestamp,
        description=model.description or None,
        latest_versions=[model_version_message(version) for version in model.latest_versions],
        tags=pairs(model.tags),
        aliases=[ModelAliasMessage(alias=alias, version=version) for alias, version in model.aliases.items()],
        revision=model.revision or None,
    )


def registered_model(message: RegisteredModelMessage) -> RegisteredModel:
    return RegisteredModel(
        name=message.name,
        creation_timestamp=message.creation_timestamp or 0,
        last_updated_timestamp=message.last_updated_timestamp or 0,
        description=message.description or None,
        latest_versions=[model_version(version) for version in message.latest_versions],
        tags=mapping(message.tags),
        aliases={item.alias: item.version for item in message.aliases},
        revision=message.revision or 0,
    )


def registered_model_tags(tags: Iterable[KeyValue]) -> list[RegisteredModelTag]:
    return [RegisteredModelTag(tag.key, tag.value) for tag in tags]


def registered_model_tag_fields(tags: Iterable[RegisteredModelTag]) -> list[KeyValue]:
    return [KeyValue(key=tag.key, value=tag.value) for tag in tags]
