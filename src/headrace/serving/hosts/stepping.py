"""Jobs of many calls through an engine that goes step by step, on a thread of its own.

A job goes to a batch that takes it, if there is one: continuous batches take jobs at any time. Else it begins a batch,
with those that wait and are alike. Up to MAX_BATCHES run side by side, a step each in turn, so that a long answer holds
no short one up; beyond that jobs wait, and begin together when a batch ends.
"""

from __future__ import annotations

import threading
from collections.abc import Hashable, Sequence
from typing import NamedTuple

from headrace import clock
from headrace.errors import HeadraceError, StoreUnavailable, TimedOut
from headrace.packaging.llm.engine import Batch, Job, Stepping
from headrace.serving.hosts.exchange import Exchange
from headrace.serving.problems import told

MAX_BATCHES = 4
LOOK_S = 0.05  # between two looks for calls that are late


class Work(NamedTuple):
    """A job of an exchange, by its number there."""

    exchange: Exchange
    number: int

    @property
    def job(self) -> Job:
        return self.exchange.jobs[self.number]


class _Running(NamedTuple):
    """works: by their numbers in the batch."""

    batch: Batch
    works: dict[int, Work]
    key: Hashable
    tokens: int


class Stepper:
    def __init__(self, engine: Stepping) -> None:
        self._engine = engine
        self._arrived: list[Work] = []
        self._changed = threading.Condition()
        self._closed = False
        self._waiting: list[tuple[Hashable, Work]] = []
        self._running: list[_Running] = []
        self._looked_at = 0.0
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._thread.start()

    def add(self, exchange: Exchange) -> None:
        with self._changed:
            if self._closed:
                raise RuntimeError("the engine's thread has ended")  # a fault of ours; the process ends with it
            self._arrived.extend(Work(exchange, number) for number in range(len(exchange.jobs)))
            self._changed.notify()

    def close(self) -> None:
        """What runs is given up."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        try:
            while self._take_arrived():
                self._drop_late()
                self._admit()
                for running in list(self._running):
                    self._step(running)
        finally:
            with self._changed:
                self._closed = True
                left = [*self._works(), *self._arrived]
            for work in left:
                work.exchange.fail(StoreUnavailable("The model's engine has ended; try again."))
            self._running.clear()  # generators must be gone before the model is

    def _take_arrived(self) -> bool:
        """Waits where there is nothing to do. False when it is time to end."""
        with self._changed:
            while not (self._arrived or self._waiting or self._running or self._closed):
                self._changed.wait()
            arrived, self._arrived = self._arrived, []
            closed = self._closed
        now = clock.monotonic_s() if arrived else 0.0
        for work in arrived:
            _end_late(work.exchange, now)
        self._waiting.extend((self._engine.alike(work.job), work) for work in arrived)
        return not closed

    def _drop_late(self) -> None:
        now = clock.monotonic_s()
        if now - self._looked_at < LOOK_S:
            return
        self._looked_at = now
        for exchange in {id(work.exchange): work.exchange for work in self._works()}.values():
            _end_late(exchange, now)

    def _works(self) -> list[Work]:
        works = [work for _, work in self._waiting]
        return works + [work for running in self._running for work in running.works.values()]

    def _admit(self) -> None:
        self._waiting = [(key, work) for key, work in self._waiting if not self._has_place(key, work)]
        while self._waiting and len(self._running) < MAX_BATCHES:
            key, taken = self._waiting[0][0], self._first_alike()
            if not taken:
                return
            self._waiting = [each for each in self._waiting if each[1] not in taken]
            self._start(key, taken)
            self._waiting = [each for each in self._waiting if not self._has_place(*each)]

    def _has_place(self, key: Hashable, work: Work) -> bool:
        """Whether it needs none any more, or has found one in a batch that runs."""
        if work.job.done:
            return True
        for running in self._running:
            if key is not None and running.key == key and running.batch.takes(work.job):
                running.works[running.batch.add(work.job)] = work
                work.exchange.batch = max(work.exchange.batch, len(running.works))
                return True
        return False

    def _first_alike(self) -> list[Work]:
        """The first that waits and those that can go with it; none while the caches have no room for it."""
        most = self._engine.max_batch_tokens - sum(running.tokens for running in self._running)
        first_key = self._waiting[0][0]
        taken: list[Work] = []
        for key, work in self._waiting:
            if taken and (key is None or key != first_key):
                continue
            jobs = [each.job for each in taken] + [work.job]
            fits = len(jobs) <= self._engine.max_batch and self._engine.room(jobs) <= most
            if not fits and (taken or self._running):
                break
            taken.append(work)
        return taken

    def _start(self, key: Hashable, works: Sequence[Work]) -> None:
        self._flush()  # reading prompts may take a while
        jobs = [work.job for work in works]
        try:
            batch = self._engine.start(jobs)
        except Exception as error:  # noqa: BLE001 — the engine's; the calls that cause it end with it, and no others
            if len(works) == 1:
                _fail(works, error)
            else:
                for work in works:
                    self._start(key, [work])
            return
        for work in works:
            work.exchange.batch = max(work.exchange.batch, len(works))
        self._running.append(_Running(batch, dict(enumerate(works)), key, self._engine.room(jobs)))

    def _flush(self) -> None:
        for running in self._running:
            for work in running.works.values():
                work.exchange.flush()

    def _step(self, running: _Running) -> None:
        batch, works = running.batch, running.works
        try:
            pieces = batch.step()
        except Exception as error:  # noqa: BLE001 — as above
            self._running.remove(running)
            _fail(list(works.values()), error)
            return
        for piece in pieces:
            work = works.get(piece.job)
            if work is None:
                continue  # it ended with an earlier piece of this step
            work.exchange.push(work.number, piece)
            if work.job.done:
                del works[piece.job]
        if batch.ended:  # which may take it one more step: an engine's own requests end there
            self._running.remove(running)


def _end_late(exchange: Exchange, now: float) -> None:
    if exchange.call.deadline <= now:
        exchange.fail(TimedOut("The request's time was over before the answer was complete."))


def _fail(works: Sequence[Work], error: Exception) -> None:
    shown: HeadraceError = told(error, "generating")
    for work in works:
        work.exchange.fail(shown)
