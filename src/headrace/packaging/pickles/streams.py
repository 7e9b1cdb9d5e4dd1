"""Bytes to be looked at, within a budget: of a file, a part of an archive, or what a compressed file unfolds to.

A stranger's file may claim any size and unfold to any size, so nothing is read whole, and all that one look through a
folder unfolds or decodes is counted against one `Budget`.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable
from typing import IO, Any, Protocol

CHUNK_BYTES = 1 << 16
LZMA_MEMORY_BYTES = 256 << 20  # what `xz -9` needs is 65 MB


class Spent(Exception):
    """The budget is; what is left wasn't looked at."""


class Budget:
    """operations: of pickles. unfolded_bytes: that compressed files are unfolded to."""

    def __init__(self, operations: int = 5_000_000, unfolded_bytes: int = 1 << 30, entries: int = 100_000) -> None:
        self.operations, self.unfolded_bytes, self.entries = operations, unfolded_bytes, entries

    @property
    def is_spent(self) -> bool:
        return min(self.operations, self.unfolded_bytes, self.entries) < 0

    def unfold(self, size: int) -> None:
        self.unfolded_bytes -= size
        if self.unfolded_bytes < 0:
            raise Spent("it unfolds to too much")

    def enter(self) -> None:
        self.entries -= 1
        if self.entries < 0:
            raise Spent("there are too many files and entries")


class Stream(Protocol):
    """read: fewer bytes than asked for only at the end. skip: bytes, without keeping them; the count that there was."""

    def read(self, size: int, /) -> bytes: ...
    def skip(self, size: int, /) -> int: ...


class Plain:
    """Of an open file or of an entry in an archive, from where it stands."""

    def __init__(self, file: IO[bytes], budget: Budget | None = None) -> None:
        self._file = file
        self._budget = budget  # of entries that are unfolded while they are read

    def read(self, size: int, /) -> bytes:
        if self._budget:
            self._budget.unfold(size)
        return self._file.read(size)

    def skip(self, size: int, /) -> int:
        if self._budget is None and self._file.seekable():
            before = self._file.tell()
            end = self._file.seek(0, 2)
            return self._file.seek(min(before + size, end)) - before
        return _read_away(self, size)


class Unfolded:
    """What a compressed stream unfolds to."""

    def __init__(self, source: Stream, decompressor: Callable[[], Any], budget: Budget) -> None:
        self._source, self._make, self._budget = source, decompressor, budget
        self._inner = decompressor()
        self._ready = b""
        self._rest = b""
        self._ended = False

    def read(self, size: int, /) -> bytes:
        parts: list[bytes] = []
        missing = size
        while missing > 0 and (self._ready or self._more()):
            part, self._ready = self._ready[:missing], self._ready[missing:]
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)

    def skip(self, size: int, /) -> int:
        return _read_away(self, size)

    def _more(self) -> bool:
        while not self._ended:
            if self._inner.eof:
                self._rest = self._inner.unused_data or self._source.read(CHUNK_BYTES)
                if not self._rest:
                    break
                self._inner = self._make()  # compressed files may be several, one after the other
            compressed = self._rest or (b"" if self._waits() else self._source.read(CHUNK_BYTES))
            if not compressed and not self._waits():
                break
            self._ready = self._inner.decompress(compressed, CHUNK_BYTES)
            self._rest = getattr(self._inner, "unconsumed_tail", b"")
            self._budget.unfold(len(self._ready))
            if self._ready:
                return True
        self._ended = True
        return False

    def _waits(self) -> bool:
        """It holds input that it hasn't unfolded yet; zlib hands that back instead."""
        return not getattr(self._inner, "needs_input", True)


FOLDED_ERRORS = (zlib.error, lzma.LZMAError, EOFError, OSError, ValueError)


def decompressor_of(head: bytes) -> Callable[[], Any] | None:
    """By the first bytes; for what looks like a compressed stream of Python's own kinds."""
    if head.startswith(b"\x1f\x8b") or _is_zlib(head):
        return lambda: zlib.decompressobj(47)  # gzip and zlib both
    if head.startswith(b"BZh"):
        return bz2.BZ2Decompressor
    if head.startswith((b"\xfd7zXZ", b"\x5d\x00\x00")):
        return lambda: lzma.LZMADecompressor(memlimit=LZMA_MEMORY_BYTES)
    return None


def _is_zlib(head: bytes) -> bool:
    return len(head) > 1 and head[0] == 0x78 and (head[0] * 256 + head[1]) % 31 == 0


def _read_away(stream: Stream, size: int) -> int:
    left = size
    while left > 0:
        read = len(stream.read(min(left, CHUNK_BYTES)))
        if not read:
            break
        left -= read
    return size - left
