from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from deviations import ARCHIVE_WITHOUT_STAGE
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from rest import INVALID, MISSING, Api, answered, error

Unique = Callable[[str], str]
STAGES = ["None", "Staging", "Production", "Archived"]


@pytest.fixture
def name(client: MlflowClient, unique: Unique) -> str:
    return client.create_registered_model(unique("model")).name


def refused(caught: "pytest.ExceptionInfo[MlflowException]") -> str:
    return caught.value.error_code


def test_created_version_is_read_back(client: MlflowClient, name: str, run_id: str) -> None:
    made = client.create_model_version(
        name, "s3://bucket/x", run_id, tags={"a": "1", "b": ""}, run_link="http://host/run", description="*first*"
    )
    assert (made.name, made.version, made.current_stage, made.status) == (name, "1", "None", "READY")
    assert (made.source, made.run_id, made.run_link) == ("s3://bucket/x", run_id, "http://host/run")
    assert (made.tags, made.description, made.aliases) == ({"a": "1", "b": ""}, "*first*", [])
    assert made.creation_timestamp == made.last_updated_timestamp
    read = client.get_model_version(name, "1")
    assert dict(read) == dict(made)
    assert client.get_model_version_download_uri(name, "1") == "s3://bucket/x"


def test_what_is_unset_is_empty_text(api: Api, name: str) -> None:
    made = api.post("model-versions/create", {"name": name, "source": "s3://bucket/x"})["model_version"]
    assert (made["run_id"], made["run_link"], made["description"]) == ("", "", "")
    assert not {"tags", "aliases", "status_message", "model_id"} & made.keys()
    assert isinstance(made["creation_timestamp"], int)


def test_versions_count_up_and_are_not_used_again(client: MlflowClient, name: str) -> None:
    assert [client.create_model_version(name, "s3://bucket/x").version for _ in range(3)] == ["1", "2", "3"]
    client.delete_model_version(name, "3")
    client.delete_model_version(name, "2")
    assert client.create_model_version(name, "s3://bucket/x").version == "4"


def test_concurrent_creators_leave_neither_gap_nor_twin(client: MlflowClient, name: str) -> None:
    def create(_: int) -> int:
        return int(client.create_model_version(name, "s3://bucket/x").version)

    with ThreadPoolExecutor(4) as pool:
        numbers = list(pool.map(create, range(20)))
    assert sorted(numbers) == list(range(1, 21))


def test_description_is_set_and_cleared(client: MlflowClient, api: Api, name: str) -> None:
    client.create_model_version(name, "s3://bucket/x")
    assert client.update_model_version(name, "1", description="d").description == "d"
    assert client.get_model_version(name, "1").description == "d"
    cleared = api.patch("model-versions/update", {"name": name, "version": "1"})["model_version"]
    assert not cleared.get("description")
    assert not client.get_model_version(name, "1").description


def test_deleted_version_is_gone_with_its_aliases(client: MlflowClient, name: str) -> None:
    client.create_model_version(name, "s3://bucket/x")
    client.create_model_version(name, "s3://bucket/y")
    client.set_registered_model_alias(name, "best", "2")
    client.set_registered_model_alias(name, "other", "1")
    client.delete_model_version(name, "2")
    assert client.get_registered_model(name).aliases == {"other": "1"}
    assert [found.version for found in client.search_model_versions(f"name = '{name}'")] == ["1"]
    assert [found.version for found in client.get_latest_versions(name)] == ["1"]
    for asked in (
        lambda: client.get_model_version(name, "2"),
        lambda: client.delete_model_version(name, "2"),
        lambda: client.update_model_version(name, "2", description="d"),
        lambda: client.transition_model_version_stage(name, "2", "Production"),
        lambda: client.set_model_version_tag(name, "2", "k", "v"),
        lambda: client.set_registered_model_alias(name, "again", "2"),
        lambda: client.get_model_version_download_uri(name, "2"),
    ):
        with pytest.raises(MlflowException) as caught:
            asked()
        assert refused(caught) == "RESOURCE_DOES_NOT_EXIST"


@pytest.mark.parametrize("version", ["one", "1.0", "-", "1a"])
def test_a_version_that_is_no_number_is_invalid(api: Api, client: MlflowClient, name: str, version: str) -> None:
    client.create_model_version(name, "s3://bucket/x")
    assert error(api.send("GET", "model-versions/get", params={"name": name, "version": version})) == INVALID
    body = {"name": name, "version": version}
    assert error(api.send("PATCH", "model-versions/update", json=body)) == INVALID
    assert error(api.send("DELETE", "model-versions/delete", json=body)) == INVALID


