"""Embeddings: the texts of all calls that wait go through the model together."""

from __future__ import annotations

from collections.abc import Sequence

from headrace.packaging.llm.task import EmbeddingTask
from headrace.packaging.pyfunc.loaded import PyFuncModel
from headrace.serving.call import Call
from headrace.serving.hosts.asking import refusal, requests_of
from headrace.serving.hosts.base import Emit
from headrace.serving.hosts.described import described
from headrace.serving.hosts.texts import Texts, Wanted
from headrace.serving.spec import ModelSpec


class EmbeddingHost:
    def __init__(self, model: PyFuncModel, task: EmbeddingTask, spec: ModelSpec, *, load_s: float) -> None:
        self._meta, self._task = model.metadata, task
        self._texts = Texts(task, spec.name)
        self._open: dict[int, Wanted] = {}
        self.facts = described(
            model,
            kinds=["embeddings", "invocations"],
            feeding="engine",
            load_s=load_s,
            concurrency=spec.concurrency,
        )

    def take(self, calls: Sequence[Call], emit: Emit) -> None:
        for call in calls:
            try:
                wanted = Wanted(call=call, emit=emit, requests=requests_of(call, self._task, self._meta))
            except Exception as error:  # noqa: BLE001 — whatever a body holds, it ends this call alone
                emit.done(call.id, refusal(call, error))
                continue
            self._open[call.id] = wanted
            self._texts.add(wanted)
        if len(self._open) > 2 * self.facts.concurrency:
            self._open = {call_id: wanted for call_id, wanted in self._open.copy().items() if not wanted.over}

    def cancel(self, call_id: int) -> None:
        wanted = self._open.get(call_id)
        if wanted is not None:
            wanted.over = True

    def close(self) -> None:
        self._texts.close()
