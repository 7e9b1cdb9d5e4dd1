"""The form of a journal, in files and on the wire: frames, each `length, CRC-32, payload`, little-endian.

    segment   MAGIC, a head frame, chunks             one file
    chunk     a chunk frame, then frames that it needs, then its records; can be read by itself
    body      chunks, one after the other             what a client sends to a server

| payload | holds |
| --- | --- |
| head | 0, msgpack of `Head` |
| chunk | 1, id of the chunk's first record (u64) |
| series | 2, number (u32), msgpack of `Series`: a run with keys, which points name by the number |
| points | 3, number of a series (u32), step (i64), timestamp (i64), a double for each of its keys |
| record | 4, msgpack of any other `JournalRecord` |

Points and records are numbered, in order, from the chunk's first id; the others have no number. A point of one key
takes 37 bytes, one of a hundred 8.3. A file that a crash or a full disk cut ends with a frame that is short, or whose
CRC doesn't fit; all before it is whole.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import TypeVar
from zlib import crc32

import msgspec

from headrace.entities.journal import (
    InputsLogged,
    JournalRecord,
    OutputsLogged,
    ParamCorrected,
    ParamsLogged,
    PointsLogged,
    RunRewound,
    RunStarted,
    RunUpdated,
    TagRemoved,
    TagsSet,
)
from headrace.errors import Corrupt

MAGIC = b"headrace journal 1\n"
FRAME = struct.Struct("<II")
HEAD, CHUNK, SERIES, POINTS, RECORD = range(5)
MAX_FRAME_BYTES = 64 << 20  # a length beyond it is no frame's

_CHUNK = struct.Struct("<BQ")
_SERIES = struct.Struct("<BI")
_POINTS = struct.Struct("<BIqq")
_ONE_POINT = struct.Struct("<BIqqd")

T = TypeVar("T")
Record = (
    RunStarted
    | RunUpdated
    | RunRewound
    | ParamsLogged
    | ParamCorrected
    | TagsSet
    | TagRemoved
    | InputsLogged
    | OutputsLogged
)

_pack = msgspec.msgpack.Encoder().encode
_record = msgspec.msgpack.Decoder(Record)


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What a segment says of itself. serial: counts the writer's segments from 1. first_id: of the first record in it.
    target: the tracking URI that the records are meant for, without secrets; None: not said."""

    writer_id: str
    serial: int
    first_id: int
    created_ms: int
    target: str | None = None
    host: str = ""
    pid: int = 0
    user: str = ""


class Series(msgspec.Struct, frozen=True, array_like=True):
    run_id: str
    keys: tuple[str, ...]
    model_id: str | None = None
    dataset_name: str | None = None
    dataset_digest: str | None = None


_head = msgspec.msgpack.Decoder(Head)
_series = msgspec.msgpack.Decoder(Series)


def frame(payload: bytes) -> bytes:
    return FRAME.pack(len(payload), crc32(payload)) + payload


def head_frame(head: Head) -> bytes:
    return frame(bytes([HEAD]) + _pack(head))


def chunk_frame(first_id: int) -> bytes:
    return frame(_CHUNK.pack(CHUNK, first_id))


def series_frame(number: int, series: Series) -> bytes:
    return frame(_SERIES.pack(SERIES, number) + _pack(series))


def point_frame(number: int, step: int, timestamp: int, value: float) -> bytes:
    payload = _ONE_POINT.pack(POINTS, number, step, timestamp, value)
    return FRAME.pack(len(payload), crc32(payload)) + payload


def points_frame(number: int, step: int, timestamp: int, values: Sequence[float]) -> bytes:
    if len(values) == 1:
        return point_frame(number, step, timestamp, values[0])
    return frame(_POINTS.pack(POINTS, number, step, timestamp) + struct.pack(f"<{len(values)}d", *values))


def record_frame(record: Record) -> bytes:
    return frame(bytes([RECORD]) + _pack(record))


def body(first_id: int, records: Sequence[JournalRecord]) -> bytes:
    """One chunk."""
    numbers: dict[Series, int] = {}
    parts = [chunk_frame(first_id)]
    for record in records:
        if not isinstance(record, PointsLogged):
            parts.append(record_frame(record))
            continue
        series = Series(record.run_id, record.keys, record.model_id, record.dataset_name, record.dataset_digest)
        number = numbers.get(series)
        if number is None:
            number = numbers[series] = len(numbers)
            parts.append(series_frame(number, series))
        parts.append(points_frame(number, record.step, record.timestamp, record.values))
    return b"".join(parts)


class Frame(msgspec.Struct, frozen=True):
    """payload: of kind `kind`, without the kind's byte being taken off. end: where the next frame begins."""

    kind: int
    payload: memoryview
    end: int


def frames(data: bytes | memoryview, start: int = 0) -> Iterator[Frame]:
    """Up to the end, or to the first frame that isn't whole: compare the last one's `end` with the length of data."""
    view, at, size = memoryview(data), start, len(data)
    while at + FRAME.size <= size:
        length, expected = FRAME.unpack_from(view, at)
        begin = at + FRAME.size
        at = begin + length
        if not 0 < length <= MAX_FRAME_BYTES or at > size:
            return
        payload = view[begin:at]
        if crc32(payload) != expected:
            return
        yield Frame(payload[0], payload, at)


def head_of(found: Frame) -> Head:
    return _decoded(_head, found.payload[1:])


def first_id_of(found: Frame) -> int:
    return int(_CHUNK.unpack(found.payload)[1])


def records(body: bytes | memoryview) -> tuple[int, list[JournalRecord]]:
    """(id of the first record, the records) of a body of whole chunks. Corrupt for anything else."""
    try:
        return _records(body)
    except (struct.error, KeyError):
        raise Corrupt("A frame of the journal is cut, or names a series that its chunk doesn't hold.") from None


def _records(body: bytes | memoryview) -> tuple[int, list[JournalRecord]]:
    first_id, found, end = 0, list[JournalRecord](), 0
    series: dict[int, Series] = {}
    for each in frames(body):
        end = each.end
        if each.kind == POINTS:
            found.append(_points(series, each.payload))
        elif each.kind == RECORD:
            found.append(_decoded(_record, each.payload[1:]))
        elif each.kind == SERIES:
            number = _SERIES.unpack_from(each.payload)[1]
            series[number] = _decoded(_series, each.payload[_SERIES.size :])
        elif each.kind == CHUNK:
            begins = first_id_of(each)
            if first_id and begins != first_id + len(found):
                raise Corrupt(f"A chunk starts with record {begins}; record {first_id + len(found)} was to follow.")
            first_id, series = first_id or begins, {}
        else:
            raise Corrupt(f"A journal's chunk holds a frame of kind {each.kind}, which isn't known.")
        if not first_id:
            raise Corrupt("A journal's records begin with the frame of a chunk.")
    if end != len(body):
        raise Corrupt(f"The journal's frame at byte {end} isn't whole.")
    return first_id, found


def _points(series: dict[int, Series], payload: memoryview) -> PointsLogged:
    _, number, step, timestamp = _POINTS.unpack_from(payload)
    of = series[number]
    values = struct.unpack(f"<{len(of.keys)}d", payload[_POINTS.size :])
    return PointsLogged(of.run_id, of.keys, values, step, timestamp, of.model_id, of.dataset_name, of.dataset_digest)


def _decoded(decoder: msgspec.msgpack.Decoder[T], content: memoryview) -> T:
    try:
        return decoder.decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Corrupt(f"A frame of the journal can't be read: {error}.") from None
