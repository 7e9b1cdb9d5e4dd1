"""What every artifact store must do. To hold one to it, subclass `BlobSuite` in a test file with a fixture `blobs`
that gives a fresh, empty store for each test."""

from __future__ import annotations

import contextlib
import hashlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from headrace.blobs.base import CHUNK_BYTES, BlobStore, Entry
from headrace.blobs.transfer import Done, download, upload
from headrace.errors import InvalidValue, NotFound, StoreUnavailable

ODD_NAMES = (
    "with space.txt",
    "ünïcödé 日本.txt",
    "%41.txt",
    "100%25.txt",
    "50%.txt",
    "a?b=c&d.txt",
    "plus+tilde~at@comma,semi;colon:.png",
    "[x]{y}(z).bin",
    "star*.txt",
    "quote'\".txt",
    ".hidden",
    "...",
    "dots..txt",
    "key+step+3+timestamp+1700000000000+0d7e.png",
)
INVALID_PATHS = (
    "../secret",
    "a/../../secret",
    "a/..",
    "..",
    "/etc/passwd",
    "//etc/passwd",
    "a\\b",
    "..\\secret",
    "a#b",
    "a%23b",
    "%2e%2e/secret",
    "%252e%252e%252fsecret",
    "a%2fb",
    "a%5cb",
    "a%00b",
    "a\x00b",
    "a\nb",
    "C:/windows",
    "c:secret",
    "file:///etc/passwd",
    "s3://bucket/key",
    "\ud800",
    "x" * 256,
    f"{'d' * 200}/" * 21,
    "d/" * 128 + "f",
)


class Torn(Exception):
    pass


