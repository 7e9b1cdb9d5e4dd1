"""A model, its clients and a policy in simulated time."""

from __future__ import annotations

import heapq
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from headrace.serving.batching.policy import BatchPolicy


@dataclass
class Outcome:
    latencies_s: list[float] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    waits_s: list[float] = field(default_factory=list)
    ended: float = 0.0

    def per_s(self) -> float:
        return len(self.latencies_s) / self.ended

    def quantile_s(self, share: float) -> float:
        ordered = sorted(self.latencies_s)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    @property
    def mean_size(self) -> float:
        return sum(self.sizes) / len(self.sizes)


class Simulation:
    """takes_s: of a batch by its size. workers: processes. Events are (time, number, what to do)."""

    def __init__(self, policy: BatchPolicy, takes_s: Callable[[int], float], *, workers: int = 1) -> None:
        self.policy, self.takes_s = policy, takes_s
        self.now = 0.0
        self.outcome = Outcome()
        self._idle = workers
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._number = 0
        self._waiting: deque[tuple[float, Callable[[], None]]] = deque()

    def at(self, time: float, do: Callable[[], None]) -> None:
        self._number += 1
        heapq.heappush(self._events, (time, self._number, do))

    def arrive(self, then: Callable[[], None] = lambda: None) -> None:
        """then: when it is answered."""
        self.policy.arrived(self.now)
        self._waiting.append((self.now, then))
        self._pump()

    def run(self, until: float) -> Outcome:
        while self._events and self._events[0][0] <= until:
            self.now, _, do = heapq.heappop(self._events)
            do()
        self.outcome.ended = self.now
        return self.outcome

    def _pump(self) -> None:
        while self._waiting and self._idle:
            decision = self.policy.decide(self.now, len(self._waiting), self._waiting[0][0], self._idle)
            if decision.size == 0:
                assert decision.until > self.now, "a policy that waits says until when"
                self.at(decision.until, self._pump)
                return
            assert decision.size <= min(self.policy.max_batch, len(self._waiting))
            self._give([self._waiting.popleft() for _ in range(decision.size)])

    def _give(self, batch: list[tuple[float, Callable[[], None]]]) -> None:
        begun, took_s = self.now, self.takes_s(len(batch))
        self._idle -= 1
        self.outcome.sizes.append(len(batch))

        def done() -> None:
            self._idle += 1
            self.policy.finished(self.now, len(batch), took_s)
            for since, then in batch:
                self.outcome.latencies_s.append(self.now - since)
                self.outcome.waits_s.append(begun - since)
                then()
            self._pump()

        self.at(self.now + took_s, done)


def poisson(simulation: Simulation, per_s: float, until: float, seed: int) -> Outcome:
    drawn = random.Random(seed)
    time = drawn.expovariate(per_s)
    while time < until:
        simulation.at(time, simulation.arrive)
        time += drawn.expovariate(per_s)
    return simulation.run(float("inf"))


def clients(simulation: Simulation, count: int, think_s: Callable[[], float], until: float) -> Outcome:
    """Each asks, waits for its answer, thinks, and asks again."""

    def again() -> None:
        if simulation.now < until:
            simulation.at(simulation.now + think_s(), lambda: simulation.arrive(again))

    for _ in range(count):
        again()
    return simulation.run(float("inf"))
