from __future__ import annotations

import hashlib
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.live_server import LiveServer, live_server

CONTENT = b"0123456789" * 1000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    folder = tmp_path_factory.mktemp("server")
    with live_server(
        folder, "--backend-store-uri", "memory:", "--artifacts-destination", str(folder / "kept")
    ) as started:
        yield started


@pytest.fixture
def run_id(server: LiveServer) -> str:
    answer = requests.post(f"{server.api}/runs/create", json={"experiment_id": "0"})
    found: str = answer.json()["run"]["info"]["run_id"]
    return found


def proxied(server: LiveServer, run_id: str, path: str) -> str:
    return f"{server.proxy}/0/{run_id}/artifacts/{path}"


def error_of(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error_code"]


def manifest(server: LiveServer, run_id: str, path: str = "") -> dict[str, tuple[int, str]]:
    answer = requests.get(f"{server.url}/api/1.0/headrace/artifacts/manifest", params={"run_id": run_id, "path": path})
    assert answer.status_code == 200
    return {row["path"]: (row["size_bytes"], row["sha256"]) for row in answer.json().get("entries", [])}


def test_upload_list_download_delete(server: LiveServer, run_id: str) -> None:
    answer = requests.put(proxied(server, run_id, "dir/a b.bin"), data=CONTENT)
    assert (answer.status_code, answer.content) == (200, b"")
    answer = requests.get(f"{server.api}/artifacts/list", params={"run_id": run_id})
    assert answer.json() == {
        "root_uri": f"mlflow-artifacts:/0/{run_id}/artifacts",
        "files": [{"path": "dir", "is_dir": True}],
    }
    answer = requests.get(f"{server.ajax}/artifacts/list", params={"run_uuid": run_id, "path": "dir"})
    assert answer.json()["files"] == [{"path": "dir/a b.bin", "is_dir": False, "file_size": len(CONTENT)}]
    listed = requests.get(server.proxy, params={"path": f"0/{run_id}/artifacts/dir"}).json()
    assert listed == {"files": [{"path": "a b.bin", "is_dir": False, "file_size": len(CONTENT)}]}
    assert requests.get(proxied(server, run_id, "dir/a b.bin")).content == CONTENT
    answer = requests.delete(proxied(server, run_id, "dir"))
    assert (answer.status_code, answer.json()) == (200, {})
    assert requests.delete(proxied(server, run_id, "dir")).status_code == 200
    assert requests.get(server.proxy, params={"path": f"0/{run_id}/artifacts"}).json() == {}


@pytest.mark.parametrize("path", ["nope", "nope/deep", "file.txt"])
def test_listing_of_nothing_or_of_a_file_has_no_files(server: LiveServer, run_id: str, path: str) -> None:
    requests.put(proxied(server, run_id, "file.txt"), data=b"x")
    assert "files" not in requests.get(f"{server.api}/artifacts/list", params={"run_id": run_id, "path": path}).json()


def test_file_of_a_run_by_get_artifact(server: LiveServer, run_id: str) -> None:
    requests.put(proxied(server, run_id, "dir/report.txt"), data=CONTENT)
    for name in ("run_id", "run_uuid"):
        answer = requests.get(f"{server.url}/get-artifact", params={name: run_id, "path": "dir/report.txt"})
        assert answer.content == CONTENT
        assert answer.headers["Content-Disposition"] == 'attachment; filename="report.txt"'
    missing = requests.get(f"{server.url}/get-artifact", params={"run_id": run_id, "path": "nope"})
    assert error_of(missing) == (404, "RESOURCE_DOES_NOT_EXIST")
    unknown_run = requests.get(f"{server.url}/get-artifact", params={"run_id": "0" * 32, "path": "a"})
    assert error_of(unknown_run) == (404, "RESOURCE_DOES_NOT_EXIST")
    for given in ({}, {"run_id": run_id}, {"path": "a"}):
        assert error_of(requests.get(f"{server.url}/get-artifact", params=given)) == (400, "INVALID_PARAMETER_VALUE")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *[(f"a.{ending}", "text/plain") for ending in "txt log yaml yml xml json js py csv tsv md rst ipynb".split()],
        ("MLmodel", "text/plain"),
        ("mlproject", "text/plain"),
        ("A.JSON", "text/plain"),
        ("a.png", "image/png"),
        ("a.html", "text/html"),
        ("a.strange", "application/octet-stream"),
        ("noending", "application/octet-stream"),
    ],
)
def test_content_types(server: LiveServer, run_id: str, name: str, kind: str) -> None:
    requests.put(proxied(server, run_id, name), data=b"x")
    for url in (proxied(server, run_id, name), f"{server.url}/get-artifact?run_id={run_id}&path={name}"):
        headers = requests.get(url).headers
        assert headers["Content-Type"].partition(";")[0] == kind
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Content-Disposition"].startswith("attachment; filename=")
        assert headers["Content-Security-Policy"] == "sandbox"


