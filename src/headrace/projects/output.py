"""What a command prints: shown as it comes, and kept for the run's artifact `project/output.log`."""

from __future__ import annotations

import codecs
import sys
import tempfile
import threading
import weakref
from collections.abc import Iterator
from typing import IO, Literal, cast

from headrace.projects.launch import Launch, Progress

Stream = Literal["stdout", "stderr"]

MEMORY_BYTES = 1 << 20  # of output that isn't worth a file
MAX_KEPT_BYTES = 256 << 20  # the artifact of a command that never stops printing
_CHUNK_BYTES = 1 << 16
_CUT = b"\n[headrace: the output went on; this log keeps its first %d MiB]\n"


class Output:
    """Thread-safe. Keeps bytes as they came, both streams in the order of their arrival."""

    def __init__(self, launch: Launch) -> None:
        self._kept = cast(IO[bytes], tempfile.SpooledTemporaryFile(MEMORY_BYTES))  # noqa: SIM115 — lives with the handle
        weakref.finalize(self, self._kept.close)
        self._size, self._full = 0, False
        self._lock = threading.Lock()
        self._shown = not launch.quiet
        self._to_stderr = launch.to_stderr
        self._progress: Progress = launch.progress
        decoder = codecs.getincrementaldecoder("utf-8")
        self._decoders = {"stdout": decoder("replace"), "stderr": decoder("replace")}

    def write(self, stream: Stream, content: bytes) -> None:
        with self._lock:
            self._keep(content)
            if self._shown:
                self._show("stderr" if self._to_stderr else stream, content)

    def lines(self) -> Iterator[str]:
        """So far, with their newlines."""
        decoder, rest, at = codecs.getincrementaldecoder("utf-8")("replace"), "", 0
        while True:
            with self._lock:
                self._kept.seek(at)
                chunk = self._kept.read(_CHUNK_BYTES)
                self._kept.seek(0, 2)
            at += len(chunk)
            *whole, rest = (rest + decoder.decode(chunk, final=not chunk)).splitlines(keepends=True) or [""]
            if rest.endswith("\n"):
                whole, rest = [*whole, rest], ""
            yield from whole
            if not chunk:
                break
        if rest:
            yield rest

    def stream(self) -> IO[bytes] | None:
        """All of it from the start, for one reader when nothing is written any more; None if nothing was printed."""
        with self._lock:
            self._kept.seek(0)
            return self._kept if self._size else None

    def _keep(self, content: bytes) -> None:
        if self._full:
            return
        try:
            self._kept.write(content[: MAX_KEPT_BYTES - self._size])
            self._size += len(content)
            if self._size > MAX_KEPT_BYTES:
                self._full = True
                self._kept.write(_CUT % (MAX_KEPT_BYTES >> 20))
        except OSError as error:
            self._full = True
            self._progress(f"The output isn't kept any further: {error.strerror}")

    def _show(self, stream: Stream, content: bytes) -> None:
        target = sys.stdout if stream == "stdout" else sys.stderr
        text = self._decoders[stream].decode(content)
        try:
            # Notebooks and test runners put objects there that take text alone.
            target.write(text)
            target.flush()
        except UnicodeEncodeError as error:  # of a terminal with few characters
            target.write(text.encode(error.encoding, "replace").decode(error.encoding))
        except (OSError, ValueError, AttributeError):
            self._shown = False  # whoever looked is gone (`headrace run … | head`); the command goes on
