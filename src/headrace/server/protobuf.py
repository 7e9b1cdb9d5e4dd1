"""Protocol buffers read off a large file by ranges: what is passed over isn't read. All of it is bounded, since the
file is a stranger's.

Wire format: https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5
SMALL_WINDOW, LARGE_WINDOW = 4 << 10, 256 << 10  # after a jump; where reading goes on
MAX_FIELDS = 3_000_000  # some seconds
MAX_READS = 50_000
MAX_READ_BYTES = 256 << 20
MAX_TEXT_BYTES = 1000

Read = Callable[[int, int], bytes]
"""The bytes [start, end) of the file, all of them."""


class Malformed(ValueError):
    """It isn't what it should be; the text says why."""


class Field(NamedTuple):
    """value: of a number. start, end: where the bytes of a text or message lie."""

    number: int
    kind: int
    value: int
    start: int
    end: int


class Message:
    """A message that lies at [start, end) of the file."""

    __slots__ = ("end", "start", "wire")

    def __init__(self, wire: Wire, start: int, end: int) -> None:
        self.wire, self.start, self.end = wire, start, end

    def __iter__(self) -> Iterator[Field]:
        return self.wire.fields(self.start, self.end)

    def inner(self, field: Field) -> Message:
        if field.kind != LENGTH:
            raise Malformed(f"field {field.number} at byte {field.start} is no message")
        return Message(self.wire, field.start, field.end)

    def text(self, field: Field) -> str:
        if field.kind != LENGTH:
            raise Malformed(f"field {field.number} at byte {field.start} is no text")
        if field.end - field.start > MAX_TEXT_BYTES:
            return self.wire.bytes(field.start, field.start + MAX_TEXT_BYTES).decode(errors="ignore") + "…"
        return self.wire.bytes(field.start, field.end).decode(errors="replace")

    def numbers(self, field: Field) -> Iterator[int]:
        """Of a repeated number, packed or not."""
        if field.kind == LENGTH:
            at = field.start
            while at < field.end:
                value, at = self.wire.varint(at, field.end)
                yield signed(value)
        else:
            yield signed(field.value)


def signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value


class Wire:
    def __init__(self, read: Read, size_bytes: int) -> None:
        self._read, self.size_bytes = read, size_bytes
        self._window, self._start, self._end = b"", 0, 0
        self._step = SMALL_WINDOW
        self._fields = self._reads = self._read_bytes = 0

    def whole(self) -> Message:
        return Message(self, 0, self.size_bytes)

    def fields(self, at: int, end: int) -> Iterator[Field]:
        while at < end:
            self._fields += 1
            if self._fields > MAX_FIELDS:
                raise Malformed(f"it has more than {MAX_FIELDS} fields")
            begun = at
            key, at = self.varint(at, end)
            number, kind = key >> 3, key & 7
            value, start = 0, at
            if kind == VARINT:
                value, at = self.varint(at, end)
            elif kind == LENGTH:
                length, start = self.varint(at, end)
                at = start + length
            elif kind in (FIXED64, FIXED32):
                at += 8 if kind == FIXED64 else 4
            else:
                raise Malformed(f"at byte {begun} no field begins")
            if not number:
                raise Malformed(f"at byte {begun} no field begins")
            if at > end:
                raise Malformed(f"the field at byte {begun} ends behind what it is a part of, at byte {at} of {end}")
            yield Field(number, kind, value, start, at)

    def varint(self, at: int, end: int) -> tuple[int, int]:
        """(value, where it ends)."""
        value = shift = 0
        while at < end:
            if not self._start <= at < self._end:
                self._load(at, at + 1)
            byte = self._window[at - self._start]
            at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value & 0xFFFF_FFFF_FFFF_FFFF, at
            shift += 7
            if shift > 63:
                raise Malformed(f"the number that ends at byte {at} is longer than 64 bits")
        raise Malformed(f"it ends within a number, at byte {at}")

    def bytes(self, start: int, end: int) -> bytes:
        """A few."""
        if not (self._start <= start and end <= self._end):
            self._load(start, end)
        return self._window[start - self._start : end - self._start]

    def _load(self, start: int, end: int) -> None:
        going_on = self._start <= start <= self._end
        self._step = min(self._step * 4, LARGE_WINDOW) if going_on else SMALL_WINDOW
        end = min(max(end, start + self._step), self.size_bytes)
        self._reads += 1
        self._read_bytes += end - start
        if self._reads > MAX_READS or self._read_bytes > MAX_READ_BYTES:
            raise Malformed(f"too much of it had to be read: {self._read_bytes} bytes in {self._reads} pieces")
        self._window = self._read(start, end)
        self._start, self._end = start, end
