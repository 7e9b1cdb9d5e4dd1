"""Names that are served, and which version answers for each.

A deployment has arms: the main one, others that get a share of its requests, and shadows, which get copies whose
answers nobody sees. An arm follows its source: the next version is loaded and asked its example while the one before
still answers, takes its place between two requests, and is given up if it can't load or fails on the example.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from typing import Any

import msgspec

from headrace import clock
from headrace.errors import HeadraceError, InvalidValue, NotFound
from headrace.serving.answer import Answer, Streamed
from headrace.serving.arm import Arm, MakePool, Served
from headrace.serving.call import Call, Reply
from headrace.serving.observe import Observation, Observer, tell
from headrace.serving.source import ModelSource

MAX_MIRRORED = 64  # copies under way; a shadow that is slower than what it shadows sees fewer requests

logger = logging.getLogger("headrace.serving")


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """source: of the versions. share: of the requests, in percent; of a shadow, of copies. The main part has what the
    other parts leave."""

    source: ModelSource
    share: float = 0.0
    shadow: bool = False


class Deployment:
    """name: what clients call the model. To be used on one event loop."""

    def __init__(self, name: str, main: ModelSource, others: Sequence[Part], make_pool: MakePool) -> None:
        _check_shares(name, others)
        self.name = name
        self.observers: list[Observer] = []
        self.main = Arm(name, main, make_pool)
        self._others = [(part.share / 100, Arm(name, part.source, make_pool)) for part in others if not part.shadow]
        self._shadows = [(part.share / 100, Arm(name, part.source, make_pool)) for part in others if part.shadow]
        self._mirrored: set[asyncio.Task[None]] = set()

    @property
    def arms(self) -> list[Arm]:
        return [self.main, *(arm for _, arm in self._others), *(arm for _, arm in self._shadows)]

    @property
    def labels(self) -> list[str]:
        """Of the versions that are served now."""
        return list(dict.fromkeys(arm.served.label for arm in self.arms))

    def version(self, label: str) -> Served:
        for arm in self.arms:
            if arm.served.label == label:
                return arm.served
        there = ", ".join(self.labels)
        raise NotFound("version", label, by="label", hint=f"Of {self.name!r}, {there} is served now.")

    async def start(self) -> None:
        """Raises what an arm that can't start raises; none of them runs then."""
        await _all_or_none([arm.start() for arm in self.arms], lambda: self.stop(0.0))

    async def stop(self, grace_s: float) -> None:
        for task in self._mirrored:
            task.cancel()
        await asyncio.gather(*(arm.stop(grace_s) for arm in self.arms))

    def follow(self, every_s: float) -> None:
        for arm in self.arms:
            arm.follow(every_s)

    def choose(self) -> Served:
        """Who answers the next request; to be called right after, without anything between the two."""
        if self._others:
            drawn = random.random()
            for share, arm in self._others:
                drawn -= share
                if drawn < 0 and arm.served.alive:
                    return arm.served
        return self.main.served

    async def call(self, call: Call) -> Answer:
        served = self.choose()
        self.mirror(call)
        return await served.pool.call(call)

    def mirror(self, call: Call) -> None:
        """Copies the call to the shadows, as their shares have it."""
        for share, arm in self._shadows:
            if random.random() < share and len(self._mirrored) < MAX_MIRRORED:
                task = asyncio.get_running_loop().create_task(self._mirror(arm.served, call))
                self._mirrored.add(task)
                task.add_done_callback(self._mirrored.discard)

    async def _mirror(self, served: Served, call: Call) -> None:
        started, at_ms = clock.monotonic_s(), clock.now_ms()
        try:
            answer = await served.pool.call(call)
            reply = answer if isinstance(answer, Reply) else await _read(answer)
        except HeadraceError as error:
            logger.info("the shadow %s of %s: %s", served.label, self.name, error.message)
            return
        told = Observation(
            deployment=self.name,
            revision=served.label,
            call=call,
            reply=reply,
            at_ms=at_ms,
            duration_s=clock.monotonic_s() - started,
            shadow=True,
        )
        tell(self.observers, told)


class Deployments:
    """All that one process serves. The first is the one that addresses without a name mean."""

    def __init__(self, deployments: Sequence[Deployment]) -> None:
        self._all: dict[str, Deployment] = {}
        for each in deployments:
            if self._all.setdefault(each.name, each) is not each:
                raise InvalidValue("name", each.name, "each model that is served needs a name of its own: -m NAME=URI")

    def find(self, name: str | None = None) -> Deployment:
        if name is None:
            return next(iter(self._all.values()))
        found = self._all.get(name)
        if found is None:
            raise NotFound("model", name, by="name", hint=f"This server has: {', '.join(self._all)}.")
        return found

    def all(self) -> list[Deployment]:
        return list(self._all.values())

    async def start(self) -> None:
        """All or none."""
        await _all_or_none([each.start() for each in self.all()], lambda: self.stop(0.0))

    async def stop(self, grace_s: float) -> None:
        await asyncio.gather(*(each.stop(grace_s) for each in self.all()))


async def _all_or_none(starts: list[Coroutine[Any, Any, None]], undo: Callable[[], Coroutine[Any, Any, None]]) -> None:
    outcomes = await asyncio.gather(*starts, return_exceptions=True)
    failed = next((each for each in outcomes if each is not None), None)
    if failed is not None:
        await undo()
        raise failed


async def _read(answer: Streamed) -> Reply:
    parts: AsyncGenerator[bytes, None] = answer.parts
    async for _ in parts:
        pass
    return answer.done or Reply(status=answer.status, body=b"", content_type=answer.content_type)


def _check_shares(name: str, others: Sequence[Part]) -> None:
    for part in others:
        if not 0 <= part.share <= 100:
            raise InvalidValue("share", part.share, f"a percentage from 0 to 100 is needed for {part.source.uri}")
    together = sum(part.share for part in others if not part.shadow)
    if together > 100:
        raise InvalidValue("share", together, f"the other versions of {name!r} may have up to 100 % together")
