"""A folder of artifacts as a zip file that is made while it is sent: a few chunks in memory, whatever its size.

What goes wrong on the way raises: whoever sends it must end the connection, so that nobody takes a part for the whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from headrace.blobs.base import CHUNK_BYTES, Blob, BlobStore, Entry
from headrace.blobs.paths import relative
from headrace.entities import FileRecord
from headrace.errors import Corrupt, InvalidValue, NotFound
from headrace.registry.held_files import Promise
from headrace.server.transfer import content_type

MAX_FILES = 200_000  # the list of them is kept until the end, 1 KB each
COMPRESSION = 1  # the fastest: of texts it leaves a third; what is packed already is stored as it is
_ODD = re.compile(r"[\\:\x00-\x1f\x7f]")  # harmless here, but not where the file is unpacked
# What a zip file can say.
_FIRST_DAY = (1980, 1, 1, 0, 0, 0)
_FIRST_MS, _LAST_MS = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp() * 1000) for year in (1980, 2108))


class _Sink:
    """Takes what ZipFile writes, which can't go back in it."""

    def __init__(self) -> None:
        self._chunks: list[bytes] = []
        self.size_bytes = 0

    def write(self, data: bytes) -> int:
        self._chunks.append(bytes(data))
        self.size_bytes += len(data)
        return len(data)

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass

    def taken(self) -> bytes:
        taken = b"".join(self._chunks)
        self._chunks.clear()
        self.size_bytes = 0
        return taken


def files(blobs: BlobStore, folder: str) -> Iterator[Entry]:
    """All below the folder, a listing in memory at a time. NotFound and InvalidValue come before the first."""
    entries = blobs.entries(folder)
    if not entries:
        raise _nothing_there(blobs, folder)
    for entry in entries:
        relative(entry.path)
    yield from _files(blobs, entries)


def _files(blobs: BlobStore, entries: Iterable[Entry]) -> Iterator[Entry]:
    for entry in entries:
        if entry.is_dir:
            yield from _files(blobs, blobs.entries(entry.path))
        else:
            yield entry


def _nothing_there(blobs: BlobStore, folder: str) -> Exception:
    if folder:
        try:
            blobs.stat(folder)
        except InvalidValue:  # a folder, and empty
            pass
        else:
            return InvalidValue("path", folder, "it is a file; a folder is needed.")
    return NotFound("file below folder", folder, by="path")


def zipped(
    blobs: BlobStore, folder: str, found: Iterable[Entry], promised: Callable[[str], Promise | None]
) -> Generator[bytes, None, None]:
    """found: `files`. Names begin with that of the folder. promised: what a file must be, as in `transfer.download`."""
    sink = _Sink()
    start = len(folder.rpartition("/")[0]) + 1 if "/" in folder else 0
    with ZipFile(sink, "w") as archive:
        for number, entry in enumerate(found):
            if number >= MAX_FILES:
                raise InvalidValue("path", folder, f"a zip file takes at most {MAX_FILES} files.")
            yield from _member(archive, sink, blobs, entry.path, start, promised(entry.path))
    yield sink.taken()


def _member(
    archive: ZipFile, sink: _Sink, blobs: BlobStore, path: str, start: int, promise: Promise | None
) -> Iterator[bytes]:
    digest, size = sha256(), 0
    with blobs.open_reader(path) as reader:
        with archive.open(_info(archive, path[start:], reader.blob), "w") as member:
            for chunk in reader:
                member.write(chunk)
                size += len(chunk)
                if promise is not None:
                    digest.update(chunk)
                if sink.size_bytes >= CHUNK_BYTES:
                    yield sink.taken()
        if size != reader.blob.size_bytes:
            raise Corrupt(f"Artifact {path!r} changed while it was read.")
    if promise is not None:
        promise.check(FileRecord(size, digest.hexdigest()))


def _info(archive: ZipFile, path: str, blob: Blob) -> ZipInfo:
    name = _ODD.sub("_", relative(path)).encode(errors="replace").decode()
    while name in archive.NameToInfo:
        name += "_"
    info = ZipInfo(name, _day(blob.modified_ms))
    info.compress_type = ZIP_DEFLATED if content_type(path).startswith("text/") else ZIP_STORED
    info._compresslevel = COMPRESSION  # type: ignore[attr-defined]  # that of an archive isn't that of such members
    info.external_attr = 0o644 << 16
    info.file_size = blob.size_bytes  # tells ZipFile whether 32 bits will do
    return info


def _day(modified_ms: int | None) -> tuple[int, int, int, int, int, int]:
    if not modified_ms or not _FIRST_MS <= modified_ms < _LAST_MS:
        return _FIRST_DAY
    moment = datetime.fromtimestamp(modified_ms / 1000, UTC)
    return moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second
