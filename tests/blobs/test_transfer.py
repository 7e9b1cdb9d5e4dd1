from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from headrace import clock
from headrace.blobs.base import CHUNK_BYTES, Blob, BlobReader, BlobStore, BlobWriter, Entry, Progress, Stored
from headrace.blobs.local import LocalBlobs
from headrace.blobs.paths import InvalidPath
from headrace.blobs.transfer import download, upload
from headrace.errors import InvalidValue, StoreUnavailable
from headrace.testing.blobs import pattern


class BrokenReader(BlobReader):
    """Gives `chunks` chunks, then breaks."""

    def __init__(self, inner: BlobReader, chunks: int) -> None:
        self.inner, self.left = inner, chunks
        self.blob, self.start, self.end = inner.blob, inner.start, inner.end

    def __next__(self) -> bytes:
        if self.left == 0:
            raise StoreUnavailable("the line went dead")
        self.left -= 1
        return next(self.inner)

    def close(self) -> None:
        self.inner.close()


class Faulty(BlobStore):
    """Another store whose readers break. chunks: how many each of them gives."""

    def __init__(self, inner: LocalBlobs, chunks: Iterator[int]) -> None:
        self.uri, self.inner, self.chunks = "faulty", inner, chunks
        self.starts: list[int] = []
        self.listing: list[Entry] | None = None

    def open_reader(self, path: str, start: int = 0, end: int | None = None) -> BlobReader:
        self.starts.append(start)
        chunks = next(self.chunks, -1)
        return BrokenReader(self.inner.open_reader(path, start, end), chunks)

    def open_writer(self, path: str, size_bytes: int | None = None) -> BlobWriter:
        if path == "bad.txt":
            raise StoreUnavailable("no more room")
        return self.inner.open_writer(path, size_bytes)

    def entries(self, path: str = "") -> list[Entry]:
        return self.listing if self.listing is not None else self.inner.entries(path)

    def stat(self, path: str) -> Blob:
        return self.inner.stat(path)

    def delete(self, path: str) -> None:
        self.inner.delete(path)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "sleep_s", lambda seconds: None)


def test_broken_download_goes_on_where_it_stopped(tmp_path: Path) -> None:
    inner = LocalBlobs(tmp_path / "root")
    inner.put_bytes("big", pattern(5 * CHUNK_BYTES))
    blobs = Faulty(inner, iter([2, 1]))
    download(blobs, "big", tmp_path / "down/big")
    assert (tmp_path / "down/big").read_bytes() == pattern(5 * CHUNK_BYTES)
    assert blobs.starts == [0, 2 * CHUNK_BYTES, 3 * CHUNK_BYTES]


def test_download_that_gains_nothing_is_given_up_and_leaves_nothing(tmp_path: Path) -> None:
    inner = LocalBlobs(tmp_path / "root")
    inner.put_bytes("dir/big", pattern(5 * CHUNK_BYTES))
    with pytest.raises(StoreUnavailable, match="line went dead"):
        download(Faulty(inner, iter([2, 0])), "dir", tmp_path / "down")
    assert [path for path in (tmp_path / "down").rglob("*") if path.is_file()] == []


def test_download_never_mixes_two_versions(tmp_path: Path) -> None:
    inner = LocalBlobs(tmp_path / "root")
    inner.put_bytes("big", pattern(3 * CHUNK_BYTES))

    def chunks() -> Iterator[int]:
        yield 1
        inner.put_bytes("big", pattern(4 * CHUNK_BYTES))
        yield -1

    with pytest.raises(StoreUnavailable, match="replaced"):
        download(Faulty(inner, chunks()), "big", tmp_path / "down/big")
    assert [path for path in (tmp_path / "down").rglob("*") if path.is_file()] == []


def test_failed_download_keeps_the_file_that_was_there(tmp_path: Path) -> None:
    inner = LocalBlobs(tmp_path / "root")
    inner.put_bytes("big", pattern(3 * CHUNK_BYTES))
    (tmp_path / "big").write_bytes(b"old")
    with pytest.raises(StoreUnavailable):
        download(Faulty(inner, iter([1, 0])), "big", tmp_path / "big")
    assert (tmp_path / "big").read_bytes() == b"old"


