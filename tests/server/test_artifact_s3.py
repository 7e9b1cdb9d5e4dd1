from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from tests.support.live_server import LiveServer, live_server
from tests.support.s3 import S3Server, s3_server

__all__ = ["s3_server"]


@pytest.fixture(scope="module")
def server(s3_server: S3Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """Clients write to the bucket themselves; the server reads it for its UI."""
    options = ("--backend-store-uri", "memory:", "--default-artifact-root", f"s3://{s3_server.new_bucket()}/runs")
    with live_server(tmp_path_factory.mktemp("server"), *options, environment=s3_server.environment) as started:
        yield started


@pytest.fixture
def run(server: LiveServer) -> dict[str, str]:
    answer = requests.post(f"{server.api}/runs/create", json={"experiment_id": "0"})
    info: dict[str, str] = answer.json()["run"]["info"]
    return info


def test_files_in_the_bucket_are_listed_and_read(server: LiveServer, s3_server: S3Server, run: dict[str, str]) -> None:
    bucket, _, prefix = run["artifact_uri"].removeprefix("s3://").partition("/")
    s3_server.client().put_object(Bucket=bucket, Key=f"{prefix}/dir/a b.txt", Body=b"0123456789")
    run_id = run["run_id"]
    listed = requests.get(f"{server.api}/artifacts/list", params={"run_id": run_id, "path": "dir"}).json()
    assert listed == {
        "root_uri": run["artifact_uri"],
        "files": [{"path": "dir/a b.txt", "is_dir": False, "file_size": 10}],
    }
    params = {"run_id": run_id, "path": "dir/a b.txt"}
    assert requests.get(f"{server.url}/get-artifact", params=params).content == b"0123456789"
    part = requests.get(f"{server.url}/get-artifact", params=params, headers={"Range": "bytes=2-4"})
    assert (part.status_code, part.content) == (206, b"234")
    assert requests.get(f"{server.url}/get-artifact", params={**params, "path": "dir"}).status_code == 400
    assert requests.get(f"{server.url}/get-artifact", params={**params, "path": "nope"}).status_code == 404


def test_upload_by_the_ui_goes_to_the_bucket(server: LiveServer, s3_server: S3Server, run: dict[str, str]) -> None:
    params = {"run_uuid": run["run_id"], "path": "up.txt"}
    assert requests.post(f"{server.ajax}/upload-artifact", params=params, data=b"up").status_code == 200
    bucket, _, prefix = run["artifact_uri"].removeprefix("s3://").partition("/")
    assert s3_server.client().get_object(Bucket=bucket, Key=f"{prefix}/up.txt")["Body"].read() == b"up"


def test_signed_addresses_move_a_file_past_the_server(server: LiveServer, run: dict[str, str]) -> None:
    body = {"run_id": run["run_id"], "path": "dir/direct.bin"}
    answer = requests.post(f"{server.api}/artifacts/presigned-upload-url", json=body).json()
    assert "X-Amz-Expires=900" in answer["presigned_url"]
    assert requests.put(answer["presigned_url"], data=b"direct").status_code == 200
    answer = requests.post(f"{server.api}/artifacts/presigned-download-url", json={**body, "expiration": 60}).json()
    assert "X-Amz-Expires=60" in answer["presigned_url"]
    assert answer["file_size"] == 6
    assert requests.get(answer["presigned_url"]).content == b"direct"
    missing = requests.post(f"{server.api}/artifacts/presigned-download-url", json={**body, "path": "nope"})
    assert missing.status_code == 404
    for wrong in ({"expiration": 0}, {"expiration": 604_801}, {"path": ""}, {"path": "../x"}):
        answer = requests.post(f"{server.api}/artifacts/presigned-download-url", json={**body, **wrong})
        assert answer.status_code == 400, wrong


def test_store_that_is_away_is_503(s3_server: S3Server, tmp_path_factory: pytest.TempPathFactory) -> None:
    environment = {
        **s3_server.environment,
        "MLFLOW_S3_ENDPOINT_URL": "http://127.0.0.1:9",
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    }
    options = ("--backend-store-uri", "memory:", "--artifacts-destination", "s3://bucket/x")
    with live_server(tmp_path_factory.mktemp("away"), *options, environment=environment) as server:
        for answer in (
            requests.get(f"{server.proxy}/a"),
            requests.get(server.proxy),
            requests.put(f"{server.proxy}/a", data=b"x"),
            requests.delete(f"{server.proxy}/a"),
        ):
            assert (answer.status_code, answer.json()["error_code"]) == (503, "TEMPORARILY_UNAVAILABLE")
