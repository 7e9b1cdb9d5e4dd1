from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from headrace.blobs.base import Entry
from headrace.blobs.local import PART_PREFIX, LocalBlobs
from headrace.errors import InvalidValue, NotFound, StoreUnavailable
from headrace.testing.blobs import BlobSuite, Torn


class TestLocal(BlobSuite):
    @pytest.fixture
    def blobs(self, tmp_path: Path) -> LocalBlobs:
        return LocalBlobs(tmp_path / "root")


class TestFileUri(BlobSuite):
    @pytest.fixture
    def blobs(self, tmp_path: Path) -> LocalBlobs:
        return LocalBlobs((tmp_path / "root #1 %41").as_uri())


def test_links_out_of_the_root_are_neither_followed_nor_listed(tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret/key").write_text("s3cret")
    root = tmp_path / "root"
    root.mkdir()
    (root / "file").symlink_to(tmp_path / "secret/key")
    (root / "folder").symlink_to(tmp_path / "secret")
    (root / "dangling").symlink_to(tmp_path / "nowhere")
    (root / "inside").symlink_to(root / "real")
    (root / "real").write_text("fine")
    blobs = LocalBlobs(root)
    assert blobs.entries() == [Entry("inside", False, 4), Entry("real", False, 4)]
    assert blobs.get_bytes("inside") == b"fine"
    for path in ("file", "folder/key", "dangling"):
        with pytest.raises(InvalidValue, match="Invalid path"):
            blobs.open_reader(path)
        with pytest.raises(InvalidValue, match="Invalid path"):
            blobs.put_bytes(path, b"x")
        with pytest.raises(InvalidValue, match="Invalid path"):
            blobs.delete(path)
    with pytest.raises(InvalidValue, match="Invalid path"):
        blobs.entries("folder")
    blobs.delete("")
    assert (tmp_path / "secret/key").read_text() == "s3cret"
    assert not root.exists()


def test_the_root_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "root").symlink_to(tmp_path / "disk")
    LocalBlobs(tmp_path / "root").put_bytes("a/b", b"x")
    assert (tmp_path / "disk/a/b").read_bytes() == b"x"


def test_pipes_and_devices_are_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    blobs = LocalBlobs(tmp_path)
    assert blobs.entries() == []
    with pytest.raises(InvalidValue, match="plain file"):
        blobs.open_reader("pipe")


def test_a_file_does_not_become_a_folder(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path)
    blobs.put_bytes("a", b"x")
    for path in ("a/b", "a/b/c"):
        with pytest.raises(InvalidValue, match="Invalid path"):
            blobs.put_bytes(path, b"y")
    blobs.put_bytes("d/e", b"x")
    with pytest.raises(InvalidValue, match="Invalid path"):
        blobs.put_bytes("d", b"y")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a", "d", "e"]


def test_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blobs = LocalBlobs(tmp_path / "root")
    writer = blobs.open_writer("dir/a")
    writer.write(b"x")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreUnavailable, match="No space is left"):
        writer.commit()
    assert list((tmp_path / "root").rglob("*")) == []


def test_a_quota_in_the_middle_of_a_file_leaves_nothing(tmp_path: Path) -> None:
    # The kernel refuses to let the file grow: the nearest thing to a full disk without one.
    script = f"""
import resource, signal
from headrace.blobs.local import LocalBlobs
from headrace.errors import StoreUnavailable
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
try:
    LocalBlobs({str(tmp_path / "root")!r}).put("a/b", (b"x" * 300_000 for _ in range(10)))
except StoreUnavailable as error:
    print("refused", error)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("refused")
    assert list((tmp_path / "root").rglob("*")) == []


def test_parts_of_a_dead_process_are_hidden_and_removed_after_a_day(tmp_path: Path) -> None:
    old, young = tmp_path / f"{PART_PREFIX}1", tmp_path / f"{PART_PREFIX}2"
    old.write_bytes(b"x")
    young.write_bytes(b"x")
    two_days_ago = old.stat().st_mtime - 2 * 24 * 3600
    os.utime(old, (two_days_ago, two_days_ago))
    blobs = LocalBlobs(tmp_path)
    assert blobs.entries() == []
    blobs.put_bytes("a", b"x")
    assert not old.exists()
    assert young.exists()


def test_a_killed_writer_leaves_nothing_that_is_seen(tmp_path: Path) -> None:
    script = f"""
import os, signal
from headrace.blobs.local import LocalBlobs
writer = LocalBlobs({str(tmp_path)!r}).open_writer("a/b")
writer.write(b"x" * 100_000)
os.kill(os.getpid(), signal.SIGKILL)
"""
    assert subprocess.run([sys.executable, "-c", script]).returncode == -9
    assert LocalBlobs(tmp_path).entries() == []


def test_local_path_is_the_file_itself(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path)
    blobs.put_bytes("a/b c.txt", b"x")
    assert blobs.local_path("a/b c.txt").read_bytes() == b"x"
    assert blobs.local_path("a").is_dir()
    with pytest.raises(NotFound):
        blobs.local_path("nope")


def test_folder_without_permission_says_so(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write anywhere")
    (tmp_path / "root").mkdir(mode=0o500)
    with pytest.raises(StoreUnavailable, match="Permission denied"):
        LocalBlobs(tmp_path / "root").put_bytes("a", b"x")


def test_aborted_write_into_a_new_folder_leaves_no_folder(tmp_path: Path) -> None:
    with pytest.raises(Torn), LocalBlobs(tmp_path).open_writer("a/b/c") as writer:
        writer.write(b"x")
        raise Torn
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("uri", ["file://server/share", "file:///a?b", "file:///a#b"])
def test_file_addresses_of_other_machines_and_with_queries_are_refused(uri: str) -> None:
    with pytest.raises(InvalidValue, match="file: address"):
        LocalBlobs(uri)
