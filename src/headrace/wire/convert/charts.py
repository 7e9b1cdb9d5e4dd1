"""Chart series in JSON, and packed for whoever draws: `application/vnd.headrace.chart`.

Packed, all numbers little-endian, every part starts at a multiple of 8 bytes from the beginning:

    magic   8 bytes "HRCHART1"
    u64     number of series; then for each series:
    u64     total; u64 n, its buckets; u32 bytes of run_id, u32 bytes of key
    bytes   run_id and key in UTF-8, padded together with zeros to a multiple of 8
    i64[n]  x            f64[n] last
    f64[n]  minimum      i64[n] minimum_x
    f64[n]  maximum      i64[n] maximum_x
    i64[n]  count
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Sequence

from headrace.entities import ChartSeries
from headrace.errors import Corrupt
from headrace.wire.convert.numbers import doubles_in, doubles_out
from headrace.wire.messages.charts import ChartAnswer, ChartSeriesMessage

MAGIC = b"HRCHART1"
_COUNT = struct.Struct("<Q")
_HEAD = struct.Struct("<QQII")


def chart_answer(series: Sequence[ChartSeries]) -> ChartAnswer:
    return ChartAnswer(
        series=[
            ChartSeriesMessage(
                run_id=one.run_id,
                key=one.key,
                total=one.total,
                x=one.x,
                last=doubles_out(one.last),
                minimum=doubles_out(one.minimum),
                minimum_x=one.minimum_x,
                maximum=doubles_out(one.maximum),
                maximum_x=one.maximum_x,
                count=one.count,
            )
            for one in series
        ]
    )


def chart_series(answer: ChartAnswer) -> list[ChartSeries]:
    return [
        ChartSeries(
            run_id=one.run_id,
            key=one.key,
            total=one.total,
            x=one.x,
            last=doubles_in(one.last),
            minimum=doubles_in(one.minimum),
            minimum_x=one.minimum_x,
            maximum=doubles_in(one.maximum),
            maximum_x=one.maximum_x,
            count=one.count,
        )
        for one in answer.series
    ]


def _packed(kind: str, values: Sequence[float]) -> bytes:
    numbers = array(kind, values)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()


def pack_chart(series: Sequence[ChartSeries]) -> bytes:
    parts = [MAGIC, _COUNT.pack(len(series))]
    for one in series:
        run_id, key = one.run_id.encode(), one.key.encode()
        parts += [
            _HEAD.pack(one.total, len(one.x), len(run_id), len(key)),
            run_id + key + b"\0" * (-(len(run_id) + len(key)) % 8),
            _packed("q", one.x),
            _packed("d", one.last),
            _packed("d", one.minimum),
            _packed("q", one.minimum_x),
            _packed("d", one.maximum),
            _packed("q", one.maximum_x),
            _packed("q", one.count),
        ]
    return b"".join(parts)


class _Reader:
    def __init__(self, body: bytes) -> None:
        self.body, self.at = body, 0

    def take(self, size: int) -> bytes:
        part = self.body[self.at : self.at + size]
        if len(part) != size:
            raise Corrupt(f"The chart ends at byte {len(self.body)} in the middle of a series.")
        self.at += size
        return part

    def numbers(self, kind: str, n: int) -> array[float]:
        numbers: array[float] = array(kind)
        numbers.frombytes(self.take(8 * n))
        if sys.byteorder == "big":
            numbers.byteswap()
        return numbers

    def integers(self, n: int) -> list[int]:
        return [int(number) for number in self.numbers("q", n)]

    def floats(self, n: int) -> list[float]:
        return self.numbers("d", n).tolist()


def unpack_chart(body: bytes) -> list[ChartSeries]:
    reader = _Reader(body)
    if reader.take(len(MAGIC)) != MAGIC:
        raise Corrupt("The answer is no packed chart of a version that this client reads.")
    (count,) = _COUNT.unpack(reader.take(_COUNT.size))
    series = []
    for _ in range(count):
        total, n, id_bytes, key_bytes = _HEAD.unpack(reader.take(_HEAD.size))
        names = reader.take(id_bytes + key_bytes + -(id_bytes + key_bytes) % 8)
        series.append(
            ChartSeries(
                run_id=names[:id_bytes].decode(),
                key=names[id_bytes : id_bytes + key_bytes].decode(),
                total=total,
                x=reader.integers(n),
                last=reader.floats(n),
                minimum=reader.floats(n),
                minimum_x=reader.integers(n),
                maximum=reader.floats(n),
                maximum_x=reader.integers(n),
                count=reader.integers(n),
            )
        )
    return series
