"""As many processes as asked for: started, watched, replaced.

Each place of the crew has a task that keeps it filled. The model is loaded once, and the others are forked, where that
is safe; else each process loads it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from headrace import clock
from headrace.environments import Environment
from headrace.errors import HeadraceError, StoreUnavailable
from headrace.serving.facts import Facts
from headrace.serving.spec import ModelSpec
from headrace.serving.workers import threads
from headrace.serving.workers.failures import LoadFailed, ending
from headrace.serving.workers.frames import Failed, FromWorker, Ready, Start
from headrace.serving.workers.options import PoolOptions
from headrace.serving.workers.processes import Spawned, Template, kill
from headrace.serving.workers.setbacks import Setbacks
from headrace.serving.workers.worker import Worker

_WATCH_S = 1.0
_END_S = 10.0  # for a host to close
_GROWN = 1.2  # times what a process had when it was new: one that starts over the limit isn't replaced for that


class Owner(Protocol):
    """Who feeds the crew."""

    def joined(self, worker: Worker) -> None: ...

    def said(self, worker: Worker, message: FromWorker) -> None: ...

    def left(self, worker: Worker, why: str) -> None:
        """why: a predicate, as in "was ended by SIGSEGV"."""
        ...

    def discouraged(self) -> None:
        """A process ended, or couldn't be started."""
        ...


