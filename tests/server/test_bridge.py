from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future

import pytest

from headrace.errors import StoreUnavailable
from headrace.server.bridge import Bridge


def test_results_of_another_thread_arrive_once_each() -> None:
    bridge = Bridge()
    futures: list[Future[int]] = [Future() for _ in range(2000)]

    def finish() -> None:
        for number, future in enumerate(futures):
            future.set_result(number)

    async def wait() -> list[int]:
        thread = threading.Thread(target=finish)
        waiting = [asyncio.create_task(bridge.wait(future)) for future in futures]
        await asyncio.sleep(0)
        thread.start()
        async with asyncio.timeout(30):
            found = await asyncio.gather(*waiting)
        thread.join()
        return list(found)

    assert asyncio.run(wait()) == list(range(2000))


def test_errors_arrive_as_they_are() -> None:
    bridge, error = Bridge(), StoreUnavailable("no answer")

    async def wait() -> None:
        for early in (True, False):
            future: Future[int] = Future()
            if early:
                future.set_exception(error)
            else:
                asyncio.get_running_loop().run_in_executor(None, future.set_exception, error)
            with pytest.raises(StoreUnavailable) as caught:
                await bridge.wait(future)
            assert caught.value is error

    asyncio.run(wait())


def test_a_caller_that_went_away_does_not_hinder_the_others() -> None:
    bridge = Bridge()
    gone: Future[int] = Future()
    other: Future[int] = Future()

    async def wait() -> int:
        task = asyncio.create_task(bridge.wait(gone))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

        def finish() -> None:
            gone.set_result(1)
            other.set_result(2)

        asyncio.get_running_loop().run_in_executor(None, finish)
        return await bridge.wait(other)

    assert asyncio.run(wait()) == 2


def test_a_closed_loop_leaves_the_bridge_usable() -> None:
    bridge = Bridge()
    late: Future[int] = Future()

    async def leave() -> None:
        task = asyncio.create_task(bridge.wait(late))
        await asyncio.sleep(0)
        task.cancel()

    asyncio.run(leave())
    late.set_result(1)

    async def wait() -> int:
        future: Future[int] = Future()
        asyncio.get_running_loop().run_in_executor(None, future.set_result, 7)
        return await bridge.wait(future)

    assert asyncio.run(wait()) == 7
