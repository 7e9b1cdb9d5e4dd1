from __future__ import annotations

from pathlib import Path

import pytest

from headrace.blobs.base import SupportsPresign
from headrace.blobs.below import Below, below
from headrace.blobs.local import LocalBlobs
from headrace.blobs.object import ObjectBlobs
from headrace.testing.blobs import BlobSuite
from tests.support.s3 import S3Server


class TestFolderOfAFolder(BlobSuite):
    @pytest.fixture
    def blobs(self, tmp_path: Path) -> Below:
        whole = LocalBlobs(tmp_path / "root")
        whole.put_bytes("beside.txt", b"not seen")
        whole.put_bytes("runs and more/x", b"not seen")
        return below(whole, "runs")


class TestFolderOfABucket(BlobSuite):
    @pytest.fixture
    def blobs(self, s3: S3Server) -> Below:
        return below(ObjectBlobs(f"s3://{s3.new_bucket()}/root"), "runs/a b")


def test_abilities_are_those_of_the_whole(tmp_path: Path, s3: S3Server) -> None:
    assert not isinstance(below(LocalBlobs(tmp_path), "a"), SupportsPresign)
    folder = below(ObjectBlobs(f"s3://{s3.new_bucket()}/root"), "a b")
    assert isinstance(folder, SupportsPresign)
    assert "/root/a%20b/c?" in folder.presign("GET", "c", 60)


def test_address_is_that_of_the_folder() -> None:
    assert below(LocalBlobs("file:///data"), "a b").uri == "file:///data/a%20b"
    assert below(LocalBlobs("/data"), "").uri == "/data"
