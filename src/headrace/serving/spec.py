"""All that a model's process must be told to load its model. Crosses to it as JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import msgspec

from headrace.packaging.trust import Origin


class ModelSpec(msgspec.Struct, frozen=True, kw_only=True):
    """path: of the model's folder on this machine. root, creator, caller: its origin, as `trust` judges it. name: what
    clients call the model. batching: False answers one call at a time, whatever the model could. engine: of a language
    model; "own" is that of its flavor."""

    path: str
    name: str
    root: str | None = None
    creator: str | None = None
    caller: str | None = None
    allow_pickle: bool | None = None
    model_config: dict[str, Any] | None = None
    batching: bool = True
    max_batch: int = 64
    concurrency: int = 64
    engine: Literal["own", "vllm"] = "own"

    @property
    def origin(self) -> Origin:
        return Origin(root=Path(self.root) if self.root else None, creator=self.creator, caller=self.caller)
