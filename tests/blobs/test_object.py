from __future__ import annotations

from pathlib import Path

import pytest
import urllib3

from headrace.blobs.base import CHUNK_BYTES, Entry
from headrace.blobs.object import PART_BYTES, READ_BYTES, ObjectBlobs
from headrace.blobs.open import open_blobs
from headrace.errors import InvalidValue, StoreUnavailable
from headrace.testing.blobs import BlobSuite, Torn, pattern
from tests.support.s3 import S3Server


class TestS3(BlobSuite):
    @pytest.fixture
    def blobs(self, s3: S3Server) -> ObjectBlobs:
        return ObjectBlobs(f"s3://{s3.new_bucket()}/some folder/runs")


class TestS3WholeBucket(BlobSuite):
    @pytest.fixture
    def blobs(self, s3: S3Server) -> ObjectBlobs:
        return ObjectBlobs(f"s3a://{s3.new_bucket()}")


def test_other_clients_see_the_same_keys(s3: S3Server) -> None:
    bucket = s3.new_bucket()
    blobs = ObjectBlobs(f"s3://{bucket}/root")
    blobs.put_bytes("a b/%41ü.txt", b"ours")
    client = s3.client()
    assert [row["Key"] for row in client.list_objects_v2(Bucket=bucket)["Contents"]] == ["root/a b/%41ü.txt"]
    client.put_object(Bucket=bucket, Key="root/theirs/ü+1.txt", Body=b"theirs")
    client.put_object(Bucket=bucket, Key="root/", Body=b"")
    client.put_object(Bucket=bucket, Key="root/console/", Body=b"")
    client.put_object(Bucket=bucket, Key="rootless/x", Body=b"")
    assert blobs.entries() == [Entry("a b", True), Entry("console", True), Entry("theirs", True)]
    assert blobs.entries("console") == []
    assert blobs.get_bytes("theirs/ü+1.txt") == b"theirs"
    blobs.delete("")
    assert [
        row["Key"] for row in client.list_objects_v2(Bucket=bucket)["Contents"] if not row["Key"].endswith("/")
    ] == ["rootless/x"]


def test_large_upload_goes_in_parts_and_a_torn_one_leaves_none(s3: S3Server) -> None:
    bucket = s3.new_bucket()
    blobs = ObjectBlobs(f"s3://{bucket}/root")
    content = pattern(2 * PART_BYTES + 100)
    blobs.put_bytes("big", content)
    assert blobs.stat("big").etag.strip('"').endswith("-3")  # type: ignore[union-attr]  # S3's mark of three parts
    with pytest.raises(Torn), blobs.open_writer("torn") as writer:
        writer.write(content)
        raise Torn
    assert "Uploads" not in s3.client().list_multipart_uploads(Bucket=bucket)
    assert blobs.get_bytes("big") == content


def test_large_file_is_read_in_ranges(s3: S3Server) -> None:
    blobs = ObjectBlobs(f"s3://{s3.new_bucket()}")
    content = pattern(READ_BYTES + 3 * CHUNK_BYTES + 1)
    blobs.put_bytes("big", content)
    with blobs.open_reader("big", 5) as reader:
        assert b"".join(reader) == content[5:]


@pytest.mark.full
def test_listing_and_delete_go_beyond_one_page_of_the_server(s3: S3Server) -> None:
    bucket = s3.new_bucket()
    client = s3.client()
    for index in range(1005):
        client.put_object(Bucket=bucket, Key=f"many/{index:04}", Body=b"")
    blobs = ObjectBlobs(f"s3://{bucket}")
    assert len(blobs.entries("many")) == 1005
    blobs.delete("many")
    assert blobs.entries() == []


def test_presigned_addresses_read_and_write_without_credentials(s3: S3Server) -> None:
    blobs = ObjectBlobs(f"s3://{s3.new_bucket()}/root")
    url = blobs.presign("PUT", "a b/c.txt", 60)
    assert urllib3.request("PUT", url, body=b"direct").status == 200
    assert blobs.get_bytes("a b/c.txt") == b"direct"
    assert urllib3.request("GET", blobs.presign("GET", "a b/c.txt", 60)).data == b"direct"


def test_missing_bucket_is_said(s3: S3Server) -> None:
    with pytest.raises(StoreUnavailable, match="no-such-bucket"):
        ObjectBlobs("s3://no-such-bucket").put_bytes("a", b"x")


def test_server_that_is_down_is_said(monkeypatch: pytest.MonkeyPatch, s3: S3Server) -> None:
    monkeypatch.setenv("MLFLOW_S3_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(StoreUnavailable, match="s3://bucket can't answer"):
        ObjectBlobs("s3://bucket").stat("a")


def test_keys_of_the_profile_file_are_used(s3: S3Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bucket = s3.new_bucket()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name)
    (tmp_path / "credentials").write_text("[team]\naws_access_key_id = A%\naws_secret_access_key = B\n")
    (tmp_path / "config").write_text("[profile team]\nregion = eu-west-1\n")
    monkeypatch.setenv("AWS_PROFILE", "team")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    blobs = ObjectBlobs(f"s3://{bucket}")
    blobs.put_bytes("a", b"x")
    assert "A%25%2F" in blobs.presign("GET", "a", 60)
    assert "eu-west-1" in blobs.presign("GET", "a", 60)


@pytest.mark.parametrize("uri", ["s3://", "s3:///folder", "gs://", "wasbs://"])
def test_address_without_bucket_is_refused(uri: str) -> None:
    with pytest.raises(InvalidValue, match="bucket"):
        open_blobs(uri)


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example/.blob.core.windows.net",
        "a.b.blob.core.windows.net",
        "127.0.0.1:80",
        ".blob.core.windows.net",
    ],
)
def test_azure_credentials_go_to_azure_only(host: str) -> None:
    with pytest.raises(InvalidValue, match="account of Azure"):
        open_blobs(f"wasbs://container@{host}/folder")


def test_azure_and_google_addresses_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", "a2V5")
    for uri in ("wasbs://box@account.blob.core.windows.net/f", "abfss://box@account.dfs.core.windows.net/f"):
        blobs = open_blobs(uri)
        assert isinstance(blobs, ObjectBlobs)
        assert "account" in blobs.presign("GET", "x", 60)
    monkeypatch.setenv("GOOGLE_BEARER_TOKEN", "token")
    assert isinstance(open_blobs("gs://bucket/folder"), ObjectBlobs)
