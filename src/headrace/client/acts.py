"""Who changes the registry, as far as this process can say; a server that authenticates knows better."""

from __future__ import annotations

from headrace.client.context import user_name
from headrace.entities import Act


def act(comment: str | None = None) -> Act:
    """comment: why; kept in the model's history."""
    return Act(who=f"unverified:{user_name()}", comment=comment or "")
