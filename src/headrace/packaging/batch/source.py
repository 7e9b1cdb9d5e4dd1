"""The input's bytes: a file or stdin, counted as they are read. Stdin can be looked into before it is read."""

from __future__ import annotations

import io
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from headrace.errors import InvalidValue

STDIN = "stdin"


class Counted(io.RawIOBase):
    """A stream that knows how far it is, and can give back what was read ahead."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self._ahead, self.done_bytes = stream, b"", 0

    def readable(self) -> bool:
        return True

    def look(self, size_bytes: int) -> bytes:
        """The next bytes, which stay to be read."""
        while len(self._ahead) < size_bytes:
            part = self._stream.read(size_bytes - len(self._ahead))
            if not part:
                break
            self._ahead += part
        return self._ahead[:size_bytes]

    def readinto(self, buffer: Any) -> int:
        size = len(buffer)
        part = self._ahead[:size] or self._stream.read(size)
        self._ahead = self._ahead[size:]
        buffer[: len(part)] = part
        self.done_bytes += len(part)
        return len(part)


class Input:
    """name: for messages. total_bytes, total_rows: None where nobody knows; readers tell the rows if they do."""

    def __init__(self, path: str | Path | None) -> None:
        self.path = None if path is None else Path(path).expanduser()
        self.name = STDIN if self.path is None else str(path)
        self.total_bytes: int | None = None
        self.total_rows: int | None = None
        self.counted: Counted | None = None
        if self.path is not None:
            if not self.path.is_file():
                raise InvalidValue("input_path", self.name, "there is no such file.")
            self.total_bytes = self.path.stat().st_size

    @property
    def done_bytes(self) -> int:
        return self.counted.done_bytes if self.counted else 0

    @contextmanager
    def stream(self) -> Iterator[Counted]:
        """The bytes, once."""
        if self.path is None:
            self.counted = Counted(sys.stdin.buffer)
            yield self.counted
            return
        with self.path.open("rb") as file:
            self.counted = Counted(file)
            yield self.counted

    @contextmanager
    def file(self) -> Iterator[Path]:
        """The bytes as a file, for formats that are read more than once or from the end; stdin is copied to disk."""
        if self.path is not None:
            yield self.path
            return
        with tempfile.NamedTemporaryFile(prefix="headrace-stdin-") as copy:
            shutil.copyfileobj(sys.stdin.buffer, copy, 1 << 20)
            copy.flush()
            yield Path(copy.name)