@pytest.mark.parametrize("version", ["2", "99999", "0"])
def test_an_unknown_version_is_missing(api: Api, client: MlflowClient, name: str, version: str) -> None:
    client.create_model_version(name, "s3://bucket/x")
    assert error(api.send("GET", "model-versions/get", params={"name": name, "version": version})) == MISSING


def test_versions_are_text_on_the_wire(api: Api, name: str) -> None:
    api.post("model-versions/create", {"name": name, "source": "s3://bucket/x"})
    body = {"name": name, "version": 1, "key": "k", "value": "v"}
    assert error(api.send("POST", "model-versions/set-tag", json=body)) == INVALID
    assert (
        error(api.send("POST", "registered-models/alias", json={"name": name, "alias": "a", "version": 1})) == INVALID
    )


def test_version_tags_are_set_over_and_removed(client: MlflowClient, name: str) -> None:
    client.create_model_version(name, "s3://bucket/x")
    client.set_model_version_tag(name, "1", "a", "1")
    client.set_model_version_tag(name, "1", "a", "2")
    client.set_model_version_tag(name, "1", "b", "x" * 100_000)
    tags = client.get_model_version(name, "1").tags
    assert (tags["a"], len(tags["b"])) == ("2", 100_000)
    client.delete_model_version_tag(name, "1", "a")
    client.delete_model_version_tag(name, "1", "a")
    assert set(client.get_model_version(name, "1").tags) == {"b"}


def test_version_tags_are_named_by_stage(client: MlflowClient, name: str) -> None:
    client.create_model_version(name, "s3://bucket/x")
    client.create_model_version(name, "s3://bucket/x")
    client.set_model_version_tag(name, key="a", value="1", stage="None")
    assert client.get_model_version(name, "2").tags == {"a": "1"}
    client.delete_model_version_tag(name, key="a", stage="None")
    assert client.get_model_version(name, "2").tags == {}


@pytest.mark.parametrize(("key", "value"), [("k" * 251, "v"), ("k", "v" * 100_001)])
def test_version_tags_over_the_limit_are_invalid(api: Api, name: str, key: str, value: str) -> None:
    made = {"name": name, "source": "s3://bucket/x", "tags": [{"key": key, "value": value}]}
    assert error(api.send("POST", "model-versions/create", json=made)) == INVALID
    api.post("model-versions/create", {"name": name, "source": "s3://bucket/x"})
    body = {"name": name, "version": "1", "key": key, "value": value}
    assert error(api.send("POST", "model-versions/set-tag", json=body)) == INVALID


def test_a_changed_version_moves_the_times_of_itself_and_its_model(client: MlflowClient, name: str) -> None:
    made = client.create_model_version(name, "s3://bucket/x")
    changed = client.update_model_version(name, "1", description="d")
    assert changed.creation_timestamp == made.creation_timestamp
    assert changed.last_updated_timestamp >= made.last_updated_timestamp
    assert client.get_registered_model(name).last_updated_timestamp >= made.last_updated_timestamp


# stages


def test_there_are_four_stages(client: MlflowClient, name: str) -> None:
    client.create_model_version(name, "s3://bucket/x")
    assert list(client.get_model_version_stages(name, "1")) == STAGES


@pytest.mark.parametrize("stage", ["Staging", "production", "ARCHIVED", "none"])
def test_a_stage_is_taken_in_any_case(client: MlflowClient, name: str, stage: str) -> None:
    client.create_model_version(name, "s3://bucket/x")
    client.transition_model_version_stage(name, "1", "Staging")
    moved = client.transition_model_version_stage(name, "1", stage)
    assert moved.current_stage == stage.capitalize()
    assert client.get_model_version(name, "1").current_stage == stage.capitalize()


@pytest.mark.parametrize("stage", ["best", "Prod", " Staging"])
def test_an_unknown_stage_is_invalid(api: Api, client: MlflowClient, name: str, stage: str) -> None:
    client.create_model_version(name, "s3://bucket/x")
    body = {"name": name, "version": "1", "stage": stage, "archive_existing_versions": False}
    assert error(api.send("POST", "model-versions/transition-stage", json=body)) == INVALID
    asked = {"name": name, "stages": [stage]}
    assert error(api.send("POST", "registered-models/get-latest-versions", json=asked)) == INVALID