def pattern(size_bytes: int) -> bytes:
    """Bytes in which every place looks different, so that a shifted or repeated chunk shows."""
    block = b"".join(index.to_bytes(4, "big") for index in range(1 << 14))
    return (block * (size_bytes // len(block) + 1))[:size_bytes]


class BlobSuite:
    @pytest.fixture
    def blobs(self) -> Iterator[BlobStore]:
        raise NotImplementedError("override this fixture with one that gives an empty store")

    def test_what_was_put_is_read_back(self, blobs: BlobStore) -> None:
        content = pattern(3 * CHUNK_BYTES + 17)
        stored = blobs.put_bytes("model/weights.bin", content)
        assert blobs.get_bytes("model/weights.bin") == content
        assert (stored.path, stored.size_bytes) == ("model/weights.bin", len(content))
        assert stored.sha256 == hashlib.sha256(content).hexdigest()

    def test_empty_file(self, blobs: BlobStore) -> None:
        stored = blobs.put_bytes("empty", b"")
        assert stored.sha256 == hashlib.sha256().hexdigest()
        assert blobs.stat("empty").size_bytes == 0
        assert blobs.get_bytes("empty") == b""
        assert blobs.entries() == [Entry("empty", False, 0)]
        with blobs.open_reader("empty", 0, 10) as reader:
            assert (list(reader), reader.start, reader.end) == ([], 0, 0)

    def test_second_put_replaces_the_first(self, blobs: BlobStore) -> None:
        blobs.put_bytes("a.txt", b"first, and longer")
        before = blobs.stat("a.txt")
        blobs.put_bytes("a.txt", b"second")
        assert blobs.get_bytes("a.txt") == b"second"
        assert blobs.stat("a.txt").size_bytes == 6
        assert before.etag is None or blobs.stat("a.txt").etag != before.etag

    @pytest.mark.parametrize("name", ODD_NAMES)
    def test_odd_names_survive(self, blobs: BlobStore, name: str) -> None:
        blobs.put_bytes(f"dir {name}/{name}", name.encode())
        blobs.put_bytes("other.txt", b"other")
        assert blobs.get_bytes(f"dir {name}/{name}") == name.encode()
        assert blobs.entries(f"dir {name}") == [Entry(f"dir {name}/{name}", False, len(name.encode()))]
        assert Entry(f"dir {name}", True) in blobs.entries()
        blobs.delete(f"dir {name}/{name}")
        with pytest.raises(NotFound):
            blobs.stat(f"dir {name}/{name}")
        assert blobs.get_bytes("other.txt") == b"other"

    @pytest.mark.parametrize("path", INVALID_PATHS)
    def test_paths_that_could_leave_the_root_are_refused(self, blobs: BlobStore, path: str) -> None:
        for act in (
            lambda: blobs.put_bytes(path, b"x"),
            lambda: blobs.open_reader(path),
            lambda: blobs.stat(path),
            lambda: blobs.entries(path),
            lambda: blobs.delete(path),
        ):
            with pytest.raises(InvalidValue, match=r"^Invalid path"):
                act()
        assert blobs.entries() == []

    @pytest.mark.parametrize("path", ["", ".", "a/", "./"])
    def test_a_file_needs_a_name(self, blobs: BlobStore, path: str) -> None:
        with pytest.raises(InvalidValue, match=r"^Invalid path"):
            blobs.put_bytes(path, b"x")
        with pytest.raises(InvalidValue, match=r"^Invalid path"):
            blobs.open_reader(path)

    def test_empty_and_dot_segments_are_dropped(self, blobs: BlobStore) -> None:
        blobs.put_bytes("./a//b/./c.txt", b"x")
        assert blobs.get_bytes("a/b/c.txt") == b"x"
        assert blobs.entries("a/b/") == [Entry("a/b/c.txt", False, 1)]

    def test_listing_is_sorted_and_not_recursive(self, blobs: BlobStore) -> None:
        for name in ("b.txt", "a/x.txt", "a/sub/deep.txt", "Z.txt", "ä.txt", "a.txt", "a-1/y"):
            blobs.put_bytes(name, b"12345")
        expected = [
            Entry("Z.txt", False, 5), Entry("a", True), Entry("a-1", True), Entry("a.txt", False, 5),
            Entry("b.txt", False, 5), Entry("ä.txt", False, 5),
        ]  # fmt: skip
        assert blobs.entries() == blobs.entries("") == expected
        assert blobs.entries("a") == [Entry("a/sub", True), Entry("a/x.txt", False, 5)]

    def test_listing_of_a_file_or_of_nothing_is_empty(self, blobs: BlobStore) -> None:
        assert blobs.entries() == []
        blobs.put_bytes("a/b.txt", b"x")
        assert blobs.entries("a/b.txt") == []
        assert blobs.entries("a/b.txt/c") == []
        assert blobs.entries("nowhere/at/all") == []

    def test_what_is_missing_is_not_found(self, blobs: BlobStore) -> None:
        blobs.put_bytes("a/b.txt", b"x")
        for path in ("nope", "a/nope", "nope/b.txt"):
            with pytest.raises(NotFound):
                blobs.open_reader(path)
            with pytest.raises(NotFound):
                blobs.stat(path)

    def test_a_folder_is_no_file(self, blobs: BlobStore) -> None:
        blobs.put_bytes("a/b.txt", b"x")
        with pytest.raises(InvalidValue):
            blobs.open_reader("a")
        with pytest.raises(InvalidValue):
            blobs.stat("a")

    @pytest.mark.parametrize(
        ("start", "end"),
        [(0, 4), (3, 7), (5, None), (0, None), (9, 10), (0, 100), (10, None), (10, 12), (12, 20), (4, 4)],
    )
    def test_range(self, blobs: BlobStore, start: int, end: int | None) -> None:
        content = b"0123456789"
        blobs.put_bytes("digits", content)
        with blobs.open_reader("digits", start, end) as reader:
            assert b"".join(reader) == content[start:end]
            assert reader.end - reader.start == len(content[start:end])
            assert reader.blob.size_bytes == 10

    def test_range_over_chunk_borders(self, blobs: BlobStore) -> None:
        content = pattern(2 * CHUNK_BYTES + 5)
        blobs.put_bytes("big", content)
        with blobs.open_reader("big", CHUNK_BYTES - 3, 2 * CHUNK_BYTES + 1) as reader:
            assert b"".join(reader) == content[CHUNK_BYTES - 3 : 2 * CHUNK_BYTES + 1]

    def test_reader_can_be_left_early(self, blobs: BlobStore) -> None:
        blobs.put_bytes("big", pattern(4 * CHUNK_BYTES))
        reader = blobs.open_reader("big")
        assert next(reader)
        reader.close()
        reader.close()
        assert blobs.get_bytes("big") == pattern(4 * CHUNK_BYTES)

    def test_delete_is_recursive_and_takes_nothing_else(self, blobs: BlobStore) -> None:
        for name in ("a/x", "a/b/y", "ab", "a.txt", "c/z"):
            blobs.put_bytes(name, b"x")
        blobs.delete("a")
        assert [entry.path for entry in blobs.entries() if entry.path != "a"] == ["a.txt", "ab", "c"]
        assert blobs.entries("a") == []
        blobs.delete("c/z")
        blobs.delete("ab")
        assert blobs.get_bytes("a.txt") == b"x"

    def test_delete_of_what_is_missing_is_fine(self, blobs: BlobStore) -> None:
        blobs.delete("nowhere")
        blobs.put_bytes("a", b"x")
        blobs.delete("a")
        blobs.delete("a")
        assert blobs.entries() == []

    def test_nothing_is_seen_before_commit(self, blobs: BlobStore) -> None:
        writer = blobs.open_writer("dir/late.bin")
        writer.write(pattern(CHUNK_BYTES))
        assert blobs.entries() == blobs.entries("dir") == []
        with pytest.raises(NotFound):
            blobs.stat("dir/late.bin")
        writer.write(b"end")
        writer.commit()
        assert blobs.get_bytes("dir/late.bin") == pattern(CHUNK_BYTES) + b"end"

    @pytest.mark.parametrize("size_bytes", [0, 100, 9 * CHUNK_BYTES])
    def test_torn_write_leaves_nothing(self, blobs: BlobStore, size_bytes: int) -> None:
        def torn() -> Iterator[bytes]:
            yield pattern(size_bytes)
            raise Torn

        with pytest.raises(Torn):
            blobs.put("dir/torn.bin", torn())
        assert blobs.entries() == blobs.entries("dir") == []

    def test_torn_write_keeps_the_old_content(self, blobs: BlobStore) -> None:
        blobs.put_bytes("a.bin", b"old")
        with pytest.raises(Torn):  # noqa: PT012, SIM117 (mypy takes what follows a combined `with` for unreachable)
            with blobs.open_writer("a.bin") as writer:
                writer.write(b"new")
                raise Torn
        assert blobs.get_bytes("a.bin") == b"old"
        assert blobs.entries() == [Entry("a.bin", False, 3)]

    def test_abort_twice_is_fine(self, blobs: BlobStore) -> None:
        writer = blobs.open_writer("a.bin")
        writer.write(b"x")
        writer.abort()
        writer.abort()
        assert blobs.entries() == []

    def test_readers_see_one_version_while_it_is_replaced(self, blobs: BlobStore) -> None:
        versions = [bytes([digit]) * (CHUNK_BYTES + 1) for digit in range(5)]
        blobs.put_bytes("hot", versions[0])
        done = threading.Event()
        seen: list[bytes] = []

        def read() -> None:
            while not done.is_set():
                with contextlib.suppress(StoreUnavailable):  # replaced while it was read: said, never mixed
                    seen.append(blobs.get_bytes("hot"))

        with ThreadPoolExecutor() as pool:
            readers = [pool.submit(read) for _ in range(2)]
            for version in versions[1:]:
                blobs.put_bytes("hot", version)
            done.set()
            for reader in readers:
                reader.result()
        assert blobs.get_bytes("hot") == versions[-1]
        assert all(content in versions for content in seen)

    def test_many_threads_write_many_files(self, blobs: BlobStore) -> None:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda index: blobs.put_bytes(f"d{index % 5}/f{index:03}", b"x" * index), range(100)))
        assert [entry.path for entry in blobs.entries()] == [f"d{index}" for index in range(5)]
        assert blobs.entries("d3") == [Entry(f"d3/f{index:03}", False, index) for index in range(3, 100, 5)]

    def test_tree_goes_up_and_comes_down(self, blobs: BlobStore, tmp_path: Path) -> None:
        source = tmp_path / "source"
        files = {f"dir {index}/sub/{name}": f"{index} {name}".encode() for index in range(3) for name in ODD_NAMES}
        files["top.bin"] = pattern(2 * CHUNK_BYTES)
        for name, content in files.items():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes(content)
        seen: list[Done] = []
        stored = upload(blobs, source, "up/loaded", seen.append)
        assert {item.path: item.size_bytes for item in stored} == {
            f"up/loaded/{name}": len(content) for name, content in files.items()
        }
        total = sum(map(len, files.values()))
        assert seen[-1] == Done(files=len(files), files_done=len(files), bytes=total, bytes_done=total)

        place = tmp_path / "down/here"
        assert download(blobs, "up/loaded", place, seen.append) == place
        found = {str(path.relative_to(place)): path.read_bytes() for path in place.rglob("*") if path.is_file()}
        assert found == files
        assert seen[-1] == Done(files=len(files), files_done=len(files), bytes=total, bytes_done=total)

    def test_one_file_goes_up_and_comes_down(self, blobs: BlobStore, tmp_path: Path) -> None:
        (tmp_path / "a b.txt").write_bytes(b"content")
        upload(blobs, tmp_path / "a b.txt")
        upload(blobs, tmp_path / "a b.txt", "dir")
        assert download(blobs, "dir/a b.txt", tmp_path / "down/1").read_bytes() == b"content"
        assert download(blobs, "a b.txt", tmp_path / "down/2").read_bytes() == b"content"

    def test_download_of_what_is_missing_leaves_nothing(self, blobs: BlobStore, tmp_path: Path) -> None:
        with pytest.raises(NotFound):
            download(blobs, "nope/file.txt", tmp_path / "down")
        assert [path for path in (tmp_path / "down").rglob("*") if path.is_file()] == []
