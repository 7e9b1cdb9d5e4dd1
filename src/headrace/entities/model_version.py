from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec


class ModelVersionTag(msgspec.Struct, frozen=True):
    key: str
    value: str


class ModelVersionStage:
    """The legacy stages, as answered; requests take any case."""

    NONE, STAGING, PRODUCTION, ARCHIVED = "None", "Staging", "Production", "Archived"
    ALL = (NONE, STAGING, PRODUCTION, ARCHIVED)
    ACTIVE = (STAGING, PRODUCTION)


class ModelVersion(msgspec.Struct, frozen=True, kw_only=True):
    """version: decimal digits, counted from "1" within its model, never used again. Times in ms since the epoch.

    source: as the caller wrote it. status: READY, PENDING_REGISTRATION or FAILED_REGISTRATION. aliases: filled by reads
    of single versions, empty in searches. digest: SHA-256 over the version's manifest; None where it has none.
    """

    name: str
    version: str
    creation_timestamp: int
    last_updated_timestamp: int
    description: str | None = None
    user_id: str | None = None
    current_stage: str = ModelVersionStage.NONE
    source: str = ""
    run_id: str | None = None
    status: str = "READY"
    status_message: str | None = None
    tags: dict[str, str] = msgspec.field(default_factory=dict)
    run_link: str | None = None
    aliases: list[str] = msgspec.field(default_factory=list)
    model_id: str | None = None
    digest: str | None = None

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        """`dict(version)`, as scripts for MLflow print it."""
        return iter(sorted(msgspec.structs.asdict(self).items()))
