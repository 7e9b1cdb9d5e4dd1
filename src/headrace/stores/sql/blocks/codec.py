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
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from headrace.errors import Corrupt
from headrace.stores.sql.blocks.points import EMPTY, Floats, Ints, Points, joined

FORM = 1
ALIKE_AT_ONCE = 64  # 1 MB a column: beyond the processor's cache it takes four times as long
_HEAD = struct.Struct("<BBBBIqqqq")
_WIDTHS = (1, 2, 4, 8)
_UNSIGNED = {width: np.dtype(f"<u{width}") for width in _WIDTHS}

Unsigned = NDArray[np.uint64]


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
    """The points of several blocks, block after block. Runs of blocks of one shape are unpacked in one go."""
    parts: list[Points] = []
    alike: list[bytes] = []
    for payload in payloads:
        if alike and (payload[:8] != alike[0][:8] or len(alike) == ALIKE_AT_ONCE):
            parts.append(_decode_alike(alike))
            alike = []
        alike.append(payload)
    if alike:
        parts.append(_decode_alike(alike))
    return joined(parts) if parts else EMPTY


def _decode_alike(payloads: Sequence[bytes]) -> Points:
    if len(payloads[0]) < _HEAD.size:
        raise Corrupt(f"A metric block has {len(payloads[0])} bytes; its head alone has {_HEAD.size}.")
    form, step_width, time_width, value_width, n, *_ = _HEAD.unpack_from(payloads[0])
    if form != FORM or not {step_width, time_width} <= _UNSIGNED.keys() | {0} or value_width not in (0, 4, 8) or not n:
        raise Corrupt(f"A metric block begins with {payloads[0][:8].hex()}, which this version can't read.")
    size = _HEAD.size + (value_width * n or 8) + (n - 1) * (step_width + time_width)
    for payload in payloads:
        if len(payload) != size:
            raise Corrupt(f"A metric block of {n} points has {len(payload)} bytes instead of {size}.")
    rows = np.frombuffer(b"".join(payloads), np.uint8).reshape(len(payloads), size)
    heads = _column(rows, 8, 4, np.dtype("<i8"))
    offset = _HEAD.size
    if value_width == 0:
        values = np.repeat(_column(rows, offset, 1, np.dtype("<f8")), n, axis=1)
        offset += 8
    else:
        values = _column(rows, offset, n, np.dtype(f"<f{value_width}")).astype(np.float64)
        offset += n * value_width
    steps = _widened(heads[:, 0], heads[:, 1], rows, offset, n, step_width)
    times = _widened(heads[:, 2], heads[:, 3], rows, offset + (n - 1) * step_width, n, time_width)
    return Points(steps, times, values.reshape(-1))


def _column(rows: NDArray[np.uint8], offset: int, count: int, kind: np.dtype[np.generic]) -> NDArray[np.generic]:
    return np.ascontiguousarray(rows[:, offset : offset + count * kind.itemsize]).view(kind)


def _widened(
    first: NDArray[np.generic],
    base: NDArray[np.generic],
    rows: NDArray[np.uint8],
    offset: int,
    n: int,
    width: int,
) -> Ints:
    start = first.astype(np.int64).view(np.uint64)[:, None]
    least = base.astype(np.int64).view(np.uint64)[:, None]
    numbers = np.empty((len(rows), n), np.uint64)
    numbers[:, :1] = start
    if width:
        numbers[:, 1:] = _column(rows, offset, n - 1, _UNSIGNED[width])
        numbers[:, 1:] += least
        np.cumsum(numbers, axis=1, out=numbers)
    else:
        np.multiply(np.arange(n, dtype=np.uint64), least, out=numbers)
        numbers += start
    return numbers.view(np.int64).reshape(-1)
