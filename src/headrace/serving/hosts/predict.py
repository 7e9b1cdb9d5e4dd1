"""Models that answer by `predict`: several requests at once where that is right.

Requests whose rows are of one kind and whose params are equal share one `predict`. Where it raises, halves are tried
until the request that is to blame is alone with its error. A model that turns out not to answer row by row is never
asked for several requests again, and those that it was asked for are done one by one.
"""

from __future__ import annotations

import logging
from collections.abc import Hashable, Iterator, Sequence
from typing import Protocol

from headrace import clock
from headrace.errors import HeadraceError, NotSupported, TimedOut
from headrace.packaging.payload.errors import BadPayload
from headrace.packaging.payload.quick import Rows
from headrace.packaging.pyfunc.loaded import PyFuncModel
from headrace.serving.call import Call, Kind, Reply
from headrace.serving.facts import Facts
from headrace.serving.hosts.asking import refusal
from headrace.serving.hosts.base import Emit
from headrace.serving.hosts.described import described
from headrace.serving.hosts.failure import failure, refused
from headrace.serving.hosts.infer import Infer
from headrace.serving.hosts.invocations import Invocations
from headrace.serving.hosts.joining import has_rows, joined, parted
from headrace.serving.hosts.rowwise import answers_by_row
from headrace.serving.hosts.work import Work
from headrace.serving.problems import problem, told
from headrace.serving.spec import ModelSpec

MOST_ROWS = 10_000  # of several requests in one predict: beyond, sharing saves nothing and takes memory

logger = logging.getLogger("headrace.serving")


class Dialect(Protocol):
    def read(self, call: Call) -> Work: ...


class PredictHost:
    def __init__(self, model: PyFuncModel, spec: ModelSpec, *, load_s: float) -> None:
        self._model = model
        self._dialects: dict[Kind, Dialect] = {
            "invocations": Invocations(model.metadata),
            "infer": Infer(model.metadata, spec.name),
        }
        self._shares = spec.batching and answers_by_row(model)
        self._waited_for: set[int] = set()
        self.facts: Facts = described(
            model,
            kinds=list(self._dialects),
            feeding="batches" if self._shares else "calls",
            max_batch=spec.max_batch if self._shares else 1,
            load_s=load_s,
        )

    def take(self, calls: Sequence[Call], emit: Emit) -> None:
        self._waited_for = {call.id for call in calls}
        groups: dict[Hashable, list[Work]] = {}
        for call in calls:
            work = self._read(call, emit)
            if work is not None:
                groups.setdefault(work.group if self._shares else call.id, []).append(work)
        for works in groups.values():
            for part in _cut_by_rows(works):
                self._answer(part, emit)

    def _read(self, call: Call, emit: Emit) -> Work | None:
        if call.kind not in self._dialects:
            known = ", ".join(self._dialects)
            emit.done(call.id, problem(call.kind, NotSupported(f"The model answers {known}, not {call.kind}.")))
            return None
        try:
            return self._dialects[call.kind].read(call)
        except RecursionError:
            emit.done(call.id, refusal(call, BadPayload("The body is nested too deeply.")))
            return None
        except Exception as error:  # noqa: BLE001 — whatever a body holds, it ends this call alone
            emit.done(call.id, refusal(call, error))
            return None

    def _answer(self, works: list[Work], emit: Emit) -> int:
        """How many failed."""
        works = [work for work in works if self._is_wanted(work.call, emit)]
        if not works:
            return 0
        started = clock.monotonic_s()
        try:
            data = joined([work.data for work in works])
            predict = self._model.predict_enforced if isinstance(works[0].data, Rows) else self._model.predict
            predictions = predict(data, params=works[0].params)
        except (Exception, SystemExit) as error:  # noqa: BLE001 — the user's code
            if len(works) == 1:
                emit.done(works[0].call.id, refused(works[0].call.kind, failure(error)))
                return 1
            middle = len(works) // 2
            failed = self._answer(works[:middle], emit) + self._answer(works[middle:], emit)
            if not failed:
                self._stop_sharing()
            return failed
        took_s = clock.monotonic_s() - started
        counts = [work.mould.rows for work in works]
        parts = [predictions] if len(works) == 1 else parted(predictions, counts)
        by_row = works[0].mould.kind is not None and counts[0]
        if parts is None or (self._shares and by_row and not has_rows(predictions, sum(counts))):
            self._stop_sharing()
        if parts is None:
            return sum(self._answer([work], emit) for work in works)
        for work, part in zip(works, parts, strict=True):
            emit.done(work.call.id, _reply(work, part, took_s, len(works)))
        return 0

    def _is_wanted(self, call: Call, emit: Emit) -> bool:
        if call.id not in self._waited_for:
            emit.done(call.id, problem(call.kind, HeadraceError("The request was cancelled.", "CANCELLED")))
            return False
        if clock.monotonic_s() > call.deadline:
            late = TimedOut("The request's time was over before the model could begin with it.")
            emit.done(call.id, problem(call.kind, late))
            return False
        return True

    def _stop_sharing(self) -> None:
        if self._shares:
            self._shares = False
            logger.warning("The model doesn't answer row by row; from now on each request gets a predict of its own.")

    def cancel(self, call_id: int) -> None:
        self._waited_for.discard(call_id)

    def close(self) -> None:
        pass


def _cut_by_rows(works: list[Work]) -> Iterator[list[Work]]:
    part: list[Work] = []
    rows = 0
    for work in works:
        if part and rows + work.mould.rows > MOST_ROWS:
            yield part
            part, rows = [], 0
        part.append(work)
        rows += work.mould.rows
    yield part


def _reply(work: Work, predictions: object, took_s: float, batch: int) -> Reply:
    try:
        body, content_type = work.write(predictions)
    except Exception as error:  # noqa: BLE001 — what the model answered with may be anything
        return problem(work.call.kind, told(error, "writing an answer"))
    return Reply(status=200, body=body, content_type=content_type, rows=work.mould.rows, predict_s=took_s, batch=batch)
