"""The files of samples.

`START_MS-PID-RANDOM.samples` begins with MAGIC; then each record is its length and CRC-32 (four bytes each, in network
order) and the record in MessagePack. What a crash, or a writer that isn't done, leaves unfinished at the end of a file
is passed over.
"""

from __future__ import annotations

import os
import re
import struct
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from headrace import clock
from headrace.errors import InvalidValue
from headrace.serving.samples.record import Sample

MAGIC = b"headrace samples 1\n"
SEGMENT_BYTES = 16 << 20  # after that a file is closed: the piece by which old samples go
_TICK_MS = 1000  # by which a file's time may lag behind the clock
_HEAD = struct.Struct("!II")
_NAME = re.compile(r"(\d{13})-\d+-[0-9a-f]{8}\.samples")


class Segment:
    """A file that one process appends to."""

    def __init__(self, folder: Path) -> None:
        name = f"{clock.now_ms():013d}-{os.getpid()}-{clock.hex_id()[:8]}.samples"
        self.path = folder / name
        # What people asked a model is for its owner's eyes.
        self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self.size_bytes = 0
        try:
            self._put(MAGIC)
        except OSError:
            self.close()
            raise

    def append(self, samples: Iterable[Sample]) -> None:
        content = bytearray()
        for sample in samples:
            record = msgspec.msgpack.encode(sample)
            content += _HEAD.pack(len(record), zlib.crc32(record)) + record
        self._put(content)

    def _put(self, content: bytes | bytearray) -> None:
        rest = memoryview(content)
        while rest:
            written = os.write(self._file, rest)
            self.size_bytes += written
            rest = rest[written:]

    def close(self) -> None:
        os.close(self._file)


def segments(folder: Path) -> list[Path]:
    """By the time at which they were begun."""
    return sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name))


def shrink(folder: Path, max_bytes: int) -> None:
    """Removes the oldest segments that are over `max_bytes` together, but never the newest one."""
    sizes = {}
    for path in segments(folder):
        try:
            sizes[path] = path.stat().st_size
        except FileNotFoundError:  # another process removed it
            continue
    total = sum(sizes.values())
    for path in list(sizes)[:-1]:
        if total <= max_bytes:
            return
        path.unlink(missing_ok=True)
        total -= sizes[path]


def read(folder: str | Path, since_ms: int | None = None, until_ms: int | None = None) -> Iterator[Sample]:
    """Those that came from since_ms on and before until_ms; in order, of each process. InvalidValue for what is no
    folder."""
    place = Path(folder)
    if not place.is_dir():
        raise InvalidValue("samples", str(folder), "there is no such folder; `models serve --samples` makes one.")
    for path in segments(place):
        try:
            if since_ms is not None and path.stat().st_mtime_ns // 1_000_000 + _TICK_MS < since_ms:
                continue
            with path.open("rb") as file:
                for sample in _records(file):
                    if (since_ms is None or sample.at_ms >= since_ms) and (until_ms is None or sample.at_ms < until_ms):
                        yield sample
        except FileNotFoundError:  # it was the oldest
            continue


def _records(file: BinaryIO) -> Iterator[Sample]:
    if file.read(len(MAGIC)) != MAGIC:
        return
    decoder = msgspec.msgpack.Decoder(Sample)
    while len(head := file.read(_HEAD.size)) == _HEAD.size:
        length, checksum = _HEAD.unpack(head)
        record = file.read(length)
        if len(record) < length or zlib.crc32(record) != checksum:
            return
        yield decoder.decode(record)
