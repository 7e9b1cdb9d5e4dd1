"""Chats and completions: every call is taken at once, and answered when the engine has come to its end."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from headrace.errors import InvalidValue
from headrace.flavors.genai_engine import GenaiEngine
from headrace.flavors.genai_paged import PagedEngine, is_paged
from headrace.flavors.genai_session import Unsuitable
from headrace.flavors.genai_slots import SlotEngine
from headrace.packaging.llm.task import ChatTask, CompletionTask, EmbeddingTask
from headrace.packaging.pyfunc.loaded import PyFuncModel
from headrace.serving.call import Call, Kind
from headrace.serving.hosts.asking import refusal, requests_of
from headrace.serving.hosts.base import Emit
from headrace.serving.hosts.described import described
from headrace.serving.hosts.exchange import Asked, Events, Exchange, Whole
from headrace.serving.hosts.rounds import Rounds
from headrace.serving.hosts.stepping import Stepper
from headrace.serving.spec import ModelSpec

logger = logging.getLogger("headrace.serving")


def task_of(model: PyFuncModel) -> ChatTask | CompletionTask | EmbeddingTask | None:
    """The task that the model is; None for any other model."""
    found = model.predictor
    return found if isinstance(found, ChatTask | CompletionTask | EmbeddingTask) else None


class ChatHost:
    """A chat model answers completions, too: prompts that don't go through its template."""

    def __init__(self, model: PyFuncModel, task: ChatTask | CompletionTask, spec: ModelSpec, *, load_s: float) -> None:
        self._meta, self._name = model.metadata, spec.name
        task.engine = engine = _served(task.engine)
        self._tasks: dict[Kind, Any] = {"invocations": task, "completions": task}
        if isinstance(task, ChatTask):
            self._tasks |= {"chat": task, "completions": CompletionTask(engine, task.defaults)}
        self._engine: Stepper | Rounds = Stepper(engine) if hasattr(engine, "start") else Rounds(engine)
        self._open: dict[int, Exchange] = {}
        self.facts = described(
            model,
            kinds=sorted(self._tasks),
            feeding="engine",
            load_s=load_s,
            concurrency=spec.concurrency,
            streams=True,
        )

    def take(self, calls: Sequence[Call], emit: Emit) -> None:
        for call in calls:
            try:
                exchange = self._exchange(call, emit)
            except Exception as error:  # noqa: BLE001 — whatever a body holds, it ends this call alone
                emit.done(call.id, refusal(call, error))
                continue
            self._open[call.id] = exchange
            self._engine.add(exchange)
        if len(self._open) > 2 * self.facts.concurrency:
            self._open = {call_id: exchange for call_id, exchange in self._open.copy().items() if not exchange.over}

    def cancel(self, call_id: int) -> None:
        exchange = self._open.get(call_id)
        if exchange is not None:
            exchange.cancel()

    def close(self) -> None:
        self._engine.close()

    def _exchange(self, call: Call, emit: Emit) -> Exchange:
        task = self._tasks[call.kind]
        requests = requests_of(call, task, self._meta)
        asked = [Asked(task.answer(request, self._name), task.jobs(request)) for request in requests]
        if not any(request.stream for request in requests):
            return Whole(call, emit, asked)
        if len(asked) != 1:
            raise InvalidValue("stream", True, f"a stream answers one request, and here are {len(asked)}")
        return Events(call, emit, asked[0], include_usage=requests[0].include_usage)


def _served(engine: Any) -> Any:
    """The best way to run it for many at a time."""
    if not isinstance(engine, GenaiEngine):
        return engine
    if is_paged(engine.config):
        return PagedEngine(engine)
    try:
        return SlotEngine(engine)
    except Unsuitable as reason:
        logger.info("The model isn't batched continuously: %s.", reason)
        engine.get_raw_model()  # what can't be loaded shall be told now
        return engine
