import uuid

import pytest
from mlflow import MlflowClient
from rest import INVALID, MISSING, Api, answered, error
from servers import TARGET, Server

AJAX = "/ajax-api/2.0/mlflow"
PROXY = "/api/2.0/mlflow-artifacts/artifacts"


@pytest.fixture
def folder(api: Api) -> str:
    name = f"proxy-{uuid.uuid4().hex[:10]}"
    for path, body in {"a.txt": b"text", "sub/b.bin": bytes(range(256))}.items():
        answer = api.send("PUT", f"{PROXY}/{name}/{path}", data=body)
        assert answer.status_code == 200
        assert answer.content in (b"", b"{}")
    return name


def test_put_file_comes_back_as_attachment(api: Api, folder: str) -> None:
    answer = api.send("GET", f"{PROXY}/{folder}/sub/b.bin")
    assert answer.content == bytes(range(256))
    assert "attachment" in answer.headers["Content-Disposition"]
    assert "b.bin" in answer.headers["Content-Disposition"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.txt", "text/plain"),
        ("a.json", "text/plain"),
        ("a.py", "text/plain"),
        ("a.csv", "text/plain"),
        ("a.md", "text/plain"),
        ("a.js", "text/plain"),
        ("MLmodel", "text/plain"),
        ("a.png", "image/png"),
        ("a.unknown-kind", "application/octet-stream"),
    ],
)
def test_content_type_goes_by_name(api: Api, folder: str, name: str, kind: str) -> None:
    api.send("PUT", f"{PROXY}/{folder}/{name}", data=b"<script>")
    assert api.send("GET", f"{PROXY}/{folder}/{name}").headers["Content-Type"].split(";")[0] == kind


def test_part_of_a_file_can_be_asked_for(api: Api, folder: str) -> None:
    answer = api.send("GET", f"{PROXY}/{folder}/sub/b.bin", headers={"Range": "bytes=10-19"})
    assert (answer.status_code, answer.content) == (206, bytes(range(10, 20)))


def test_list_answers_bare_names(api: Api, folder: str) -> None:
    found = api.get(PROXY, path=folder)["files"]
    assert sorted((f["path"], f["is_dir"], f.get("file_size")) for f in found) == [
        ("a.txt", False, 4),
        ("sub", True, None),
    ]
    assert api.get(PROXY, path=f"{folder}/nothing") == {}


def test_same_proxy_under_ajax(api: Api, folder: str) -> None:
    ajax = PROXY.replace("/api/", "/ajax-api/")
    assert api.send("GET", f"{ajax}/{folder}/a.txt").content == b"text"


def test_delete_is_recursive_and_repeatable(api: Api, folder: str) -> None:
    for _ in range(2):
        assert api.delete(f"{PROXY}/{folder}/sub") == {}
    assert [f["path"] for f in api.get(PROXY, path=folder)["files"]] == ["a.txt"]


def test_missing_file_and_directory_as_file(api: Api, folder: str) -> None:
    assert error(api.send("GET", f"{PROXY}/{folder}/nothing.txt")) == MISSING
    assert api.send("GET", f"{PROXY}/{folder}/sub").status_code == 400


BACKSLASH = pytest.mark.skipif(TARGET == "mlflow", reason="MLflow takes it for a plain character on Linux")


@pytest.mark.parametrize(
    "path",
    [
        "%2e%2e/out.txt",
        "a/%2e%2e/%2e%2e/out.txt",
        "%252e%252e/out.txt",
        "..%2fout.txt",
        "..%252fout.txt",
        "a%23b.txt",
        pytest.param("a%5c..%5cout.txt", marks=BACKSLASH),
        pytest.param("C:%5cout.txt", marks=BACKSLASH),
    ],
)
def test_path_that_could_lead_out_is_refused(api: Api, server: Server, path: str) -> None:
    outside = server.folder / "out.txt"
    outside.write_text("safe")
    for method in ("PUT", "GET", "DELETE"):
        answer = api.send(method, f"{PROXY}/{path}", data=b"out" if method == "PUT" else None)
        assert answer.status_code in (400, 404), (method, answer.status_code)
    assert outside.read_text() == "safe"
    assert list(server.folder.rglob("out.txt")) == [outside]


