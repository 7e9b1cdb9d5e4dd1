"""Processes that die, hang and grow, and what becomes of the calls around them."""

from __future__ import annotations

import asyncio
import errno
import itertools
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import uvloop

from headrace.errors import TimedOut
from headrace.serving.workers import crew
from headrace.serving.workers.failures import WorkerLost
from headrace.serving.workers.pool import Pool
from headrace.serving.workers.processes import Spawned
from tests.serving.workers.asking import ROOT, a_pool, ask, lives, reply_of, run, stream_of, until

WAYS = {
    "kill": ({"do": "kill"}, "was ended by SIGKILL"),
    "segfault": ({"do": "segfault"}, "was ended by SIGSEGV"),
    "exit": ({"do": "exit", "status": 5}, "ended with status 5"),
    "raise": ({"do": "raise"}, "ended with status 70"),
}


async def lost(pool: Pool, **body: Any) -> WorkerLost:
    with pytest.raises(WorkerLost) as caught:
        await ask(pool, **body)
    return caught.value


@pytest.mark.parametrize(
    ("way", "workers"), [("kill", 1), ("kill", 2), ("segfault", 2), ("exit", 1), ("exit", 2), ("raise", 1)]
)
def test_a_process_that_dies_is_replaced_and_its_call_answered(way: str, workers: int) -> None:
    body, why = WAYS[way]

    async def work() -> None:
        told: list[str] = []
        async with a_pool(workers=workers, told=told) as pool:
            assert (pool._crew._template is not None) == (workers == 2)
            error = await lost(pool, **body)
            assert why in error.message
            assert (error.http, error.retry_after_s) == (503, 1)
            assert (await ask(pool, id=3))["id"] == 3
            await until(lambda: pool.load().workers == workers)
            assert pool.load().crashed == 1
            assert any(why in line for line in told)

    run(work())


def test_calls_that_wait_are_not_lost_with_a_process(tmp_path: Path) -> None:
    async def work() -> None:
        async with a_pool("calls") as pool:
            dying = asyncio.create_task(lost(pool, do="wait", path=str(tmp_path / "go")))
            await until(lambda: pool.load().running == 1)
            waiting = [asyncio.create_task(ask(pool, id=number)) for number in range(20)]
            await until(lambda: pool.load().waiting == 20)
            os.kill(pool._crew.workers[0].pid, signal.SIGKILL)
            await dying
            assert [(await each)["id"] for each in waiting] == list(range(20))

    run(work())


def test_a_crashed_batch_is_tried_once_more_alone_if_that_is_allowed(tmp_path: Path) -> None:
    async def work() -> None:
        async with a_pool(retry_crashed=True) as pool:
            first = asyncio.create_task(ask(pool, do="wait", path=str(tmp_path / "go")))
            await until(lambda: pool.load().running == 1)
            together = [asyncio.create_task(ask(pool, do="kill"))]
            together += [asyncio.create_task(ask(pool, id=number)) for number in range(5)]
            await until(lambda: pool.load().waiting == 6)
            (tmp_path / "go").touch()
            await first
            ill, *well = await asyncio.gather(*together, return_exceptions=True)
            assert [(each["id"], each["batch"]) for each in well] == [(number, 1) for number in range(5)]  # type: ignore[index]
            assert isinstance(ill, WorkerLost)
            assert pool.load().crashed == 2

    run(work())


def test_a_deadly_request_doesnt_take_its_batch_with_it_twice(tmp_path: Path) -> None:
    async def work() -> None:
        async with a_pool() as pool:

            async def batch(go: Path) -> list[Any]:
                first = asyncio.create_task(ask(pool, do="wait", path=str(go)))
                await until(lambda: pool.load().running == 1)
                together = [asyncio.create_task(ask(pool, do="kill"))]
                together += [asyncio.create_task(ask(pool, id=number)) for number in range(5)]
                await until(lambda: pool.load().waiting == 6)
                go.touch()  # noqa: ASYNC240
                await first
                return await asyncio.gather(*together, return_exceptions=True)

            assert all(isinstance(each, WorkerLost) for each in await batch(tmp_path / "one"))
            again = await batch(tmp_path / "two")
            assert [each["id"] for each in again if isinstance(each, dict)] == list(range(5))
            assert {each["batch"] for each in again if isinstance(each, dict)} == {1}
            # Cleared of suspicion, they go together again.
            third = await asyncio.gather(
                ask(pool, do="sleep", seconds=0.05), *(ask(pool, id=number) for number in range(5))
            )
            assert max(each["batch"] for each in third) > 1

    run(work())


