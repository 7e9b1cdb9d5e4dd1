"""The payload of a block: three columns, each as narrow as its numbers allow.

    <BBBBI  form, width of the step column, of the time column, of the values; number of points n
    <qqqq   first step, least step difference, first time, least time difference
    values  n float64 (8), n float32 where that is exact (4), or one float64 that all share (0)
    steps   n-1 differences from one step to the next, less the least one, as unsigned integers of that width;
            width 0: all differences are equal
    times   likewise

All little-endian. Differences are taken modulo 2**64, so that every int64 comes back. Regular steps take no bytes,
times of a training loop one or two each, values four or eight; a general compressor would save another sixth at ten
times the time to read (docs/decisions/).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from headrace.errors import Corrupt
from headrace.stores.sql.blocks.points import EMPTY, Floats, Ints, Points, joined

FORM = 1
# Whoever walks over many blocks unpacks so many at a time. The columns, 200 KB each, then stay on the allocator's heap;
# larger ones are mapped afresh each time, and the page faults double the time.
BLOCKS_AT_ONCE = 12
_HEAD = struct.Struct("<BBBBIqqqq")
_WIDTHS = (1, 2, 4, 8)
_UNSIGNED = {width: np.dtype(f"<u{width}") for width in _WIDTHS}
_FLOATS = {width: np.dtype(f"<f{width}") for width in (4, 8)}


def encode(points: Points) -> bytes:
    """points: sorted by step, 1 or more."""
    step_base, step_width, steps = _narrow(points.steps)
    time_base, time_width, times = _narrow(points.times)
    value_width, values = _narrow_values(points.values)
    head = _HEAD.pack(
        FORM,
        step_width,
        time_width,
        value_width,
        len(points),
        int(points.steps[0]),
        step_base,
        int(points.times[0]),
        time_base,
    )
    return b"".join((head, values, steps, times))


def _narrow(numbers: Ints) -> tuple[int, int, bytes]:
    """(least difference, width, the differences' excess over the least)."""
    if len(numbers) == 1:
        return 0, 0, b""
    unsigned = numbers.view(np.uint64)
    differences = unsigned[1:] - unsigned[:-1]
    base = differences.view(np.int64).min()
    excess = differences - np.uint64(int(base) % (1 << 64))
    most = int(excess.max())
    if most == 0:
        return int(base), 0, b""
    width = next(width for width in _WIDTHS if most < 1 << (8 * width))
    return int(base), width, excess.astype(_UNSIGNED[width]).tobytes()


def _narrow_values(values: Floats) -> tuple[int, bytes]:
    bits = values.view(np.uint64)
    if bool((bits == bits[0]).all()):
        return 0, values[:1].astype("<f8").tobytes()
    with np.errstate(over="ignore"):
        narrow = values.astype("<f4")
    if bool((narrow.astype(np.float64).view(np.uint64) == bits).all()):
        return 4, narrow.tobytes()
    return 8, values.astype("<f8").tobytes()


def decode(payload: bytes) -> Points:
    return decode_all((payload,))


def decode_all(payloads: Iterable[bytes]) -> Points:
    """The points of several blocks, block after block."""
    return joined([Points(shape.steps(), shape.times(), shape.values()) for shape in _shapes(payloads)])


def decode_steps(payloads: Iterable[bytes]) -> tuple[Ints, Floats]:
    """Steps and values only."""
    shapes = list(_shapes(payloads))
    if len(shapes) == 1:
        return shapes[0].steps(), shapes[0].values()
    return (
        np.concatenate([EMPTY.steps, *(shape.steps() for shape in shapes)]),
        np.concatenate([EMPTY.values, *(shape.values() for shape in shapes)]),
    )


def _shapes(payloads: Iterable[bytes]) -> Iterator[_Shape]:
    alike: list[bytes] = []
    for payload in payloads:
        if alike and (payload[:8] != alike[0][:8] or len(alike) == BLOCKS_AT_ONCE):
            yield _Shape(alike)
            alike = []
        alike.append(payload)
    if alike:
        yield _Shape(alike)


class _Shape:
    """Neighbouring blocks with the same widths and number of points, unpacked together, a column at a time."""

    def __init__(self, payloads: Sequence[bytes]) -> None:
        for payload in payloads:
            if len(payload) < _HEAD.size:
                raise Corrupt(f"A metric block has {len(payload)} bytes; its head alone has {_HEAD.size}.")
        self.payloads, self.heads = payloads, [_HEAD.unpack_from(payload) for payload in payloads]
        form, self.step_width, self.time_width, self.value_width, self.n, *_ = self.heads[0]
        known = {self.step_width, self.time_width} <= {0, *_WIDTHS} and self.value_width in {0, *_FLOATS}
        if form != FORM or not known or not self.n:
            raise Corrupt(f"A metric block begins with {payloads[0][:8].hex()}, which this version can't read.")
        self.step_offset = _HEAD.size + (self.value_width * self.n or 8)
        self.time_offset = self.step_offset + (self.n - 1) * self.step_width
        size = self.time_offset + (self.n - 1) * self.time_width
        for payload in payloads:
            if len(payload) != size:
                raise Corrupt(f"A metric block of {self.n} points has {len(payload)} bytes instead of {size}.")

    def values(self) -> Floats:
        kind, count = (_FLOATS[self.value_width], self.n) if self.value_width else (_FLOATS[8], 1)
        parts = [np.frombuffer(payload, kind, count, _HEAD.size) for payload in self.payloads]
        values = np.concatenate(parts, dtype=np.float64)
        return values if self.value_width else np.repeat(values, self.n)

    def steps(self) -> Ints:
        return self._summed(5, self.step_offset, self.step_width)

    def times(self) -> Ints:
        return self._summed(7, self.time_offset, self.time_width)

    def _summed(self, head: int, offset: int, width: int) -> Ints:
        """heads[head] and the one after: the column's first number and its least difference."""
        starts = np.array([each[head : head + 2] for each in self.heads], np.int64).view(np.uint64)
        numbers = np.empty((len(self.payloads), self.n), np.uint64)
        if width:
            kind = _UNSIGNED[width]
            for row, payload in zip(numbers, self.payloads, strict=True):
                row[1:] = np.frombuffer(payload, kind, self.n - 1, offset)
            numbers[:, 1:] += starts[:, 1:]
            numbers[:, 0] = starts[:, 0]
            np.cumsum(numbers, axis=1, out=numbers)
        else:
            np.multiply(np.arange(self.n, dtype=np.uint64), starts[:, 1:], out=numbers)
            numbers += starts[:, :1]
        return numbers.view(np.int64).reshape(-1)
