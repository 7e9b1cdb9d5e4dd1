"""Pools of test hosts, and calls to them."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import uvloop

from headrace import clock
from headrace.serving.answer import Streamed
from headrace.serving.call import Call, Reply
from headrace.serving.spec import ModelSpec
from headrace.serving.workers import Pool, PoolOptions

ROOT = Path(__file__).resolve().parents[3]
PATIENCE_S = 60.0  # for what takes milliseconds on a machine that is free

_ids = itertools.count()


def run(work: Coroutine[Any, Any, None], *, loop: Callable[[], Any] = uvloop.new_event_loop) -> None:
    async def within() -> None:
        async with asyncio.timeout(2 * PATIENCE_S):
            await work

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(within())


def make_pool(
    feeding: str = "batches", *, config: dict[str, Any] | None = None, told: list[str] | None = None, **options: Any
) -> Pool:
    variables = {"PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    variables |= options.pop("variables", {})
    spec = {name: options.pop(name) for name in ("batching", "max_batch") if name in options}
    return Pool(
        ModelSpec(path=".", name="test", model_config=config, **spec),
        PoolOptions(host=f"tests.serving.workers.hosts:open_{feeding}", variables=variables, **options),
        tell=(told if told is not None else []).append,
    )


@asynccontextmanager
async def a_pool(feeding: str = "batches", **options: Any) -> AsyncIterator[Pool]:
    pool = make_pool(feeding, **options)
    await pool.start()
    await pool._crew.complete()
    try:
        yield pool
    finally:
        await pool.stop(0.0)


def a_call(timeout_s: float = PATIENCE_S, *, raw: bytes | None = None, **body: Any) -> Call:
    return Call(
        id=next(_ids),
        kind="invocations",
        body=json.dumps(body).encode() if raw is None else raw,
        deadline=clock.monotonic_s() + timeout_s,
    )


async def reply_of(pool: Pool, timeout_s: float = PATIENCE_S, **body: Any) -> Reply:
    answer = await pool.call(a_call(timeout_s, **body))
    assert isinstance(answer, Reply)
    return answer


async def ask(pool: Pool, timeout_s: float = PATIENCE_S, **body: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((await reply_of(pool, timeout_s, **body)).body)
    return found


async def stream_of(pool: Pool, timeout_s: float = PATIENCE_S, **body: Any) -> Streamed:
    answer = await pool.call(a_call(timeout_s, do="stream", **body))
    assert isinstance(answer, Streamed)
    return answer


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False
