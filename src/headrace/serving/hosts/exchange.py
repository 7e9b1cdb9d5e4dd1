"""A call of a language model: jobs for the engine, and an answer out of the pieces that those bring.

Whole answers leave when the last job is done. Streams leave piece by piece, as server-sent events; pieces of a model
that is quicker than anybody reads leave several at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from headrace import clock
from headrace.errors import HeadraceError
from headrace.packaging.llm.answers import ChatAnswer, CompletionAnswer
from headrace.packaging.llm.engine import Growing, Job, Piece
from headrace.serving.call import EVENTS, Call, Reply, Usage
from headrace.serving.events import DONE, as_event
from headrace.serving.hosts.base import Emit
from headrace.serving.problems import problem

GATHER_S = 0.004  # pieces that follow one another within it share a write; too short for an eye to see


class Asked(NamedTuple):
    """One request of a call; /invocations may bring several."""

    answer: ChatAnswer | CompletionAnswer
    jobs: Sequence[Job]


class Exchange:
    """`push`, `fail` and `flush` belong to the engine's thread; `cancel` to anybody."""

    def __init__(self, call: Call, emit: Emit, asked: Sequence[Asked]) -> None:
        self.call = call
        self.jobs = [job for each in asked for job in each.jobs]
        self.over = self.begun = False
        self.batch = 1
        self._emit, self._asked = emit, asked
        self._answers = [Growing(job) for job in self.jobs]
        self._left = len(self.jobs)
        self._began = clock.monotonic_s()

    def push(self, number: int, piece: Piece) -> None:
        """A piece of its job of that number. Pieces after the end are left out."""
        answer = self._answers[number]
        if answer.job.done:
            return
        self.begun = True
        shown = answer.push(piece, number)
        if self.over:
            return  # cancelled, maybe meanwhile, which ends jobs, too
        self._left -= answer.job.done
        self._tell(shown)

    def fail(self, error: HeadraceError) -> None:
        if not self.over:
            self.cancel()
            self._emit.done(self.call.id, problem(self.call.kind, error))

    def cancel(self) -> None:
        self.over = True
        for job in self.jobs:
            job.done = True

    def flush(self) -> None:
        """What waits for more to go with it."""

    def _tell(self, shown: Piece) -> None:
        raise NotImplementedError

    def _end(self, body: bytes) -> None:
        self.over = True
        usage = self._usage()
        self._emit.done(
            self.call.id,
            Reply(
                status=200,
                body=body,
                rows=len(self._asked),
                usage=usage,
                predict_s=clock.monotonic_s() - self._began,
                batch=self.batch,
            ),
        )

    def _usage(self) -> Usage:
        prompt = sum(each.answer.prompt_tokens([len(job.prompt) for job in each.jobs]) for each in self._asked)
        return Usage(prompt=prompt, completion=sum(answer.tokens for answer in self._answers))


class Whole(Exchange):
    def _tell(self, shown: Piece) -> None:  # noqa: ARG002 — nothing leaves before all is there
        if self._left:
            return
        answers = iter(self._answers)
        responses = [each.answer.whole([next(answers).generated() for _ in each.jobs]) for each in self._asked]
        # MLflow's server answers /invocations with what predict returns, which is a list.
        listed = self.call.kind == "invocations"
        self._end(msgspec.json.encode(responses if listed else responses[0]))


class Events(Exchange):
    """A stream of one request. include_usage: whether its last event tells the tokens."""

    def __init__(self, call: Call, emit: Emit, asked: Asked, *, include_usage: bool) -> None:
        super().__init__(call, emit, [asked])
        self._answer = asked.answer
        self._include_usage = include_usage
        self._waiting: list[bytes] = []
        self._sent_at: float | None = None

    def fail(self, error: HeadraceError) -> None:
        """Once the status has left, the error is an event; that is how OpenAI's clients expect it."""
        if not self.over and self._sent_at is not None:
            self._waiting.append(as_event(problem(self.call.kind, error).body))
            self.flush()
        super().fail(error)

    def flush(self) -> None:
        if self._waiting and not self.over:
            self._emit.part(self.call.id, b"".join(self._waiting))
            self._waiting.clear()
            self._sent_at = clock.monotonic_s()

    def _tell(self, shown: Piece) -> None:
        if self._sent_at is None:
            self._emit.head(self.call.id, 200, EVENTS)
            self._sent_at = 0.0
            self._waiting.extend(map(_event, self._answer.opening(len(self.jobs))))
        self._waiting.extend(map(_event, self._answer.chunks(shown)))
        if not self._left:
            if self._include_usage:
                usage = self._usage()
                self._waiting.append(_event(self._answer.usage(usage.prompt, usage.completion)))
            self._waiting.append(DONE)
            self.flush()
            self._end(b"")
        elif self._waiting and clock.monotonic_s() - self._sent_at >= GATHER_S:
            self.flush()


def _event(chunk: object) -> bytes:
    return as_event(msgspec.json.encode(chunk))
