"""The facts of a loaded model."""

from __future__ import annotations

import json
from typing import Any, Protocol

from headrace.packaging.inside import inside
from headrace.packaging.mlmodel import PYFUNC, Model
from headrace.serving.call import Kind
from headrace.serving.facts import Facts, Feeding

MAX_EXAMPLE_BYTES = 1 << 20  # it crosses to the front and is shown on a page


class Loaded(Protocol):
    @property
    def metadata(self) -> Model: ...

    @property
    def model_id(self) -> str | None: ...


def described(
    model: Loaded,
    *,
    kinds: list[Kind],
    feeding: Feeding,
    load_s: float,
    max_batch: int = 1,
    concurrency: int = 1,
    streams: bool = False,
) -> Facts:
    meta = model.metadata
    task = (meta.metadata or {}).get("task")
    return Facts(
        model_id=model.model_id,
        flavors=sorted(set(meta.flavors) - {PYFUNC}) or [PYFUNC],
        kinds=kinds,
        feeding=feeding,
        task=str(task) if task else None,
        signature=_signature(meta),
        example=serving_example(meta),
        max_batch=max_batch,
        concurrency=concurrency,
        streams=streams,
        load_s=load_s,
    )


def _signature(meta: Model) -> dict[str, Any] | None:
    if meta.signature is None:
        return None
    return {key: json.loads(text) if text else None for key, text in meta.signature.to_dict().items()}


def serving_example(meta: Model) -> str | None:
    """The body of a request that the model was saved with; None without one, or where it is huge."""
    name = (meta.saved_input_example_info or {}).get("serving_input_path")
    if not name or meta.folder is None:
        return None
    path = inside(meta.folder, str(name))
    if not path.is_file() or path.stat().st_size > MAX_EXAMPLE_BYTES:
        return None
    return path.read_text(encoding="utf-8")
