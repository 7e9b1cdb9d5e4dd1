"""Texts of many calls through an embedding engine: those that wait go together."""

from __future__ import annotations

import queue
import threading
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from headrace import clock
from headrace.errors import TimedOut
from headrace.packaging.llm.request import EmbeddingRequest
from headrace.packaging.llm.task import EmbeddingTask
from headrace.serving.call import Call, Reply, Usage
from headrace.serving.hosts.base import Emit
from headrace.serving.problems import problem, told

MAX_TEXTS = 256  # of a batch; the engine cuts it further


@dataclass(kw_only=True)
class Wanted:
    call: Call
    emit: Emit
    requests: Sequence[EmbeddingRequest]
    over: bool = False

    @property
    def texts(self) -> list[str]:
        return [text for request in self.requests for text in request.inputs]

    def done(self, reply: Reply) -> None:
        self.over = True
        self.emit.done(self.call.id, reply)


class Texts:
    def __init__(self, task: EmbeddingTask, model_name: str) -> None:
        self._task, self._model_name = task, model_name
        self._waiting: queue.SimpleQueue[Wanted | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._thread.start()

    def add(self, wanted: Wanted) -> None:
        if not self._thread.is_alive():
            raise RuntimeError("the engine's thread has ended")  # a fault of ours; the process ends with it
        self._waiting.put(wanted)

    def close(self) -> None:
        self._waiting.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (wanted := self._waiting.get()) is not None:
            taken, texts = [wanted], len(wanted.texts)
            while texts < MAX_TEXTS and not self._waiting.empty():
                other = self._waiting.get()
                if other is None:
                    self._waiting.put(None)
                    break
                taken.append(other)
                texts += len(other.texts)
            self._answer([each for each in taken if _is_wanted(each)])

    def _answer(self, taken: Sequence[Wanted]) -> None:
        if not taken:
            return
        started = clock.monotonic_s()
        try:
            vectors, tokens = self._task.engine.embed([text for wanted in taken for text in wanted.texts])
        except Exception as error:  # noqa: BLE001 — the engine's, or a text that is too long
            if len(taken) > 1:
                for wanted in taken:
                    self._answer([wanted])
            else:
                taken[0].done(problem(taken[0].call.kind, told(error, "embedding")))
            return
        took_s = clock.monotonic_s() - started
        at = 0
        for wanted in taken:
            end = at + len(wanted.texts)
            self._tell(wanted, vectors[at:end], sum(tokens[at:end]), took_s, len(taken))
            at = end

    def _tell(self, wanted: Wanted, vectors: Sequence[Sequence[float]], tokens: int, took_s: float, batch: int) -> None:
        try:
            answer = self._task.answer(wanted.requests, vectors, tokens, self._model_name)
            body = msgspec.json.encode(answer)
        except Exception as error:  # noqa: BLE001 — dimensions that the model hasn't, or what the engine gave
            wanted.done(problem(wanted.call.kind, told(error, "embedding")))
            return
        usage = Usage(prompt=tokens, completion=0)
        wanted.done(Reply(status=200, body=body, rows=len(vectors), usage=usage, predict_s=took_s, batch=batch))


def _is_wanted(wanted: Wanted) -> bool:
    if not wanted.over and wanted.call.deadline <= clock.monotonic_s():
        late = TimedOut("The request's time was over before the model could begin with it.")
        wanted.done(problem(wanted.call.kind, late))
    return not wanted.over