def test_names_beyond_ascii_are_announced_safely(server: LiveServer, run_id: str) -> None:
    requests.put(proxied(server, run_id, 'ü";x.txt'), data=b"x")
    answer = requests.get(proxied(server, run_id, 'ü";x.txt'))
    assert (
        answer.headers["Content-Disposition"] == "attachment; filename=\"___x.txt\"; filename*=UTF-8''%C3%BC%22%3Bx.txt"
    )


@pytest.mark.parametrize(
    ("asked", "status", "content", "said"),
    [
        ("bytes=0-3", 206, CONTENT[:4], "bytes 0-3/10000"),
        ("bytes=9990-", 206, CONTENT[9990:], "bytes 9990-9999/10000"),
        ("bytes=-5", 206, CONTENT[-5:], "bytes 9995-9999/10000"),
        ("bytes=-99999", 206, CONTENT, "bytes 0-9999/10000"),
        ("bytes=9999-20000", 206, CONTENT[-1:], "bytes 9999-9999/10000"),
        ("bytes=10000-", 416, b"", "bytes */10000"),
        ("bytes=-0", 416, b"", "bytes */10000"),
        ("bytes=5-2", 200, CONTENT, None),
        ("bytes=0-1,4-5", 200, CONTENT, None),
        ("lines=0-1", 200, CONTENT, None),
        ("bytes=-", 200, CONTENT, None),
        ("bytes=a-b", 200, CONTENT, None),
    ],
)
def test_ranges(server: LiveServer, run_id: str, asked: str, status: int, content: bytes, said: str | None) -> None:
    requests.put(proxied(server, run_id, "a.bin"), data=CONTENT)
    answer = requests.get(proxied(server, run_id, "a.bin"), headers={"Range": asked})
    assert (answer.status_code, answer.content, answer.headers.get("Content-Range")) == (status, content, said)
    assert answer.headers["Accept-Ranges"] == "bytes"


def test_etag_answers_what_is_known_and_guards_ranges(server: LiveServer, run_id: str) -> None:
    url = proxied(server, run_id, "a.bin")
    requests.put(url, data=CONTENT)
    etag = requests.get(url).headers["ETag"]
    known = requests.get(url, headers={"If-None-Match": etag})
    assert (known.status_code, known.content) == (304, b"")
    assert requests.get(url, headers={"Range": "bytes=0-1", "If-Range": etag}).status_code == 206
    requests.put(url, data=CONTENT[::-1])
    assert requests.get(url, headers={"If-None-Match": etag}).content == CONTENT[::-1]
    assert requests.get(url, headers={"Range": "bytes=0-1", "If-Range": etag}).content == CONTENT[::-1]


def test_head_tells_the_length_without_the_bytes(server: LiveServer, run_id: str) -> None:
    requests.put(proxied(server, run_id, "a.bin"), data=CONTENT)
    answer = requests.head(proxied(server, run_id, "a.bin"))
    assert (answer.status_code, answer.headers["Content-Length"], answer.content) == (200, "10000", b"")


