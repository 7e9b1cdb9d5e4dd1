"""Sources of model versions that a caller chose: registering one gives nobody the server's files, and lets nobody make
the server ask other hosts.

CVE-2023-6909, CVE-2024-1558 and their like (local files as a version's source).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from tests.support.live_server import LiveServer, live_server

SECRET = "the-server's-secret"
TIMEOUT_S = 60


class Canary(BaseHTTPRequestHandler):
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
    (folder / "secret").mkdir()
    (folder / "secret" / "MLmodel").write_text(SECRET)
    with live_server(folder, "--backend-store-uri", "memory:") as started:
        requests.post(f"{started.api}/registered-models/create", json={"name": "m"}, timeout=TIMEOUT_S)
        yield started


def registered(server: LiveServer, source: str, **more: str) -> requests.Response:
    body = {"name": "m", "source": source, **more}
    return requests.post(f"{server.api}/model-versions/create", json=body, timeout=TIMEOUT_S)


def new_run(server: LiveServer) -> tuple[str, str]:
    made = requests.post(f"{server.api}/runs/create", json={"experiment_id": "0"}, timeout=TIMEOUT_S)
    info = made.json()["run"]["info"]
    return info["run_id"], info["artifact_uri"]


def file_of(server: LiveServer, version: str) -> requests.Response:
    query = {"name": "m", "version": version, "path": "MLmodel"}
    return requests.get(f"{server.url}/model-versions/get-artifact", params=query, timeout=TIMEOUT_S)


@pytest.mark.parametrize(
    "form",
    [
        "{folder}/secret",
        "file://{folder}/secret",
        "file:{folder}/secret",
        "FILE://{folder}/secret",
        "//{folder}/secret",
        "{folder}/mlartifacts/../secret",
        "mlflow-artifacts:/../secret",
        "mlflow-artifacts:/%2e%2e/secret",
        "mlflow-artifacts:/..%2fsecret",
        "{run}/../../../../secret",
        "{run}/%2e%2e/%2e%2e/%2e%2e/secret",
        "./secret",
        "secret",
        "~/secret",
        "local://{folder}/secret",
    ],
)
@pytest.mark.parametrize("with_run", [False, True])
def test_no_source_leads_to_the_servers_own_files(server: LiveServer, form: str, with_run: bool) -> None:
    run_id, run = new_run(server)
    answer = registered(server, form.format(folder=server.folder, run=run), **({"run_id": run_id} if with_run else {}))
    if answer.status_code == 200:  # an address of some other storage, as it were
        found = file_of(server, answer.json()["model_version"]["version"])
        assert found.status_code in (400, 403, 404)
        assert SECRET not in found.text
        assert "digest" not in answer.json()["model_version"]  # nobody read it, either
    else:
        assert answer.status_code == 400


def test_a_source_at_another_host_is_never_asked(server: LiveServer, canary: str) -> None:
    for source in (
        f"http://{canary}/model",
        f"http://{canary}/api/2.0/mlflow-artifacts/artifacts/model",
        f"mlflow-artifacts://{canary}/model",
        f"s3://bucket/model?endpoint_url=http://{canary}",
        f"webhdfs://{canary}/model",
        f"simplecache::http://{canary}/model",
    ):
        answer = registered(server, source)
        if answer.status_code == 200:
            assert file_of(server, answer.json()["model_version"]["version"]).status_code in (400, 403, 404)
    assert Canary.hits == []


def test_a_run_elsewhere_opens_nothing(server: LiveServer) -> None:
    location = f"{server.folder}/secret"
    made = requests.post(
        f"{server.api}/experiments/create", json={"name": "e", "artifact_location": location}, timeout=TIMEOUT_S
    )
    run = requests.post(
        f"{server.api}/runs/create", json={"experiment_id": made.json()["experiment_id"]}, timeout=TIMEOUT_S
    ).json()["run"]["info"]
    answer = registered(server, run["artifact_uri"], run_id=run["run_id"])
    assert answer.status_code == 200
    assert "digest" not in answer.json()["model_version"]
    found = file_of(server, answer.json()["model_version"]["version"])
    assert found.status_code == 403
    assert SECRET not in found.text


@pytest.mark.parametrize("path", ["../MLmodel", "%2e%2e/MLmodel", "/etc/passwd", "a/../../MLmodel", "..\\MLmodel"])
def test_a_path_does_not_leave_its_version(server: LiveServer, path: str) -> None:
    run_id, run = new_run(server)
    at = f"{server.proxy}/{run.removeprefix('mlflow-artifacts:/')}"
    requests.put(f"{at}/MLmodel", data=SECRET, timeout=TIMEOUT_S)
    requests.put(f"{at}/model/MLmodel", data="a model", timeout=TIMEOUT_S)
    version = registered(server, f"{run}/model", run_id=run_id).json()["model_version"]["version"]
    query = {"name": "m", "version": version, "path": path}
    found = requests.get(f"{server.url}/model-versions/get-artifact", params=query, timeout=TIMEOUT_S)
    assert found.status_code == 400
    assert SECRET not in found.text
