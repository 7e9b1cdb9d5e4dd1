"""Jobs of many calls through an engine that goes step by step, on a thread of its own.

Up to MAX_BATCHES batches run side by side, a step each in turn: a job that comes while others run begins at the next
step, in a batch of its own, and a long answer holds no short one up. Beyond that jobs wait, and begin together when a
batch ends. Jobs share a batch where the engine says they are alike and where they may get about equally long, since
the place of one that has ended is computed until the last of its batch ends.

Running batches are never put together: the model would have to read again what it has said, which costs as much as
saying it and changes the last bits. Only one that has said nothing yet takes newcomers in.
"""

from __future__ import annotations

import threading
from collections.abc import Hashable, Sequence
from typing import NamedTuple

from headrace import clock
from headrace.errors import HeadraceError, TimedOut
from headrace.packaging.llm.engine import Batch, Job, Stepping
from headrace.serving.hosts.exchange import Exchange
from headrace.serving.problems import told

MAX_BATCHES = 4
LOOK_S = 0.05  # between two looks for calls that are late
JOINT_TOKENS = 2  # a step that batches share pays for reading as many tokens again (measured: 2 to 4)


class Work(NamedTuple):
    """A job of an exchange, by its number there."""

    exchange: Exchange
    number: int

    @property
    def job(self) -> Job:
        return self.exchange.jobs[self.number]


class _Running(NamedTuple):
    batch: Batch
    works: list[Work]
    key: Hashable


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
            self._arrived.extend(Work(exchange, number) for number in range(len(exchange.jobs)))
            self._changed.notify()

    def close(self) -> None:
        """What runs ends unanswered."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while self._take_arrived():
            self._drop_late()
            self._admit()
            if any(not running.batch.begun for running in self._running) and self._take_arrived():
                self._admit()  # who came while prompts were read
            for running in list(self._running):
                self._step(running)
        self._running.clear()  # generators must be gone before the model is

    def _take_arrived(self) -> bool:
        """Waits where there is nothing to do. False when it is time to end."""
        with self._changed:
            while not (self._arrived or self._waiting or self._running or self._closed):
                self._changed.wait()
            arrived, self._arrived = self._arrived, []
            closed = self._closed
        self._waiting.extend((self._key(work.job), work) for work in arrived)
        return not closed

    def _key(self, job: Job) -> Hashable:
        """Equal for those that may share a batch; None for one that must be alone."""
        alike = self._engine.alike(job)
        return None if alike is None else (alike, job.max_tokens.bit_length() // 2)

    def _drop_late(self) -> None:
        now = clock.monotonic_s()
        if now - self._looked_at < LOOK_S:
            return
        self._looked_at = now
        works = [work for _, work in self._waiting]
        works += [work for running in self._running for work in running.works]
        for exchange in {id(work.exchange): work.exchange for work in works}.values():
            if exchange.call.deadline <= now:
                exchange.fail(TimedOut("The request's time was over before the answer was complete."))

    def _admit(self) -> None:
        self._waiting = [(key, work) for key, work in self._waiting if not work.job.done]
        while self._waiting:
            key = self._waiting[0][0]
            joined = self._to_join(key)
            if joined is None and len(self._running) >= MAX_BATCHES:
                return
            works = list(joined.works) if joined else []
            taken = self._chosen(key, works, spare=joined.batch.tokens if joined else 0)
            if not taken:
                return
            if joined:
                self._running.remove(joined)
            chosen = set(map(id, taken))
            self._waiting = [each for each in self._waiting if id(each) not in chosen]
            self._start(key, works + [work for _, work in taken])

    def _chosen(self, key: Hashable, works: list[Work], spare: int) -> list[tuple[Hashable, Work]]:
        """Of those that wait, the ones that go with the first; none where the caches have no room."""
        used = sum(running.batch.tokens for running in self._running) - spare
        most = self._engine.max_batch_tokens - used
        taken: list[tuple[Hashable, Work]] = []
        jobs = [work.job for work in works]
        for each in self._waiting:
            if each[0] != key or (key is None and taken):
                continue
            if len(jobs) == self._engine.max_batch or (
                self._engine.room([*jobs, each[1].job]) > most and (jobs or used)
            ):
                break
            taken.append(each)
            jobs.append(each[1].job)
        return taken

    def _to_join(self, key: Hashable) -> _Running | None:
        """A batch that newcomers go to instead of beside it: it has read its prompts and no more, and reading them
        again is cheaper than all the steps apart."""
        if key is None:
            return None
        for running in self._running:
            jobs = [work.job for work in running.works]
            if (
                running.key == key
                and not running.batch.begun
                and len(jobs) < self._engine.max_batch
                and sum(len(job.prompt) for job in jobs) <= JOINT_TOKENS * min(job.max_tokens for job in jobs)
            ):
                return running
        return None

    def _start(self, key: Hashable, works: Sequence[Work]) -> None:
        for running in self._running:
            for work in running.works:
                work.exchange.flush()
        works = [work for work in works if not work.job.done]
        if not works:
            return
        try:
            batch = self._engine.start([work.job for work in works])
        except Exception as error:  # noqa: BLE001 — the engine's; the calls that cause it end with it, and no others
            if len(works) == 1:
                _fail(works, error)
            else:
                for work in works:
                    self._start(None, [work])
            return
        for work in works:
            work.exchange.batch = max(work.exchange.batch, len(works))
        self._running.append(_Running(batch, list(works), key))

    def _step(self, running: _Running) -> None:
        batch, works, _ = running
        try:
            pieces = batch.step()
        except Exception as error:  # noqa: BLE001 — as above
            self._running.remove(running)
            _fail(works, error)
            return
        for piece in pieces:
            exchange, number = works[piece.job]
            exchange.push(number, piece)
        if batch.ended or all(work.job.done for work in works):
            self._running.remove(running)


def _fail(works: Sequence[Work], error: Exception) -> None:
    shown: HeadraceError = told(error, "generating")
    for work in works:
        work.exchange.fail(shown)
