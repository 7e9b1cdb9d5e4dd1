import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from deviations import LONG_MODEL_NAME
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from rest import EXISTS, INVALID, MISSING, Api, answered, error

Unique = Callable[[str], str]


@pytest.fixture
def name(client: MlflowClient, unique: Unique) -> str:
    return client.create_registered_model(unique("model")).name


def refused(caught: "pytest.ExceptionInfo[MlflowException]") -> str:
    return caught.value.error_code


def test_created_model_is_read_back(client: MlflowClient, unique: Unique) -> None:
    made = client.create_registered_model(unique("model"), tags={"a": "1", "b": ""}, description="for *what*")
    assert (made.description, made.tags, made.latest_versions, made.aliases) == (
        "for *what*",
        {"a": "1", "b": ""},
        [],
        {},
    )
    assert made.creation_timestamp == made.last_updated_timestamp > 1_700_000_000_000
    read = client.get_registered_model(made.name)
    assert dict(read) == dict(made)


def test_a_taken_name_is_refused(client: MlflowClient, name: str) -> None:
    with pytest.raises(MlflowException, match=name) as caught:
        client.create_registered_model(name)
    assert refused(caught) == "RESOURCE_ALREADY_EXISTS"


def test_names_are_compared_exactly(client: MlflowClient, name: str) -> None:
    assert client.create_registered_model(name.upper()).name == name.upper()


@pytest.mark.parametrize("bad", ["", "   ", "a/b", "a:b", "..", "."])
def test_bad_names_are_invalid(api: Api, name: str, bad: str) -> None:
    assert error(api.send("POST", "registered-models/create", json={"name": bad})) == INVALID
    assert error(api.send("POST", "registered-models/rename", json={"name": name, "new_name": bad})) == INVALID


def test_a_name_of_ten_thousand_characters(api: Api, unique: Unique) -> None:
    name = unique("n" * 10_000)
    assert answered(api.send("POST", "registered-models/create", json={"name": name})) == LONG_MODEL_NAME.expected


@pytest.mark.parametrize("good", ["with space", "ünïcode ☃", "dots.and-dashes_", "a@b", "100%", "model#1", "a?b&c=d"])
def test_unusual_names_go_through_every_call(client: MlflowClient, unique: Unique, good: str) -> None:
    name = unique(good)
    client.create_registered_model(name)
    version = client.create_model_version(name, "s3://bucket/x")
    client.set_registered_model_alias(name, "best", version.version)
    assert client.get_registered_model(name).aliases == {"best": "1"}
    assert client.get_model_version_by_alias(name, "best").name == name
    assert [found.name for found in client.search_registered_models(f"name = '{name}'")] == [name]
    client.delete_registered_model(name)


def test_description_is_set_and_cleared(client: MlflowClient, api: Api, name: str) -> None:
    assert client.update_registered_model(name, description="what for").description == "what for"
    assert client.get_registered_model(name).description == "what for"
    client.update_registered_model(name)
    assert not client.get_registered_model(name).description
    client.update_registered_model(name, description="again")
    assert "description" not in api.patch("registered-models/update", {"name": name})["registered_model"]
    assert "description" not in api.get("registered-models/get", name=name)["registered_model"]


def test_changes_move_the_time_of_the_last_update(client: MlflowClient, name: str) -> None:
    before = client.get_registered_model(name)
    client.create_model_version(name, "s3://bucket/x")
    after = client.get_registered_model(name)
    assert after.creation_timestamp == before.creation_timestamp
    assert after.last_updated_timestamp >= before.last_updated_timestamp


def test_renamed_model_keeps_all_it_has(client: MlflowClient, unique: Unique, name: str) -> None:
    client.set_registered_model_tag(name, "a", "1")
    client.create_model_version(name, "s3://bucket/x", tags={"v": "1"}, description="first")
    client.set_registered_model_alias(name, "best", "1")
    renamed = unique("renamed")
    client.rename_registered_model(name, renamed)
    read = client.get_registered_model(renamed)
    assert (read.tags, read.aliases) == ({"a": "1"}, {"best": "1"})
    version = client.get_model_version(renamed, "1")
    assert (version.name, version.tags, version.description) == (renamed, {"v": "1"}, "first")
    assert client.get_model_version_by_alias(renamed, "best").version == "1"
    with pytest.raises(MlflowException) as caught:
        client.get_registered_model(name)
    assert refused(caught) == "RESOURCE_DOES_NOT_EXIST"


def test_rename_to_a_taken_name_is_refused(client: MlflowClient, unique: Unique, name: str) -> None:
    other = client.create_registered_model(unique("other")).name
    with pytest.raises(MlflowException) as caught:
        client.rename_registered_model(name, other)
    assert refused(caught) == "RESOURCE_ALREADY_EXISTS"
    assert client.get_registered_model(name).name == name


