"""One line of versions of a deployment, of which the newest that works is served."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

import msgspec

from headrace import clock
from headrace.errors import HeadraceError
from headrace.serving.answer import Answer
from headrace.serving.call import JSON, Call, Reply
from headrace.serving.facts import Facts
from headrace.serving.source import ModelSource, Revision

if TYPE_CHECKING:
    from headrace.serving.workers import Load

DRAIN_S = 60.0  # for what the version before still answers
WARM_S = 120.0

logger = logging.getLogger("headrace.serving")


class Pool(Protocol):
    """The processes of one version, as `workers.Pool` is."""

    facts: Facts

    async def start(self) -> Facts: ...

    async def call(self, call: Call) -> Answer:
        """Raises TooBusy (with `retry_after_s`) where the queue is full, TimedOut past the deadline, and
        StoreUnavailable where the process died with the call in it or no process lives. Cancelling the task cancels
        the call."""
        ...

    async def warm(self, body: bytes, content_type: str) -> list[Reply]:
        """One call in each process."""
        ...

    async def stop(self, grace_s: float) -> None: ...

    def load(self) -> Load: ...

    @property
    def alive(self) -> bool:
        """Whether a process of it can take calls."""
        ...


MakePool = Callable[[Revision], Pool]


class Served:
    """A version and its processes."""

    def __init__(self, revision: Revision, pool: Pool) -> None:
        self.revision, self.pool = revision, pool
        self.since_ms = clock.now_ms()

    @property
    def label(self) -> str:
        return self.revision.label

    @property
    def facts(self) -> Facts:
        return self.pool.facts

    @property
    def alive(self) -> bool:
        return self.pool.alive


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """The last time that another version was to be served. refused: why it isn't; None where it is."""

    revision: str
    at_ms: int
    refused: str | None = None


class Arm:
    """changes: how many versions have taken the place of another; change: the last one, refused ones included."""

    def __init__(self, name: str, source: ModelSource, make_pool: MakePool) -> None:
        self.name, self.source = name, source
        self.changes, self.refusals = 0, 0
        self.change: Change | None = None
        self._make_pool = make_pool
        self._served: Served | None = None
        self._following: asyncio.Task[None] | None = None
        self._leaving: set[asyncio.Task[None]] = set()

    @property
    def served(self) -> Served:
        assert self._served is not None, "the arm hasn't started"
        return self._served

    async def start(self) -> None:
        revision = await asyncio.to_thread(self.source.now)
        pool = self._make_pool(revision)
        await pool.start()
        self._served = Served(revision, pool)
        refused = await _refusal(pool)
        if refused is not None:
            logger.warning("%s (%s) fails on its own example: %s", self.name, revision.label, refused)

    async def stop(self, grace_s: float) -> None:
        if self._following is not None:
            self._following.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._following
        if self._served is not None:
            await self._served.pool.stop(grace_s)
        for task in list(self._leaving):
            task.cancel()
        await asyncio.gather(*self._leaving, return_exceptions=True)

    def follow(self, every_s: float) -> None:
        """From now on, versions that the source names take the place of this one. every_s: between two looks."""
        if self.source.moves:
            self._following = asyncio.get_running_loop().create_task(self._follow(every_s))

    async def _follow(self, every_s: float) -> None:
        known = self.served.revision
        while True:
            await asyncio.sleep(every_s)
            try:
                changed = await asyncio.to_thread(self.source.change, known)
            except HeadraceError as error:
                # A version that can't be fetched or mustn't be loaded.
                logger.warning("%s stays at version %s: %s", self.name, self.served.label, error.message)
                continue
            if changed is None:
                continue
            known = changed
            if changed.label != self.served.label:
                await self.exchange(changed)
            elif changed.path != self.served.revision.path:
                await asyncio.to_thread(self.source.done_with, changed)

    async def exchange(self, revision: Revision) -> bool:
        """Whether the version is served now. If not, `change.refused` says why, and the one before still is."""
        logger.info("%s: version %s is being loaded", self.name, revision.label)
        pool = self._make_pool(revision)
        try:
            await pool.start()
            refused = await _refusal(pool)
        except HeadraceError as error:
            refused = error.message
        except BaseException:
            await pool.stop(0.0)
            raise
        if refused is not None:
            await pool.stop(0.0)
            await asyncio.to_thread(self.source.done_with, revision)
            self.refusals += 1
            self.change = Change(revision=revision.label, at_ms=clock.now_ms(), refused=refused)
            logger.error(
                "%s: version %s isn't served, %s stays: %s", self.name, revision.label, self.served.label, refused
            )
            return False
        before, self._served = self.served, Served(revision, pool)
        self.changes += 1
        self.change = Change(revision=revision.label, at_ms=clock.now_ms())
        logger.info("%s: version %s is served instead of %s", self.name, revision.label, before.label)
        leaving = asyncio.get_running_loop().create_task(self._leave(before))
        self._leaving.add(leaving)
        leaving.add_done_callback(self._leaving.discard)
        return True

    async def _leave(self, served: Served) -> None:
        """Its running requests are answered to the end."""
        try:
            await served.pool.stop(DRAIN_S)
        finally:
            await asyncio.to_thread(self.source.done_with, served.revision)


async def _refusal(pool: Pool) -> str | None:
    """What the model answers to its own example, if that is an error. Its processes are warm then."""
    example = pool.facts.example
    if example is None or "invocations" not in pool.facts.kinds:
        return None
    try:
        async with asyncio.timeout(WARM_S):
            replies = await pool.warm(example.encode(), JSON)
    except TimeoutError:
        return f"it didn't answer its example within {WARM_S:g} s"
    failed = next((reply for reply in replies if reply.status >= 400), None)
    return None if failed is None else _said(failed)


def _said(reply: Reply) -> str:
    try:
        return str(msgspec.json.decode(reply.body)["message"])
    except (msgspec.DecodeError, KeyError, TypeError):
        return f"status {reply.status}"
