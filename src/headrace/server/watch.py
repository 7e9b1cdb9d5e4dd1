"""Who listens for changes of runs: one look at the store, shared by all listeners of this process.

A look follows a write through this server within LOOK_GAP_S; every LOOK_EVERY_S there is one for what others write.
While nobody listens, nobody looks. A listener holds the runs of one page at most. One that reads more slowly loses
them and asks the store itself, from its last cursor on, like one that comes with a cursor.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence

from headrace import clock
from headrace.entities import Changes, RunChange
from headrace.errors import HeadraceError, StoreUnavailable, TooBusy

MAX_LISTENERS = 1000  # of a process; each costs a connection and some 10 KB
PAGE = 1000  # runs
LOOK_GAP_S = 0.2
LOOK_EVERY_S = 1.0
MAX_ASKING = 2  # at a time: after a restart all listeners come at once, and others read, too
MAX_SCOPE = 100  # experiments that a look names; if listeners name more, it takes in all

Look = Callable[[str | None, Sequence[str], int], Awaitable[Changes]]
"""`LiveView.changes`."""

_log = logging.getLogger("headrace.server")


class Listener:
    """experiments: whose runs are told; none = all. cursor: everything before it was told. Close it at its end."""

    def __init__(self, watch: Watch, experiments: Sequence[str], since: str | None) -> None:
        self._watch, self.experiments, self.cursor = watch, frozenset(experiments), since
        self._heard: dict[str, RunChange] = {}
        self._heard_until: str | None = None
        self._lost = True
        self._news = asyncio.Event()

    def hear(self, runs: Sequence[RunChange], cursor: str) -> None:
        """What a look has found, and its cursor."""
        if self._lost:
            return
        for run in runs:
            if not self.experiments or run.experiment_id in self.experiments:
                self._heard[run.run_id] = run
        self._heard_until = cursor
        if len(self._heard) > PAGE:
            self._lost = True
            self._heard.clear()
        if self._lost or self._heard:
            self._news.set()

    def wake(self) -> None:
        self._news.set()

    async def asked(self) -> Changes:
        """A page straight from the store, behind the cursor. While it says that there is more, ask again."""
        # A look that has begun may see what this page won't, and has told it to those alone that it knew of.
        async with self._watch.between_looks():
            self._lost, self._heard_until = False, None
            self._heard.clear()
        async with self._watch.asking:
            changes = await self._watch.look(self.cursor, sorted(self.experiments), PAGE)
        self.cursor = changes.cursor
        return changes

    async def heard(self, timeout_s: float) -> Changes | None:
        """The next changes; none of them after a while without. None: some were lost, ask the store."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._news.wait()
        self._news.clear()
        if self._lost:
            return None
        runs = list(self._heard.values())
        self._heard.clear()
        self.cursor = self._heard_until or self.cursor
        return Changes(self.cursor or "", runs)

    @property
    def ended(self) -> bool:
        return self._watch.closed

    def close(self) -> None:
        self._watch.forget(self)


class Watch:
    """On the event loop only."""

    def __init__(self, look: Look) -> None:
        self.look = look
        self.closed = False
        self._listeners: set[Listener] = set()
        self.asking = asyncio.Semaphore(MAX_ASKING)
        self._looking = asyncio.Lock()
        self._cursor: str | None = None  # None: nobody looks
        self._told: dict[str, int | None] = {}
        self._written = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def listen(self, experiments: Sequence[str], since: str | None) -> Listener:
        """TooBusy if there are too many. The listener asks first: then it has missed nothing."""
        if self.closed:
            raise StoreUnavailable("This server is stopping; ask again in a moment.")
        if len(self._listeners) >= MAX_LISTENERS:
            raise TooBusy(f"{len(self._listeners)} listen for changes at this server already; ask for them instead.")
        listener = Listener(self, experiments, since)
        async with self.between_looks():
            if self._cursor is None:
                self._cursor = (await self.look(None, (), PAGE)).cursor
            self._listeners.add(listener)
            if self._task is None:
                self._task = asyncio.create_task(self._run())
        return listener

    def forget(self, listener: Listener) -> None:
        self._listeners.discard(listener)
        if not self._listeners:
            self._written.set()

    def between_looks(self) -> asyncio.Lock:
        return self._looking

    def written(self) -> None:
        """Something of a run was written through this server."""
        if self._listeners:
            self._written.set()

    def close(self) -> None:
        """Listeners end at once."""
        self.closed = True
        self._written.set()
        for listener in self._listeners:
            listener.wake()

    async def _run(self) -> None:
        more = False
        try:
            while await self._wanted(at_once=more):
                try:
                    async with self.between_looks():
                        more = await self._look_round(going_on=more)
                except HeadraceError as error:
                    more = False
                    _log.warning("Changes can't be looked for; it is tried again. %s", error.message)
        finally:
            self._task = self._cursor = None
            self._told = {}

    async def _wanted(self, *, at_once: bool) -> bool:
        """Comes back when it is time to look; False when nobody listens any more."""
        if not at_once and self._listeners and not self.closed:
            await self._pause()
        return bool(self._listeners) and not self.closed

    async def _pause(self) -> None:
        ends = clock.monotonic_s() + LOOK_GAP_S
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOK_EVERY_S):
                await self._written.wait()
        left = ends - clock.monotonic_s()
        if left > 0 and self._listeners and not self.closed:
            await asyncio.sleep(left)
        self._written.clear()

    async def _look_round(self, *, going_on: bool) -> bool:
        """Whether there is more. going_on: with the next page of the look before."""
        changes = await self.look(self._cursor, self._scope(), PAGE)
        self._cursor = changes.cursor
        # While a transaction is open, PostgreSQL tells again what was written meanwhile, each time.
        fresh = [run for run in changes.runs if run.version is None or self._told.get(run.run_id) != run.version]
        told = {run.run_id: run.version for run in changes.runs}
        self._told = {**self._told, **told} if going_on else told
        for listener in self._listeners:
            listener.hear(fresh, changes.cursor)
        return changes.more

    def _scope(self) -> Sequence[str]:
        scope: set[str] = set()
        for listener in self._listeners:
            scope |= listener.experiments
            if not listener.experiments or len(scope) > MAX_SCOPE:
                return ()
        return sorted(scope)
