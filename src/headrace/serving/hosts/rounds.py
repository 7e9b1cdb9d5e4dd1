"""Jobs of many calls through an engine that only streams whole batches: a round takes all that wait.

Two rounds run side by side, so that a long answer holds up the other round alone.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import closing

from headrace import clock
from headrace.errors import TimedOut
from headrace.packaging.llm.engine import Engine
from headrace.serving.hosts.exchange import Exchange
from headrace.serving.problems import told

ROUNDS = 2
MAX_JOBS = 16  # of a round; more would wait inside the engine, where the other round can't take them


class Rounds:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._waiting: list[Exchange] = []
        self._running: list[Exchange] = []
        self._changed = threading.Condition()
        self._closed = False
        self._threads = [threading.Thread(target=self._run, name=f"round-{n}", daemon=True) for n in range(ROUNDS)]
        for thread in self._threads:
            thread.start()

    def add(self, exchange: Exchange) -> None:
        if not all(thread.is_alive() for thread in self._threads):
            raise RuntimeError("a thread of the engine has ended")  # a fault of ours; the process ends with it
        with self._changed:
            self._waiting.append(exchange)
            self._changed.notify()

    def close(self) -> None:
        """What runs ends unanswered."""
        with self._changed:
            self._closed = True
            for exchange in [*self._waiting, *self._running]:
                exchange.cancel()
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        while exchanges := self._next():
            self._round(exchanges)
            with self._changed:
                self._running = [each for each in self._running if each not in exchanges]

    def _next(self) -> list[Exchange]:
        """Those of one round, at least one; none when it is time to end."""
        with self._changed:
            while not (self._waiting or self._closed):
                self._changed.wait()
            taken: list[Exchange] = []
            jobs = 0
            while self._waiting and not self._closed:
                jobs += len(self._waiting[0].jobs)
                if taken and jobs > MAX_JOBS:
                    break
                taken.append(self._waiting.pop(0))
            self._running.extend(taken)
            return taken

    def _round(self, exchanges: Sequence[Exchange]) -> None:
        places = [(exchange, number) for exchange in exchanges for number in range(len(exchange.jobs))]
        jobs = [exchange.jobs[number] for exchange, number in places]
        for exchange in exchanges:
            exchange.batch = len(jobs)
        try:
            with closing(self._engine.stream(jobs)) as pieces:
                for piece in pieces:
                    exchange, number = places[piece.job]
                    exchange.push(number, piece)
                    _drop_late(exchanges)
        except Exception as error:  # noqa: BLE001 — the engine's
            if len(exchanges) > 1 and not any(exchange.begun for exchange in exchanges):
                for exchange in exchanges:
                    self._round([exchange])
                return
            shown = told(error, "generating")
            for exchange in exchanges:
                exchange.fail(shown)


def _drop_late(exchanges: Sequence[Exchange]) -> None:
    now = clock.monotonic_s()
    for exchange in exchanges:
        if exchange.call.deadline <= now:
            exchange.fail(TimedOut("The request's time was over before the answer was complete."))
