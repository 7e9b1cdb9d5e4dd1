"""The calls of one version of a model, and the processes that answer them."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Callable

import msgspec

from headrace import clock, environments
from headrace.errors import HeadraceError, TimedOut
from headrace.serving.answer import Answer, Streamed
from headrace.serving.batching.policy import BatchPolicy
from headrace.serving.call import Call, Reply
from headrace.serving.facts import Facts
from headrace.serving.problems import problem
from headrace.serving.spec import ModelSpec
from headrace.serving.workers.crew import Crew
from headrace.serving.workers.failures import QueueFull, WorkerLost
from headrace.serving.workers.frames import Done, FromWorker, Head, Part
from headrace.serving.workers.options import PoolOptions
from headrace.serving.workers.pace import Pace
from headrace.serving.workers.stream import Parts
from headrace.serving.workers.suspects import Suspects
from headrace.serving.workers.waiting import Line, Waiting
from headrace.serving.workers.worker import Worker

_SWEEP_S = 0.05  # how late a deadline may be noticed
_BATCH_BYTES = 16 << 20  # of the bodies that may go together: decoded, they take a few times as much
_DRAIN_S = 0.02

logger = logging.getLogger("headrace.serving")


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """What goes on now: waiting, running (calls), workers, busy (of them). And since the start: answered, batches,
    refused (for a full queue), expired (deadlines), crashed, stuck, recycled (processes)."""

    waiting: int
    running: int
    workers: int
    busy: int
    answered: int
    batches: int
    refused: int
    expired: int
    crashed: int
    stuck: int
    recycled: int


class Pool:
    """To be used on one event loop. tell: gets a line for what becomes of processes."""

    facts: Facts

    def __init__(
        self,
        spec: ModelSpec,
        options: PoolOptions | None = None,
        *,
        environment: environments.Environment | None = None,
        tell: Callable[[str], None] = logger.warning,
    ) -> None:
        self._spec, self._options = spec, options or PoolOptions()
        self._crew = Crew(spec, self._options, environment or environments.local(), tell, self)
        self._line, self._pace, self._suspects = Line(), Pace(), Suspects()
        self._policy: BatchPolicy | None = None
        self._batches: dict[Worker, tuple[int, float]] = {}
        self._capacity = 1
        self._timer: asyncio.TimerHandle | None = None
        self._sweeper: asyncio.TimerHandle | None = None
        self._warming: tuple[bytes, str] | None = None
        self._warm_ids = itertools.count(-1, -1)
        self._warmers: set[asyncio.Task[Reply]] = set()
        self._answered = self._handed = self._refused = self._expired = 0
        self._closed = False

    async def start(self) -> Facts:
        """Until one process has loaded the model. Raises LoadFailed, with the code and message of what failed."""
        try:
            self.facts = await self._crew.start()
        except BaseException:
            await self._crew.stop()
            raise
        if self.facts.feeding == "engine":
            self._capacity = self.facts.concurrency
        elif self.facts.feeding == "batches" and self._spec.batching:
            most = max(1, min(self._spec.max_batch, self.facts.max_batch))
            self._policy = BatchPolicy(most, self._options.latency_target_s)
        return self.facts

    @property
    def alive(self) -> bool:
        """Whether there is a process."""
        return bool(self._crew.workers)

    def load(self) -> Load:
        workers = self._crew.workers
        return Load(
            waiting=len(self._line),
            running=sum(len(worker.calls) for worker in workers),
            workers=len(workers),
            busy=sum(bool(worker.calls) for worker in workers),
            answered=self._answered,
            batches=self._handed,
            refused=self._refused,
            expired=self._expired,
            crashed=self._crew.setbacks.total,
            stuck=self._crew.stuck,
            recycled=self._crew.recycled,
        )

    async def call(self, call: Call) -> Answer:
        now = clock.monotonic_s()
        self._admit(call, now)
        if self._policy is not None:
            self._policy.arrived(now)
        waiting = Waiting(call, now, alone=call in self._suspects)
        self._line.add(waiting)
        self._pump()
        self._watch_deadlines()
        try:
            return await waiting.future
        except asyncio.CancelledError:
            self._abandon(waiting)
            raise

    async def warm(self, body: bytes, content_type: str) -> list[Reply]:
        """The answers of all processes to this one call. Those that take the place of another one get it first, too."""
        await self._crew.complete()
        replies = await asyncio.gather(*(self._warm(worker, body, content_type) for worker in list(self._crew.workers)))
        if all(reply.status < 400 for reply in replies):
            self._warming = (body, content_type)
        return replies

    async def stop(self, grace_s: float) -> None:
        """No new calls from now on; those that are here have `grace_s` seconds to be answered."""
        self._closed = True
        end = clock.monotonic_s() + grace_s
        while self._is_awaited and clock.monotonic_s() < end:  # noqa: ASYNC110 — an event would cost each call
            await asyncio.sleep(_DRAIN_S)
        gone = WorkerLost(f"{self._spec.name!r} is being stopped.")
        for waiting in [
            *self._line.clear(),
            *(each for worker in self._crew.workers for each in worker.calls.values()),
        ]:
            waiting.fail(gone)
        for task in list(self._warmers):
            task.cancel()
        await asyncio.gather(*self._warmers, return_exceptions=True)
        await self._crew.stop()
        for timer in (self._timer, self._sweeper):
            if timer is not None:
                timer.cancel()

    @property
    def _is_awaited(self) -> bool:
        """Whether there is a call whose client still waits."""
        return bool(self._line) or any(
            not waiting.over for worker in self._crew.workers for waiting in worker.calls.values()
        )

    # Calls on their way in

    def _admit(self, call: Call, now: float) -> None:
        if self._closed:
            raise WorkerLost(f"{self._spec.name!r} is being stopped.")
        if call.deadline <= now:
            raise TimedOut("The deadline passed before the request could be handed to the model.")
        if self._crew.setbacks.hopeless and not self._crew.workers:
            raise self._hopeless()
        options = self._options
        if len(self._line) >= options.queue_limit or (
            self._line and self._line.size_bytes + len(call.body) > options.queue_bytes
        ):
            self._refused += 1
            raise QueueFull(self._spec.name, len(self._line), self._pace.retry_after_s(now, len(self._line)))

    def _hopeless(self) -> WorkerLost:
        setbacks = self._crew.setbacks
        return WorkerLost(
            f"No process of {self._spec.name!r} stays alive; {setbacks.in_a_row} ended one after the other, at last: "
            f"{setbacks.reason}. The next one is tried within {setbacks.delay_s:g} s.",
            retry_after_s=max(1, round(setbacks.delay_s)),
        )

    def _pump(self) -> None:
        """Gives the waiting calls to processes that can take some."""
        now = clock.monotonic_s()
        while (first := self._line.first) is not None:
            worker = self._next_worker(1 if first.alone else self._capacity)
            if worker is None:
                return
            size = self._next_size(first, now)
            if size == 0:
                return
            batch = self._line.take(size, _BATCH_BYTES)
            self._give(worker, batch, now)

    def _next_worker(self, capacity: int) -> Worker | None:
        free = [each for each in self._crew.workers if each.takes and len(each.calls) < capacity]
        return min(free, key=lambda each: len(each.calls), default=None)

    def _next_size(self, first: Waiting, now: float) -> int:
        """Of the next batch; 0 if the time for it hasn't come, and then the timer is set."""
        if self._policy is None or first.alone:
            return 1
        idle = sum(1 for each in self._crew.workers if each.takes and not each.calls)
        decision = self._policy.decide(now, len(self._line), first.since, idle)
        if decision.size == 0:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = asyncio.get_running_loop().call_later(decision.until - now, self._pump)
        return decision.size

    def _give(self, worker: Worker, batch: list[Waiting], now: float) -> None:
        for waiting in batch:
            waiting.worker = worker
        worker.exclusive = batch[0].alone
        self._handed += 1
        self._batches[worker] = (len(batch), now)
        worker.give(batch, now)

    # Answers on their way out

    def said(self, worker: Worker, message: FromWorker) -> None:
        match message:
            case Done(call_id, reply):
                waiting = worker.calls.pop(call_id, None)
                if waiting is not None:
                    self._done(worker, waiting, reply)
            case Head(call_id, status, content_type):
                waiting = worker.calls.get(call_id)
                if waiting is not None and not waiting.over:
                    self._stream(waiting, status, content_type)
            case Part(call_id, data):
                waiting = worker.calls.get(call_id)
                if waiting is not None and waiting.parts is not None:
                    waiting.parts.put(data)

    def _done(self, worker: Worker, waiting: Waiting, reply: Reply) -> None:
        now = clock.monotonic_s()
        waiting.succeed(reply)
        self._answered += 1
        worker.answered += 1
        self._pace.add(now)
        self._suspects.clear(waiting.call)
        self._crew.setbacks.answered()
        if not worker.calls:
            size, begun = self._batches.pop(worker, (0, now))
            if self._policy is not None and size:
                self._policy.finished(now, size, now - begun)
        if self._line and len(worker.calls) < self._capacity:
            self._pump()

    def _stream(self, waiting: Waiting, status: int, content_type: str) -> None:
        def ended(reply: Reply) -> None:
            streamed.done = reply

        waiting.parts = parts = Parts(lambda: self._abandon(waiting), ended)
        streamed = Streamed(status, content_type, parts)
        if not waiting.future.done():
            waiting.future.set_result(streamed)

    # Calls without an answer

    def _abandon(self, waiting: Waiting) -> None:
        """The client has gone, or its time is over."""
        waiting.over = True
        worker = waiting.worker
        if worker is None:
            self._line.remove(waiting)
        elif worker.calls.get(waiting.call.id) is waiting:
            worker.cancel(waiting.call.id)
            if self.facts.feeding == "engine":
                # Its slot is free; other processes say when they have noticed, since their model works on till then.
                del worker.calls[waiting.call.id]
                if not worker.calls:
                    self._batches.pop(worker, None)
                self._pump()

    def _watch_deadlines(self) -> None:
        if self._sweeper is None:
            self._sweeper = asyncio.get_running_loop().call_later(_SWEEP_S, self._sweep)

    def _sweep(self) -> None:
        self._sweeper = None
        now = clock.monotonic_s()
        running = [each for worker in self._crew.workers for each in worker.calls.values()]
        for waiting in [*self._line, *running]:
            if not waiting.over and waiting.call.deadline <= now:
                self._expired += 1
                where = "was answered" if waiting.worker is not None else "reached the model"
                waiting.fail(TimedOut(f"The deadline passed before the request {where}."))
                self._abandon(waiting)
        if self._line or running:
            self._watch_deadlines()

    # Processes that come and go

    def joined(self, worker: Worker) -> None:
        if self._warming is None:
            worker.reserved = False
            self._pump()
            return
        task = asyncio.get_running_loop().create_task(self._warm(worker, *self._warming))
        self._warmers.add(task)
        task.add_done_callback(self._warmers.discard)

    async def _warm(self, worker: Worker, body: bytes, content_type: str) -> Reply:
        worker.reserved = True
        try:
            while worker.calls and not worker.lost:  # noqa: ASYNC110 — an event would cost each call
                await asyncio.sleep(_DRAIN_S)
            now = clock.monotonic_s()
            call = Call(
                id=next(self._warm_ids),
                kind="invocations",
                body=body,
                content_type=content_type,
                deadline=now + self._options.request_timeout_s,
            )
            waiting = Waiting(call, now)
            if worker.lost:
                return problem("invocations", WorkerLost("The process has ended before it could be asked."))
            self._give(worker, [waiting], now)
            self._watch_deadlines()
            answer = await waiting.future
            if isinstance(answer, Reply):
                return answer
            async for _ in answer.parts:
                pass
            assert answer.done is not None
            return answer.done
        except HeadraceError as error:
            return problem("invocations", error)
        finally:
            worker.reserved = False
            self._pump()

    def left(self, worker: Worker, why: str) -> None:
        self._batches.pop(worker, None)
        calls, worker.calls = list(worker.calls.values()), {}
        again = []
        for waiting in calls:
            self._suspects.add(waiting.call)
            if self._options.retry_crashed and waiting.tries == 0 and waiting.parts is None and not waiting.over:
                waiting.tries, waiting.alone, waiting.worker = 1, True, None
                again.append(waiting)
            else:
                waiting.fail(WorkerLost(f"The process that had this request {why}; another takes its place."))
        self._line.put_back(again)
        self.discouraged()
        self._pump()

    def discouraged(self) -> None:
        if self._crew.setbacks.hopeless and not self._crew.workers:
            for waiting in self._line.clear():
                waiting.fail(self._hopeless())