def test_a_deadly_request_doesnt_take_an_engines_other_calls_with_it_twice(tmp_path: Path) -> None:
    async def work() -> None:
        async with a_pool("engine") as pool:

            async def together() -> list[Any]:
                well = [ask(pool, id=number, do="wait", path=str(tmp_path / "go")) for number in range(3)]
                return await asyncio.gather(*well, ask(pool, do="kill"), return_exceptions=True)

            assert all(isinstance(each, WorkerLost) for each in await together())
            (tmp_path / "go").touch()
            *well, ill = await together()
            assert [each["id"] for each in well] == [0, 1, 2]
            assert isinstance(ill, WorkerLost)
            assert (await ask(pool, id=5))["id"] == 5

    run(work())


@pytest.mark.parametrize("body", [{"do": "sleep", "seconds": 3600}, {"do": "hold", "seconds": 3600}])
def test_a_process_that_gives_no_sign_is_replaced(body: dict[str, Any]) -> None:
    async def work() -> None:
        async with a_pool(stuck_after_s=1.5) as pool:
            stuck = asyncio.create_task(lost(pool, **body))
            assert "was stuck: it gave no sign for 1.5 s" in (await stuck).message
            assert (await ask(pool, id=4))["id"] == 4
            assert (pool.load().stuck, pool.load().crashed) == (1, 1)

    run(work())


def test_the_deadline_of_a_call_that_hangs_comes_before_the_process_is_given_up() -> None:
    async def work() -> None:
        async with a_pool(stuck_after_s=1.5) as pool:
            with pytest.raises(TimedOut):
                await ask(pool, 0.3, do="sleep", seconds=3600)
            assert pool.load().stuck == 0
            assert (await ask(pool, id=4))["id"] == 4
            assert pool.load().stuck == 1

    run(work())


def test_an_engine_that_talks_is_not_stuck() -> None:
    async def work() -> None:
        async with a_pool("engine") as pool:
            (worker,) = pool._crew.workers
            assert worker.quiet_s(1e9) == 0  # it has nothing to do
            streamed = await stream_of(pool, parts=100_000, seconds=0.01)
            begun = next(iter(worker.calls.values())).begun
            await anext(streamed.parts)
            assert worker.heard > begun
            assert worker.quiet_s(worker.heard + 1) == pytest.approx(1)
            await streamed.parts.aclose()

    run(work())


@pytest.mark.parametrize("workers", [1, 2], ids=["loaded", "forked"])
def test_a_process_that_grows_gives_way_to_a_new_one(workers: int) -> None:
    async def work() -> None:
        async with a_pool(workers=workers, max_rss_bytes=120 << 20) as pool:
            before = {worker.pid for worker in pool._crew.workers}
            grown = (await ask(pool, do="leak", bytes=120 << 20))["pid"]
            asked = 0
            while grown in {worker.pid for worker in pool._crew.workers}:
                asked += 1
                assert (await ask(pool, id=asked))["id"] == asked
            await until(lambda: pool.load().workers == workers)
            assert {worker.pid for worker in pool._crew.workers} & before == before - {grown}
            load = pool.load()
            assert (load.recycled, load.crashed) == (1, 0)
            await until(lambda: not lives(grown))

    run(work())


# Processes that can't live


def test_a_crew_that_keeps_dying_is_given_up_and_comes_back(tmp_path: Path) -> None:
    async def work() -> None:
        folder = tmp_path / "weights"
        folder.touch()
        told: list[str] = []
        config = {"load": "once", "path": str(folder)}
        async with a_pool(config=config, told=told) as pool:
            folder.unlink()
            await lost(pool, do="kill")
            waiting = asyncio.create_task(lost(pool))
            error = await waiting
            assert "No process of 'test' stays alive; 5 ended one after the other" in error.message
            assert "LookupError: the folder is gone" in error.message
            assert not pool.alive
            assert (await lost(pool)).message.startswith("No process of 'test' stays alive")  # at once, not in a queue
            folder.touch()
            await until(lambda: pool.alive)
            assert (await ask(pool, id=1))["id"] == 1
            assert pool._crew.setbacks.in_a_row == 0
            assert len(told) == pool.load().crashed

    run(work())


