from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from headrace.blobs.base import CHUNK_BYTES, Entry
from headrace.blobs.http import HttpBlobs
from headrace.blobs.open import ProxyAccess, open_blobs
from headrace.blobs.transfer import download
from headrace.errors import Corrupt, InvalidValue, NotFound, StoreUnavailable, Unauthenticated
from headrace.net.message import Request, Response
from headrace.net.stack import transport
from headrace.testing.blobs import BlobSuite, pattern
from tests.support.live_server import LiveServer, live_server
from tests.support.s3 import S3Server


def access(url: str, authorization: str | None = None) -> ProxyAccess:
    return ProxyAccess(tracking_url=url, transport=transport(lambda: authorization), anonymous=transport(lambda: None))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with live_server(tmp_path_factory.mktemp("server"), "--static-prefix", "/team") as started:
        yield started


class TestProxy(BlobSuite):
    @pytest.fixture
    def blobs(self, server: LiveServer, request: pytest.FixtureRequest) -> HttpBlobs:
        folder = f"runs %41/{abs(hash(request.node.nodeid))}"
        blobs = open_blobs(f"mlflow-artifacts:/{folder}", access(f"{server.url}/team"))
        assert isinstance(blobs, HttpBlobs)
        return blobs


@pytest.fixture(scope="module")
def over_s3(s3_server: S3Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    destination = f"s3://{s3_server.new_bucket()}/some/folder"
    options = ("--artifacts-destination", destination)
    with live_server(tmp_path_factory.mktemp("s3"), *options, environment=s3_server.environment) as started:
        yield started


class TestProxyOverS3(BlobSuite):
    @pytest.fixture
    def blobs(self, over_s3: LiveServer, request: pytest.FixtureRequest) -> HttpBlobs:
        blobs = open_blobs(f"mlflow-artifacts:/{abs(hash(request.node.nodeid))}", access(over_s3.url))
        assert isinstance(blobs, HttpBlobs)
        return blobs


class Scripted(BaseHTTPRequestHandler):
    """Answers what the test says: (status, headers, body) by path, and notes what it was asked."""

    answers: dict[str, tuple[int, dict[str, str], bytes]] = {}  # noqa: RUF012
    asked: list[tuple[str, str, dict[str, str]]] = []  # noqa: RUF012

    def do_GET(self) -> None:
        self.asked.append((self.command, self.path, dict(self.headers)))
        status, headers, body = self.answers.get(self.path.partition("?")[0], (404, {}, b"nope"))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if "Content-Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def other_server() -> Iterator[str]:
    Scripted.answers, Scripted.asked = {}, []
    with ThreadingHTTPServer(("127.0.0.1", 0), Scripted) as listening:
        thread = threading.Thread(target=listening.serve_forever, name="scripted")
        thread.start()
        yield f"http://127.0.0.1:{listening.server_port}"
        listening.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")


def test_server_without_ranges_is_read_all_the_same(other_server: str, tmp_path: Path) -> None:
    Scripted.answers["/data/a%20b.bin"] = (200, {}, b"0123456789")
    blobs = open_blobs(f"{other_server}/data?sig=secret", access(other_server))
    with blobs.open_reader("a b.bin", 3, 7) as reader:
        assert b"".join(reader) == b"3456"
    assert blobs.stat("a b.bin").size_bytes == 10
    assert download(blobs, "a b.bin", tmp_path / "x").read_bytes() == b"0123456789"
    assert {path for _, path, _ in Scripted.asked} == {"/data/a%20b.bin?sig=secret"}


def test_answer_that_ends_early_is_no_success(other_server: str, tmp_path: Path) -> None:
    Scripted.answers["/a"] = (200, {"Content-Length": str(3 * CHUNK_BYTES)}, pattern(CHUNK_BYTES))
    blobs = open_blobs(other_server, access(other_server))
    with pytest.raises(StoreUnavailable):
        download(blobs, "a", tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


def test_answer_without_length_is_refused(other_server: str) -> None:
    class Chunked:
        def send(self, request: Request) -> Response:
            return Response(200, {"transfer-encoding": "chunked"}, b"x")

        def close(self) -> None:
            pass

    with pytest.raises(Corrupt, match="how long"):
        HttpBlobs("x", f"{other_server}/", Chunked()).open_reader("a")


@pytest.mark.parametrize("name", ["..", "a/..", "", "a\\b", "/", "%2e%2e", "x\0"])
def test_names_that_a_server_lists_are_judged(other_server: str, name: str) -> None:
    listing = json.dumps({"files": [{"path": name, "is_dir": False, "file_size": 1}]}).encode()
    Scripted.answers["/api/2.0/mlflow-artifacts/artifacts"] = (200, {}, listing)
    blobs = open_blobs("mlflow-artifacts:/1", access(other_server))
    with pytest.raises(InvalidValue, match="Invalid path"):
        blobs.entries()


def test_listing_that_is_no_listing_is_said(other_server: str) -> None:
    Scripted.answers["/api/2.0/mlflow-artifacts/artifacts"] = (200, {}, b"<html>")
    with pytest.raises(Corrupt, match="listing"):
        open_blobs("mlflow-artifacts:/1", access(other_server)).entries()


def test_full_paths_in_a_listing_are_understood(other_server: str) -> None:
    # MLflow names files without their folder; other servers may send the path.
    listing = json.dumps(
        {"files": [{"path": "1/sub/a.txt", "is_dir": False, "file_size": "7"}, {"path": "d", "is_dir": True}]}
    )
    Scripted.answers["/api/2.0/mlflow-artifacts/artifacts"] = (200, {}, listing.encode())
    blobs = open_blobs("mlflow-artifacts:/1", access(other_server))
    assert blobs.entries("sub") == [Entry("sub/a.txt", False, 7), Entry("sub/d", True)]
    assert Scripted.asked[0][1].endswith("?path=1%2Fsub")


def test_credentials_go_to_the_tracking_server_only(other_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    Scripted.answers["/api/2.0/mlflow-artifacts/artifacts/x/a"] = (401, {}, b"")
    host = other_server.removeprefix("http://")
    tracking = access("http://tracking.example", "Bearer secret")
    for uri in (f"mlflow-artifacts://{host}/x", f"{other_server}/api/2.0/mlflow-artifacts/artifacts/x"):
        with pytest.raises(Unauthenticated, match=r"HEADRACE_ARTIFACT_HOSTS=127.0.0.1"):
            open_blobs(uri, tracking).stat("a")
    assert all("Authorization" not in headers for _, _, headers in Scripted.asked)
    monkeypatch.setenv("HEADRACE_ARTIFACT_HOSTS", "other.example, 127.0.0.1")
    with pytest.raises(Unauthenticated):
        open_blobs(f"mlflow-artifacts://{host}/x", tracking).stat("a")
    assert Scripted.asked[-1][2]["Authorization"] == "Bearer secret"


def test_missing_file_is_not_found_whatever_the_server_says(other_server: str) -> None:
    blobs = open_blobs(other_server, access(other_server))
    with pytest.raises(NotFound):
        blobs.stat("nope")
    blobs_of_proxy = open_blobs("mlflow-artifacts:/1", access(other_server))
    assert blobs_of_proxy.entries() == []


def test_proxied_address_needs_a_tracking_server() -> None:
    for uri in ("mlflow-artifacts:/1", "https://host/a"):
        with pytest.raises(InvalidValue, match="tracking server"):
            open_blobs(uri)


def test_upload_of_unknown_length_waits_in_a_file(server: LiveServer) -> None:
    blobs = open_blobs("mlflow-artifacts:/spooled", access(f"{server.url}/team"))
    blobs.put("big", (pattern(CHUNK_BYTES) for _ in range(20)))
    assert blobs.stat("big").size_bytes == 20 * CHUNK_BYTES