def test_absolute_path_never_reaches_the_file(api: Api, server: Server) -> None:
    outside = server.folder / "absolute.txt"
    outside.write_text("safe")
    path = str(outside).replace("/", "%2f")
    assert api.send("GET", f"{PROXY}/{path}").status_code in (400, 404)
    api.send("DELETE", f"{PROXY}/{path}")
    api.send("PUT", f"{PROXY}/{path}", data=b"out")
    assert outside.read_text() == "safe"


@pytest.mark.parametrize(
    "path", ["..", "../..", "/etc", "a/../..", "%2e%2e", pytest.param("a\\..", marks=BACKSLASH), "file:///etc"]
)
def test_list_of_a_path_that_leads_out_is_invalid(api: Api, client: MlflowClient, run_id: str, path: str) -> None:
    assert answered(api.send("GET", PROXY, params={"path": path})) == INVALID
    assert error(api.send("GET", "artifacts/list", params={"run_id": run_id, "path": path})) == INVALID
    query = {"run_id": run_id, "path": path}
    assert api.send("GET", "/get-artifact", params=query).status_code in (400, 404)


def test_artifacts_list_of_a_run(api: Api, client: MlflowClient, run_id: str) -> None:
    client.log_text(run_id, "abc", "dir/file.txt")
    top = api.get("artifacts/list", run_id=run_id)
    assert top["root_uri"].endswith(f"{run_id}/artifacts")
    assert top["files"] == [{"path": "dir", "is_dir": True}]
    below = api.get("artifacts/list", run_id=run_id, path="dir")
    assert below["files"] == [{"path": "dir/file.txt", "is_dir": False, "file_size": 3}]
    assert "files" not in api.get("artifacts/list", run_uuid=run_id, path="dir/file.txt")
    assert error(api.send("GET", "artifacts/list", params={"run_id": "0" * 32})) == MISSING


def test_get_artifact_downloads_from_a_run(api: Api, client: MlflowClient, run_id: str) -> None:
    client.log_text(run_id, "abc", "dir/file.txt")
    for key in ("run_id", "run_uuid"):
        answer = api.send("GET", "/get-artifact", params={key: run_id, "path": "dir/file.txt"})
        assert (answer.status_code, answer.text) == (200, "abc")
        assert "attachment" in answer.headers["Content-Disposition"]
    missing = api.send("GET", "/get-artifact", params={"run_id": run_id, "path": "dir/no.txt"})
    assert missing.status_code == 404


def test_upload_artifact_of_the_user_interface(api: Api, client: MlflowClient, run_id: str) -> None:
    query = {"run_uuid": run_id, "path": "up/loaded.txt"}
    ajax = api.at(AJAX)
    answer = ajax.send("POST", "upload-artifact", params=query, data=b"body")
    assert answer.status_code == 200
    assert [f.path for f in client.list_artifacts(run_id, "up")] == ["up/loaded.txt"]
    for broken in ({"path": "a"}, {"run_uuid": run_id}, {"run_uuid": run_id, "path": "../a"}):
        assert answered(ajax.send("POST", "upload-artifact", params=broken, data=b"x")) == INVALID, broken
    assert answered(ajax.send("POST", "upload-artifact", params=query, data=b"")) == INVALID
    too_much = b"x" * ((10 << 20) + 1)
    assert answered(ajax.send("POST", "upload-artifact", params=query, data=too_much)) == INVALID


def test_multipart_upload_is_not_offered_by_a_local_folder(api: Api) -> None:
    body = {"path": "big.bin", "num_parts": 2}
    answer = api.send("POST", "/api/2.0/mlflow-artifacts/mpu/create/some", json=body)
    assert error(answer) == (501, "NOT_IMPLEMENTED")


def test_logged_model_files(api: Api, client: MlflowClient, experiment: str) -> None:
    model = client.create_logged_model(experiment).model_id
    api.send("PUT", f"{PROXY}/{experiment}/models/{model}/artifacts/data/w.txt", data=b"w")
    top = api.get(f"logged-models/{model}/artifacts/directories")
    assert top["files"] == [{"path": "data", "is_dir": True}]
    below = api.get(f"logged-models/{model}/artifacts/directories", artifact_directory_path="data")
    assert [f["path"] for f in below["files"]] == ["data/w.txt"]
    ajax = api.at(AJAX)
    got = ajax.send("GET", f"logged-models/{model}/artifacts/files", params={"artifact_file_path": "data/w.txt"})
    assert (got.status_code, got.content) == (200, b"w")
    assert ajax.send("GET", f"logged-models/{model}/artifacts/files").status_code == 400