def test_a_process_that_cant_be_started_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    tries = itertools.count()

    class Refused(Spawned):
        def __init__(self, *given: Any) -> None:
            if next(tries) < 2:
                raise BlockingIOError(errno.EAGAIN, "no room for another")
            super().__init__(*given)

    async def work() -> None:
        told: list[str] = []
        async with a_pool(told=told) as pool:
            monkeypatch.setattr(crew, "Spawned", Refused)
            os.kill(pool._crew.workers[0].pid, signal.SIGKILL)
            await until(lambda: pool.load().crashed == 3)
            assert (await ask(pool, id=3))["id"] == 3
            assert told[1:] == ["test: No process can be started: no room for another."] * 2

    run(work())


def test_answers_between_deaths_are_no_crash_loop() -> None:
    async def work() -> None:
        async with a_pool(workers=2) as pool:
            for number in range(12):
                await lost(pool, do="kill")
                assert (await ask(pool, id=number))["id"] == number
            assert pool.load().crashed == 12

    run(work())


@pytest.mark.parametrize("loop", [uvloop.new_event_loop, asyncio.new_event_loop])
def test_a_process_that_is_called_off_while_it_is_connected_leaves_no_socket(
    monkeypatch: pytest.MonkeyPatch, loop: Callable[[], Any]
) -> None:
    made: list[socket.socket] = []

    def noted(*given: Any) -> tuple[socket.socket, socket.socket]:
        pair = socket_pair(*given)
        made.extend(pair)
        return pair

    async def work() -> None:
        async with a_pool() as pool:
            monkeypatch.setattr(socket, "socketpair", noted)
            connecting = asyncio.create_task(pool._crew._connected())
            await asyncio.sleep(0)
            assert len(made) == 2
            connecting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await connecting
            await until(lambda: all(each.fileno() == -1 for each in made))
            monkeypatch.undo()

    socket_pair = socket.socketpair
    run(work(), loop=loop)


def test_forks_live_on_without_their_template_and_get_another_when_they_need_one() -> None:
    async def work() -> None:
        async with a_pool(workers=2) as pool:
            template = pool._crew._template
            assert template is not None
            os.kill(template.process.pid, signal.SIGKILL)
            await until(lambda: not template.alive)
            pids = {(await ask(pool))["pid"] for _ in range(5)}
            assert template.process.pid not in pids
            await lost(pool, do="kill")
            assert (await ask(pool, id=2))["id"] == 2
            await until(lambda: pool.load().workers == 2)
            assert pool._crew._template is not template
            await lost(pool, do="segfault")
            await until(lambda: pool.load().workers == 2)

    run(work())


# The front goes

FRONT = """
import asyncio, os, sys
from tests.serving.workers.asking import make_pool, a_call
async def main():
    pool = make_pool(sys.argv[1], workers=int(sys.argv[2]))
    await pool.start()
    await pool._crew.complete()
    pids = [worker.pid for worker in pool._crew.workers]
    if pool._crew._template is not None:
        pids.append(pool._crew._template.process.pid)
    busy = asyncio.create_task(pool.call(a_call(do=sys.argv[3], seconds=3600)))
    while not pool.load().running:
        await asyncio.sleep(0.001)
    print(*pids, flush=True)
    await busy
asyncio.run(main())
"""


@pytest.mark.parametrize("deed", ["sleep", "hold"])
@pytest.mark.parametrize("workers", [1, 2], ids=["loaded", "forked"])
def test_processes_end_with_their_front(workers: int, deed: str) -> None:
    front = subprocess.Popen(
        [sys.executable, "-c", FRONT, "batches", str(workers), deed],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    try:
        assert front.stdout is not None
        pids = [int(pid) for pid in front.stdout.readline().split()]
        assert len(pids) == {1: 1, 2: 3}[workers]
    finally:
        front.kill()
        front.communicate()

    async def work() -> None:
        await until(lambda: not any(lives(pid) for pid in pids))

    try:
        run(work())
    finally:
        for pid in filter(lives, pids):
            os.kill(pid, signal.SIGKILL)


def test_signals_for_the_whole_group_are_the_fronts_to_act_on(tmp_path: Path) -> None:
    async def work() -> None:
        async with a_pool(workers=2) as pool:
            asked = asyncio.create_task(ask(pool, id=1, do="wait", path=str(tmp_path / "go")))
            await until(lambda: pool.load().running == 1)
            for worker in pool._crew.workers:
                for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                    os.kill(worker.pid, number)
            (tmp_path / "go").touch()
            assert (await asked)["id"] == 1
            assert (await reply_of(pool)).status == 200
            assert pool.load().crashed == 0

    run(work())