def test_readers_see_a_model_under_one_of_its_names_while_it_is_renamed(
    client: MlflowClient, api: Api, unique: Unique, name: str
) -> None:
    names = [name, unique("renamed")]
    client.create_model_version(name, "s3://bucket/x")
    client.set_registered_model_alias(name, "best", "1")
    stop = threading.Event()

    def read(wanted: str) -> set[int]:
        seen = set()
        while not stop.is_set():
            answer = api.send("GET", "registered-models/alias", params={"name": wanted, "alias": "best"})
            seen.add(answer.status_code)
            if answer.status_code == 200:
                assert answer.json()["model_version"]["name"] == wanted
        return seen

    with ThreadPoolExecutor(2) as pool:
        readers = [pool.submit(read, each) for each in names]
        try:
            for at in range(20):
                client.rename_registered_model(names[at % 2], names[(at + 1) % 2])
        finally:
            stop.set()
        assert all(reader.result() <= {200, 400, 404} for reader in readers)
    assert client.get_model_version_by_alias(name, "best").version == "1"


def test_deleted_model_is_gone_with_its_versions(client: MlflowClient, name: str) -> None:
    client.create_model_version(name, "s3://bucket/x")
    client.set_registered_model_alias(name, "best", "1")
    client.delete_registered_model(name)
    for asked in (
        lambda: client.get_registered_model(name),
        lambda: client.get_model_version(name, "1"),
        lambda: client.delete_registered_model(name),
        lambda: client.get_latest_versions(name),
    ):
        with pytest.raises(MlflowException) as caught:
            asked()
        assert refused(caught) == "RESOURCE_DOES_NOT_EXIST"
    assert client.search_model_versions(f"name = '{name}'") == []


def test_a_name_is_free_again_after_deletion(client: MlflowClient, name: str) -> None:
    client.create_model_version(name, "s3://bucket/x")
    client.delete_registered_model(name)
    client.create_registered_model(name)
    assert client.get_registered_model(name).latest_versions == []
    assert client.create_model_version(name, "s3://bucket/y").version == "1"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "registered-models/get", None),
        ("PATCH", "registered-models/update", {"description": "d"}),
        ("POST", "registered-models/rename", {"new_name": "free-name-for-nobody"}),
        ("DELETE", "registered-models/delete", {}),
        ("POST", "registered-models/get-latest-versions", {}),
        ("POST", "registered-models/set-tag", {"key": "k", "value": "v"}),
        ("DELETE", "registered-models/delete-tag", {"key": "k"}),
        ("POST", "registered-models/alias", {"alias": "a", "version": "1"}),
        ("DELETE", "registered-models/alias", {"alias": "a"}),
        ("POST", "model-versions/create", {"source": "s3://bucket/x"}),
    ],
)
def test_unknown_models_are_missing(api: Api, unique: Unique, method: str, path: str, body: object) -> None:
    fields = {"name": unique("nobody"), **(body if isinstance(body, dict) else {})}
    sent = {"params": fields} if method == "GET" else {"json": fields}
    assert error(api.send(method, path, **sent)) == MISSING


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "registered-models/create"),
        ("GET", "registered-models/get"),
        ("PATCH", "registered-models/update"),
        ("POST", "registered-models/rename"),
        ("DELETE", "registered-models/delete"),
        ("POST", "registered-models/set-tag"),
        ("DELETE", "registered-models/delete-tag"),
        ("POST", "registered-models/alias"),
        ("GET", "registered-models/alias"),
        ("DELETE", "registered-models/alias"),
        ("POST", "registered-models/get-latest-versions"),
        ("POST", "model-versions/create"),
        ("GET", "model-versions/get"),
        ("PATCH", "model-versions/update"),
        ("POST", "model-versions/transition-stage"),
        ("DELETE", "model-versions/delete"),
        ("POST", "model-versions/set-tag"),
        ("DELETE", "model-versions/delete-tag"),
        ("GET", "model-versions/get-download-uri"),
    ],
)
def test_a_missing_name_is_named(api: Api, method: str, path: str) -> None:
    answer = api.send(method, path, **({} if method == "GET" else {"json": {}}))
    assert error(answer) == INVALID
    assert "'name'" in answer.json()["message"]


def test_tags_are_set_over_and_removed(client: MlflowClient, name: str) -> None:
    client.set_registered_model_tag(name, "a", "1")
    client.set_registered_model_tag(name, "a", "2")
    client.set_registered_model_tag(name, "key with/any ünïcode", "x" * 100_000)
    client.set_registered_model_tag(name, "number", 3)
    tags = client.get_registered_model(name).tags
    assert (tags["a"], len(tags["key with/any ünïcode"]), tags["number"]) == ("2", 100_000, "3")
    client.delete_registered_model_tag(name, "a")
    client.delete_registered_model_tag(name, "a")
    assert "a" not in client.get_registered_model(name).tags


@pytest.mark.parametrize(("key", "value"), [("k" * 251, "v"), ("k", "v" * 100_001)])
def test_tags_over_the_limit_are_invalid(api: Api, name: str, key: str, value: str) -> None:
    body = {"name": name, "key": key, "value": value}
    assert error(api.send("POST", "registered-models/set-tag", json=body)) == INVALID
    made = {"name": f"{name}-tagged", "tags": [{"key": key, "value": value}]}
    assert error(api.send("POST", "registered-models/create", json=made)) == INVALID


def test_a_model_and_a_prompt_share_their_names(api: Api, name: str) -> None:
    prompt = {"name": name, "tags": [{"key": "mlflow.prompt.is_prompt", "value": "true"}]}
    answer = api.send("POST", "registered-models/create", json=prompt)
    assert error(answer) == EXISTS
    assert "model" in answer.json()["message"].lower()
