from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from headrace.client.outbox import writer as module
from headrace.client.outbox.files import chunks, journals, read_head, segment_path
from headrace.errors import Corrupt
from headrace.wire import journal
from tests.client.outbox.test_writer import opened, point, read, write


def test_a_torn_tail_is_left_out(tmp_path: Path) -> None:
    writer = opened(tmp_path)
    for step in range(10):
        write(writer, point(step))
    path = segment_path(tmp_path, writer.writer_id, 1)
    whole = path.read_bytes()
    for cut in range(len(whole) - 60, len(whole)):
        path.write_bytes(whole[:cut])
        found = read(tmp_path, writer.writer_id)
        assert found == [point(step) for step in range(len(found))]
        assert 8 <= len(found) < 10
    path.write_bytes(whole + b"\0" * 100)  # room that was reserved but never written
    assert len(read(tmp_path, writer.writer_id)) == 10


def test_a_copy_that_lacks_a_file_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SEGMENT_BYTES", 500)
    monkeypatch.setattr(module, "CHUNK_BYTES", 200)
    writer = opened(tmp_path)
    for step in range(40):
        write(writer, point(step))
    segments = journals(tmp_path)[writer.writer_id]
    assert len(segments) > 3
    segments[1].path.unlink()
    with pytest.raises(Corrupt, match=r"Records \d+ to \d+ of writer .* are missing before .*; was the folder copied"):
        read(tmp_path, writer.writer_id)


def test_what_is_no_journal_is_named(tmp_path: Path) -> None:
    writer = opened(tmp_path)
    write(writer, point(0))
    (tmp_path / "notes.txt").write_text("mine")
    (segment,) = journals(tmp_path)[writer.writer_id]
    other = segment_path(tmp_path, "b" * 32, 1)
    shutil.copy(segment.path, other)
    with pytest.raises(Corrupt, match="was it renamed"):
        read_head(journals(tmp_path)["b" * 32][0])
    other.write_bytes(b"something else entirely")
    with pytest.raises(Corrupt, match="isn't a journal"):
        read_head(journals(tmp_path)["b" * 32][0])
    other.write_bytes(journal.MAGIC[:5])  # a crash in the first write
    assert read_head(journals(tmp_path)["b" * 32][0]) is None
    assert list(chunks(journals(tmp_path)["b" * 32])) == []


def test_no_folder_holds_no_journals(tmp_path: Path) -> None:
    assert journals(tmp_path / "none") == {}
