from __future__ import annotations

import asyncio
import gc
import os
import random
from pathlib import Path
from typing import Any

import pytest
import uvloop

from headrace.errors import TimedOut, TooBusy
from headrace.serving.answer import Streamed
from headrace.serving.call import Reply
from headrace.serving.workers import Pool
from headrace.serving.workers.failures import QueueFull, WorkerLost
from headrace.serving.workers.stream import MAX_WAITING_BYTES
from tests.serving.workers.asking import PATIENCE_S, a_call, a_pool, ask, lives, reply_of, run, stream_of, until

LOOPS = {"uvloop": uvloop.new_event_loop, "asyncio": asyncio.new_event_loop}


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("feeding", ["batches", "calls", "engine"])
def test_a_thousand_calls_get_their_own_answers(feeding: str, loop: str) -> None:
    async def work() -> None:
        async with a_pool(feeding, workers=2) as pool:
            answers = await asyncio.gather(*(ask(pool, id=number) for number in range(1000)))
            assert [each["id"] for each in answers] == list(range(1000))
            assert len({each["pid"] for each in answers}) == 2
            load = pool.load()
            assert (load.answered, load.waiting, load.running, load.workers) == (1000, 0, 0, 2)
            assert (load.batches < 500) == (feeding == "batches")
            assert max(each["batch"] for each in answers) <= 64

    run(work(), loop=LOOPS[loop])


def test_batching_can_be_off() -> None:
    async def work() -> None:
        async with a_pool(batching=False) as pool:
            answers = await asyncio.gather(*(ask(pool, id=number) for number in range(50)))
            assert {each["batch"] for each in answers} == {1}
        async with a_pool(max_batch=5) as pool:
            answers = await asyncio.gather(*(ask(pool, id=number) for number in range(50)))
            assert max(each["batch"] for each in answers) == 5

    run(work())


@pytest.mark.parametrize("loop", LOOPS)
def test_bodies_of_all_sizes_come_back(loop: str) -> None:
    async def work() -> None:
        async with a_pool() as pool:
            sizes = [0, 1, 32 << 10, (32 << 10) + 1, 1 << 20, 33 << 20]
            bodies = [b"." * bool(size) + random.Random(size).randbytes(max(0, size - 1)) for size in sizes]
            replies = await asyncio.gather(*(reply_of(pool, raw=body) for body in bodies))
            assert [reply.body == body for reply, body in zip(replies, bodies, strict=True)] == [True] * 6

    run(work(), loop=LOOPS[loop])


def test_a_call_tells_how_long_it_waited(tmp_path: Path) -> None:
    async def work() -> None:
        async with a_pool("calls") as pool:
            first = asyncio.create_task(reply_of(pool, do="wait", path=str(tmp_path / "go")))
            await until(lambda: pool.load().running == 1)
            second = asyncio.create_task(reply_of(pool))
            await until(lambda: pool.load().waiting == 1)
            (tmp_path / "go").touch()
            assert (await second).queue_s > (await first).queue_s >= 0

    run(work())


def test_who_reads_for_the_model_changes_with_how_long_it_takes() -> None:
    """The main thread, or beside a model that works for longer than 20 ms another one."""
    chance = random.Random(1)

    async def client(pool: Pool, name: int) -> None:
        for number in range(40):
            seconds = chance.choice([0, 0, 0.018, 0.02, 0.022, 0.045])
            answer = await ask(pool, id=f"{name}/{number}", do="sleep", seconds=seconds)
            assert answer["id"] == f"{name}/{number}"
            await asyncio.sleep(chance.choice([0, 0, 0.015, 0.03]))

    async def work() -> None:
        async with a_pool("calls") as pool:
            await client(pool, 0)
            await asyncio.gather(*(client(pool, name) for name in range(1, 4)))

    run(work())


def test_what_a_model_prints_and_reads_is_not_the_protocol(capfd: pytest.CaptureFixture[str]) -> None:
    async def work() -> None:
        async with a_pool() as pool:
            assert (await ask(pool, id=1, do="print", text="hello"))["id"] == 1
            assert (await ask(pool, do="stdin"))["stdin"] == ""

    run(work())
    printed = capfd.readouterr()
    assert "hello" in printed.err
    assert "raw hello" in printed.err
    assert not printed.out


# Limits


def test_a_full_queue_refuses_and_says_when_to_come_back(tmp_path: Path) -> None:
    async def work() -> None:
        async with a_pool("calls", queue_limit=3) as pool:
            await asyncio.gather(*(ask(pool) for _ in range(3)))
            busy = [asyncio.create_task(ask(pool, do="wait", path=str(tmp_path / "go")))]
            await until(lambda: pool.load().running == 1)
            busy += [asyncio.create_task(ask(pool, id=number)) for number in range(3)]
            await until(lambda: pool.load().waiting == 3)
            with pytest.raises(QueueFull, match="3 requests wait for 'test' already; try again in") as refused:
                await ask(pool)
            assert (refused.value.http, refused.value.retry_after_s >= 1) == (429, True)
            assert pool.load().refused == 1
            (tmp_path / "go").touch()
            await asyncio.gather(*busy)
            await ask(pool)

    run(work())


