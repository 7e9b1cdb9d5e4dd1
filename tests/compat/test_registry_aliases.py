from collections.abc import Callable

import pytest
from mlflow import MlflowClient
from rest import INVALID, MISSING, Api, error

Unique = Callable[[str], str]


@pytest.fixture
def name(client: MlflowClient, unique: Unique) -> str:
    """A model with versions 1 to 3."""
    made = client.create_registered_model(unique("model")).name
    for _ in range(3):
        client.create_model_version(made, "s3://bucket/x")
    return made


def test_an_alias_points_to_a_version_until_it_is_moved(client: MlflowClient, name: str) -> None:
    client.set_registered_model_alias(name, "best", "1")
    assert client.get_model_version_by_alias(name, "best").version == "1"
    client.set_registered_model_alias(name, "best", "3")
    found = client.get_model_version_by_alias(name, "best")
    assert (found.version, found.aliases) == ("3", ["best"])
    assert client.get_model_version(name, "1").aliases == []
    assert client.get_registered_model(name).aliases == {"best": "3"}


def test_a_version_has_many_aliases(client: MlflowClient, name: str) -> None:
    for alias in ("a", "B", "c-d_e", "ünïcode"):
        client.set_registered_model_alias(name, alias, "2")
    assert set(client.get_model_version(name, "2").aliases) == {"a", "B", "c-d_e", "ünïcode"}
    assert set(client.update_model_version(name, "2", "d").aliases) == {"a", "B", "c-d_e", "ünïcode"}
    (latest,) = client.get_latest_versions(name)
    assert latest.aliases == []
    client.set_registered_model_alias(name, "top", "3")
    (latest,) = client.get_latest_versions(name)
    assert latest.aliases == ["top"]


def test_searches_and_models_leave_the_aliases_of_versions_out(client: MlflowClient, name: str) -> None:
    client.set_registered_model_alias(name, "best", "3")
    assert [found.aliases for found in client.search_model_versions(f"name = '{name}'")] == [[], [], []]
    assert [found.aliases for found in client.get_registered_model(name).latest_versions] == [[]]
    (found,) = client.search_registered_models(f"name = '{name}'")
    assert found.aliases == {"best": "3"}


def test_a_removed_alias_is_unknown(client: MlflowClient, api: Api, name: str) -> None:
    client.set_registered_model_alias(name, "best", "1")
    client.delete_registered_model_alias(name, "best")
    client.delete_registered_model_alias(name, "best")
    assert client.get_registered_model(name).aliases == {}
    assert error(api.send("GET", "registered-models/alias", params={"name": name, "alias": "best"})) == INVALID


def test_latest_is_the_highest_version(client: MlflowClient, name: str) -> None:
    assert client.get_model_version_by_alias(name, "latest").version == "3"
    client.delete_model_version(name, "3")
    assert client.get_model_version_by_alias(name, "latest").version == "2"


@pytest.mark.parametrize("alias", ["latest", "LATEST", "v1", "V22", "a b", "a/b", "a.b", "a:b", "x" * 256, "@a"])
def test_bad_aliases_are_invalid(api: Api, name: str, alias: str) -> None:
    body = {"name": name, "alias": alias, "version": "1"}
    assert error(api.send("POST", "registered-models/alias", json=body)) == INVALID


@pytest.mark.parametrize("alias", ["x" * 255, "v", "vv1", "v1a", "1", "latest-1"])
def test_almost_bad_aliases_are_fine(client: MlflowClient, name: str, alias: str) -> None:
    client.set_registered_model_alias(name, alias, "1")
    assert client.get_model_version_by_alias(name, alias).version == "1"


def test_an_alias_needs_a_version_that_is_there(api: Api, name: str) -> None:
    body = {"name": name, "alias": "best", "version": "9"}
    assert error(api.send("POST", "registered-models/alias", json=body)) == MISSING
    assert error(api.send("POST", "registered-models/alias", json={**body, "version": "x"})) == INVALID
