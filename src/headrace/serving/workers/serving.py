"""Inside a model's process: calls come in, the host takes them, answers go out.

The main thread is the model's, and reads what comes next by itself: handing a call over to it would take as long as
reading it. While the model works for long, another thread reads, so that a call can be cancelled and a front that is
gone is noticed.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
import traceback
from collections import deque
from typing import BinaryIO

from headrace import clock
from headrace.errors import TimedOut
from headrace.serving.call import CANCELLED, Call
from headrace.serving.hosts.base import Host
from headrace.serving.problems import problem
from headrace.serving.workers.emitting import Emitter
from headrace.serving.workers.frames import Cancel, Done, End, Given, receive

FAULT = 70  # the status of a process whose host broke its promise
_CLOSE_S = 10.0
_LONG_S = 0.02  # most models have answered by then


class Serving:
    def __init__(self, channel: socket.socket, stream: BinaryIO, host: Host) -> None:
        self._host, self._stream = host, stream
        self._emitter = Emitter(channel)
        self._reading = threading.Lock()  # for who reads the stream
        self._taken: deque[list[Call] | None] = deque()  # what the other thread has read
        self._turns, self._busy = 0, False
        self._asleep, self._wake = False, threading.Event()
        self._cancelled: set[int] = set()
        self._is_engine = host.facts.feeding == "engine"

    def run(self) -> int:
        """Until the front says so or is gone; the process's status."""
        threading.Thread(target=self._stand_by, name="calls", daemon=True).start()
        try:
            while (calls := self._next()) is not None:
                self._begin_turn()
                self._take(calls)
                self._busy = False
        except BaseException:  # noqa: BLE001 — the process ends with it
            traceback.print_exc()
            return FAULT
        self._host.close()
        return 0

    def _next(self) -> list[Call] | None:
        with self._reading:
            return self._taken.popleft() if self._taken else self._read()

    def _begin_turn(self) -> None:
        self._turns += 1
        self._busy = True
        if self._asleep:
            self._asleep = False
            self._wake.set()

    def _stand_by(self) -> None:
        """The other thread: it looks now and then, as long as there are calls, whether one takes long."""
        while None not in self._taken:
            turn = self._turns
            time.sleep(_LONG_S)
            if turn != self._turns or self._taken:
                continue  # what has been read goes first: the main thread may need the lock for it
            if not self._busy:
                self._sleep_until_busy(turn)
            elif self._reading.acquire(blocking=False):
                try:
                    self._taken.append(self._read())
                finally:
                    self._reading.release()

    def _sleep_until_busy(self, turn: int) -> None:
        self._asleep = True
        if turn == self._turns:  # else the main thread may have begun before it could see that
            self._wake.wait()
        self._asleep = False
        self._wake.clear()

    def _take(self, calls: list[Call]) -> None:
        now = clock.monotonic_s()
        wanted = []
        for call in calls:
            if not self._emitter.is_open(call.id):
                continue
            if call.deadline > now:
                wanted.append(call)
            else:
                late = TimedOut("The deadline passed before the model began.")
                self._emitter.done(call.id, problem(call.kind, late))
        if wanted:
            self._host.take(wanted, self._emitter)
        if not self._is_engine:
            self._settle(calls)

    def _settle(self, calls: list[Call]) -> None:
        """The front gives nothing more before it has heard of every call."""
        for call in calls:
            if self._emitter.drop(call.id):
                raise AssertionError(f"{type(self._host).__name__} left a call of kind {call.kind} without an answer")
            if call.id in self._cancelled:
                self._cancelled.discard(call.id)
                self._emitter.send(Done(call.id, CANCELLED))

    def _read(self) -> list[Call] | None:
        """The next calls that go together; None when there will be no more."""
        given: list[Call] = []
        while (message := receive(self._stream)) is not None:
            match message:
                case Given(call, last):
                    given.append(call)
                    if last:
                        self._emitter.begin([each.id for each in given])
                        return given
                case Cancel(id=call_id):
                    self._cancel(call_id)
                case End():
                    return None
        self._leave()
        return None

    def _cancel(self, call_id: int) -> None:
        if self._emitter.is_open(call_id):
            if not self._is_engine:
                self._cancelled.add(call_id)
            if self._emitter.drop(call_id):
                self._host.cancel(call_id)
            else:
                self._cancelled.discard(call_id)

    def _leave(self) -> None:
        """The front is gone, and nobody waits for what the main thread may be at."""
        closing = threading.Thread(target=self._host.close, daemon=True)
        closing.start()
        closing.join(_CLOSE_S)
        sys.stderr.flush()
        os._exit(0)