def test_folder_is_no_file(server: LiveServer, run_id: str) -> None:
    requests.put(proxied(server, run_id, "dir/a.bin"), data=b"x")
    answer = requests.get(proxied(server, run_id, "dir"))
    assert error_of(answer) == (400, "INVALID_PARAMETER_VALUE")
    assert "folder" in answer.json()["detail"]
    for url in (proxied(server, run_id, "dir/"), f"{server.proxy}/"):
        assert error_of(requests.put(url, data=b"x"))[0] == 400
    assert error_of(requests.put(proxied(server, run_id, "dir"), data=b"x"))[0] == 400
    assert requests.get(proxied(server, run_id, "dir/a.bin")).content == b"x"


def test_whole_destination_is_not_deleted(server: LiveServer, run_id: str) -> None:
    requests.put(proxied(server, run_id, "a.bin"), data=b"x")
    for path in ("", "./", "%2e"):
        answer = requests.request("DELETE", f"{server.proxy}/{path}")
        assert answer.status_code in (400, 404, 405)
    assert requests.get(proxied(server, run_id, "a.bin")).content == b"x"


def test_digest_of_every_upload_is_in_the_manifest(server: LiveServer, run_id: str) -> None:
    for name, content in (("a.bin", CONTENT), ("dir/b.txt", b"text"), ("dir/c", b"")):
        requests.put(proxied(server, run_id, name), data=content)
    requests.post(f"{server.ajax}/upload-artifact", params={"run_uuid": run_id, "path": "d"}, data=b"small")
    expected = {
        "a.bin": (len(CONTENT), hashlib.sha256(CONTENT).hexdigest()),
        "d": (5, hashlib.sha256(b"small").hexdigest()),
        "dir/b.txt": (4, hashlib.sha256(b"text").hexdigest()),
        "dir/c": (0, hashlib.sha256().hexdigest()),
    }
    assert manifest(server, run_id) == expected
    assert set(manifest(server, run_id, "dir")) == {"dir/b.txt", "dir/c"}
    requests.put(proxied(server, run_id, "a.bin"), data=b"other")
    assert manifest(server, run_id, "a.bin") == {"a.bin": (5, hashlib.sha256(b"other").hexdigest())}
    requests.delete(proxied(server, run_id, "dir"))
    assert set(manifest(server, run_id)) == {"a.bin", "d"}


def test_torn_upload_leaves_the_old_file_and_digest(server: LiveServer, run_id: str) -> None:
    requests.put(proxied(server, run_id, "a.bin"), data=b"old")
    host, port = server.url.removeprefix("http://").split(":")
    path = proxied(server, run_id, "a.bin").removeprefix(server.url)
    for head in ("Content-Length: 5000000", "Transfer-Encoding: chunked"):
        with socket.create_connection((host, int(port))) as line:
            body = b"x" * 3_000_000
            if "chunked" in head:
                body = b"%x\r\n%s\r\n" % (len(body), body)
            line.sendall(f"PUT {path} HTTP/1.1\r\nHost: {host}\r\n{head}\r\n\r\n".encode() + body)
    # Another upload passes through the same threads, so the torn ones have been given up by then.
    requests.put(proxied(server, run_id, "b.bin"), data=CONTENT)
    assert requests.get(proxied(server, run_id, "a.bin")).content == b"old"
    assert manifest(server, run_id, "a.bin") == {"a.bin": (3, hashlib.sha256(b"old").hexdigest())}
    assert requests.get(proxied(server, run_id, "")).status_code == 400
    listed = requests.get(server.proxy, params={"path": f"0/{run_id}/artifacts"}).json()["files"]
    assert [row["path"] for row in listed] == ["a.bin", "b.bin"]


def upload_error(server: LiveServer, params: dict[str, str], **given: Any) -> tuple[int, str, str]:
    answer = requests.post(f"{server.ajax}/upload-artifact", params=params, **given)
    return (*error_of(answer), answer.json()["message"])


