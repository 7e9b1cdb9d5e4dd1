"""Where a version's files may lie: what a caller may not name would give them the server's files, or another's."""

from collections.abc import Callable
from pathlib import Path

import pytest
from deviations import (
    FILE_OF_A_HOST,
    SOURCE_IN_ANOTHER_REGISTRY,
    SOURCE_NAMES_ITS_OWNER,
    UNKNOWN_SOURCE_MODEL,
)
from mlflow import MlflowClient
from rest import INVALID, MISSING, Api, answered, error
from servers import Server

Unique = Callable[[str], str]


@pytest.fixture
def name(client: MlflowClient, unique: Unique) -> str:
    return client.create_registered_model(unique("model")).name


@pytest.fixture
def other_run(client: MlflowClient, experiment: str) -> str:
    return client.create_run(experiment).info.run_id


@pytest.fixture
def model_id(client: MlflowClient, experiment: str) -> str:
    return client.create_logged_model(experiment).model_id


@pytest.mark.parametrize(
    "source",
    [
        "s3://bucket/path/model",
        "gs://bucket/path",
        "wasbs://container@account.blob.core.windows.net/path",
        "dbfs:/path/to/model",
    ],
)
def test_addresses_of_other_storage_are_free(client: MlflowClient, name: str, source: str) -> None:
    made = client.create_model_version(name, source)
    assert made.source == source
    assert client.get_model_version_download_uri(name, made.version) == source


@pytest.mark.parametrize(
    "source",
    [
        "/etc",
        "/etc/passwd",
        "file:///etc",
        "file:/etc",
        "etc",
        "./model",
        "../model",
        "FILE:///etc",
        "",
    ],
)
def test_local_paths_need_their_run(api: Api, name: str, run_id: str, source: str) -> None:
    assert error(api.send("POST", "model-versions/create", json={"name": name, "source": source})) == INVALID
    body = {"name": name, "source": source, "run_id": run_id}
    assert error(api.send("POST", "model-versions/create", json=body)) == INVALID


def test_files_of_another_host_are_refused(api: Api, name: str) -> None:
    sent = {"name": name, "source": "file://host/etc"}
    assert answered(api.send("POST", "model-versions/create", json=sent)) == FILE_OF_A_HOST.expected


@pytest.mark.parametrize(
    "source",
    [
        "s3://bucket/a/../b",
        "s3://bucket/%2e%2e/b",
        "s3://bucket/%252e%252e/b",
        "s3://bucket/a/..%2fb",
        "mlflow-artifacts:/0/../../etc",
        "mlflow-artifacts:/0/%2e%2e/etc",
        "mlflow-artifacts:/0/%252e%252e/etc",
        "mlflow-artifacts:..",
        "s3://bucket/a\x00b",
        "http://host/api/2.0/mlflow-artifacts/artifacts/../x",
    ],
)
def test_paths_that_leave_their_root_are_invalid(api: Api, name: str, source: str) -> None:
    assert error(api.send("POST", "model-versions/create", json={"name": name, "source": source})) == INVALID


def test_a_runs_address_belongs_to_its_run(
    client: MlflowClient, api: Api, name: str, run_id: str, other_run: str
) -> None:
    assert client.create_model_version(name, f"runs:/{run_id}/model", run_id).source == f"runs:/{run_id}/model"
    sent = {"name": name, "source": f"runs:/{run_id}/model", "run_id": other_run}
    assert error(api.send("POST", "model-versions/create", json=sent)) == INVALID
    del sent["run_id"]
    assert answered(api.send("POST", "model-versions/create", json=sent)) == SOURCE_NAMES_ITS_OWNER.expected


def test_a_proxied_source_lies_in_its_run(
    client: MlflowClient, api: Api, name: str, run_id: str, other_run: str
) -> None:
    root = client.get_run(run_id).info.artifact_uri
    made = client.create_model_version(name, f"{root}/model", run_id)
    assert (made.source, made.run_id) == (f"{root}/model", run_id)
    assert client.create_model_version(name, root, run_id).source == root
    for source, run in ((f"{root}/model", other_run), (f"{root}/model", None), (f"{root}-more/model", run_id)):
        body = {"name": name, "source": source, **({"run_id": run} if run else {})}
        assert error(api.send("POST", "model-versions/create", json=body)) == INVALID


