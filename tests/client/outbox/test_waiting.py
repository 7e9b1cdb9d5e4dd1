from __future__ import annotations

import errno
import multiprocessing
import os
import time
from pathlib import Path

import pytest

from headrace.blobs.local import PART_PREFIX, LocalBlobs
from headrace.client.outbox import waiting as waiting_module
from headrace.client.outbox.file_delivery import send_files
from headrace.client.outbox.uploads import Uploads
from headrace.client.outbox.waiting import Waiting
from headrace.client.run_files import QueuedFiles
from headrace.errors import InvalidValue, StoreUnavailable

RUN = "ab" * 16
FILES = 60


@pytest.fixture
def waiting(tmp_path: Path) -> Waiting:
    return Waiting(tmp_path / "journal", "http://store")


@pytest.fixture
def store(tmp_path: Path) -> LocalBlobs:
    return LocalBlobs(tmp_path / "store")


def put(waiting: Waiting, path: str, content: bytes) -> None:
    with waiting.writer(RUN, path) as writer:
        writer.write(content)


def write_many(folder: Path, worker: int) -> None:
    waiting = Waiting(folder)
    for number in range(FILES):
        put(waiting, f"{worker}/{number}", b"%d" % number)
        put(waiting, f"same/{number % 3}", b"%d %d" % (worker, number))


def test_processes_write_while_another_sends(waiting: Waiting, store: LocalBlobs, tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=write_many, args=(tmp_path / "journal", worker)) for worker in range(3)]
    for worker in workers:
        worker.start()
    while any(worker.is_alive() for worker in workers):
        send_files(waiting, RUN, lambda: store)
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    send_files(waiting, RUN, lambda: store)
    assert list((tmp_path / "journal").iterdir()) == []
    for worker in range(3):
        for number in range(FILES):
            assert store.get_bytes(f"{worker}/{number}") == b"%d" % number
    last = [store.get_bytes(f"same/{place}") for place in range(3)]
    assert all(int(each.split()[1]) >= FILES - 3 for each in last)


def test_what_waits_is_told_by_the_folder_alone(waiting: Waiting, store: LocalBlobs, tmp_path: Path) -> None:
    put(waiting, "deep/a", b"1")
    put(waiting, "deep/a", b"2")
    (tmp_path / "journal" / "artifacts" / RUN / f"{PART_PREFIX}cut").write_bytes(b"ha")  # of a process that was killed
    other = Waiting(tmp_path / "journal")
    assert (other.runs(), other.target(RUN)) == ([RUN], "http://store")
    assert [look.path for look in other.looks(RUN)] == ["deep/a"]
    assert send_files(other, RUN, lambda: store).paths == ["deep/a"]
    assert store.get_bytes("deep/a") == b"2"
    assert other.looks(RUN) == []


def test_one_process_sends_the_files_of_a_run(waiting: Waiting, store: LocalBlobs) -> None:
    put(waiting, "a", b"1")

    def root() -> LocalBlobs:
        assert send_files(waiting, RUN, lambda: store).busy
        return store

    assert send_files(waiting, RUN, root).paths == ["a"]


def test_file_that_is_logged_again_while_it_is_sent_is_sent_again(waiting: Waiting, store: LocalBlobs) -> None:
    put(waiting, "a", b"1")

    class Slow(LocalBlobs):
        def put_file(self, path: str, source: Path, progress: object = None) -> object:  # type: ignore[override]
            stored = super().put_file(path, source)
            put(waiting, "a", b"2")
            return stored

    send_files(waiting, RUN, lambda: Slow(store.root))
    assert (store.get_bytes("a"), [look.path for look in waiting.looks(RUN)]) == (b"1", ["a"])
    send_files(waiting, RUN, lambda: store)
    assert (store.get_bytes("a"), waiting.looks(RUN)) == (b"2", [])


