"""The files of a run as the fluent calls write them: they wait beside the journal, and a thread sends them.

Where the store's files lie in a folder of this machine, nothing needs to wait: a file goes there in the call. What the
one place doesn't take, the other may: a folder without room, a database that doesn't answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Literal, Protocol

from headrace import settings
from headrace.blobs.base import BlobStore, Progress, Stored, SupportsLocalPath, open_source, read_chunks
from headrace.blobs.paths import file_path
from headrace.client.artifact_roots import known_run_root
from headrace.client.outbox.unmet import is_missed, is_unmet
from headrace.client.outbox.uploads import Uploads
from headrace.client.outbox.waiting import is_large
from headrace.client.sink import Sink
from headrace.entities import RunInfo
from headrace.errors import HeadraceError, NotFound

_DATABASE_ELSEWHERE = ("postgres",)  # keeps digests of files that lie here
_FLUSH_S = 10.0

Mode = Literal["queue", "here", "wait"]


class RunFiles(Protocol):
    """Thread safe. A path is one below the run's artifacts; InvalidPath (an InvalidValue) for others."""

    def put(self, path: str, content: Iterable[bytes], size_bytes: int | None = None) -> Stored: ...

    def put_bytes(self, path: str, content: bytes) -> Stored: ...

    def put_file(self, path: str, source: Path, progress: Progress | None = None) -> Stored: ...

    def get_bytes(self, path: str) -> bytes: ...


def run_files(sink: Sink, info: RunInfo, tracking_uri: str, *, wait: bool = False) -> RunFiles:
    """wait: a call returns when the store has the file, or raises what went wrong; so does HEADRACE_STRICT."""
    uploads = sink.uploads
    if uploads is None or not is_unmet(info):
        root = known_run_root(info.run_id, info.artifact_uri, tracking_uri)
        return files_below(root, sink, info.run_id, tracking_uri, wait=wait)
    wait = wait or settings.STRICT.get()
    if wait:
        sink.flush()
    return QueuedFiles(uploads, info.run_id, lambda: uploads.root(info.run_id), "wait" if wait else "queue")


def files_below(root: BlobStore, sink: Sink, run_id: str, tracking_uri: str, *, wait: bool) -> RunFiles:
    """As `run_files`, of a run whose place at the store is known."""
    uploads = sink.uploads
    if uploads is None:
        return root
    if wait or settings.STRICT.get():
        return QueuedFiles(uploads, run_id, lambda: root, "wait")
    if isinstance(root, SupportsLocalPath) and not tracking_uri.startswith(_DATABASE_ELSEWHERE):
        return QueuedFiles(uploads, run_id, lambda: root, "here")
    return QueuedFiles(
        uploads, run_id, lambda: uploads.root(run_id), "queue"
    )  # which asks once, where `root` is patient


class QueuedFiles:
    """root: opens the run's place at the store. mode: "queue" a file, or write it to the root where that doesn't go;
    the root is "here", a folder of this machine, and gets it first; or a call is to "wait" for the root. What is queued
    as a link has no digest yet: `Stored.sha256` is "" then."""

    def __init__(self, uploads: Uploads, run_id: str, root: Callable[[], BlobStore], mode: Mode) -> None:
        self._uploads, self._run_id, self._root, self._mode = uploads, run_id, root, mode

    @property
    def queues(self) -> bool:
        """Whether calls return before the store has the files."""
        return self._mode == "queue"

    def put(self, path: str, content: Iterable[bytes], size_bytes: int | None = None) -> Stored:
        """Content that can be read once only is lost where its first place fails in the middle of it."""
        clean = file_path(path)
        if self.queues:
            return self._first(clean, lambda: self._copy(clean, content))
        return self._first(clean, lambda: self._now(clean, lambda root: root.put(clean, content, size_bytes)))

    def put_bytes(self, path: str, content: bytes) -> Stored:
        clean = file_path(path)
        return self._either(clean, lambda: self._copy(clean, (content,)), lambda root: root.put_bytes(clean, content))

    def put_file(self, path: str, source: Path, progress: Progress | None = None) -> Stored:
        clean = file_path(path)
        return self._either(
            clean, lambda: self._keep(clean, source), lambda root: root.put_file(clean, source, progress)
        )

    def get_bytes(self, path: str) -> bytes:
        try:
            return self._uploads.waiting.blobs(self._run_id).get_bytes(path)
        except NotFound:
            return self._root().get_bytes(path)

    def _either(self, path: str, queue: Callable[[], Stored], write: Callable[[BlobStore], Stored]) -> Stored:
        def now() -> Stored:
            return self._now(path, write)

        match self._mode:
            case "queue":
                return self._first(path, queue, now)
            case "here":
                return self._first(path, now, queue)
            case "wait":
                return now()

    def _first(self, path: str, *ways: Callable[[], Stored]) -> Stored:
        """What takes the file; if nothing does, training goes on."""
        missed: HeadraceError | None = None
        for way in ways:
            try:
                return way()
            except HeadraceError as error:
                if self._mode == "wait" or not is_missed(error):
                    raise
                missed = missed or error
        assert missed is not None, "there is a way"
        self._uploads.lose(path, missed)
        return Stored(path, 0, "")

    def _now(self, path: str, write: Callable[[BlobStore], Stored]) -> Stored:
        """An older file of that name mustn't come after it."""
        if not self._uploads.waits(self._run_id):
            return write(self._root())
        self._uploads.flush(_FLUSH_S, self._run_id, patient=False)
        stored = write(self._root())
        self._uploads.waiting.drop(self._run_id, path)
        return stored

    def _copy(self, path: str, content: Iterable[bytes]) -> Stored:
        with self._uploads.waiting.writer(self._run_id, path) as writer:
            for chunk in content:
                writer.write(chunk)
            stored = writer.commit()
        self._uploads.add(self._run_id)
        return stored

    def _keep(self, path: str, source: Path) -> Stored:
        with open_source(source) as file:
            found = source.stat()
            if is_large(found) and self._uploads.waiting.link(self._run_id, path, source):
                self._uploads.add(self._run_id)
                return Stored(path, found.st_size, "")
            return self._copy(path, read_chunks(file))
