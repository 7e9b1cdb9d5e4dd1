"""Advisories about paths that lead out of the artifact folder, each tried on a real server over raw HTTP (a client
library would tidy the paths up first)."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.support.live_server import LiveServer, live_server

SECRET = "the-server's-secret"
# Ways to write ../ that servers have fallen for. CVE-2023-1177 (plain), CVE-2023-2780 (backslash), CVE-2023-6831 and
# its bypass CVE-2024-1560 (encoded once and twice), CVE-2024-1483, -1594 and -3848 (# and ? hide the rest).
CLIMBS = [
    "../",
    "..%2f",
    "%2e%2e/",
    "%2e%2e%2f",
    "%252e%252e%252f",
    "%25252e%25252e%25252f",
    "..\\",
    "..%5c",
    "%2e%2e%5c",
    "..%255c",
    "./../",
    "a/../../",
    "a%2f..%2f..%2f",
    "#/../",
    "%23/../",
    "?/../",
    "%3f/../",
    ";/../",
    "..;/../",
]
ABSOLUTE = ["/", "//", "%2f", "%252f", "file:///", "file:", "file%3a%2f%2f", "C:/", "C%3a%5c", "\\\\host\\share\\"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    folder = tmp_path_factory.mktemp("server")
    destination = folder / "a" / "b" / "kept"
    destination.mkdir(parents=True)
    for place in (folder, folder / "a", folder / "a/b"):
        (place / "secret.txt").write_text(SECRET)
    options = ("--backend-store-uri", "memory:", "--artifacts-destination", str(destination))
    with live_server(folder, *options) as started:
        yield started


def request(server: LiveServer, method: str, target: str, body: bytes | None = None) -> tuple[int, bytes]:
    """As it stands: nothing is normalised."""
    line = http.client.HTTPConnection(server.url.removeprefix("http://"))
    try:
        line.putrequest(method, target, skip_accept_encoding=True)
        if body is not None:
            line.putheader("Content-Length", str(len(body)))
            line.putheader("Content-Type", "application/json")
        line.endheaders(body)
        answer = line.getresponse()
        return answer.status, answer.read()
    finally:
        line.close()


def make_run(server: LiveServer) -> str:
    _, body = request(server, "POST", "/api/2.0/mlflow/runs/create", b'{"experiment_id": "0"}')
    run_id: str = json.loads(body)["run"]["info"]["run_id"]
    return run_id


def attacks(server: LiveServer) -> list[str]:
    climbing = [climb * depth + "secret.txt" for climb in CLIMBS for depth in (1, 3, 5)]
    return climbing + [start + quote(str(server.folder / "secret.txt")) for start in ABSOLUTE]


def untouched(server: LiveServer) -> bool:
    places = [server.folder, server.folder / "a", server.folder / "a/b"]
    return all((place / "secret.txt").read_text() == SECRET for place in places)


def in_path(path: str) -> str:
    """Of a request target, where # and ? can't stand for themselves."""
    return path.replace("#", "%23").replace("?", "%3f").replace("\\", "%5c")


def test_no_route_reads_outside_of_the_destination(server: LiveServer) -> None:
    run_id = make_run(server)
    prefix = f"/api/2.0/mlflow-artifacts/artifacts/0/{run_id}/artifacts"
    request(server, "PUT", f"{prefix}/a/x.txt", b"x")
    for path in attacks(server):
        for target in (
            f"/api/2.0/mlflow-artifacts/artifacts/{in_path(path)}",
            f"{prefix}/{in_path(path)}",
            f"/api/2.0/mlflow-artifacts/artifacts?path={quote(path)}",
            f"/api/2.0/mlflow-artifacts/artifacts?path={in_path(path)}",
            f"/api/2.0/mlflow/artifacts/list?run_id={run_id}&path={in_path(path)}",
            f"/get-artifact?run_id={run_id}&path={quote(path)}",
            f"/get-artifact?run_id={run_id}&path={in_path(path)}",
            f"/ajax-api/2.0/mlflow/logged-models/m-1/artifacts/files?artifact_file_path={in_path(path)}",
        ):
            status, body = request(server, "GET", target)
            assert SECRET.encode() not in body, target
            assert b"secret.txt" not in body or status >= 400, target