def test_file_that_always_fails_keeps_no_other_from_being_sent(waiting: Waiting, store: LocalBlobs) -> None:
    class Broken(LocalBlobs):
        def put_file(self, path: str, source: Path, progress: object = None) -> object:  # type: ignore[override]
            if path == "a":
                raise StoreUnavailable("Something is wrong with this one.")
            return super().put_file(path, source)

    for name in ("a", "b", "c"):
        put(waiting, name, b"1")
    with pytest.raises(StoreUnavailable, match="this one"):
        send_files(waiting, RUN, lambda: Broken(store.root))
    assert [look.path for look in waiting.looks(RUN)] == ["a"]


def test_linked_file_that_is_logged_again_as_it_is_by_now(waiting: Waiting, store: LocalBlobs, tmp_path: Path) -> None:
    source = tmp_path / "source"
    for content in (b"1", b"22"):
        source.write_bytes(content)
        assert waiting.link(RUN, "a", source)
    assert source.stat().st_nlink == 2
    assert send_files(waiting, RUN, lambda: store).paths == ["a"]
    assert store.get_bytes("a") == b"22"
    assert source.stat().st_nlink == 1


def test_copy_in_the_place_of_a_link_is_no_link(waiting: Waiting, store: LocalBlobs, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"1")
    assert waiting.link(RUN, "a", source)
    put(waiting, "a", b"2")
    source.write_bytes(b"3")
    assert send_files(waiting, RUN, lambda: store).paths == ["a"]
    assert store.get_bytes("a") == b"2"


def test_large_file_that_cannot_be_linked_is_copied(
    waiting: Waiting, store: LocalBlobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting_module, "COPIED_BYTES", 10)

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))

    monkeypatch.setattr(os, "link", refuse)
    source = tmp_path / "source"
    source.write_bytes(b"1" * 11)
    QueuedFiles(Uploads(waiting, None), RUN, lambda: store, "queue").put_file("a", source)
    source.write_bytes(b"2" * 11)
    assert send_files(waiting, RUN, lambda: store).paths == ["a"]
    assert store.get_bytes("a") == b"1" * 11


def test_name_that_is_a_folder_already(waiting: Waiting) -> None:
    put(waiting, "a/b", b"1")
    for path in ("a", "a/b/c"):
        with pytest.raises(InvalidValue, match="folder"):
            put(waiting, path, b"2")
    assert [look.path for look in waiting.looks(RUN)] == ["a/b"]


def test_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "journal").write_text("a file")
    with pytest.raises(StoreUnavailable, match="No files can be kept"):
        put(Waiting(tmp_path / "journal"), "a", b"1")


@pytest.mark.parametrize("each_call", [False, True])
def test_bytes_and_name_of_a_copy_are_brought_to_the_disk(
    each_call: bool, waiting: Waiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: set[int] = set()
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.add(os.fstat(descriptor).st_ino))
    monkeypatch.setenv("HEADRACE_JOURNAL_SYNC", str(int(each_call)))
    put(waiting, "deep/a", b"1")
    if not each_call:
        assert synced == set()
        waiting.sync()
    place = waiting.blobs(RUN).local_path("deep/a")
    assert synced == {place.stat().st_ino, place.parent.stat().st_ino}


def test_name_of_a_linked_file_is_brought_to_the_disk(
    waiting: Waiting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: set[int] = set()
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.add(os.fstat(descriptor).st_ino))
    (tmp_path / "source").write_bytes(b"1")
    assert waiting.link(RUN, "a", tmp_path / "source")
    waiting.sync()
    assert synced == {waiting.blobs(RUN).local_path("").stat().st_ino}


def test_what_is_found_while_files_are_sent_is_sent_next(waiting: Waiting, store: LocalBlobs) -> None:
    other = "cd" * 16

    def root(run_id: str) -> LocalBlobs:
        if run_id == RUN:
            with waiting.writer(other, "b") as writer:  # of another process
                writer.write(b"2")
            uploads.send_left()
        return store

    uploads = Uploads(waiting, root)
    put(waiting, "a", b"1")
    uploads.add(RUN)
    assert uploads.flush(60)
    ends = time.monotonic() + 60
    while waiting.looks(other):
        assert time.monotonic() < ends
        time.sleep(0.002)
    assert uploads.close(60, patient=True, left=False)
    assert (store.get_bytes("a"), store.get_bytes("b")) == (b"1", b"2")
