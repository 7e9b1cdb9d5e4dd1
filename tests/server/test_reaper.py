from __future__ import annotations

import asyncio
import threading

import pytest

from headrace.errors import StoreUnavailable
from headrace.server import create_app
from headrace.server.reaper import Reaper
from headrace.stores.memory import MemoryStore
from headrace.stores.sql import SqlStore


class _Store(MemoryStore):
    """Tells since when owners could have reached it, and can be away."""

    def __init__(self) -> None:
        super().__init__("/nowhere")
        self.asked: list[int | None] = []
        self.away = False

    def reap(self, up_ms: int | None = None) -> list[str]:
        if self.away:
            raise StoreUnavailable("away")
        self.asked.append(up_ms)
        return super().reap(up_ms)


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    times = [1_000_000]
    monkeypatch.setattr("headrace.clock.now_ms", lambda: times[0])
    return times


def test_lease_counts_from_the_start_of_the_server(now: list[int]) -> None:
    store = _Store()
    run_id = store.create_run("0").info.run_id
    store.heartbeat(run_id, "me", 60_000)
    now[0] += 3_600_000  # the server was away for an hour
    reaper = Reaper(store, 10)
    for _ in range(5):
        now[0] += 10_000
        reaper.look()
    assert store.get_run(run_id).info.status == "RUNNING"
    now[0] += 10_000
    reaper.look()
    assert store.get_run(run_id).info.status == "FAILED"


def test_time_without_the_database_or_asleep_doesnt_count(now: list[int]) -> None:
    store = _Store()
    reaper = Reaper(store, 10)
    now[0] += 10_000
    reaper.look()
    store.away = True
    now[0] += 10_000
    reaper.look()
    store.away = False
    now[0] += 10_000
    reaper.look()
    now[0] += 3_600_000
    reaper.look()
    now[0] += 10_000
    reaper.look()
    assert store.asked == [10_000, 10_000, 0, 10_000]


def test_server_ends_runs_while_it_lives(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_REAP_INTERVAL", "0.01")
    run_id = store.create_run("0").info.run_id
    store.heartbeat(run_id, "me", 0)
    ended, reap = threading.Event(), store.reap

    def told(up_ms: int | None = None) -> list[str]:
        found = reap(up_ms)
        if found:
            ended.set()
        return found

    monkeypatch.setattr(store, "reap", told)
    backend = create_app(store).backend
    backend.start()
    assert ended.wait(30)
    assert store.get_run(run_id).info.status == "FAILED"
    asyncio.run(backend.close())
    assert not [each for each in threading.enumerate() if each.name == "headrace-reaper"]
