from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.serving.batching.policy import BatchPolicy
from headrace.serving.batching.times import BatchTimes
from tests.serving.batching.simulation import Outcome, Simulation, clients, poisson

times_s = st.floats(1e-5, 1.0)


def sleepy(size: int) -> float:
    """5 ms for one, 6 ms for 32."""
    return 0.005 + 0.001 * (size - 1) / 31


class Greedy(BatchPolicy):
    """Never keeps an idle process waiting."""

    def decide(self, now: float, waiting: int, oldest: float, idle: int):  # type: ignore[no-untyped-def]
        decision = super().decide(now, waiting, oldest, idle)
        return decision if decision.size else decision._replace(size=min(waiting, self.max_batch))


def asked(policy: BatchPolicy, count: int, *, seed: int = 1, until: float = 5.0) -> Outcome:
    drawn = random.Random(seed)
    return clients(Simulation(policy, sleepy), count, lambda: 0.0003 + 0.002 * drawn.random(), until)


def test_one_client_never_waits() -> None:
    outcome = asked(BatchPolicy(64), 1)
    assert max(outcome.waits_s) == 0
    assert set(outcome.sizes) == {1}


def test_a_first_call_goes_at_once() -> None:
    assert BatchPolicy(64).decide(0.0, 1, 0.0, 1).size == 1


@pytest.mark.parametrize("count", [2, 4, 16, 64])
def test_clients_who_wait_for_their_answers_are_batched_together(count: int) -> None:
    waiting, greedy = asked(BatchPolicy(64), count), asked(Greedy(64), count)
    assert waiting.mean_size > 1.3 * greedy.mean_size
    assert waiting.quantile_s(0.5) < 0.8 * greedy.quantile_s(0.5)
    assert waiting.per_s() > 1.1 * greedy.per_s()


@pytest.mark.parametrize("per_s", [20, 150, 300, 1000, 3000])
def test_calls_that_come_at_any_time_lose_nothing_by_waiting(per_s: float) -> None:
    waiting = poisson(Simulation(BatchPolicy(64), sleepy), per_s, 5.0, seed=3)
    greedy = poisson(Simulation(Greedy(64), sleepy), per_s, 5.0, seed=3)
    assert waiting.quantile_s(0.5) <= 1.05 * greedy.quantile_s(0.5)
    assert waiting.quantile_s(0.99) <= 1.05 * greedy.quantile_s(0.99)


def test_batching_gives_many_times_the_pace_of_single_calls() -> None:
    single = asked(BatchPolicy(1), 64)
    together = asked(BatchPolicy(64), 64)
    assert together.per_s() > 20 * single.per_s()
    assert together.quantile_s(0.99) < 0.02


def test_a_quick_model_is_never_waited_for() -> None:
    outcome = poisson(Simulation(BatchPolicy(64), lambda size: 0.0002 + 1e-5 * size), 20_000, 1.0, seed=5)
    assert outcome.quantile_s(0.99) < 0.001


def test_the_latency_target_cuts_batches() -> None:
    def slow(size: int) -> float:
        return 0.002 + 0.002 * size

    free = poisson(Simulation(BatchPolicy(64), slow), 420, 5.0, seed=2)
    held = poisson(Simulation(BatchPolicy(64, latency_target_s=0.06), slow), 420, 5.0, seed=2)
    assert max(held.sizes[50:]) <= 14 + 1  # half of the target
    assert held.quantile_s(0.95) < 0.06
    assert held.per_s() == pytest.approx(free.per_s(), rel=0.05)


def test_bursts_go_in_whole_batches() -> None:
    policy = BatchPolicy(16)
    simulation = Simulation(policy, sleepy)
    for burst in range(50):
        for _ in range(16):
            simulation.at(burst * 0.05, simulation.arrive)
    outcome = simulation.run(float("inf"))
    assert len(outcome.latencies_s) == 800
    assert outcome.quantile_s(0.99) <= 0.0105  # the first call of a burst goes alone, and the rest after it


def test_several_idle_processes_share_what_waits() -> None:
    policy = BatchPolicy(64)
    assert policy.decide(1.0, 10, 0.9, 2).size == 5
    assert policy.decide(1.0, 1, 0.9, 2).size == 1


@given(
    st.lists(st.tuples(st.floats(0, 0.02), st.integers(1, 3)), min_size=1, max_size=200), times_s, times_s, st.data()
)
def test_every_call_is_answered_once_whatever_comes(
    arrivals: list[tuple[float, int]], fixed_s: float, each_s: float, data: st.DataObject
) -> None:
    target = data.draw(st.none() | times_s)
    most, workers = data.draw(st.integers(1, 64)), data.draw(st.integers(1, 4))
    simulation = Simulation(BatchPolicy(most, target), lambda size: fixed_s + each_s * size, workers=workers)
    now, count = 0.0, 0
    for gap_s, calls in arrivals:
        now += gap_s
        for _ in range(calls):
            simulation.at(now, simulation.arrive)
            count += 1
    outcome = simulation.run(float("inf"))  # it itself checks that batches fit and that waiting has an end
    assert len(outcome.latencies_s) == count
    assert max(outcome.sizes) <= most
    # Nobody waits for others longer than a batch with them would take, beside those in front.
    assert max(outcome.waits_s) <= (count + 1) * (fixed_s + each_s * most) + 2 * (fixed_s + each_s * most)


def test_times_are_learned_and_forgotten() -> None:
    times = BatchTimes()
    drawn = random.Random(1)
    for _ in range(200):
        size = drawn.randint(1, 64)
        times.add(size, 0.005 + 0.0002 * size)
    assert times.fixed_s == pytest.approx(0.005, rel=0.01)
    assert times.each_s == pytest.approx(0.0002, rel=0.01)
    for _ in range(300):
        size = drawn.randint(1, 64)
        times.add(size, 0.001 + 0.001 * size)
    assert times.of(32) == pytest.approx(0.033, rel=0.05)


def test_one_pause_changes_little() -> None:
    times = BatchTimes()
    for size in [1, 8, 32] * 20:
        times.add(size, 0.005 + 0.0002 * size)
    before = times.of(8)
    times.add(8, 2.0)
    assert times.of(8) < 1.2 * before


@given(st.lists(st.tuples(st.integers(1, 64), st.floats(0, 10)), min_size=1, max_size=50), times_s)
def test_estimates_are_sane(seen: list[tuple[int, float]], within_s: float) -> None:
    times = BatchTimes()
    for size, took_s in seen:
        times.add(size, took_s)
    assert times.each_s >= 0
    assert times.fixed_s >= -1e-9
    assert 1 <= times.largest(within_s, 64) <= 64
