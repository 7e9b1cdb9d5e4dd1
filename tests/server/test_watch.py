from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest

from headrace.entities import Changes
from headrace.errors import StoreUnavailable, TooBusy
from headrace.server import watch
from headrace.server.watch import Listener, Watch
from headrace.stores.memory import MemoryStore

QUIET_S = 0.3


class Watched:
    """A store behind a watch. looks: how often the store was asked, and for which experiments."""

    def __init__(self, store: MemoryStore) -> None:
        self.store, self.watch = store, Watch(self.look)
        self.looks: list[Sequence[str]] = []
        self.away = False

    async def look(self, since: str | None, experiments: Sequence[str], size: int) -> Changes:
        self.looks.append(tuple(experiments))
        await asyncio.sleep(0)
        if self.away:
            raise StoreUnavailable("away")
        return self.store.changes(since, experiments, size)

    def made(self, experiment: str = "0") -> str:
        run_id = self.store.create_run(experiment).info.run_id
        self.watch.written()
        return run_id

    async def listening(self, *experiments: str, since: str | None = None) -> Listener:
        listener = await self.watch.listen(experiments, since)
        await listener.asked()
        return listener


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Watched:
    monkeypatch.setattr(watch, "LOOK_GAP_S", 0.01)
    monkeypatch.setattr(watch, "LOOK_EVERY_S", 0.05)
    return Watched(MemoryStore(str(tmp_path)))


def through(watched: Watched, test: Callable[[], Awaitable[None]]) -> None:
    async def run() -> None:
        await test()
        watched.watch.close()
        await asyncio.sleep(0.05)
        assert len(asyncio.all_tasks()) == 1, "the look goes on after the last listener"

    asyncio.run(run())


async def ids(listener: Listener) -> set[str]:
    changes = await listener.heard(QUIET_S)
    assert changes is not None
    return {run.run_id for run in changes.runs}


def test_a_hundred_listeners_share_one_look(watched: Watched) -> None:
    async def test() -> None:
        listeners = [await watched.listening() for _ in range(100)]
        del watched.looks[:]
        run_id = watched.made()
        assert [await ids(each) for each in listeners] == [{run_id}] * 100
        assert len(watched.looks) < 10

    through(watched, test)


def test_nobody_looks_while_nobody_listens(watched: Watched) -> None:
    async def test() -> None:
        listener = await watched.listening()
        listener.close()
        await asyncio.sleep(0.1)
        del watched.looks[:]
        watched.made()
        await asyncio.sleep(0.2)
        assert watched.looks == []
        again = await watched.listening()
        run_id = watched.made()
        assert await ids(again) == {run_id}

    through(watched, test)


def test_a_look_takes_in_the_experiments_that_somebody_listens_to(watched: Watched) -> None:
    async def test() -> None:
        one, two = (watched.store.create_experiment(name) for name in ("one", "two"))
        first = await watched.listening(one)
        watched.made(two)
        assert await ids(first) == set()
        assert set(watched.looks[2:]) == {(one,)}
        second = await watched.listening(two)
        in_one, in_two = watched.made(one), watched.made(two)
        assert (await ids(first), await ids(second)) == ({in_one}, {in_two})
        assert watched.looks[-1] == (one, two)
        everything = await watched.listening()
        await ids(everything)
        assert watched.looks[-1] == ()

    through(watched, test)


def test_a_slow_listener_holds_a_page_at_most_and_misses_nothing(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "PAGE", 10)

    async def test() -> None:
        slow, quick = await watched.listening(), await watched.listening()
        made: set[str] = set()
        for _ in range(8):
            made |= {watched.made() for _ in range(4)}
            await ids(quick)
            assert len(slow._heard) <= 10
        assert await slow.heard(QUIET_S) is None
        told: set[str] = set()
        while True:
            changes = await slow.asked()
            assert len(changes.runs) <= 10
            told |= {run.run_id for run in changes.runs}
            if not changes.more:
                break
        assert told == made
        run_id = watched.made()
        assert await ids(slow) == {run_id}

    through(watched, test)


def test_who_comes_while_runs_are_written_misses_none(watched: Watched) -> None:
    async def test() -> None:
        keep = await watched.listening()
        cursor = keep.cursor
        made: set[str] = set()
        for _ in range(30):
            late = await watched.watch.listen((), cursor)
            made.add(watched.made())
            told = {run.run_id for run in (await late.asked()).runs}
            made.add(watched.made())
            while told != made:
                told |= await ids(late)
            late.close()

    through(watched, test)


def test_a_herd_of_listeners_asks_one_after_another(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    at_once: list[int] = []
    asking = 0

    async def slow(since: str | None, experiments: Sequence[str], size: int) -> Changes:
        nonlocal asking
        asking += 1
        at_once.append(asking)
        await asyncio.sleep(0.001)
        asking -= 1
        return watched.store.changes(since, experiments, size)

    async def test() -> None:
        monkeypatch.setattr(watched.watch, "look", slow)
        listeners = await asyncio.gather(*(watched.listening() for _ in range(50)))
        run_id = watched.made()
        assert [await ids(each) for each in listeners] == [{run_id}] * 50
        assert max(at_once) <= watch.MAX_ASKING + 1

    through(watched, test)


def test_listeners_are_limited(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "MAX_LISTENERS", 2)

    async def test() -> None:
        first, _ = await watched.listening(), await watched.listening()
        with pytest.raises(TooBusy):
            await watched.listening()
        first.close()
        await watched.listening()

    through(watched, test)


def test_a_store_that_was_away_is_looked_at_again(watched: Watched) -> None:
    async def test() -> None:
        listener = await watched.listening()
        watched.away = True
        run_id = watched.made()
        assert await ids(listener) == set()
        watched.away = False
        assert await ids(listener) == {run_id}
        watched.away = True
        with pytest.raises(StoreUnavailable):
            await listener.asked()

    through(watched, test)


def test_a_watch_that_closes_wakes_everybody_and_takes_nobody_more(watched: Watched) -> None:
    async def test() -> None:
        listener = await watched.listening()
        waiting = asyncio.create_task(listener.heard(60))
        await asyncio.sleep(0)
        watched.watch.close()
        await asyncio.wait_for(waiting, 1)
        assert listener.ended
        with pytest.raises(StoreUnavailable):
            await watched.listening()

    through(watched, test)
