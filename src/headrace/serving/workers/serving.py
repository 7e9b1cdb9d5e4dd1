"""Inside a model's process: calls come in, the host takes them, answers go out.

A thread reads, so that a call can be cancelled while the model works; the main thread is the model's.
"""

from __future__ import annotations

import os
import queue
import socket
import sys
import threading
import traceback
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


class Serving:
    def __init__(self, channel: socket.socket, stream: BinaryIO, host: Host) -> None:
        self._host, self._stream = host, stream
        self._emitter = Emitter(channel)
        self._taken: queue.SimpleQueue[list[Call] | None] = queue.SimpleQueue()
        self._cancelled: set[int] = set()
        self._is_engine = host.facts.feeding == "engine"

    def run(self) -> int:
        """Until the front says so or is gone; the process's status."""
        threading.Thread(target=self._read, name="calls", daemon=True).start()
        try:
            while (calls := self._taken.get()) is not None:
                self._take(calls)
        except BaseException:  # noqa: BLE001 — the process ends with it
            traceback.print_exc()
            return FAULT
        self._host.close()
        return 0

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

    def _read(self) -> None:
        given: list[Call] = []
        while (message := receive(self._stream)) is not None:
            match message:
                case Given(call, last):
                    given.append(call)
                    if last:
                        self._emitter.begin([each.id for each in given])
                        self._taken.put(given)
                        given = []
                case Cancel(id=call_id):
                    self._cancel(call_id)
                case End():
                    self._taken.put(None)
                    return
        self._leave()

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