def test_no_route_writes_outside_of_the_destination(server: LiveServer) -> None:
    run_id = make_run(server)
    for path in attacks(server):
        for method, target in (
            ("PUT", f"/api/2.0/mlflow-artifacts/artifacts/{in_path(path)}"),
            ("PUT", f"/api/2.0/mlflow-artifacts/artifacts/0/{run_id}/artifacts/{in_path(path)}"),
            ("POST", f"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run_id}&path={quote(path)}"),
            ("POST", f"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run_id}&path={in_path(path)}"),
        ):
            request(server, method, target, b"overwritten")
            assert untouched(server), target
    inside = server.folder / "a/b/kept"
    outside = {path.name for path in server.folder.rglob("*") if path.is_file() and inside not in path.parents}
    assert outside == {"secret.txt", "server.log"}


def test_no_route_deletes_outside_of_the_destination(server: LiveServer) -> None:
    for path in [*attacks(server), "..", "%2e%2e", "%252e%252e", "../..", ".", "", "%2e", "a/.."]:
        request(server, "DELETE", f"/api/2.0/mlflow-artifacts/artifacts/{in_path(path)}")
        assert untouched(server), path
        assert (server.folder / "a/b/kept").is_dir(), path


@pytest.mark.parametrize("climb", CLIMBS[:11])
def test_climbing_is_called_an_invalid_path(server: LiveServer, climb: str) -> None:
    for method in ("GET", "PUT", "DELETE"):
        target = f"/api/2.0/mlflow-artifacts/artifacts/{in_path(climb)}secret.txt"
        status, body = request(server, method, target, b"x" if method == "PUT" else None)
        assert status == 400
        assert json.loads(body)["error_code"] == "INVALID_PARAMETER_VALUE"
        assert json.loads(body)["message"].startswith("Invalid path")


def test_links_in_the_destination_lead_nowhere(server: LiveServer) -> None:
    # Whoever can make links there has the server's disk already; a tar unpacked by a job may hold some, though.
    (server.folder / "a/b/kept/link").symlink_to(server.folder)
    for target in ("link/secret.txt", "link"):
        status, body = request(server, "GET", f"/api/2.0/mlflow-artifacts/artifacts/{target}")
        assert status == 400
        assert SECRET.encode() not in body
    status, _ = request(server, "PUT", "/api/2.0/mlflow-artifacts/artifacts/link/secret.txt", b"x")
    assert status == 400
    request(server, "DELETE", "/api/2.0/mlflow-artifacts/artifacts/link/secret.txt")
    assert untouched(server)
    (server.folder / "a/b/kept/link").unlink()


def test_headers_cannot_be_split_by_a_name(server: LiveServer) -> None:
    name = "x%0d%0aSet-Cookie:%20a=b.txt"
    for target in (f"/api/2.0/mlflow-artifacts/artifacts/{name}", f"/api/2.0/mlflow-artifacts/artifacts/a/{name}"):
        status, _ = request(server, "PUT", target, b"x")
        assert status in (400, 404)
        status, _ = request(server, "GET", target)
        assert status in (400, 404)


def test_error_bodies_hold_no_place_of_the_server(server: LiveServer) -> None:
    for target in ("nope", "a/b/c", "..", "%00"):
        _, body = request(server, "GET", f"/api/2.0/mlflow-artifacts/artifacts/{target}")
        assert str(server.folder).encode() not in body


def test_downloads_are_private_to_the_user(tmp_path: Path) -> None:
    # CVE-2026-4137: temporary folders that everybody could write to.
    from headrace.artifacts import download_artifacts
    from headrace.blobs.local import LocalBlobs
    from headrace.client.artifact_uris import Place
    from headrace.client.artifacts import _download

    (tmp_path / "a.txt").write_text("x")
    assert download_artifacts(str(tmp_path / "a.txt")) == str(tmp_path / "a.txt")
    local = Path(_download(Place(blobs=LocalBlobs(tmp_path), path="a.txt", name="a.txt"), None, None))
    assert local.parent.stat().st_mode & 0o077 == 0