def test_bodies_that_wait_have_a_limit_together(tmp_path: Path) -> None:
    async def work() -> None:
        async with a_pool("calls", queue_bytes=1000) as pool:
            busy = [asyncio.create_task(ask(pool, do="wait", path=str(tmp_path / "go")))]
            await until(lambda: pool.load().running == 1)
            busy.append(asyncio.create_task(reply_of(pool, raw=b"x" * 2000)))  # type: ignore[arg-type]
            await until(lambda: pool.load().waiting == 1)
            with pytest.raises(QueueFull):
                await ask(pool)
            (tmp_path / "go").touch()
            await asyncio.gather(*busy)

    run(work())


@pytest.mark.parametrize("feeding", ["batches", "calls", "engine"])
def test_deadlines_pass_for_those_who_wait_and_those_with_the_model(feeding: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with a_pool(feeding, config={"concurrency": 1}) as pool:
            running = asyncio.create_task(ask(pool, 0.3, do="wait", path=str(tmp_path / "go")))
            await until(lambda: pool.load().running == 1)
            waiting = asyncio.create_task(ask(pool, 0.1))
            with pytest.raises(TimedOut, match="before the request reached the model"):
                await waiting
            with pytest.raises(TimedOut, match="before the request was answered"):
                await running
            with pytest.raises(TimedOut):
                await ask(pool, -1)
            assert pool.load().expired == 2
            (tmp_path / "go").touch()
            assert (await ask(pool, id=5))["id"] == 5
            assert pool.load().workers == 1

    run(work())


def test_a_call_that_is_late_when_it_arrives_is_not_begun(tmp_path: Path) -> None:
    """The process is busy with one batch when it gets the next only if the front has lost count; an engine's calls
    wait in the process."""

    async def work() -> None:
        async with a_pool("engine") as pool:
            worker = pool._crew.workers[0]
            late = a_call(-1, do="touch", path=str(tmp_path / "begun"))
            from headrace.serving.workers.waiting import Waiting

            waiting = Waiting(late, 0.0)
            pool._give(worker, [waiting], 0.0)
            reply = await waiting.future
            assert isinstance(reply, Reply)
            assert (reply.status, reply.error) == (504, "DEADLINE_EXCEEDED")
            assert not (tmp_path / "begun").exists()

    run(work())


# Going away


def test_a_call_that_is_cancelled_in_the_queue_never_runs(tmp_path: Path) -> None:
    async def work() -> None:
        async with a_pool("calls") as pool:
            first = asyncio.create_task(ask(pool, do="wait", path=str(tmp_path / "go")))
            await until(lambda: pool.load().running == 1)
            second = asyncio.create_task(ask(pool, do="touch", path=str(tmp_path / "ran")))
            await until(lambda: pool.load().waiting == 1)
            second.cancel()
            await asyncio.gather(second, return_exceptions=True)
            assert pool.load().waiting == 0
            (tmp_path / "go").touch()
            await first
            await ask(pool)
            assert not (tmp_path / "ran").exists()

    run(work())


@pytest.mark.parametrize("feeding", ["batches", "calls", "engine"])
def test_a_host_hears_of_a_call_that_nobody_waits_for(feeding: str) -> None:
    async def work() -> None:
        async with a_pool(feeding) as pool:
            call = a_call(do="wait", path="/never")
            task = asyncio.create_task(pool.call(call))
            await until(lambda: pool.load().running == 1)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await until(lambda: pool.load().running == 0)
            assert (await ask(pool, do="cancelled"))["cancelled"] == [call.id]

    run(work())


# Streams


@pytest.mark.parametrize("feeding", ["calls", "engine"])
def test_parts_arrive_in_order_and_the_end_is_told(feeding: str) -> None:
    async def work() -> None:
        async with a_pool(feeding) as pool:

            async def read(number: int) -> None:
                streamed = await stream_of(pool, id=number, parts=100)
                assert (streamed.status, streamed.done) == (200, None)
                read = b"".join([part async for part in streamed.parts])
                assert read == b"".join(f"{number}:{place};".encode() for place in range(100))
                assert streamed.done is not None
                assert streamed.done.status == 200

            await asyncio.gather(*(read(number) for number in range(20)))

    run(work())


@pytest.mark.parametrize("begun", [False, True])
def test_closing_a_stream_cancels_its_call(begun: bool) -> None:
    async def work() -> None:
        async with a_pool("engine", config={"concurrency": 1}) as pool:
            streamed = await stream_of(pool, parts=100_000, seconds=0.001)
            if begun:
                await anext(streamed.parts)
            await streamed.parts.aclose()
            assert [part async for part in streamed.parts] == []
            assert (await ask(pool, id=2))["id"] == 2
            assert pool.load().running == 0

    run(work())


def test_a_reader_that_is_cancelled_cancels_its_call() -> None:
    async def work() -> None:
        async with a_pool("engine") as pool:
            streamed = await stream_of(pool, parts=100_000, seconds=0.01)

            async def read() -> None:
                async for _ in streamed.parts:
                    pass

            task = asyncio.create_task(read())
            await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await until(lambda: pool.load().running == 0)

    run(work())


def test_a_reader_that_is_too_slow_loses_its_stream() -> None:
    async def work() -> None:
        async with a_pool("engine") as pool:
            streamed = await stream_of(pool, parts=100_000, part_bytes=1 << 20)
            await until(lambda: pool.load().running == 0)
            read = 0
            with pytest.raises(TooBusy, match="their reader, who is too slow"):
                async for part in streamed.parts:
                    read += len(part)
            assert MAX_WAITING_BYTES <= read < 2 * MAX_WAITING_BYTES

    run(work())


def test_a_stream_past_its_deadline_says_so() -> None:
    async def work() -> None:
        async with a_pool("engine") as pool:
            streamed = await stream_of(pool, 0.3, parts=100_000, seconds=0.01)
            with pytest.raises(TimedOut):
                async for _ in streamed.parts:
                    pass
            assert pool.load().running == 0

    run(work())


def test_a_stream_whose_process_dies_raises() -> None:
    async def work() -> None:
        async with a_pool("calls") as pool:
            streamed = await stream_of(pool, id=1, parts=10, dies_after=2)
            read = []
            with pytest.raises(WorkerLost, match="ended with status 9"):
                async for part in streamed.parts:
                    read.append(part)
            assert b"".join(read) == b"1:0;1:1;1:2;"
            assert streamed.done is None

    run(work())


# The end


def test_a_stop_lets_what_is_here_be_answered(tmp_path: Path) -> None:
    async def work() -> None:
        async with a_pool("calls", workers=2) as pool:
            pids = [worker.pid for worker in pool._crew.workers]
            asked = [asyncio.create_task(ask(pool, id=0, do="wait", path=str(tmp_path / "go")))]
            asked += [asyncio.create_task(ask(pool, id=number, do="sleep", seconds=0.002)) for number in range(1, 40)]
            await until(lambda: pool.load().running == 2)
            stopping = asyncio.create_task(pool.stop(60))
            await asyncio.sleep(0)
            with pytest.raises(WorkerLost, match="'test' is being stopped"):
                await ask(pool)
            (tmp_path / "go").touch()
            assert [(await each)["id"] for each in asked] == list(range(40))
            await stopping
            assert not any(lives(pid) for pid in pids)

    run(work())


def test_a_stop_without_time_cuts_off(tmp_path: Path) -> None:
    async def work() -> None:
        async with a_pool("calls") as pool:
            pid = pool._crew.workers[0].pid
            asked = [asyncio.create_task(ask(pool, do="wait", path="/never")) for _ in range(3)]
            await until(lambda: pool.load().running == 1)
            stopping = asyncio.create_task(pool.stop(0.0))
            outcomes = await asyncio.gather(*asked, return_exceptions=True)
            assert all(isinstance(each, WorkerLost) for each in outcomes)
            await stopping
            assert not lives(pid)

    run(work())


def test_a_stop_waits_for_no_call_that_nobody_waits_for() -> None:
    async def work() -> None:
        async with a_pool("calls") as pool:
            with pytest.raises(TimedOut):
                await ask(pool, 0.2, do="sleep", seconds=3600)
            async with asyncio.timeout(PATIENCE_S):
                await pool.stop(3600)

    run(work())


def test_no_process_file_or_task_stays(tmp_path: Path) -> None:
    def files() -> set[Path]:
        return set(Path("/proc/self/fd").iterdir())

    async def work() -> None:
        async with a_pool(workers=3) as pool:
            await ask(pool)

    run(work())
    gc.collect()
    before = files()
    run(work())
    gc.collect()
    assert len(files()) <= len(before)
    children: Any = Path(f"/proc/self/task/{os.getpid()}/children")
    assert not [pid for pid in children.read_text().split() if "headrace.serving" in _command(int(pid))]


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


# Warm-up


def test_every_process_is_warmed_and_so_are_those_that_come_later() -> None:
    async def work() -> None:
        async with a_pool(workers=3) as pool:
            replies = await pool.warm(b'{"id": 7}', "application/json")
            assert len({reply.body for reply in replies}) == 3
            assert all(reply.status == 200 for reply in replies)
            await asyncio.gather(ask(pool, do="kill"), return_exceptions=True)
            await until(lambda: len(pool._crew.workers) == 3 and all(each.answered for each in pool._crew.workers))
            await until(lambda: all(each.takes for each in pool._crew.workers))

    run(work())


def test_a_process_that_dies_while_it_is_warmed_is_an_answer() -> None:
    async def work() -> None:
        async with a_pool(workers=1) as pool:
            (reply,) = await pool.warm(b'{"do": "kill"}', "application/json")
            assert reply.status == 503
            await until(lambda: pool.load().workers == 1)
            assert isinstance(await pool.call(a_call()), Reply | Streamed)

    run(work())
