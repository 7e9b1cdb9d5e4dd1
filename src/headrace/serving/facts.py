"""What a model's process says of its model, once it is loaded."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from headrace.serving.call import Kind

Feeding = Literal["batches", "calls", "engine"]
"""batches: takes several calls at once and answers them together, then wants the next. calls: the same, one at a time,
since its model can't batch. engine: takes every call at once and answers each when it is done."""


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """kinds: dialects it answers. task: `llm/v1/chat` …, None for other models. signature: inputs, outputs and params
    as lists of MLmodel's JSON, None where there is no signature. example: of a request's body for /invocations, as
    JSON. max_batch: calls that may share one `take`. concurrency: of an engine, calls that it holds at a time. streams:
    whether it can answer piece by piece. load_s: how long the model took to load, imports included."""

    model_id: str | None
    flavors: list[str]
    kinds: list[Kind]
    feeding: Feeding
    task: str | None = None
    signature: dict[str, Any] | None = None
    example: str | None = None
    max_batch: int = 1
    concurrency: int = 1
    streams: bool = False
    load_s: float = 0.0
