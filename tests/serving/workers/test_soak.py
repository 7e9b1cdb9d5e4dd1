"""Calls under random kills: each has one outcome, and whoever gets an answer gets its own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
from collections import Counter

import pytest

from headrace import clock
from headrace.errors import StoreUnavailable, TimedOut
from headrace.serving.answer import Streamed
from headrace.serving.workers.pool import Pool
from tests.serving.workers.asking import a_call, a_pool, ask, run


async def soak(pool: Pool, *, calls: int, clients: int, kills: int, seed: int) -> Counter[str]:
    """Of each call's outcome. Each answer is checked against its question."""
    drawn = random.Random(seed)
    outcomes: Counter[str] = Counter()
    numbers = iter(range(calls))
    streams = pool.facts.feeding != "batches"

    async def one(number: int) -> str:
        body = {"id": number, "do": "sleep", "seconds": drawn.random() * 0.002}
        if streams and number % 3 == 0:
            body = {"id": number, "do": "stream", "parts": 5}
        long = number % 50 == 0
        call = a_call(0.05 if number % 97 == 0 else 60.0, padding="x" * (200_000 * long), **body)
        if number % 23 == 0:
            task = asyncio.create_task(pool.call(call))
            await asyncio.sleep(drawn.random() * 0.003)
            task.cancel()
            (outcome,) = await asyncio.gather(task, return_exceptions=True)
            if isinstance(outcome, asyncio.CancelledError):
                return "cancelled"
            if isinstance(outcome, Exception):
                raise outcome
            answer = outcome
        else:
            answer = await pool.call(call)
        if isinstance(answer, Streamed):
            read = b"".join([part async for part in answer.parts])
            assert read == b"".join(f"{number}:{place};".encode() for place in range(5))
        elif answer.status == 504:
            return "late"
        else:
            assert f'"id": {number},'.encode() in answer.body
        return "answered"

    async def client() -> None:
        for number in numbers:
            try:
                outcomes[await one(number)] += 1
            except StoreUnavailable:
                outcomes["lost"] += 1
                await asyncio.sleep(0.01)
            except TimedOut:
                outcomes["late"] += 1

    async def killer() -> None:
        for _ in range(kills):
            await asyncio.sleep(drawn.random() * 0.1)
            if pool._crew.workers:
                worker = drawn.choice(pool._crew.workers)
                os.kill(worker.pid, drawn.choice([signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT]))
                outcomes["kills"] += 1

    killing = asyncio.create_task(killer())
    await asyncio.gather(*(client() for _ in range(clients)))
    killing.cancel()
    await asyncio.gather(killing, return_exceptions=True)
    return outcomes


async def settled(pool: Pool, outcomes: Counter[str], calls: int) -> None:
    kills = outcomes.pop("kills", 0)
    print(pool.facts.feeding, dict(outcomes), f"{kills} kills", pool.load())
    assert outcomes.total() == calls
    assert outcomes["answered"] > 0
    assert pool.load().waiting == 0
    with contextlib.suppress(StoreUnavailable):  # the last one to be killed may be dying still
        assert (await ask(pool, id=-1))["id"] == -1
    assert (await ask(pool, id=-2))["id"] == -2


@pytest.mark.parametrize("retry", [False, True])
@pytest.mark.parametrize("feeding", ["batches", "calls", "engine"])
def test_no_answer_is_lost_mixed_or_doubled(feeding: str, retry: bool) -> None:
    async def work() -> None:
        async with a_pool(feeding, workers=3, retry_crashed=retry, config={"concurrency": 8}) as pool:
            outcomes = await soak(pool, calls=1000, clients=24, kills=8, seed=1)
            await settled(pool, outcomes, 1000)

    run(work())


@pytest.mark.full
@pytest.mark.parametrize("sharing", ["auto", "load"])
@pytest.mark.parametrize("feeding", ["batches", "calls", "engine"])
def test_a_long_soak(feeding: str, sharing: str) -> None:
    async def work() -> None:
        async with a_pool(feeding, workers=4, sharing=sharing, config={"concurrency": 8}) as pool:
            until = clock.monotonic_s() + 15.0
            for seed in range(1_000):
                outcomes = await soak(pool, calls=3000, clients=64, kills=20, seed=seed)
                await settled(pool, outcomes, 3000)
                if clock.monotonic_s() > until:
                    break

    run(work())
