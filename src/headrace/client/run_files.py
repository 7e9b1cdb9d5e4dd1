"""The files of a run as the fluent calls write them: they wait beside the journal, and a thread sends them.

Where the store's files lie in a folder of this machine, nothing needs to wait: a file goes there in the call. What the
one place doesn't take, the other may: a folder without room, a database that doesn't answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

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


class RunFiles(Protocol):
    """Thread safe. A path is one below the run's artifacts; InvalidPath (an InvalidValue) for others."""

    def put(self, path: str, content: Iterable[bytes], size_bytes: int | None = None) -> Stored: ...

    def put_bytes(self, path: str, content: bytes) -> Stored: ...

    def put_file(self, path: str, source: Path, progress: Progress | None = None) -> Stored: ...

    def get_bytes(self, path: str) -> bytes: ...


def run_files(sink: Sink, info: RunInfo, tracking_uri: str, *, wait: bool = False) -> RunFiles:
    """wait: a call returns when the store has the file, or raises what went wrong; so does HEADRACE_STRICT."""
    uploads = sink.uploads
    unmet = is_unmet(info)
    if uploads is None:
        return known_run_root(info.run_id, info.artifact_uri, tracking_uri)
    if unmet:
        if wait or settings.STRICT.get():
            sink.flush_files(run_id=info.run_id)
            sink.flush()
            return uploads.root(info.run_id)
        return QueuedFiles(uploads, info.run_id, lambda: uploads.root(info.run_id), here=False)
    root = known_run_root(info.run_id, info.artifact_uri, tracking_uri)
    if wait or settings.STRICT.get():
        sink.flush_files(run_id=info.run_id)
        return root
    here = isinstance(root, SupportsLocalPath) and not tracking_uri.startswith(_DATABASE_ELSEWHERE)
    return QueuedFiles(uploads, info.run_id, lambda: root, here=here)


class QueuedFiles:
    """root: opens the run's place at the store. here: it's a folder of this machine. What is queued as a link has no
    digest yet: `Stored.sha256` is "" then."""

    def __init__(self, uploads: Uploads, run_id: str, root: Callable[[], BlobStore], *, here: bool) -> None:
        self._uploads, self._run_id, self._root, self._here = uploads, run_id, root, here

    @property
    def queues(self) -> bool:
        """Whether calls return before the store has the files."""
        return not self._here

    def put(self, path: str, content: Iterable[bytes], size_bytes: int | None = None) -> Stored:
        """Content that can be read once only is lost where its place fails in the middle of it."""
        clean = file_path(path)

        def once() -> Stored:
            return self._root().put(clean, content, size_bytes) if self._here else self._copy(clean, content)

        return self._taken(clean, once)

    def put_bytes(self, path: str, content: bytes) -> Stored:
        clean = file_path(path)
        return self._taken(
            clean,
            *self._in_order(lambda: self._copy(clean, (content,)), lambda: self._root().put_bytes(clean, content)),
        )

    def put_file(self, path: str, source: Path, progress: Progress | None = None) -> Stored:
        clean = file_path(path)
        return self._taken(
            clean,
            *self._in_order(lambda: self._keep(clean, source), lambda: self._root().put_file(clean, source, progress)),
        )

    def get_bytes(self, path: str) -> bytes:
        try:
            return self._uploads.waiting.blobs(self._run_id).get_bytes(path)
        except NotFound:
            return self._root().get_bytes(path)

    def _in_order(self, queue: Callable[[], Stored], directly: Callable[[], Stored]) -> list[Callable[[], Stored]]:
        return [directly, queue] if self._here else [queue, directly]

    def _taken(self, path: str, *ways: Callable[[], Stored]) -> Stored:
        missed: HeadraceError | None = None
        for way in ways:
            try:
                return way()
            except HeadraceError as error:
                if not is_missed(error):
                    raise
                missed = missed or error
        assert missed is not None, "there is a way"
        self._uploads.lose(path, missed)
        return Stored(path, 0, "")

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
