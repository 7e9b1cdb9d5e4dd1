"""What travels between the front and a model's process, over a stream socket.

A frame is two lengths, a message in msgpack, and what comes behind it: a body that is too long to be copied into a
message goes as it is, and a message has at most one.
"""

from __future__ import annotations

import io
import socket
import struct
from collections.abc import Iterator
from typing import Any, BinaryIO

import msgspec

from headrace.serving.call import Call, Reply
from headrace.serving.facts import Facts
from headrace.serving.spec import ModelSpec

PREFIX = struct.Struct("<IQ")
INLINE_BYTES = 32 << 10
_NOTHING = b""


class Start(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=0):
    """The first one. host: `module:function`. blas_threads: for the time when the model is loaded; 0 changes none."""

    spec: ModelSpec
    host: str
    blas_threads: int = 0


class Given(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=1):
    """last: the process may begin with this call and those that came since the last one."""

    call: Call
    last: bool


class Cancel(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=2):
    id: int


class End(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=3):
    """There will be no more calls; what was given is to be answered."""


class Ready(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=4):
    """template: the process has loaded the model for others that are forked from it, and takes no calls."""

    facts: Facts
    template: bool = False


class Failed(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=5):
    """The model can't be loaded."""

    message: str
    code: str


class Head(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=6):
    id: int
    status: int
    content_type: str


class Part(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=7):
    id: int
    data: bytes


class Done(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=8):
    """There is one for every call that was given, unless it was cancelled in an engine."""

    id: int
    reply: Reply


ToWorker = Start | Given | Cancel | End
FromWorker = Ready | Failed | Head | Part | Done

_encode = msgspec.msgpack.Encoder().encode
to_worker: msgspec.msgpack.Decoder[ToWorker] = msgspec.msgpack.Decoder(ToWorker)
from_worker: msgspec.msgpack.Decoder[FromWorker] = msgspec.msgpack.Decoder(FromWorker)


def pack(message: ToWorker | FromWorker) -> tuple[bytes, bytes]:
    """The frame's head, and what comes behind it, b"" for most."""
    tail = _body(message)
    if len(tail) <= INLINE_BYTES:
        packed = _encode(message)
        return PREFIX.pack(len(packed), 0) + packed, _NOTHING
    packed = _encode(_without_body(message))
    return PREFIX.pack(len(packed), len(tail)) + packed, tail


def _body(message: ToWorker | FromWorker) -> bytes:
    match message:
        case Done():
            return message.reply.body
        case Given():
            return message.call.body
        case Part():
            return message.data
    return _NOTHING


def _without_body(message: Any) -> Any:
    replace = msgspec.structs.replace
    match message:
        case Done():
            return replace(message, reply=replace(message.reply, body=_NOTHING))
        case Given():
            return replace(message, call=replace(message.call, body=_NOTHING))
    return replace(message, data=_NOTHING)


def _put_body(message: Any, tail: bytes) -> None:
    """The message was made here a moment ago and nobody else has it."""
    put = msgspec.structs.force_setattr
    match message:
        case Done():
            put(message.reply, "body", tail)
        case Given():
            put(message.call, "body", tail)
        case _:
            put(message, "data", tail)


def reader_of(channel: socket.socket) -> BinaryIO:
    """Reads from the socket's file itself, which is quicker than through its object; that one must stay."""
    return open(channel.fileno(), "rb", buffering=INLINE_BYTES, closefd=False)


def receive(stream: BinaryIO) -> ToWorker | None:
    """The next message, None at the end. Blocks. A buffered stream reads long bodies to where they stay."""
    try:
        prefix = stream.read(PREFIX.size)
        if len(prefix) < PREFIX.size:
            return None
        head_bytes, tail_bytes = PREFIX.unpack(prefix)
        packed = stream.read(head_bytes)
        tail = stream.read(tail_bytes) if tail_bytes else _NOTHING
    except ConnectionResetError:
        return None
    if len(packed) < head_bytes or len(tail) < tail_bytes:
        return None
    message = to_worker.decode(packed)
    if tail:
        _put_body(message, tail)
    return message


class Reader:
    """Messages out of pieces of any length."""

    def __init__(self) -> None:
        self._held = _NOTHING  # the beginning of a frame
        self._message: Any = None  # one whose body is still coming
        self._body = io.BytesIO()  # gives what it holds without a copy, which would take long at once
        self._missing = 0

    def feed(self, data: bytes) -> Iterator[FromWorker]:
        if self._message is not None:
            data = self._fill(data)
            if self._missing:
                return
            yield self._filled()
        if self._held:
            data = self._held + data
            self._held = _NOTHING
        at, end = 0, len(data)
        while end - at >= PREFIX.size:
            head_bytes, tail_bytes = PREFIX.unpack_from(data, at)
            start = at + PREFIX.size
            stop = start + head_bytes
            if stop > end:
                break
            message = from_worker.decode(memoryview(data)[start:stop])
            at = stop
            if not tail_bytes:
                yield message
                continue
            self._message, self._missing = message, tail_bytes
            at = end - len(self._fill(data[at:]))
            if self._missing:
                return
            yield self._filled()
        if at < end:
            self._held = data[at:] if at else data

    def _fill(self, data: bytes) -> bytes:
        """What is left of `data`."""
        taken = data if len(data) <= self._missing else data[: self._missing]
        self._body.write(taken)
        self._missing -= len(taken)
        return _NOTHING if taken is data else data[len(taken) :]

    def _filled(self) -> FromWorker:
        message, self._message = self._message, None
        _put_body(message, self._body.getvalue())
        self._body = io.BytesIO()
        made: FromWorker = message
        return made
