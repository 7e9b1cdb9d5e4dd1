"""`deleted_ms` of experiments, runs and models: NULL while they are active."""

from __future__ import annotations

from headrace.entities import LifecycleStage, ViewType

_SEEN = {
    ViewType.ACTIVE_ONLY: "{}.deleted_ms IS NULL",
    ViewType.DELETED_ONLY: "{}.deleted_ms IS NOT NULL",
    ViewType.ALL: "",
}


def stage(deleted_ms: int | None) -> str:
    return LifecycleStage.ACTIVE if deleted_ms is None else LifecycleStage.DELETED


def seen(view_type: ViewType, table: str) -> str:
    """A condition, empty for all."""
    return _SEEN[view_type].format(table)