@pytest.mark.parametrize("stage", ["Staging", "Production"])
def test_others_of_the_stage_are_archived_if_asked_for(client: MlflowClient, name: str, stage: str) -> None:
    for _ in range(4):
        client.create_model_version(name, "s3://bucket/x")
    for version in ("1", "2", "3"):
        client.transition_model_version_stage(name, version, stage)
    other = "Production" if stage == "Staging" else "Staging"
    client.transition_model_version_stage(name, "4", other)
    client.transition_model_version_stage(name, "3", stage, archive_existing_versions=True)
    stages = {found.version: found.current_stage for found in client.search_model_versions(f"name = '{name}'")}
    assert stages == {"1": "Archived", "2": "Archived", "3": stage, "4": other}


@pytest.mark.parametrize("stage", ["None", "Archived"])
def test_archiving_goes_with_active_stages_only(api: Api, client: MlflowClient, name: str, stage: str) -> None:
    client.create_model_version(name, "s3://bucket/x")
    body = {"name": name, "version": "1", "stage": stage, "archive_existing_versions": True}
    assert answered(api.send("POST", "model-versions/transition-stage", json=body)) == ARCHIVE_WITHOUT_STAGE.expected


def test_the_latest_version_of_each_stage(client: MlflowClient, api: Api, name: str) -> None:
    for _ in range(5):
        client.create_model_version(name, "s3://bucket/x")
    for version, stage in (("1", "Production"), ("2", "Production"), ("3", "Staging")):
        client.transition_model_version_stage(name, version, stage)
    latest = {found.current_stage: found.version for found in client.get_latest_versions(name)}
    assert latest == {"None": "5", "Production": "2", "Staging": "3"}
    read = client.get_registered_model(name).latest_versions
    assert {found.current_stage: found.version for found in read} == latest
    assert [found.version for found in client.get_latest_versions(name, ["production"])] == ["2"]
    assert {found.version for found in client.get_latest_versions(name, ["None", "Staging"])} == {"5", "3"}
    assert client.get_latest_versions(name, ["Archived"]) == []
    query = api.get("registered-models/get-latest-versions", name=name, stages=["Staging", "Production"])
    body = api.post("registered-models/get-latest-versions", {"name": name, "stages": ["Staging", "Production"]})
    assert {found["version"] for found in query["model_versions"]} == {"3", "2"}
    assert {found["version"] for found in body["model_versions"]} == {"3", "2"}


def test_a_model_without_versions_has_no_latest(client: MlflowClient, api: Api, name: str) -> None:
    assert client.get_latest_versions(name) == []
    assert api.post("registered-models/get-latest-versions", {"name": name}) == {}


# copies


def test_a_version_is_copied_to_another_model(client: MlflowClient, unique: Unique, name: str, run_id: str) -> None:
    client.create_model_version(name, "s3://bucket/x", run_id, tags={"a": "1"}, description="d")
    target = unique("target")
    copied = client.copy_model_version(f"models:/{name}/1", target)
    assert (copied.name, copied.version, copied.source, copied.run_id) == (target, "1", f"models:/{name}/1", run_id)
    assert client.get_model_version_download_uri(target, "1") == "s3://bucket/x"
    assert client.copy_model_version(f"models:/{name}/1", target).version == "2"
    client.set_registered_model_alias(name, "best", "1")
    assert client.copy_model_version(f"models:/{name}@best", target).version == "3"


def test_a_copy_of_a_copy_lies_where_the_first_does(client: MlflowClient, unique: Unique, name: str) -> None:
    client.create_model_version(name, "s3://bucket/x")
    middle, last = unique("middle"), unique("last")
    client.copy_model_version(f"models:/{name}/1", middle)
    copied = client.copy_model_version(f"models:/{middle}/1", last)
    assert copied.source == f"models:/{middle}/1"
    assert client.get_model_version_download_uri(last, "1") == "s3://bucket/x"


def test_a_copy_of_what_is_not_there_is_refused(client: MlflowClient, unique: Unique, name: str) -> None:
    target = unique("target")
    with pytest.raises(MlflowException):
        client.copy_model_version(f"models:/{name}/7", target)
    assert client.search_registered_models(f"name = '{target}'") == []
