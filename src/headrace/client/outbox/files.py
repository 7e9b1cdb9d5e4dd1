"""Journals in a folder: which there are, and what is whole in them.

    WRITER.000001.journal   the first file of a writer, and so on
    WRITER.lock             held by the process that writes, or sends, the journal
    WRITER.STORE.mark       how far a store that takes no journals has got it (`stock`)

A folder may be copied while it is written: a file is read up to its last whole record.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from headrace.errors import Corrupt
from headrace.wire import journal
from headrace.wire.journal import CHUNK, HEAD, POINTS, RECORD, Head

_SEGMENT = re.compile(r"([0-9a-f]{32})\.(\d{6})\.journal")


def segment_path(folder: Path, writer_id: str, serial: int) -> Path:
    return folder / f"{writer_id}.{serial:06d}.journal"


@dataclass(frozen=True, kw_only=True)
class Segment:
    path: Path
    writer_id: str
    serial: int


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """Bytes of a segment that can be read by themselves. records: how many are in it. serial: of the segment, in which
    it begins at byte `start`."""

    first_id: int
    records: int
    content: bytes
    serial: int
    start: int

    @property
    def last_id(self) -> int:
        return self.first_id + self.records - 1


def journals(folder: Path) -> dict[str, list[Segment]]:
    """Segments of each writer, in order; the writers by the age of their first segment that is there. Without those
    that another process removes meanwhile."""
    found: dict[str, list[Segment]] = {}
    if not folder.is_dir():
        return found
    for entry in sorted(folder.iterdir()):
        named = _SEGMENT.fullmatch(entry.name)
        if named is not None:
            found.setdefault(named[1], []).append(Segment(path=entry, writer_id=named[1], serial=int(named[2])))
    created = {writer_id: at for writer_id, segments in found.items() if (at := _created_ms(segments[0])) is not None}
    return {writer_id: found[writer_id] for writer_id in sorted(created, key=created.__getitem__)}


def _created_ms(segment: Segment) -> int | None:
    try:
        head = read_head(segment)
    except FileNotFoundError:
        return None
    except Corrupt:  # told by who reads it; it mustn't keep the others from being found
        return 0
    return 0 if head is None else head.created_ms


def read_head(segment: Segment) -> Head | None:
    """None for a file that a crash left before its head was whole."""
    with segment.path.open("rb") as file:
        start = file.read(4096)
    if not start.startswith(journal.MAGIC):
        if journal.MAGIC.startswith(start):
            return None
        raise Corrupt(f"{segment.path} isn't a journal, or of a form that this version doesn't know.")
    first = next(journal.frames(start, len(journal.MAGIC)), None)
    if first is None:
        return None
    if first.kind != HEAD:
        raise Corrupt(f"{segment.path} doesn't begin as a journal does.")
    head = journal.head_of(first)
    if head.writer_id != segment.writer_id or head.serial != segment.serial:
        raise Corrupt(f"{segment.path} is segment {head.serial} of writer {head.writer_id}; was it renamed?")
    return head


def chunks(segments: Sequence[Segment], after: int = 0, start: int = 0) -> Iterator[Chunk]:
    """Of one writer, those that hold a record beyond `after`. Corrupt where records are missing in between. start: of a
    chunk in the first segment; those before it are passed over."""
    expected = None
    for segment in segments:
        for chunk in _chunks_of(segment, start or len(journal.MAGIC)):
            if expected is not None and chunk.first_id != expected:
                raise Corrupt(
                    f"Records {expected} to {chunk.first_id - 1} of writer {segment.writer_id} are missing before "
                    f"{segment.path}; was the folder copied whole?"
                )
            expected = chunk.first_id + chunk.records
            if chunk.last_id > after:
                yield chunk
        start = 0


def _chunks_of(segment: Segment, start: int) -> Iterator[Chunk]:
    if read_head(segment) is None:
        return
    with segment.path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        view = memoryview(content)
        try:
            yield from _found(view, segment.serial, start)
        finally:
            view.release()


def _found(view: memoryview, serial: int, begin: int) -> Iterator[Chunk]:
    def found() -> Chunk:
        return Chunk(first_id=first_id, records=count, content=bytes(view[start:end]), serial=serial, start=start)

    start = end = first_id = count = 0
    for frame in journal.frames(view, begin):
        kind = frame.kind
        frame.payload.release()
        if kind == CHUNK:
            if count:
                yield found()
            start, count = frame.end - journal.FRAME.size - 9, 0
            first_id = int.from_bytes(view[frame.end - 8 : frame.end], "little")
        elif kind in (POINTS, RECORD):
            count += 1
            end = frame.end
    if count:
        yield found()
