"""Closed sets of names that entities and wire share."""

from __future__ import annotations

from enum import IntEnum


class ViewType(IntEnum):
    """Which lifecycle stages a search sees."""

    ACTIVE_ONLY = 1
    DELETED_ONLY = 2
    ALL = 3

    @classmethod
    def from_string(cls, name: str) -> ViewType:
        return cls[name.upper()]

    @classmethod
    def to_string(cls, view_type: int) -> str:
        return cls(view_type).name.lower()

    def sees(self, lifecycle_stage: str) -> bool:
        return self is ViewType.ALL or (self is ViewType.ACTIVE_ONLY) == (lifecycle_stage == "active")


class LifecycleStage:
    ACTIVE = "active"
    DELETED = "deleted"


class RunStatus(IntEnum):
    RUNNING = 1
    SCHEDULED = 2
    FINISHED = 3
    FAILED = 4
    KILLED = 5

    @classmethod
    def from_string(cls, name: str) -> RunStatus:
        return cls[name]

    @classmethod
    def to_string(cls, status: int) -> str:
        return cls(status).name

    @classmethod
    def is_terminated(cls, status: int | str) -> bool:
        name = status if isinstance(status, str) else cls(status).name
        return name in ("FINISHED", "FAILED", "KILLED")


class LoggedModelStatus(IntEnum):
    """MLflow's members are texts, and code compares them with texts: equal to its name, too."""

    UNSPECIFIED = 0
    PENDING = 1
    READY = 2
    FAILED = 3

    def __eq__(self, other: object) -> bool:
        return self.name == other if isinstance(other, str) else int(self) == other

    def __hash__(self) -> int:
        return hash(int(self))

    def __str__(self) -> str:
        return self.name

    @property
    def wire_name(self) -> str:
        return "LOGGED_MODEL_UPLOAD_FAILED" if self is LoggedModelStatus.FAILED else f"LOGGED_MODEL_{self.name}"


class SourceType:
    NOTEBOOK, JOB, PROJECT, LOCAL, UNKNOWN = "NOTEBOOK", "JOB", "PROJECT", "LOCAL", "UNKNOWN"
