"""Artifact locations that a caller chose: the server opens only what lies below its own roots.

CVE-2023-6977 and its like (local files through a location), mlflow#24767 (requests of the server's own making).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests

from headrace.errors import Forbidden
from headrace.server.artifacts import ServedArtifacts
from tests.support.live_server import LiveServer, live_server

SECRET = "the-server's-secret"


class Canary(BaseHTTPRequestHandler):
    """Something that only the server can reach: nobody may make it ask here."""

    hits: list[str] = []  # noqa: RUF012

    def answer(self) -> None:
        self.hits.append(f"{self.command} {self.path}")
        self.send_response(200)
        self.end_headers()

    do_GET = do_HEAD = do_PUT = do_DELETE = do_POST = answer  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def canary() -> Iterator[str]:
    Canary.hits.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Canary) as listening:
        thread = threading.Thread(target=listening.serve_forever, name="canary")
        thread.start()
        yield f"127.0.0.1:{listening.server_port}"
        listening.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    folder = tmp_path_factory.mktemp("server")
    (folder / "secret.txt").write_text(SECRET)
    environment = {"HEADRACE_SERVED_ARTIFACT_ROOTS": f"{folder}/shared, s3://team/runs", "AWS_ACCESS_KEY_ID": "a"}
    with live_server(folder, "--backend-store-uri", "memory:", environment=environment) as started:
        yield started


def run_at(server: LiveServer, location: str, name: str) -> str:
    made = requests.post(f"{server.api}/experiments/create", json={"name": name, "artifact_location": location})
    assert made.status_code == 200, made.text
    answer = requests.post(f"{server.api}/runs/create", json={"experiment_id": made.json()["experiment_id"]})
    run_id: str = answer.json()["run"]["info"]["run_id"]
    return run_id


def all_accesses(server: LiveServer, run_id: str) -> list[requests.Response]:
    return [
        requests.get(f"{server.api}/artifacts/list", params={"run_id": run_id}),
        requests.get(f"{server.url}/get-artifact", params={"run_id": run_id, "path": "secret.txt"}),
        requests.post(f"{server.ajax}/upload-artifact", params={"run_uuid": run_id, "path": "x"}, data=b"x"),
        requests.post(f"{server.api}/artifacts/presigned-download-url", json={"run_id": run_id, "path": "x"}),
        requests.get(f"{server.url}/api/1.0/headrace/artifacts/manifest", params={"run_id": run_id}),
    ]


def test_locations_outside_of_the_roots_are_not_opened(server: LiveServer, canary: str) -> None:
    folder = server.folder
    locations = [
        "/",
        "/etc",
        str(folder),
        folder.as_uri(),
        f"file://localhost{folder}",
        f"FILE:{folder}",
        f"{folder}/shared/..",
        f"{folder}/shared/../../{folder.name}",
        f"{folder}/sharedbutnot",
        f"http://{canary}/api/2.0/mlflow-artifacts/artifacts",
        f"https://{canary}/x",
        f"http://{canary}/?x",
        f"mlflow-artifacts://{canary}/x",
        f"webhdfs://{canary}/x",
        f"ftp://{canary}/x",
        f"sftp://{canary}/x",
        f"dav+http://{canary}/x",
        f"github://a:b@{canary}/x",
        f"simplecache::http://{canary}/x",
        f"filecache::file://{folder}",
        f"local://{folder}",
        "memory://x",
        "data:,x",
        "zip://x::file:///etc/passwd",
        "s3://other/runs",
        "s3://team/run",
        "s3://team/runs/../other",
        "s3://team",
        "gs://team/runs",
        f"wasbs://box@{canary}/x",
        "hdfs://10.0.0.1:8020/x",
    ]
    for number, location in enumerate(locations):
        run_id = run_at(server, location, f"outside {number}")
        for answer in all_accesses(server, run_id):
            assert answer.status_code == 403, (location, answer.status_code, answer.text)
            assert SECRET not in answer.text
    assert Canary.hits == []
    assert sorted(path.name for path in folder.iterdir()) == ["mlartifacts", "secret.txt", "server.log"] or sorted(
        path.name for path in folder.iterdir()
    ) == ["secret.txt", "server.log"]


def test_the_refusal_says_what_the_operator_can_do(server: LiveServer) -> None:
    run_id = run_at(server, "/etc", "told")
    answer = requests.get(f"{server.api}/artifacts/list", params={"run_id": run_id}).json()
    assert answer["error_code"] == "PERMISSION_DENIED"
    assert "HEADRACE_SERVED_ARTIFACT_ROOTS" in answer["message"]


def test_locations_below_the_operators_roots_are_opened(server: LiveServer) -> None:
    shared = f"{server.folder}/shared"
    for number, location in enumerate([shared, f"file://{shared}/team a", "mlflow-artifacts:/x"]):
        run_id = run_at(server, location, f"inside {number}")
        params = {"run_uuid": run_id, "path": "dir/a.txt"}
        assert requests.post(f"{server.ajax}/upload-artifact", params=params, data=b"x").status_code == 200
        got = requests.get(f"{server.url}/get-artifact", params={"run_id": run_id, "path": "dir/a.txt"})
        assert got.content == b"x"


def test_link_below_a_root_does_not_widen_it(server: LiveServer) -> None:
    (server.folder / "shared").mkdir(exist_ok=True)
    (server.folder / "shared/link").symlink_to(server.folder)
    run_id = run_at(server, f"{server.folder}/shared/link", "linked")
    assert {answer.status_code for answer in all_accesses(server, run_id)} == {403}


@pytest.mark.parametrize(
    "location", ["mlflow-artifacts:/../../etc", "mlflow-artifacts:/%2e%2e/x", "mlflow-artifacts:/a%5c..%5cb"]
)
def test_proxied_location_does_not_climb(server: LiveServer, location: str) -> None:
    run_id = run_at(server, location, location)
    assert {answer.status_code for answer in all_accesses(server, run_id)} == {400}


@pytest.mark.parametrize("location", ["/data/a#b", "s3://b/c#/../d", "http://host/a#b", "runs:/x/y", "/a/c;b"])
def test_location_that_hides_a_part_is_refused_at_once(server: LiveServer, location: str) -> None:
    answer = requests.post(f"{server.api}/experiments/create", json={"name": location, "artifact_location": location})
    assert answer.status_code == 400
    assert "artifact_location" in answer.json()["message"]


def test_roots_compare_whole_names_and_hosts(tmp_path: Path) -> None:
    artifacts = ServedArtifacts(None, ["https://host:8080/base", "s3://Bucket/a", str(tmp_path / "r")])
    for refused in (
        "https://host/base",
        "http://host:8080/base",
        "https://host:8080/based",
        "s3://bucket/a",
        "s3://Bucket/ab",
    ):
        with pytest.raises(Forbidden):
            artifacts.open(refused)
    for opened in ("s3://Bucket/a", "s3://Bucket/a/b c/1"):
        assert not artifacts.open(opened).proxied
    assert not artifacts.open(str(tmp_path / "r/x")).proxied
    artifacts.close()
