"""The module of MLflow's that holds the registry's records, by MLflow's names."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from headrace.client.absent import lookup
from headrace.entities import ModelVersion, ModelVersionTag, RegisteredModel, RegisteredModelTag

__all__ = [
    "ALL_STAGES",
    "STAGE_ARCHIVED",
    "STAGE_DELETED_INTERNAL",
    "STAGE_NONE",
    "STAGE_PRODUCTION",
    "STAGE_STAGING",
    "ModelVersion",
    "ModelVersionSearch",
    "ModelVersionStatus",
    "ModelVersionTag",
    "RegisteredModel",
    "RegisteredModelAlias",
    "RegisteredModelSearch",
    "RegisteredModelTag",
]

STAGE_NONE, STAGE_STAGING, STAGE_PRODUCTION, STAGE_ARCHIVED = "None", "Staging", "Production", "Archived"
STAGE_DELETED_INTERNAL = "Deleted_Internal"
ALL_STAGES = [STAGE_NONE, STAGE_STAGING, STAGE_PRODUCTION, STAGE_ARCHIVED]


ModelVersionSearch, RegisteredModelSearch = ModelVersion, RegisteredModel


class RegisteredModelAlias(msgspec.Struct, frozen=True):
    alias: str
    version: str


class ModelVersionStatus:
    """A version's `status` is the name."""

    PENDING_REGISTRATION, FAILED_REGISTRATION, READY = 1, 2, 3
    _NAMES: ClassVar[dict[int, str]] = {1: "PENDING_REGISTRATION", 2: "FAILED_REGISTRATION", 3: "READY"}

    @classmethod
    def all_status(cls) -> list[int]:
        return list(cls._NAMES)

    @classmethod
    def to_string(cls, status: int) -> str:
        return cls._NAMES[status]

    @classmethod
    def from_string(cls, name: str) -> int:
        return next(status for status, known in cls._NAMES.items() if known == name)


def __getattr__(name: str) -> Any:
    return lookup("headrace.entities.model_registry", name)
