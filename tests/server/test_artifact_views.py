"""Folders as zip files, ranges and ONNX files, over a socket, for runs, logged models and versions."""

from __future__ import annotations

import io
import os
import random
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import requests

from headrace.blobs.local import LocalBlobs
from headrace.server import zipped as zipping
from headrace.server.zipped import files, zipped
from tests.support.live_server import LiveServer, live_server
from tests.support.s3 import S3Server, s3_server

__all__ = ["s3_server"]

OWN = "api/1.0/headrace/artifacts"
CONTENT = {
    "top.txt": b"top\n" * 1000,
    "model/MLmodel": b"flavors: {}\n",
    "model/data/large.bin": random.Random(1).randbytes((5 << 20) + 17),
    "model/data/é b.csv": b"a,b\n1,2\n" * 100_000,
    "model/empty.bin": b"",
}


@pytest.fixture(scope="module", params=["local", "s3"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    folder = tmp_path_factory.mktemp("server")
    options = ["--backend-store-uri", f"sqlite:///{folder}/x.db"]
    environment = {}
    if request.param == "local":
        options += ["--artifacts-destination", str(folder / "kept")]
    else:
        bucket: S3Server = request.getfixturevalue("s3_server")
        options += ["--artifacts-destination", f"s3://{bucket.new_bucket()}/kept"]
        environment = bucket.environment
    with live_server(folder, *options, environment=environment) as started:
        yield started


class Root(NamedTuple):
    """One of the places that hold CONTENT. fields: how it is asked for; file: the route of its files."""

    fields: dict[str, str]
    file: str
    path_field: str

    def get(self, server: LiveServer, path: str, headers: dict[str, str]) -> requests.Response:
        return requests.get(
            f"{server.url}{self.file}", params={**self.fields, self.path_field: path}, headers=headers, timeout=60
        )


def posted(server: LiveServer, path: str, body: dict[str, Any]) -> Any:
    answer = requests.post(f"{server.api}/{path}", json=body, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture(scope="module", params=["run", "model", "version"])
def root(request: pytest.FixtureRequest, server: LiveServer) -> Root:
    run = posted(server, "runs/create", {"experiment_id": "0"})["run"]["info"]
    if request.param == "model":
        model = posted(server, "logged-models", {"experiment_id": "0", "name": "m"})["model"]["info"]
        fill(server, model["artifact_uri"])
        model_id = model["model_id"]
        file = f"/ajax-api/2.0/mlflow/logged-models/{model_id}/artifacts/files"
        return Root({"model_id": model_id}, file, "artifact_file_path")
    fill(server, run["artifact_uri"])
    if request.param == "run":
        return Root({"run_id": run["run_id"]}, "/get-artifact", "path")
    posted(server, "registered-models/create", {"name": "zip"})
    posted(server, "model-versions/create", {"name": "zip", "source": run["artifact_uri"], "run_id": run["run_id"]})
    return Root({"name": "zip", "version": "1"}, "/model-versions/get-artifact", "path")


def fill(server: LiveServer, uri: str) -> None:
    place = uri.removeprefix("mlflow-artifacts:/")
    for path, content in CONTENT.items():
        assert requests.put(f"{server.proxy}/{place}/{path}", data=content, timeout=60).status_code == 200


def zip_of(server: LiveServer, fields: dict[str, str], path: str = "") -> requests.Response:
    return requests.get(f"{server.url}/{OWN}/zip", params={**fields, "path": path}, timeout=60)


def unpacked(answer: requests.Response) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_folder_comes_as_a_zip_file(server: LiveServer, root: Root) -> None:
    whole = zip_of(server, root.fields)
    assert (whole.status_code, whole.headers["Content-Type"]) == (200, "application/zip")
    assert unpacked(whole) == CONTENT
    label = "-".join(root.fields.values())
    assert whole.headers["Content-Disposition"] == f'attachment; filename="{label}.zip"'
    folder = zip_of(server, root.fields, "model/data")
    assert unpacked(folder) == {
        path.removeprefix("model/"): content for path, content in CONTENT.items() if path.startswith("model/data/")
    }
    assert folder.headers["Content-Disposition"] == 'attachment; filename="data.zip"'
    assert len(folder.content) < len(CONTENT["model/data/large.bin"]) + 100_000, "texts are packed"
    head = requests.head(f"{server.url}/{OWN}/zip", params=root.fields, timeout=60)
    assert (head.status_code, head.content) == (200, b"")


@pytest.mark.parametrize(
    ("path", "status"), [("nope", 404), ("top.txt", 400), ("../x", 400), ("/etc", 400), ("model/../..", 400)]
)
def test_what_is_no_folder_is_refused(server: LiveServer, root: Root, path: str, status: int) -> None:
    assert zip_of(server, root.fields, path).status_code == status


@pytest.mark.parametrize(
    ("asked", "status", "part", "said"),
    [
        ("bytes=0-9", 206, slice(0, 10), "bytes 0-9/5242897"),
        ("bytes=5242890-", 206, slice(5242890, None), "bytes 5242890-5242896/5242897"),
        ("bytes=-7", 206, slice(-7, None), "bytes 5242890-5242896/5242897"),
        ("bytes=1000-3000000", 206, slice(1000, 3_000_001), "bytes 1000-3000000/5242897"),
        ("bytes=5242897-", 416, slice(0, 0), "bytes */5242897"),
        ("bytes=0-1,4-5", 200, slice(None), None),
        ("lines=1-2", 200, slice(None), None),
    ],
)
def test_parts_of_files_are_answered(
    server: LiveServer, root: Root, asked: str, status: int, part: slice, said: str | None
) -> None:
    path = "model/data/large.bin"
    answer = root.get(server, path, {"Range": asked})
    assert (answer.status_code, answer.headers.get("Content-Range")) == (status, said)
    assert answer.content == CONTENT[path][part]
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"].startswith("attachment")


def test_a_part_of_another_state_of_the_file_is_not_answered(server: LiveServer, root: Root) -> None:
    whole = root.get(server, "top.txt", {})
    same = root.get(server, "top.txt", {"Range": "bytes=0-2", "If-Range": whole.headers["ETag"]})
    assert (same.status_code, same.content) == (206, b"top")
    other = root.get(server, "top.txt", {"Range": "bytes=0-2", "If-Range": '"other"'})
    assert (other.status_code, other.content) == (200, CONTENT["top.txt"])


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"run_id": "a", "model_id": "b"},
        {"name": "zip"},
        {"version": "1"},
        {"run_id": "a", "name": "zip", "version": "1"},
    ],
)
def test_one_place_is_needed(server: LiveServer, fields: dict[str, str]) -> None:
    for route in ("zip", "onnx"):
        answer = requests.get(f"{server.url}/{OWN}/{route}", params={**fields, "path": "x"}, timeout=60)
        assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")


