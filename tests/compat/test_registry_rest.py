"""The registry on the wire, as clients in other languages speak to it."""

from collections.abc import Callable

import pytest
from deviations import FLAG_AS_TEXT
from rest import INVALID, Api, answered, error

Unique = Callable[[str], str]
PREFIXES = ["/api/2.0/mlflow", "/ajax-api/2.0/mlflow"]


@pytest.fixture
def name(api: Api, unique: Unique) -> str:
    made: str = api.post("registered-models/create", {"name": unique("model")})["registered_model"]["name"]
    api.post("model-versions/create", {"name": made, "source": "s3://bucket/x"})
    return made


@pytest.mark.parametrize("prefix", PREFIXES)
def test_both_prefixes_answer_alike(api: Api, unique: Unique, prefix: str) -> None:
    there = api.at(prefix)
    name = unique("model")
    there.post("registered-models/create", {"name": name})
    there.post("model-versions/create", {"name": name, "source": "s3://bucket/x"})
    there.post("registered-models/alias", {"name": name, "alias": "a", "version": "1"})
    assert there.get("registered-models/alias", name=name, alias="a")["model_version"]["version"] == "1"
    assert there.delete("registered-models/alias", {"name": name, "alias": "a"}) == {}
    assert there.delete("registered-models/delete", {"name": name}) == {}


def test_writes_without_a_result_answer_an_empty_object(api: Api, name: str) -> None:
    model, version = {"name": name}, {"name": name, "version": "1"}
    assert api.post("registered-models/set-tag", {**model, "key": "k", "value": "v"}) == {}
    assert api.delete("registered-models/delete-tag", {**model, "key": "k"}) == {}
    assert api.post("model-versions/set-tag", {**version, "key": "k", "value": "v"}) == {}
    assert api.delete("model-versions/delete-tag", {**version, "key": "k"}) == {}
    assert api.post("registered-models/alias", {**version, "alias": "a"}) == {}
    assert api.delete("model-versions/delete", version) == {}


def test_a_model_as_it_is_written(api: Api, unique: Unique) -> None:
    made = api.post("registered-models/create", {"name": unique("model"), "tags": [{"key": "a"}]})["registered_model"]
    assert {"name", "creation_timestamp", "last_updated_timestamp", "tags"} <= made.keys()
    assert made["tags"] == [{"key": "a", "value": ""}]
    assert not {"description", "latest_versions", "aliases", "user_id"} & made.keys()
    assert type(made["creation_timestamp"]) is int
    empty = {"name": unique("model"), "description": ""}
    assert "description" not in api.post("registered-models/create", empty)["registered_model"]


def test_aliases_as_they_are_written(api: Api, name: str) -> None:
    api.post("registered-models/alias", {"name": name, "alias": "a", "version": "1"})
    model = api.get("registered-models/get", name=name)["registered_model"]
    assert model["aliases"] == [{"alias": "a", "version": "1"}]
    assert api.get("model-versions/get", name=name, version="1")["model_version"]["aliases"] == ["a"]


def test_a_search_without_hits_answers_an_empty_object(api: Api, unique: Unique) -> None:
    rule = f"name = '{unique('nobody')}'"
    assert api.get("registered-models/search", filter=rule) == {}
    assert api.get("model-versions/search", filter=rule) == {}


def test_camel_case_fields_are_understood(api: Api, name: str) -> None:
    body = {"name": name, "version": "1", "stage": "Production", "archiveExistingVersions": True}
    assert api.post("model-versions/transition-stage", body)["model_version"]["current_stage"] == "Production"


def test_a_flag_may_come_as_text(api: Api, name: str) -> None:
    body = {"name": name, "version": "1", "stage": "Staging", "archive_existing_versions": "FALSE"}
    assert answered(api.send("POST", "model-versions/transition-stage", json=body)) == FLAG_AS_TEXT.expected


def test_unknown_fields_are_ignored(api: Api, name: str) -> None:
    body = {"name": name, "key": "k", "value": "v", "colour": "blue", "nested": {"a": 1}}
    assert api.post("registered-models/set-tag", body) == {}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("registered-models/create", {"name": 5}),
        ("registered-models/create", {"name": "x", "tags": {"a": "b"}}),
        ("registered-models/set-tag", {"name": "x", "key": 1, "value": "v"}),
        ("registered-models/set-tag", {"name": "x", "key": "", "value": "v"}),
        ("registered-models/alias", {"name": "x", "version": "1"}),
        ("registered-models/alias", {"name": "x", "alias": "a"}),
        ("registered-models/rename", {"name": "x"}),
        ("model-versions/create", {"name": "x"}),
        ("model-versions/create", {"name": "x", "source": ""}),
        ("model-versions/create", {"name": "x", "source": 3}),
        ("model-versions/transition-stage", {"name": "x", "version": "1"}),
        ("model-versions/transition-stage", {"name": "x", "version": 1, "stage": "Staging"}),
    ],
)
def test_bad_fields_are_invalid(api: Api, path: str, body: object) -> None:
    assert error(api.send("POST", path, json=body)) == INVALID


def test_bodies_are_json(api: Api, name: str) -> None:
    answer = api.send("POST", "registered-models/set-tag", data={"name": name, "key": "k", "value": "v"})
    assert error(answer) == INVALID


def test_wrong_methods_are_refused(api: Api) -> None:
    for method, path in (
        ("GET", "registered-models/create"),
        ("POST", "registered-models/get"),
        ("POST", "registered-models/update"),
        ("POST", "registered-models/delete"),
        ("PUT", "registered-models/alias"),
        ("GET", "model-versions/create"),
        ("POST", "model-versions/update"),
    ):
        assert api.send(method, path).status_code == 405
