from __future__ import annotations

import uuid
from pathlib import Path

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from headrace.blobs.base import Entry
from headrace.blobs.fsspec import FsspecBlobs
from headrace.blobs.open import open_blobs
from headrace.errors import InvalidValue, StoreUnavailable
from headrace.testing.blobs import BlobSuite


class TestMemory(BlobSuite):
    @pytest.fixture
    def blobs(self) -> FsspecBlobs:
        return FsspecBlobs(f"memory://{uuid.uuid4().hex}/root")


class TestLocalFileSystem(BlobSuite):
    @pytest.fixture
    def blobs(self, tmp_path: Path) -> FsspecBlobs:
        return FsspecBlobs(f"local://{tmp_path}/root")


class TestChained(BlobSuite):
    @pytest.fixture
    def blobs(self, tmp_path: Path) -> FsspecBlobs:
        return FsspecBlobs(f"dir::memory://{uuid.uuid4().hex}")


class Stubborn(MemoryFileSystem):
    """Like sftp: doesn't move onto what is there."""

    protocol = "stubborn"
    store: dict[str, object] = {}  # noqa: RUF012
    pseudo_dirs = [""]  # noqa: RUF012

    def mv(self, path1: str, path2: str, **kwargs: object) -> None:
        if self.exists(path2):
            raise OSError("Failure")
        self.cp_file(path1, path2)
        self.rm_file(path1)


class TestNoMoveOntoExisting(BlobSuite):
    @pytest.fixture
    def blobs(self) -> FsspecBlobs:
        fsspec.register_implementation("stubborn", Stubborn, clobber=True)
        return FsspecBlobs(f"stubborn://{uuid.uuid4().hex}")


def test_any_other_scheme_goes_to_fsspec() -> None:
    root = uuid.uuid4().hex
    blobs = open_blobs(f"memory://{root}")
    assert isinstance(blobs, FsspecBlobs)
    blobs.put_bytes("a/b", b"x")
    assert open_blobs(f"memory://{root}/a").entries() == [Entry("b", False, 1)]


def test_unknown_scheme_is_refused() -> None:
    with pytest.raises(InvalidValue, match="nonsense"):
        open_blobs("nonsense://host/a")


def test_scheme_whose_driver_is_missing_says_what_to_install() -> None:
    with pytest.raises(InvalidValue, match=r"(?i)install"):
        open_blobs("smb://host/share")


def test_driver_that_raises_anything_is_translated(monkeypatch: pytest.MonkeyPatch) -> None:
    class Strange(Exception):
        pass

    def fail(*args: object, **kwargs: object) -> None:
        raise Strange("out of order")

    blobs = FsspecBlobs(f"memory://{uuid.uuid4().hex}")
    monkeypatch.setattr(MemoryFileSystem, "info", fail)
    with pytest.raises(StoreUnavailable, match="out of order"):
        blobs.stat("a")
