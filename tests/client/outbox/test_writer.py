from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from headrace import clock
from headrace.client.outbox import writer as module
from headrace.client.outbox.files import chunks, journals
from headrace.client.outbox.writer import JournalUnavailable, JournalWriter
from headrace.entities.journal import JournalRecord, PointsLogged, TagsSet
from headrace.wire import journal
from headrace.wire.journal import Head


def opened(folder: Path) -> JournalWriter:
    return JournalWriter(folder, Head(writer_id=clock.hex_id(), serial=0, first_id=0, created_ms=1))


def read(folder: Path, writer_id: str, after: int = 0) -> list[JournalRecord]:
    found: list[JournalRecord] = []
    for chunk in chunks(journals(folder)[writer_id], after):
        first_id, records = journal.records(chunk.content)
        assert (first_id, len(records)) == (chunk.first_id, chunk.records)
        found += records
    return found


def point(step: int, key: str = "loss") -> PointsLogged:
    return PointsLogged("r", (key,), (step / 2,), step, 1000 + step)


def write(writer: JournalWriter, record: PointsLogged) -> int:
    return writer.points(record.run_id, record.keys, record.values, record.step, record.timestamp)


def test_records_are_numbered_and_read_back(tmp_path: Path) -> None:
    writer = opened(tmp_path)
    assert not list(tmp_path.iterdir())
    ids = [write(writer, point(step)) for step in range(3)]
    ids += [writer.record(TagsSet("r", {"a": "b"})), write(writer, point(3, "acc"))]
    assert ids == [1, 2, 3, 4, 5]
    assert writer.last_id == 5
    assert read(tmp_path, writer.writer_id) == [*map(point, range(3)), TagsSet("r", {"a": "b"}), point(3, "acc")]
    assert len(journals(tmp_path)[writer.writer_id]) == 1


def test_files_follow_each_other_when_they_are_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SEGMENT_BYTES", 2000)
    monkeypatch.setattr(module, "CHUNK_BYTES", 300)
    writer = opened(tmp_path)
    for step in range(200):
        write(writer, point(step, f"key{step % 7}"))
    segments = journals(tmp_path)[writer.writer_id]
    assert len(segments) > 3
    assert [segment.serial for segment in segments] == list(range(1, len(segments) + 1))
    assert read(tmp_path, writer.writer_id) == [point(step, f"key{step % 7}") for step in range(200)]
    assert read(tmp_path, writer.writer_id, after=150)[-50:] == [
        point(step, f"key{step % 7}") for step in range(150, 200)
    ]


def test_dropped_chunks_take_their_files_with_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SEGMENT_BYTES", 2000)
    monkeypatch.setattr(module, "CHUNK_BYTES", 300)
    writer = opened(tmp_path)
    for step in range(200):
        write(writer, point(step))
    before = len(journals(tmp_path)[writer.writer_id])
    writer.drop(100)
    places, end = writer.cut()
    assert places[0].first_id <= 101
    assert end.first_id == 201
    assert len(journals(tmp_path)[writer.writer_id]) < before
    assert read(tmp_path, writer.writer_id, after=100)[-100:] == [point(step) for step in range(100, 200)]
    writer.drop(200)
    assert writer.cut()[0] == []
    writer.close(remove=True)
    assert not list(tmp_path.iterdir())


def test_a_cut_starts_a_chunk_that_can_be_read_by_itself(tmp_path: Path) -> None:
    writer = opened(tmp_path)
    write(writer, point(0))
    _, end = writer.cut()
    write(writer, point(1))
    content = journals(tmp_path)[writer.writer_id][0].path.read_bytes()
    assert journal.records(content[end.offset :]) == (2, [point(1)])


def test_notice_comes_once_after_each_cut(tmp_path: Path) -> None:
    noticed: list[int] = []
    writer = JournalWriter(
        tmp_path, Head(writer_id=clock.hex_id(), serial=0, first_id=0, created_ms=1), lambda: noticed.append(1)
    )
    write(writer, point(0))
    write(writer, point(1))
    assert len(noticed) == 1
    writer.cut()
    write(writer, point(2))
    assert len(noticed) == 2


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a file system needs root")
def test_a_full_disk_leaves_whole_records_and_takes_more_once_there_is_room(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], check=False).returncode:
        pytest.skip("this machine mounts no tmpfs")
    try:
        (disk / "ballast").write_bytes(b"x" * 40_000)
        writer, kept, refused = opened(disk), [], 0
        for step in range(2000):
            try:
                write(writer, point(step))
                kept.append(step)
            except JournalUnavailable as error:
                refused += "No space left" in error.message
                if refused == 3:
                    (disk / "ballast").unlink()
                if refused > 5:
                    break
        assert refused >= 3
        assert kept[-1] > kept[0] + 500
        assert read(disk, writer.writer_id) == [point(step) for step in kept]
        writer.close()
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def test_a_folder_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    writer = opened(tmp_path / "file" / "folder")
    with pytest.raises(JournalUnavailable, match="can't be made: Not a directory"):
        write(writer, point(0))
    assert writer.last_id == 0


def test_threads_share_a_writer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHUNK_BYTES", 1000)
    writer = opened(tmp_path)

    def log(rank: int) -> None:
        for step in range(500):
            write(writer, point(step, f"rank{rank}"))

    threads = [threading.Thread(target=log, args=(rank,)) for rank in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        writer.cut()
    for thread in threads:
        thread.join()
    found = [each for each in read(tmp_path, writer.writer_id) if isinstance(each, PointsLogged)]
    assert len(found) == 2000
    for rank in range(4):
        assert [each.step for each in found if each.keys == (f"rank{rank}",)] == list(range(500))


def test_what_a_killed_process_wrote_is_there(tmp_path: Path) -> None:
    script = f"""
import os, signal, sys
from pathlib import Path
from headrace import clock
from headrace.client.outbox.writer import JournalWriter
from headrace.wire.journal import Head
writer = JournalWriter(Path({str(tmp_path)!r}), Head(writer_id="a" * 32, serial=0, first_id=0, created_ms=1))
for step in range(1000):
    writer.points("r", ("loss",), (step / 2,), step, 1000 + step)
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", script], check=False)
    assert done.returncode == -9
    assert read(tmp_path, "a" * 32) == [point(step) for step in range(1000)]
