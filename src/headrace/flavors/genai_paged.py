"""onnxruntime-genai's own continuous batches: for folders that are built with paged attention, which runs on GPUs."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from contextlib import closing
from typing import Any

import numpy as np

from headrace.errors import UserCodeError
from headrace.flavors.genai_batch import SEEDS, guidance_of, search_options
from headrace.flavors.genai_engine import GenaiEngine
from headrace.flavors.genai_rows import Parts, Row
from headrace.packaging.llm.engine import Generated, Job, Piece, collect

MAX_ROWS = 256  # in the engine's hands; it begins as many as its cache has blocks for
_EVENTS = 256
_HONOURED = frozenset("temperature top_p top_k seed repetition_penalty response_format tools".split())


def is_paged(config: Mapping[str, Any]) -> bool:
    """config: genai_config.json."""
    return "dynamic_batching" in (config.get("engine") or {})


class PagedBatch:
    """All jobs that one `Engine` has. No job is put off for another: the engine orders them itself."""

    def __init__(self, engine: Any, parts: Parts) -> None:
        self._engine, self._parts = engine, parts
        self._buffer = engine.create_event_buffer(_EVENTS)
        self._rows: dict[Any, tuple[Row, int]] = {}  # by the engine's requests, with the turn
        self._added = 0

    @property
    def ended(self) -> bool:
        return not self._rows

    def takes(self, job: Job) -> bool:  # noqa: ARG002 — the engine finds out itself
        return len(self._rows) < MAX_ROWS

    def add(self, job: Job) -> int:
        import onnxruntime_genai as og

        number, self._added = self._added, self._added + 1
        request = self._engine.create_request()
        turn = og.TurnOptions(request)
        turn.set_max_generated_tokens(job.max_tokens)
        for name, value in search_options(job.options).items():
            getattr(turn, f"set_{name}")(value)
        if job.seed is not None and job.options.sample is not False:
            turn.set_seed(job.seed % SEEDS)
        if job.options.response_format is not None:
            turn.set_guidance(*guidance_of(job.options.response_format))
        turn_id = request.begin_turn(np.asarray(job.prompt, dtype=np.int32), turn)
        self._rows[request] = Row(self._parts, number, job), turn_id
        return number

    def step(self) -> list[Piece]:
        for request, (row, _) in list(self._rows.items()):
            if row.ended:
                self._give_up(request)
        if not self._rows:
            return []
        return [piece for event in self._engine.run(self._buffer) for piece in self._told(event)]

    def close(self) -> None:
        """The engine would go on with what it has, whoever reads it."""
        for request in list(self._rows):
            self._give_up(request)

    def _told(self, event: Any) -> list[Piece]:
        import onnxruntime_genai as og

        found = self._rows.get(event.request)
        if found is None:
            return []
        row, _ = found
        flags = int(event.flags.value)
        if flags & int(og.EngineEventFlags.FAILED.value) and not flags & int(og.EngineEventFlags.RETRYABLE.value):
            raise UserCodeError(f"onnxruntime-genai's engine failed: {event.error_code.name}.")
        pieces = []
        if flags & int(og.EngineEventFlags.TOKEN.value) and not row.ended:
            pieces.append(row.said(int(event.token), None))
        if flags & int(og.EngineEventFlags.TURN_FINISHED.value):
            if not row.ended:
                # The closing token isn't told, and counts as one for us.
                is_closed = event.finish_reason == og.FinishReason.EOS
                finish, tokens = ("stop", 1) if is_closed else ("length", 0)
                pieces.append(Piece(job=row.number, text="", tokens=tokens, finish=finish))  # type: ignore[arg-type]
            self._drop(event.request)
        return pieces

    def _give_up(self, request: Any) -> None:
        request.cancel_turn(self._rows[request][1])
        self._drop(request)

    def _drop(self, request: Any) -> None:
        del self._rows[request]
        request.close()


class PagedEngine:
    """The engine of such a folder. For one thread: onnxruntime-genai's belongs to the one that makes it, so it is made
    by who begins with it."""

    max_batch, max_batch_tokens = MAX_ROWS, 2**62

    def __init__(self, engine: GenaiEngine) -> None:
        self._model, _ = engine.get_raw_model()
        self._engine: Any = None
        self._parts = engine.parts
        self.model_name, self.context_length = engine.model_name, engine.context_length
        self.supported = engine.supported & _HONOURED
        self.render, self.encode = engine.render, engine.encode

    def alike(self, job: Job) -> Hashable:  # noqa: ARG002 — any may be beside any
        return "paged"

    def room(self, jobs: Sequence[Job]) -> int:  # noqa: ARG002 — the engine's to know
        return 0

    def start(self, jobs: Sequence[Job]) -> PagedBatch:
        import onnxruntime_genai as og

        if self._engine is None:
            self._engine = og.Engine(self._model)
        batch = PagedBatch(self._engine, self._parts)
        for job in jobs:
            batch.add(job)
        return batch

    def generate(self, jobs: Sequence[Job]) -> list[Generated]:
        return collect(self.stream(jobs), jobs)

    def stream(self, jobs: Sequence[Job]) -> Any:
        with closing(self.start(jobs)) as batch:
            while not batch.ended:
                yield from batch.step()