def test_upload_artifact_checks_run_path_safety_size_and_data_in_this_order(server: LiveServer, run_id: str) -> None:
    big = b"x" * ((10 << 20) + 1)
    assert "run_uuid" in upload_error(server, {}, data=big)[2]
    assert "path" in upload_error(server, {"run_uuid": run_id}, data=big)[2]
    assert "Invalid path" in upload_error(server, {"run_uuid": run_id, "path": "../a"}, data=big)[2]
    status, code, message = upload_error(server, {"run_uuid": run_id, "path": "a"}, data=big)
    assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
    assert str(10 << 20) in message
    assert "data" in upload_error(server, {"run_uuid": run_id, "path": "a"})[2]
    assert upload_error(server, {"run_uuid": "0" * 32, "path": "a"}, data=b"x")[:2] == (404, "RESOURCE_DOES_NOT_EXIST")
    chunked = upload_error(server, {"run_uuid": run_id, "path": "a"}, data=iter([big]))
    assert chunked[:2] == (400, "INVALID_PARAMETER_VALUE")
    assert requests.get(f"{server.url}/get-artifact", params={"run_id": run_id, "path": "a"}).status_code == 404


def test_upload_artifact_answers_an_empty_json_typed_body(server: LiveServer, run_id: str) -> None:
    params = {"run_uuid": run_id, "path": "dir/a b.txt"}
    answer = requests.post(f"{server.ajax}/upload-artifact", params=params, data=b"x" * (10 << 20))
    assert (answer.status_code, answer.content, answer.headers["Content-Type"]) == (200, b"", "application/json")
    assert len(requests.get(proxied(server, run_id, "dir/a b.txt")).content) == 10 << 20


def test_deleted_run_takes_no_uploads_but_shows_its_files(server: LiveServer, run_id: str) -> None:
    requests.put(proxied(server, run_id, "a.txt"), data=b"x")
    requests.post(f"{server.api}/runs/delete", json={"run_id": run_id})
    status, code, message = upload_error(server, {"run_uuid": run_id, "path": "b"}, data=b"x")
    assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
    assert "active" in message
    assert requests.get(f"{server.url}/get-artifact", params={"run_id": run_id, "path": "a.txt"}).content == b"x"


def test_artifacts_of_a_logged_model(server: LiveServer) -> None:
    model = requests.post(f"{server.api}/logged-models", json={"experiment_id": "0", "name": "m"}).json()["model"][
        "info"
    ]
    location = model["artifact_uri"].removeprefix("mlflow-artifacts:/")
    requests.put(f"{server.proxy}/{location}/data/MLmodel", data=b"flavors: {}")
    base = f"logged-models/{model['model_id']}/artifacts"
    answer = requests.get(f"{server.api}/{base}/directories").json()
    assert answer == {"root_uri": model["artifact_uri"], "files": [{"path": "data", "is_dir": True}]}
    answer = requests.get(f"{server.ajax}/{base}/directories", params={"artifact_directory_path": "data"}).json()
    assert answer["files"] == [{"path": "data/MLmodel", "is_dir": False, "file_size": 11}]
    got = requests.get(f"{server.ajax}/{base}/files", params={"artifact_file_path": "data/MLmodel"})
    assert (got.content, got.headers["Content-Type"].partition(";")[0]) == (b"flavors: {}", "text/plain")
    assert error_of(requests.get(f"{server.ajax}/{base}/files")) == (400, "BAD_REQUEST")
    assert requests.get(f"{server.api}/{base}/files", params={"artifact_file_path": "a"}).status_code == 404
    found = requests.get(f"{server.url}/api/1.0/headrace/artifacts/manifest", params={"model_id": model["model_id"]})
    assert [row["path"] for row in found.json()["entries"]] == ["data/MLmodel"]


@pytest.mark.parametrize("verb", ["create", "complete", "abort"])
def test_uploads_in_parts_are_not_implemented(server: LiveServer, verb: str) -> None:
    url = f"{server.url}/api/2.0/mlflow-artifacts/mpu/{verb}/some/dir"
    body = {"path": "a", "num_parts": 2, "upload_id": "u", "parts": []}
    assert error_of(requests.post(url, json=body)) == (501, "NOT_IMPLEMENTED")


