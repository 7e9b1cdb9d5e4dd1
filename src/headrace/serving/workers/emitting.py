"""A process's answers on their way to the front."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterable

from headrace.serving.call import Reply
from headrace.serving.workers.frames import Done, FromWorker, Head, Part, pack


class Emitter:
    """An `Emit` on a blocking socket. A front that is gone hears nothing; who reads from it ends the process."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._sending = threading.Lock()
        self._open: set[int] = set()  # added to and taken from in single steps, by several threads

    def begin(self, call_ids: Iterable[int]) -> None:
        self._open.update(call_ids)

    def is_open(self, call_id: int) -> bool:
        return call_id in self._open

    def drop(self, call_id: int) -> bool:
        """Nothing more of it is sent; False if it is over already."""
        try:
            self._open.remove(call_id)
        except KeyError:
            return False
        return True

    def head(self, call_id: int, status: int, content_type: str) -> None:
        if call_id in self._open:
            self.send(Head(call_id, status, content_type))

    def part(self, call_id: int, data: bytes) -> None:
        if call_id in self._open:
            self.send(Part(call_id, data))

    def done(self, call_id: int, reply: Reply) -> None:
        if self.drop(call_id):
            self.send(Done(call_id, reply))

    def send(self, message: FromWorker) -> None:
        head, tail = pack(message)
        with self._sending, contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._channel.sendall(head)
            if tail:
                self._channel.sendall(tail)
