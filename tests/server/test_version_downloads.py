"""Files of model versions on their way out of a server, over a socket."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.support.live_server import LiveServer, live_server

SIZES = {"small.bin": 1000, "empty.bin": 0, "chunk.bin": 1 << 20, "large.bin": (5 << 20) + 17}
TIMEOUT_S = 60


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    folder = tmp_path_factory.mktemp("server")
    with live_server(
        folder, "--backend-store-uri", f"sqlite:///{folder}/x.db", "--artifacts-destination", str(folder / "kept")
    ) as started:
        yield started


def content(name: str) -> bytes:
    return random.Random(name).randbytes(SIZES[name])


class Version:
    def __init__(self, server: LiveServer, name: str, folder: Path, run_id: str) -> None:
        self.server, self.name, self.folder, self.run_id = server, name, folder, run_id
        self.proxied = f"{server.proxy}/0/{run_id}/artifacts/model"

    def get(self, path: str, **options: object) -> requests.Response:
        return requests.get(f"{self.proxied}/{path}", timeout=TIMEOUT_S, **options)  # type: ignore[arg-type]

    def flip(self, path: str, at: int) -> None:
        file = self.folder / path
        changed = bytearray(file.read_bytes())
        changed[at] ^= 1
        file.write_bytes(changed)


@pytest.fixture
def version(server: LiveServer, request: pytest.FixtureRequest) -> Version:
    answer = requests.post(f"{server.api}/runs/create", json={"experiment_id": "0"}, timeout=TIMEOUT_S)
    info = answer.json()["run"]["info"]
    name = request.node.name
    made = Version(server, name, server.folder / "kept" / "0" / info["run_id"] / "artifacts" / "model", info["run_id"])
    for path in SIZES:
        assert requests.put(f"{made.proxied}/{path}", data=content(path), timeout=TIMEOUT_S).status_code == 200
    model = {"name": name.replace("[", " ").replace("]", " ")}
    made.name = model["name"]
    assert requests.post(f"{server.api}/registered-models/create", json=model, timeout=TIMEOUT_S).status_code == 200
    body = {**model, "source": f"{info['artifact_uri']}/model", "run_id": info["run_id"]}
    answer = requests.post(f"{server.api}/model-versions/create", json=body, timeout=TIMEOUT_S)
    assert answer.json()["model_version"]["digest"]
    return made


@pytest.mark.parametrize("path", list(SIZES))
def test_what_is_as_it_was_arrives(version: Version, path: str) -> None:
    answer = version.get(path)
    assert (answer.status_code, answer.content) == (200, content(path))


@pytest.mark.parametrize("path", ["small.bin", "chunk.bin"])
def test_a_changed_file_of_one_chunk_is_refused(version: Version, path: str) -> None:
    version.flip(path, 0)
    answer = version.get(path)
    assert (answer.status_code, answer.json()["error_code"]) == (409, "RESOURCE_CONFLICT")
    assert answer.headers["X-Headrace-Error"] == "Corrupt"
    assert f"'{path}' isn't what version 1 of model '{version.name}'" in answer.json()["message"]


@pytest.mark.parametrize("at", [0, 2 << 20, -1])
def test_a_changed_large_file_never_arrives_whole(version: Version, at: int) -> None:
    version.flip("large.bin", at)
    received = 0
    with pytest.raises(requests.RequestException), version.get("large.bin", stream=True) as answer:
        assert answer.status_code == 200
        for chunk in answer.iter_content(1 << 16):
            received += len(chunk)
    assert received < SIZES["large.bin"]
    assert version.get("small.bin").status_code == 200


@pytest.mark.parametrize("headers", [{}, {"Range": "bytes=0-9"}])
def test_a_truncated_file_is_refused_before_it_starts(version: Version, headers: dict[str, str]) -> None:
    file = version.folder / "large.bin"
    file.write_bytes(file.read_bytes()[:-1])
    answer = version.get("large.bin", headers=headers)
    assert answer.status_code == 409
    assert "it has 5242896 bytes" in answer.json()["message"]


def test_parts_and_unchanged_copies_are_answered_as_ever(version: Version) -> None:
    part = version.get("large.bin", headers={"Range": "bytes=1048576-1048585"})
    assert (part.status_code, part.content) == (206, content("large.bin")[1048576:1048586])
    whole = version.get("small.bin", headers={"Range": "bytes=0-"})
    assert (whole.status_code, whole.content) == (206, content("small.bin"))
    version.flip("small.bin", 5)
    assert version.get("small.bin", headers={"Range": "bytes=0-"}).status_code == 409
    etag = version.get("chunk.bin").headers["ETag"]
    assert version.get("chunk.bin", headers={"If-None-Match": etag}).status_code == 304
    assert requests.head(f"{version.proxied}/chunk.bin", timeout=TIMEOUT_S).status_code == 200


def test_a_file_beside_the_version_is_free(version: Version) -> None:
    beside = f"{version.server.proxy}/0/{version.run_id}/artifacts/note.txt"
    requests.put(beside, data=b"as it was", timeout=TIMEOUT_S)
    (version.folder.parent / "note.txt").write_bytes(b"as it is.")
    assert requests.get(beside, timeout=TIMEOUT_S).content == b"as it is."


def test_an_upload_by_our_client_leaves_the_amendment_to_it(version: Version) -> None:
    asked = {"name": version.name, "version": "1"}
    before = requests.get(f"{version.server.api}/model-versions/get", params=asked, timeout=TIMEOUT_S).json()
    at = f"{version.proxied}/requirements.txt"
    for agent, changed in (("headrace-python-client/1", False), ("mlflow-python-client/3.17.2", True)):
        requests.put(at, data=b"numpy\n", headers={"User-Agent": agent}, timeout=TIMEOUT_S)
        after = requests.get(f"{version.server.api}/model-versions/get", params=asked, timeout=TIMEOUT_S).json()
        assert (after["model_version"]["digest"] != before["model_version"]["digest"]) is changed
