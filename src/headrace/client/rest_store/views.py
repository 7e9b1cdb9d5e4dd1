from __future__ import annotations

from typing import Literal

from headrace.entities import ViewType

_NAMES: dict[int, Literal["ACTIVE_ONLY", "DELETED_ONLY", "ALL"]] = {
    ViewType.ACTIVE_ONLY: "ACTIVE_ONLY",
    ViewType.DELETED_ONLY: "DELETED_ONLY",
    ViewType.ALL: "ALL",
}


def view_name(view_type: int) -> Literal["ACTIVE_ONLY", "DELETED_ONLY", "ALL"]:
    return _NAMES[ViewType(view_type)]