@pytest.mark.parametrize("name", ["../../.bashrc", "a/../../b", "/etc/passwd", "..", "", "a\\b"])
def test_listing_of_a_hostile_server_does_not_lead_out_of_the_folder(tmp_path: Path, name: str) -> None:
    blobs = Faulty(LocalBlobs(tmp_path / "root"), iter([]))
    blobs.listing = [Entry(name, False, 1)]
    with pytest.raises(InvalidPath):
        download(blobs, "", tmp_path / "down")
    assert list(tmp_path.iterdir()) == []


def test_first_failure_of_an_upload_is_raised(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for name in ("a.txt", "bad.txt", "c.txt"):
        (source / name).write_text(name)
    with pytest.raises(StoreUnavailable, match="no more room"):
        upload(Faulty(LocalBlobs(tmp_path / "root"), iter([])), source)


class Endless(LocalBlobs):
    """Of two files one never ends, and the other ends in an error or in Ctrl-C."""

    def __init__(self, root: Path, error: Exception | None) -> None:
        super().__init__(root)
        self.error, self.begun = error, threading.Event()

    def put_file(self, path: str, source: Path, progress: Progress | None = None) -> Stored:
        assert progress is not None
        if path == "ends":
            assert self.begun.wait(10)
            if self.error:
                raise self.error
        for turn in range(20_000):
            # Again after seconds, as a user would: an interruption that falls into a finaliser is lost in Python.
            if path == "ends" and turn % 3000 == 0:
                os.kill(os.getpid(), signal.SIGINT)
            progress(1)
            self.begun.set()
            threading.Event().wait(0.001)  # the clock of these tests doesn't sleep
        raise AssertionError(f"{path} wasn't stopped")


@pytest.fixture
def interruptible() -> Iterator[None]:
    """As in a program of its own: what ran in this process before may have left another answer to Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before or signal.default_int_handler)


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("error", [StoreUnavailable("no more room"), None], ids=["failure", "ctrl-c"])
def test_upload_that_ends_stops_in_the_middle_of_its_files(tmp_path: Path, error: Exception | None) -> None:
    (tmp_path / "source").mkdir()
    for name in ("a", "ends"):
        (tmp_path / "source" / name).write_text("")
    with pytest.raises(type(error) if error else KeyboardInterrupt):
        upload(Endless(tmp_path / "root", error), tmp_path / "source")


def test_name_that_cannot_be_stored_stops_before_the_first_byte(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "a.txt").write_text("a")
    (source / "b#1.txt").write_text("b")
    blobs = LocalBlobs(tmp_path / "root")
    with pytest.raises(InvalidPath, match="b#1"):
        upload(blobs, source)
    assert blobs.entries() == []


def test_links_are_followed_and_circles_end(tmp_path: Path) -> None:
    source, other = tmp_path / "source", tmp_path / "other"
    source.mkdir()
    other.mkdir()
    (other / "data.txt").write_text("linked")
    (source / "link").symlink_to(other)
    (source / "circle").symlink_to(source)
    (source / "file.txt").symlink_to(other / "data.txt")
    blobs = LocalBlobs(tmp_path / "root")
    upload(blobs, source)
    assert blobs.entries() == [Entry("file.txt", False, 6), Entry("link", True)]
    assert blobs.get_bytes("link/data.txt") == b"linked"


def test_upload_of_nothing_is_said(tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match="no such file"):
        upload(LocalBlobs(tmp_path / "root"), tmp_path / "nope")


def test_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "dangling").symlink_to(tmp_path / "nowhere")
    with pytest.raises(InvalidValue, match="dangling"):
        upload(LocalBlobs(tmp_path / "root"), source)


def test_empty_folder_uploads_nothing_and_empty_root_downloads_as_folder(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    blobs = LocalBlobs(tmp_path / "root")
    assert upload(blobs, tmp_path / "empty") == []
    assert list(download(blobs, "", tmp_path / "down").iterdir()) == []
