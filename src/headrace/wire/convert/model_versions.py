"""A version's description, run and link are "" on the wire where there is none, as MLflow's servers answer them."""

from __future__ import annotations

from collections.abc import Iterable

from headrace.entities import ModelVersion, ModelVersionTag
from headrace.wire.convert.experiments import mapping, pairs
from headrace.wire.messages.fields import KeyValue
from headrace.wire.messages.model_versions import ModelVersionMessage

_STATUS_BY_NUMBER: dict[object, str] = {1: "PENDING_REGISTRATION", 2: "FAILED_REGISTRATION", 3: "READY"}


def model_version_message(version: ModelVersion) -> ModelVersionMessage:
    return ModelVersionMessage(
        name=version.name,
        version=version.version,
        creation_timestamp=version.creation_timestamp,
        last_updated_timestamp=version.last_updated_timestamp,
        user_id=version.user_id,
        current_stage=version.current_stage,
        description=version.description or "",
        source=version.source,
        run_id=version.run_id or "",
        status=version.status,
        status_message=version.status_message,
        tags=pairs(version.tags),
        run_link=version.run_link or "",
        aliases=version.aliases,
        model_id=version.model_id,
        digest=version.digest,
    )


def model_version(message: ModelVersionMessage) -> ModelVersion:
    status = _STATUS_BY_NUMBER.get(message.status, message.status)
    return ModelVersion(
        name=message.name,
        version=message.version,
        creation_timestamp=message.creation_timestamp or 0,
        last_updated_timestamp=message.last_updated_timestamp or 0,
        description=message.description or None,
        user_id=message.user_id or None,
        current_stage=message.current_stage or "None",
        source=message.source or "",
        run_id=message.run_id or None,
        status="READY" if status is None else str(status),
        status_message=message.status_message or None,
        tags=mapping(message.tags),
        run_link=message.run_link or None,
        aliases=message.aliases,
        model_id=message.model_id or None,
        digest=message.digest or None,
    )


def model_version_tags(tags: Iterable[KeyValue]) -> list[ModelVersionTag]:
    return [ModelVersionTag(tag.key, tag.value) for tag in tags]


def model_version_tag_fields(tags: Iterable[ModelVersionTag]) -> list[KeyValue]:
    return [KeyValue(key=tag.key, value=tag.value) for tag in tags]
