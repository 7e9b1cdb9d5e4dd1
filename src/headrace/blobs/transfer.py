"""Whole trees of artifacts, several files at a time.

A downloaded file appears under its name when it is complete. A download that breaks goes on from where it stopped, if
the file is still the same one.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypeVar

from headrace import clock
from headrace.blobs.base import BlobStore, Progress, Stored, TakesFiles
from headrace.blobs.local import PART_PREFIX
from headrace.blobs.paths import InvalidPath, join, relative
from headrace.errors import InvalidValue, ServiceError, StoreUnavailable

THREADS = 8  # files in flight: hides a round trip to an object store, without crowding a small server
RESUME_WAIT_S = 0.5

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Done:
    """How far a transfer is. files and bytes of all, as far as they are known by now."""

    files: int
    files_done: int
    bytes: int
    bytes_done: int


OnProgress = Callable[[Done], None]


class _Stopped(Exception):
    """A file that was given up because of another one, or because the user wants to end."""


class _Meter:
    """Every piece of every file passes through it, so that it can stop them all."""

    def __init__(self, on_progress: OnProgress | None) -> None:
        self._on_progress = on_progress
        self._stopped = False
        self._lock = threading.Lock()
        self._files = self._files_done = self._bytes = self._bytes_done = 0

    def expect(self, files: int, size_bytes: int) -> None:
        with self._lock:
            self._files += files
            self._bytes += size_bytes

    def stop(self) -> None:
        self._stopped = True

    def passed(self, size_bytes: int, files: int = 0) -> None:
        if self._stopped:
            raise _Stopped
        if self._on_progress is None:
            return
        with self._lock:
            self._bytes_done += size_bytes
            self._files_done += files
            done = Done(files=self._files, files_done=self._files_done, bytes=self._bytes, bytes_done=self._bytes_done)
            self._on_progress(done)


def upload(
    store: TakesFiles, source: Path, folder: str = "", on_progress: OnProgress | None = None, threads: int = THREADS
) -> list[Stored]:
    """The file, under its name in `folder`, or all below a folder. Links are followed, each folder once."""
    target = relative(folder)
    if source.is_dir():
        jobs = [(join(target, str(path.relative_to(source).as_posix())), path) for path in _files_below(source)]
    elif source.exists():
        jobs = [(join(target, source.name), source)]
    else:
        raise InvalidValue("local_path", str(source), "there is no such file or folder.")
    meter = _Meter(on_progress)
    for path, place in jobs:
        relative(path)  # a name that can't be stored stops all before the first byte is sent
        try:
            meter.expect(1, place.stat().st_size)
        except OSError as error:
            raise InvalidValue("local_path", str(place), f"it can't be read: {error.strerror}.") from error

    def put(job: tuple[str, Path]) -> Stored:
        stored = store.put_file(job[0], job[1], meter.passed)
        meter.passed(0, files=1)
        return stored

    return _all(put, jobs, threads, meter)


def download(
    store: BlobStore, path: str, place: Path, on_progress: OnProgress | None = None, threads: int = THREADS
) -> Path:
    """The file or folder `path`, as `place`."""
    clean = relative(path)
    meter = _Meter(on_progress)
    names = list(_files_of(store, clean, meter))
    if names:
        place.mkdir(parents=True, exist_ok=True)
        start = len(clean) + 1 if clean else 0
        _all(lambda name: download_file(store, name, place / name[start:], meter.passed, meter), names, threads, meter)
    elif clean:
        meter.expect(1, 0)
        download_file(store, clean, place, meter.passed, meter)
    else:
        place.mkdir(parents=True, exist_ok=True)
    return place


def download_file(
    store: BlobStore, path: str, place: Path, progress: Progress | None = None, meter: _Meter | None = None
) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.parent / f"{PART_PREFIX}{clock.hex_id()}"
    try:
        with part.open("xb") as file:
            _fill(store, path, file, progress)
        part.replace(place)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    if meter:
        meter.passed(0, files=1)


def _fill(store: BlobStore, path: str, file: IO[bytes], progress: Progress | None) -> None:
    etag = None
    while True:
        start = file.tell()
        try:
            with store.open_reader(path, start) as reader:
                if start and reader.blob.etag != etag:
                    raise StoreUnavailable(f"Artifact {path!r} was replaced while it was downloaded.")
                etag = reader.blob.etag
                for chunk in reader:
                    file.write(chunk)
                    if progress:
                        progress(len(chunk))
            return
        except ServiceError:
            # Stores repeat their requests themselves, so only a body that broke off is worth going on with; and
            # without a mark of the version, the rest could be that of another file.
            if file.tell() == start or etag is None:
                raise
            clock.sleep_s(RESUME_WAIT_S)


def _files_of(store: BlobStore, folder: str, meter: _Meter) -> Iterator[str]:
    for entry in store.entries(folder):
        name = entry.path.removeprefix(f"{folder}/") if folder else entry.path
        if not name or "/" in name or relative(entry.path) != entry.path:
            raise InvalidPath(entry.path, "a listing holds it, which can't be a name in that folder")
        if entry.is_dir:
            yield from _files_of(store, entry.path, meter)
        else:
            meter.expect(1, entry.size_bytes or 0)
            yield entry.path


def _files_below(folder: Path) -> Iterator[Path]:
    seen: set[str] = set()
    for here, folders, files in os.walk(folder, followlinks=True):
        real = os.path.realpath(here)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders.sort()
        yield from (Path(here, name) for name in sorted(files))


def _all(work: Callable[[T], Stored | None], jobs: list[T], threads: int, meter: _Meter) -> list[Stored]:
    """The results in order. The first error, or Ctrl-C, stops the rest, in the middle of its files, and is raised."""
    if len(jobs) <= 1:
        return [stored for job in jobs if (stored := work(job))]
    with ThreadPoolExecutor(min(threads, len(jobs)), thread_name_prefix="headrace-artifacts") as pool:
        whole = False
        try:
            futures = [pool.submit(work, job) for job in jobs]
            whole = not wait(futures, return_when=FIRST_EXCEPTION).not_done
        finally:
            if not whole:
                meter.stop()
            pool.shutdown(wait=True, cancel_futures=True)
    begun = [future for future in futures if not future.cancelled()]
    errors = [error for future in begun if (error := future.exception())]
    if errors:
        raise next((error for error in errors if not isinstance(error, _Stopped)), errors[0])
    return [stored for future in begun if (stored := future.result())]
