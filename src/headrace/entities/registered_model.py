from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from headrace.entities.model_version import ModelVersion


class RegisteredModelTag(msgspec.Struct, frozen=True):
    key: str
    value: str


class RegisteredModel(msgspec.Struct, frozen=True, kw_only=True):
    """A name with versions. Times in ms since the epoch.

    latest_versions: the highest version of each stage that has one; their aliases aren't filled. aliases: alias →
    version. revision: counts every journalled change of the model or one of its versions; 0 where the server doesn't
    tell.
    """

    name: str
    creation_timestamp: int
    last_updated_timestamp: int
    description: str | None = None
    latest_versions: list[ModelVersion] = msgspec.field(default_factory=list)
    tags: dict[str, str] = msgspec.field(default_factory=dict)
    aliases: dict[str, str] = msgspec.field(default_factory=dict)
    revision: int = 0

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        """`dict(model)`, as scripts for MLflow print it."""
        return iter(sorted(msgspec.structs.asdict(self).items()))
