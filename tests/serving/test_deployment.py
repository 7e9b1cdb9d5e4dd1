"""Which version answers, and how one takes another's place. The pools here answer at once, with their version's label:
real processes are in `workers/` and in `test_following.py`."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from headrace import clock
from headrace.errors import InvalidValue, NotFound, StoreUnavailable, UserCodeError
from headrace.packaging.trust import Origin
from headrace.serving.answer import Answer
from headrace.serving.arm import Arm
from headrace.serving.call import Call, Reply
from headrace.serving.deployment import Deployment, Deployments, Part
from headrace.serving.facts import Facts
from headrace.serving.observe import Observation
from headrace.serving.source import FixedSource, Revision

SOON_S = 0.001


def revision(label: str) -> Revision:
    return Revision(label=label, uri=f"models:/wine/{label}", path=Path(f"/models/{label}"), origin=Origin.elsewhere())


def call(number: int) -> Call:
    return Call(id=number, kind="invocations", body=b"{}", deadline=clock.monotonic_s() + 60)


class EchoPool:
    """stopped: set once nothing runs in it any more."""

    def __init__(self, made: Revision, *, broken: str | None = None, fails: bool = False) -> None:
        self.label, self.broken, self.fails = made.label, broken, fails
        self.facts = Facts(model_id=None, flavors=[], kinds=["invocations"], feeding="calls", example="{}")
        self.alive, self.running, self.stopped = True, 0, False
        self.go = asyncio.Event()
        self.go.set()

    async def start(self) -> Facts:
        if self.broken:
            raise UserCodeError(self.broken)
        return self.facts

    async def call(self, call: Call) -> Answer:
        if self.stopped:
            raise StoreUnavailable(f"{self.label} has stopped")
        self.running += 1
        try:
            await self.go.wait()
        finally:
            self.running -= 1
        return Reply(status=200, body=self.label.encode())

    async def warm(self, body: bytes, content_type: str) -> list[Reply]:
        if self.fails:
            return [Reply(status=400, body=b'{"error_code": "BAD_REQUEST", "message": "no such column"}')]
        return [Reply(status=200, body=b"")]

    async def stop(self, grace_s: float) -> None:
        while self.running and grace_s > 0:  # noqa: ASYNC110
            await asyncio.sleep(SOON_S)
        self.stopped = True


class MovingSource:
    """An alias that tests move."""

    def __init__(self, label: str) -> None:
        self.label = label
        self.over: list[str] = []

    uri = "models:/wine@champion"
    moves = True

    def now(self) -> Revision:
        return revision(self.label)

    def change(self, known: Revision) -> Revision | None:
        return None if known.label == self.label else revision(self.label)

    def done_with(self, revision: Revision) -> None:
        self.over.append(revision.label)


def deployment(source: object, *others: Part, pools: list[EchoPool] | None = None) -> Deployment:
    def make(made: Revision) -> EchoPool:
        pool = EchoPool(
            made,
            broken="its weights are torn" if made.label == "broken" else None,
            fails=made.label == "failing",
        )
        if pools is not None:
            pools.append(pool)
        return pool

    return Deployment("wine", source, others, make)  # type: ignore[arg-type]


async def until(condition: object) -> None:
    async with asyncio.timeout(30):
        while not condition():  # type: ignore[operator]  # noqa: ASYNC110
            await asyncio.sleep(SOON_S)


async def said(served: Deployment, number: int = 0) -> str:
    answer = await served.call(call(number))
    assert isinstance(answer, Reply)
    return answer.body.decode()


def test_the_next_version_takes_its_place_and_the_one_before_ends_what_it_has() -> None:
    async def run() -> None:
        source, pools = MovingSource("1"), list[EchoPool]()
        served = deployment(source, pools=pools)
        await served.start()
        pools[0].go.clear()
        slow = asyncio.create_task(said(served))
        await until(lambda: pools[0].running == 1)
        served.follow(SOON_S)
        source.label = "2"
        await until(lambda: served.main.changes == 1)
        assert await said(served) == "2"
        assert not slow.done()
        assert not pools[0].stopped
        pools[0].go.set()
        assert await slow == "1"
        await until(lambda: source.over == ["1"])
        assert pools[0].stopped
        await served.stop(1.0)

    asyncio.run(run())


@pytest.mark.parametrize(("label", "reason"), [("broken", "its weights are torn"), ("failing", "no such column")])
def test_a_version_that_does_not_work_is_given_up(label: str, reason: str) -> None:
    async def run() -> None:
        source, pools = MovingSource("1"), list[EchoPool]()
        served = deployment(source, pools=pools)
        await served.start()
        served.follow(SOON_S)
        source.label = label
        await until(lambda: served.main.refusals == 1)
        assert await said(served) == "1"
        assert served.main.change is not None
        assert served.main.change.refused == reason
        assert pools[1].stopped
        await asyncio.sleep(20 * SOON_S)
        assert served.main.refusals == 1, "it is tried once, not for ever"
        source.label = "1"
        await asyncio.sleep(20 * SOON_S)
        assert served.main.changes == 0, "what is served needn't be loaded again"
        source.label = "2"
        await until(lambda: served.main.changes == 1)
        await served.stop(1.0)

    asyncio.run(run())


def test_a_version_that_fails_on_its_example_is_served_at_the_start(caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        served = deployment(FixedSource(revision("failing")))
        await served.start()
        assert await said(served) == "failing"
        await served.stop(0.0)

    asyncio.run(run())
    assert "fails on its own example: no such column" in caplog.text


def test_a_share_of_the_requests_goes_to_another_version() -> None:
    async def run() -> None:
        other = Part(source=FixedSource(revision("2")), share=25)
        served = deployment(FixedSource(revision("1")), other)
        await served.start()
        seen = Counter([await said(served, number) for number in range(4000)])
        assert 800 < seen["2"] < 1200
        assert seen["1"] + seen["2"] == 4000
        await served.stop(0.0)

    asyncio.run(run())


def test_where_no_process_of_the_other_version_lives_the_main_one_answers() -> None:
    async def run() -> None:
        pools: list[EchoPool] = []
        served = deployment(FixedSource(revision("1")), Part(source=FixedSource(revision("2")), share=100), pools=pools)
        await served.start()
        assert await said(served) == "2"
        next(pool for pool in pools if pool.label == "2").alive = False
        assert await said(served) == "1"
        await served.stop(0.0)

    asyncio.run(run())


def test_a_shadow_gets_copies_and_nobody_its_answers() -> None:
    def broken(_: Observation) -> None:
        raise RuntimeError("disk full")

    async def run() -> None:
        shadow = Part(source=FixedSource(revision("2")), share=100, shadow=True)
        served = deployment(FixedSource(revision("1")), shadow)
        told: list[Observation] = []
        served.observers += [broken, told.append]
        await served.start()
        assert {await said(served, number) for number in range(10)} == {"1"}
        await until(lambda: len(told) == 10)
        assert {(each.revision, each.shadow, each.reply.body) for each in told} == {("2", True, b"2")}
        await served.stop(0.0)

    asyncio.run(run())


def test_a_shadow_that_stands_still_costs_nothing() -> None:
    async def run() -> None:
        pools: list[EchoPool] = []
        shadow = Part(source=FixedSource(revision("2")), share=100, shadow=True)
        served = deployment(FixedSource(revision("1")), shadow, pools=pools)
        await served.start()
        slow = next(pool for pool in pools if pool.label == "2")
        slow.go.clear()
        assert {await said(served, number) for number in range(500)} == {"1"}
        await until(lambda: slow.running)
        assert slow.running == 64, "copies are bounded"
        await served.stop(0.0)

    asyncio.run(run())


def test_shares_are_percentages() -> None:
    with pytest.raises(InvalidValue, match="from 0 to 100"):
        deployment(FixedSource(revision("1")), Part(source=FixedSource(revision("2")), share=120))
    with pytest.raises(InvalidValue, match="100 % together"):
        deployment(
            FixedSource(revision("1")),
            Part(source=FixedSource(revision("2")), share=60),
            Part(source=FixedSource(revision("3")), share=60),
        )


def test_none_of_several_runs_where_one_can_not_start() -> None:
    async def run() -> None:
        pools: list[EchoPool] = []
        shadow = Part(source=FixedSource(revision("broken")), share=5, shadow=True)
        served = Deployments([deployment(FixedSource(revision("1")), shadow, pools=pools)])
        with pytest.raises(UserCodeError, match="its weights are torn"):
            await served.start()
        assert [pool.stopped for pool in pools if pool.label == "1"] == [True]

    asyncio.run(run())


def test_two_models_need_two_names() -> None:
    with pytest.raises(InvalidValue, match="a name of its own"):
        Deployments([deployment(FixedSource(revision("1"))), deployment(FixedSource(revision("2")))])


def test_an_unknown_name_is_told_with_those_there_are() -> None:
    served = Deployments([deployment(FixedSource(revision("1")))])
    assert served.find().name == "wine"
    with pytest.raises(NotFound, match="This server has: wine"):
        served.find("beer")


def test_an_arm_that_has_not_started_stops() -> None:
    arm = Arm("wine", FixedSource(revision("1")), EchoPool)
    asyncio.run(arm.stop(0.0))