def test_a_source_through_the_servers_address_lies_in_its_run(
    client: MlflowClient, api: Api, server: Server, name: str, run_id: str, other_run: str
) -> None:
    path = client.get_run(run_id).info.artifact_uri.removeprefix("mlflow-artifacts:/")
    source = f"{server.url}/api/2.0/mlflow-artifacts/artifacts/{path}/model"
    for body in ({}, {"run_id": other_run}):
        sent = {"name": name, "source": source, **body}
        assert error(api.send("POST", "model-versions/create", json=sent)) == INVALID


def test_a_logged_model_is_named_by_its_id(
    client: MlflowClient, api: Api, experiment: str, name: str, model_id: str
) -> None:
    made = client.create_model_version(name, f"models:/{model_id}", model_id=model_id)
    assert made.source in (f"models:/{model_id}", client.get_logged_model(model_id).artifact_location)
    sent = {"name": name, "source": f"models:/{model_id}", "model_id": client.create_logged_model(experiment).model_id}
    assert error(api.send("POST", "model-versions/create", json=sent)) == INVALID
    del sent["model_id"]
    assert answered(api.send("POST", "model-versions/create", json=sent)) == SOURCE_NAMES_ITS_OWNER.expected


def test_a_proxied_source_lies_in_its_logged_model(
    client: MlflowClient, api: Api, experiment: str, name: str, model_id: str
) -> None:
    root = client.get_logged_model(model_id).artifact_location
    assert client.create_model_version(name, root, model_id=model_id).source == root
    other = client.create_logged_model(experiment).model_id
    for body in ({}, {"model_id": other}):
        assert error(api.send("POST", "model-versions/create", json={"name": name, "source": root, **body})) == INVALID


def test_a_version_of_another_model_carries_its_run_along(
    client: MlflowClient, unique: Unique, api: Api, name: str, run_id: str
) -> None:
    client.create_model_version(name, "s3://bucket/x", run_id)
    target = client.create_registered_model(unique("target")).name
    made = client.create_model_version(target, f"models:/{name}/1")
    assert made.run_id == run_id
    assert client.get_model_version_download_uri(target, made.version) == "s3://bucket/x"
    unknown = {"name": target, "source": f"models:/{name}/9"}
    assert error(api.send("POST", "model-versions/create", json=unknown)) == MISSING


@pytest.mark.parametrize("source", ["models:/", "models:/only-a-name", "runs:/", "runs://h/a/b"])
def test_malformed_addresses_are_refused(api: Api, name: str, source: str) -> None:
    status, _ = answered(api.send("POST", "model-versions/create", json={"name": name, "source": source}))
    assert status in (400, 404)


def test_a_version_of_another_registry_is_refused(api: Api, name: str) -> None:
    sent = {"name": name, "source": "models://host/name/1"}
    assert answered(api.send("POST", "model-versions/create", json=sent)) == SOURCE_IN_ANOTHER_REGISTRY.expected


def test_an_unknown_run_or_model_is_refused(api: Api, client: MlflowClient, name: str, run_id: str) -> None:
    root = client.get_run(run_id).info.artifact_uri
    sent = {"name": name, "source": root, "run_id": "0" * 32}
    assert answered(api.send("POST", "model-versions/create", json=sent))[0] in (400, 404)
    sent = {"name": name, "source": f"models:/m-{'0' * 32}", "model_id": f"m-{'0' * 32}"}
    assert answered(api.send("POST", "model-versions/create", json=sent)) == UNKNOWN_SOURCE_MODEL.expected


def test_refused_sources_leave_no_version(client: MlflowClient, api: Api, name: str) -> None:
    assert answered(api.send("POST", "model-versions/create", json={"name": name, "source": "/etc"}))[0] == 400
    assert client.search_model_versions(f"name = '{name}'") == []
    assert client.create_model_version(name, "s3://bucket/x").version == "1"


def test_local_paths_inside_of_a_local_run_are_fine(
    client: MlflowClient, unique: Unique, name: str, tmp_path: Path
) -> None:
    experiment = client.create_experiment(unique("local"), artifact_location=(tmp_path / "files").as_uri())
    run = client.create_run(experiment).info
    inside = f"{run.artifact_uri}/model"
    assert client.create_model_version(name, inside, run.run_id).source == inside