class Crew:
    """workers: those that are there and loaded. replaced: since the start."""

    def __init__(
        self, spec: ModelSpec, options: PoolOptions, environment: Environment, tell: Callable[[str], None], owner: Owner
    ) -> None:
        self._spec, self._options, self._environment = spec, options, environment
        self._tell, self._owner = tell, owner
        self.workers: list[Worker] = []
        self.setbacks = Setbacks()
        self.recycled = self.stuck = 0
        self._shares = (
            sys.platform == "linux" and options.sharing == "auto" and options.workers > 1 and not options.devices
        )
        self._template: Template | None = None
        self._templating = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._first_tries = [asyncio.Event() for _ in range(options.workers)]

    # What the pool asks for

    async def start(self) -> Facts:
        """Until one process is there. Raises LoadFailed."""
        loop = asyncio.get_running_loop()
        first = await self._begin(0)
        self._join(first)
        self._first_tries[0].set()
        for place in range(self._options.workers):
            self._track(loop.create_task(self._keep(place, first if place == 0 else None)))
        self._track(loop.create_task(self._watch()))
        ready = first.loaded.result()
        assert isinstance(ready, Ready)
        return ready.facts

    async def complete(self) -> None:
        """Until each place has been filled, or found not to be."""
        await asyncio.gather(*(each.wait() for each in self._first_tries))

    async def stop(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        for tried in self._first_tries:
            tried.set()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(self._dismiss(worker) for worker in list(self.workers)))
        if self._template is not None:
            self._template.close()
            await self._template.process.status()

    # What its processes say

    def said(self, worker: Worker, message: FromWorker) -> None:
        self._owner.said(worker, message)

    def gone(self, worker: Worker) -> None:
        if worker in self.workers and not worker.dismissed:
            self._track(asyncio.get_running_loop().create_task(self._bury(worker)))

    # Keeping places filled

    async def _keep(self, place: int, worker: Worker | None) -> None:
        while True:
            if worker is None:
                worker = await self._hire(place)
            await worker.turn.wait()
            if not worker.lost:
                successor = await self._hire(place)
                self._track(asyncio.get_running_loop().create_task(self._retire(worker)))
                worker = successor
            else:
                worker = None

    async def _hire(self, place: int) -> Worker:
        while True:
            await asyncio.sleep(self.setbacks.delay_s)
            try:
                worker = await self._begin(place)
            except HeadraceError as error:
                self._setback(error.message)
                self._first_tries[place].set()
            else:
                self._join(worker)
                self._first_tries[place].set()
                return worker

    def _setback(self, reason: str) -> None:
        self.setbacks.add(reason)
        self._owner.discouraged()
        self._tell(f"{self._spec.name}: {reason}")

    def _join(self, worker: Worker) -> None:
        worker.rss_bytes = _rss_bytes(worker.pid)
        self.workers.append(worker)
        if worker.lost:  # between its last word and now
            self.gone(worker)
        else:
            self._owner.joined(worker)

    async def _bury(self, worker: Worker) -> None:
        status = await worker.process.status()
        if worker not in self.workers:
            return
        self.workers.remove(worker)
        why = worker.doomed or ending(status)
        self._setback(f"process {worker.pid} {why} with {len(worker.calls)} requests in it; another takes its place")
        self._owner.left(worker, why)
        worker.turn.set()

    async def _retire(self, worker: Worker) -> None:
        """One that has a successor. What it has begun, it ends."""
        worker.retired = True
        self.recycled += 1
        while worker.calls and not worker.lost:  # noqa: ASYNC110 — rare, and nobody waits for it
            await asyncio.sleep(0.02)
        if not worker.lost:
            await self._dismiss(worker)

    async def _dismiss(self, worker: Worker) -> None:
        worker.retired = worker.dismissed = True
        if not worker.calls:
            worker.end()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_END_S):
                    await worker.until_lost()
        # Nobody waits for what it may still be at: it closes its host aside, and is killed if it doesn't.
        worker.close()
        await worker.process.status()
        if worker in self.workers:
            self.workers.remove(worker)

    # Starting one

    async def _begin(self, place: int) -> Worker:
        """A process that has loaded the model. Raises LoadFailed, or StoreUnavailable where there can't be another
        process or channel at the moment."""
        try:
            return await self._made(place)
        except OSError as error:
            raise StoreUnavailable(f"No process can be started: {error.strerror or error}.") from error

    async def _made(self, place: int) -> Worker:
        if not self._shares:
            return await self._spawned(place)
        async with self._templating:
            if self._template is None or not self._template.alive:
                if self._template is not None:
                    await self._template.process.status()
                ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
                try:
                    with theirs:
                        worker = await self._spawned(place, control=theirs)
                except BaseException:
                    ours.close()
                    raise
                ready = worker.loaded.result()
                if not (isinstance(ready, Ready) and ready.template):
                    ours.close()
                    self._shares = False
                    self._tell(f"{self._spec.name}: each process loads the model, since a fork of one isn't safe")
                    return worker
                self._template = Template(worker.process, ours)
        return await self._forked(self._template)

    async def _spawned(self, place: int, control: socket.socket | None = None) -> Worker:
        worker, theirs = await self._connected()
        variables, blas_threads = self._variables(place, to_fork=control is not None)
        with theirs:
            fds = [theirs.fileno(), *([control.fileno()] if control else [])]
            try:
                worker.process = Spawned(self._environment, variables, fds)
            except BaseException:
                worker.close()
                raise
        worker.start(Start(self._spec, self._options.host, blas_threads))
        return await self._loaded(worker)

    async def _forked(self, template: Template) -> Worker:
        worker, theirs = await self._connected()
        with theirs:
            try:
                worker.process = await template.fork(theirs)
            except BaseException:
                worker.close()
                raise
        return await self._loaded(worker)

    async def _connected(self) -> tuple[Worker, socket.socket]:
        """And the process's end of its channel."""
        ours, theirs = socket.socketpair()
        try:
            _, worker = await asyncio.get_running_loop().create_unix_connection(lambda: Worker(self), sock=ours)
        except BaseException:  # the crew is dismissed at this moment, say
            ours.close()
            theirs.close()
            raise
        return worker, theirs

    async def _loaded(self, worker: Worker) -> Worker:
        try:
            async with asyncio.timeout(self._options.load_timeout_s):
                said = await worker.loaded
        except BaseException as error:
            kill(worker.process)
            worker.close()
            await worker.process.status()
            if isinstance(error, TimeoutError):
                raise LoadFailed(
                    f"The model didn't load within {self._options.load_timeout_s:g} s.", "DEADLINE_EXCEEDED"
                ) from None
            raise
        if isinstance(said, Ready):
            return worker
        worker.close()
        status = await worker.process.status()
        if isinstance(said, Failed):
            raise LoadFailed(said.message, said.code)
        raise LoadFailed(
            f"The model's process {ending(status)} while it loaded the model; see what it wrote to standard error."
        )

    def _variables(self, place: int, *, to_fork: bool) -> tuple[dict[str, str], int]:
        """Of the environment; and BLAS's threads, where they are to be set after the model is loaded, else 0."""
        options = self._options
        limits = threads.limits(options.workers, {**os.environ, **options.variables}, to_fork=to_fork)
        found = {**limits, **options.variables}
        if options.devices:
            found["CUDA_VISIBLE_DEVICES"] = options.devices[place % len(options.devices)]
        return found, threads.per_worker(options.workers) if limits and to_fork else 0

    # Watching them

    async def _watch(self) -> None:
        """What no channel tells."""
        while True:
            await asyncio.sleep(min(_WATCH_S, self._options.stuck_s / 4))
            now = clock.monotonic_s()
            for worker in list(self.workers):
                if not worker.process.lives():
                    worker.close()
                elif worker.quiet_s(now) > self._options.stuck_s and worker.doomed is None:
                    worker.doomed = f"was stuck: it gave no sign for {self._options.stuck_s:g} s"
                    self.stuck += 1
                    kill(worker.process)
                elif self._has_outgrown(worker):
                    worker.turn.set()

    def _has_outgrown(self, worker: Worker) -> bool:
        limit = self._options.max_rss_bytes
        if limit is None or worker.turn.is_set() or not worker.answered:
            return False
        rss_bytes = _rss_bytes(worker.pid)
        if rss_bytes <= max(limit, _GROWN * worker.rss_bytes):
            return False
        self._tell(f"{self._spec.name}: process {worker.pid} has {rss_bytes >> 20} MiB; a new one takes its place")
        return True

    def _track(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _rss_bytes(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError):
        return 0