def test_an_onnx_file_is_summed_up(server: LiveServer) -> None:
    from onnx import TensorProto, helper

    node = helper.make_node("Relu", ["x"], ["y"])
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 3]) for name in "xy"]
    made = helper.make_model(helper.make_graph([node], "g", values[:1], values[1:]), producer_name="test")
    run = posted(server, "runs/create", {"experiment_id": "0"})["run"]["info"]
    place = run["artifact_uri"].removeprefix("mlflow-artifacts:/")
    for path, content in {"m/model.onnx": made.SerializeToString(), "no.onnx": b"no model"}.items():
        assert requests.put(f"{server.proxy}/{place}/{path}", data=content, timeout=60).status_code == 200

    def asked(path: str) -> requests.Response:
        fields = {"run_id": run["run_id"], "path": path}
        return requests.get(f"{server.url}/{OWN}/onnx", params=fields, timeout=60)

    answer = asked("m/model.onnx").json()
    assert answer["inputs"] == [{"name": "x", "type": "float32", "shape": ["n", "3"]}]
    assert answer["operators"] == [{"name": "Relu", "count": 1}]
    assert (answer["initializers"], answer["initializer_bytes"], answer["producer"]) == (0, 0, "test")
    refused = asked("no.onnx")
    assert refused.status_code == 400
    assert "no ONNX model" in refused.json()["message"]
    assert asked("nope.onnx").status_code == 404
    assert asked("m").status_code == 400