def test_signed_addresses_of_a_folder_are_not_implemented(server: LiveServer, run_id: str) -> None:
    assert requests.get(f"{server.url}/api/2.0/mlflow-artifacts/presigned/a").status_code == 501
    for path in ("presigned-upload-url", "presigned-download-url"):
        answer = requests.post(f"{server.api}/artifacts/{path}", json={"run_id": run_id, "path": "a"})
        assert error_of(answer) == (400, "INVALID_PARAMETER_VALUE")


def test_without_serving_the_proxy_answers_503(tmp_path: Path) -> None:
    with live_server(tmp_path, "--backend-store-uri", "memory:", "--no-serve-artifacts") as server:
        for method, url in (
            ("GET", f"{server.proxy}/a"),
            ("PUT", f"{server.proxy}/a"),
            ("DELETE", f"{server.proxy}/a"),
            ("GET", server.proxy),
        ):
            answer = requests.request(method, url, data=b"x" if method == "PUT" else None)
            assert answer.status_code == 503
            assert "artifacts" in answer.text
        assert requests.post(f"{server.api}/runs/create", json={"experiment_id": "0"}).status_code == 200


def test_files_beyond_the_operators_limit_are_refused_and_leave_nothing(tmp_path: Path) -> None:
    options = ("--backend-store-uri", "memory:", "--artifacts-destination", str(tmp_path / "kept"))
    with live_server(tmp_path, *options, environment={"HEADRACE_MAX_UPLOAD_BYTES": "3000000"}) as server:
        pieces = [b"x" * 1_000_000] * 3
        assert requests.put(f"{server.proxy}/fits", data=b"".join(pieces)).status_code == 200
        assert requests.put(f"{server.proxy}/pieces", data=iter(pieces)).status_code == 200
        for data in (b"".join([*pieces, b"x"]), iter([*pieces, b"x"])):
            answer = requests.put(f"{server.proxy}/long", data=data)
            assert error_of(answer) == (400, "INVALID_PARAMETER_VALUE")
            assert "3000000" in answer.json()["message"]
        until = time.monotonic() + 10  # what came before the limit is swept away behind the answer
        while (left := {path.name for path in (tmp_path / "kept").iterdir()}) != {"fits", "pieces"}:
            assert time.monotonic() < until, left
            time.sleep(0.01)


def test_server_for_artifacts_only(tmp_path: Path) -> None:
    with live_server(tmp_path, "--artifacts-only", "--artifacts-destination", str(tmp_path / "kept")) as server:
        assert requests.put(f"{server.proxy}/1/a.txt", data=b"x").status_code == 200
        assert requests.get(f"{server.proxy}/1/a.txt").content == b"x"
        assert (tmp_path / "kept/1/a.txt").read_bytes() == b"x"
        assert requests.get(f"{server.url}/health").status_code == 200
        for path in ("runs/get?run_id=a", "artifacts/list?run_id=a", "experiments/get?experiment_id=0"):
            answer = requests.get(f"{server.api}/{path}")
            assert answer.status_code == 503
            assert "--artifacts-only" in answer.text


def test_local_default_root_is_served(tmp_path: Path) -> None:
    root = (tmp_path / "my runs").as_uri()
    with live_server(tmp_path, "--backend-store-uri", "memory:", "--default-artifact-root", root) as server:
        info = requests.post(f"{server.api}/runs/create", json={"experiment_id": "0"}).json()["run"]["info"]
        assert info["artifact_uri"].startswith(root)
        params = {"run_uuid": info["run_id"], "path": "a.txt"}
        assert requests.post(f"{server.ajax}/upload-artifact", params=params, data=b"x").status_code == 200
        assert (tmp_path / f"my runs/0/{info['run_id']}/artifacts/a.txt").read_bytes() == b"x"
        listed = requests.get(f"{server.api}/artifacts/list", params={"run_id": info["run_id"]}).json()
        assert [row["path"] for row in listed["files"]] == ["a.txt"]
        assert list(manifest(server, info["run_id"])) == ["a.txt"]