def test_a_changed_file_of_a_version_cuts_the_zip_off(tmp_path: Path) -> None:
    options = ("--backend-store-uri", f"sqlite:///{tmp_path}/x.db", "--artifacts-destination", str(tmp_path / "kept"))
    with live_server(tmp_path, *options) as server:
        run = posted(server, "runs/create", {"experiment_id": "0"})["run"]["info"]
        fill(server, run["artifact_uri"])
        posted(server, "registered-models/create", {"name": "cut"})
        body = {"name": "cut", "source": f"{run['artifact_uri']}/model", "run_id": run["run_id"]}
        posted(server, "model-versions/create", body)
        changed = tmp_path / "kept" / run["artifact_uri"].removeprefix("mlflow-artifacts:/") / "model/data/large.bin"
        content = bytearray(changed.read_bytes())
        content[-1] ^= 1
        changed.write_bytes(content)
        for fields in ({"name": "cut", "version": "1"}, {"run_id": run["run_id"]}):
            with pytest.raises(requests.exceptions.ChunkedEncodingError):
                zip_of(server, fields)
        assert zip_of(server, {"run_id": run["run_id"]}, "top").status_code == 404


def no_promise(_: str) -> None:
    return None


def test_names_in_a_zip_file_stay_below_where_it_is_unpacked(tmp_path: Path) -> None:
    for name in ("aa:b", "plain"):
        (tmp_path / name).write_text(name)
    (tmp_path / "aa_b").write_text("other")
    blobs = LocalBlobs(tmp_path)
    packed = b"".join(zipped(blobs, "", files(blobs, ""), no_promise))
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {
            "aa_b": b"aa:b",
            "aa_b_": b"other",
            "plain": b"plain",
        }


def test_links_that_lead_out_are_not_packed(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (outside / "secret").write_text("secret")
    (root / "in").write_text("in")
    (root / "folder").symlink_to(outside)
    (root / "file").symlink_to(outside / "secret")
    blobs = LocalBlobs(root)
    packed = b"".join(zipped(blobs, "", files(blobs, ""), no_promise))
    assert zipfile.ZipFile(io.BytesIO(packed)).namelist() == ["in"]


def test_a_folder_of_any_size_is_packed_a_chunk_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 1 << 20)  # in place of the 2 GiB that 32 bits count
    (tmp_path / "large.bin").write_bytes(bytes(8 << 20))
    blobs = LocalBlobs(tmp_path)
    chunks = list(zipped(blobs, "", files(blobs, ""), no_promise))
    assert max(map(len, chunks)) < 3 << 20
    assert b"PK\x06\x06" in chunks[-1], "the directory of a large file is that of ZIP64"
    with zipfile.ZipFile(io.BytesIO(b"".join(chunks))) as archive:
        assert archive.read("large.bin") == bytes(8 << 20)


def test_too_many_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipping, "MAX_FILES", 3)
    for name in "abcd":
        (tmp_path / name).touch()
    blobs = LocalBlobs(tmp_path)
    with pytest.raises(Exception, match="at most 3 files"):
        list(zipped(blobs, "", files(blobs, ""), no_promise))


def test_a_file_that_shrinks_is_no_shorter_one(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(bytes(4 << 20))
    blobs = LocalBlobs(tmp_path)
    chunks = zipped(blobs, "", files(blobs, ""), no_promise)
    next(chunks)
    os.truncate(tmp_path / "a.bin", 1 << 20)
    with pytest.raises(Exception, match="shorter"):
        list(chunks)
