from collections.abc import Callable

import pytest
from mlflow import MlflowClient
from mlflow.entities import ViewType
from mlflow.exceptions import MlflowException, RestException
from rest import BAD, INVALID, MISSING, Api, error

Unique = Callable[[str], str]


def test_created_experiment_is_read_back(client: MlflowClient, unique: Unique) -> None:
    name = unique("näme ✓")
    made = client.create_experiment(name, tags={"team": "vision", "empty": ""})
    read = client.get_experiment(made)
    assert (read.name, read.experiment_id, read.lifecycle_stage) == (name, made, "active")
    assert read.tags == {"team": "vision", "empty": ""}
    assert read.creation_time == read.last_update_time
    assert read.creation_time > 1_600_000_000_000
    assert read.artifact_location == f"mlflow-artifacts:/{made}"


def test_experiment_keeps_a_given_artifact_location(client: MlflowClient, unique: Unique) -> None:
    made = client.create_experiment(unique("located"), artifact_location="s3://bucket/prefix")
    assert client.get_experiment(made).artifact_location == "s3://bucket/prefix"
    run = client.create_run(made)
    assert run.info.artifact_uri == f"s3://bucket/prefix/{run.info.run_id}/artifacts"


def test_duplicate_name_is_refused(client: MlflowClient, unique: Unique) -> None:
    name = unique("twice")
    client.create_experiment(name)
    with pytest.raises(RestException) as caught:
        client.create_experiment(name)
    assert caught.value.error_code == "RESOURCE_ALREADY_EXISTS"
    assert name in str(caught.value)


def test_name_of_a_deleted_experiment_stays_taken(client: MlflowClient, unique: Unique) -> None:
    name = unique("buried")
    client.delete_experiment(client.create_experiment(name))
    with pytest.raises(RestException) as caught:
        client.create_experiment(name)
    assert caught.value.error_code == "RESOURCE_ALREADY_EXISTS"


def test_default_experiment_exists(client: MlflowClient) -> None:
    read = client.get_experiment("0")
    assert (read.name, read.experiment_id) == ("Default", "0")


def test_get_by_name_finds_deleted_too_and_none_for_unknown(client: MlflowClient, unique: Unique) -> None:
    name = unique("by name")
    made = client.create_experiment(name)
    client.delete_experiment(made)
    found = client.get_experiment_by_name(name)
    assert found is not None
    assert (found.experiment_id, found.lifecycle_stage) == (made, "deleted")
    assert client.get_experiment_by_name(unique("nobody")) is None


def test_unknown_experiment_is_missing(client: MlflowClient) -> None:
    with pytest.raises(MlflowException) as caught:
        client.get_experiment("987654321")
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_experiment_id_that_is_no_number_is_invalid(client: MlflowClient) -> None:
    with pytest.raises(MlflowException) as caught:
        client.get_experiment("abc")
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"


def test_rename_moves_the_update_time(client: MlflowClient, experiment: str, unique: Unique) -> None:
    before = client.get_experiment(experiment)
    name = unique("renamed")
    client.rename_experiment(experiment, name)
    after = client.get_experiment(experiment)
    assert after.name == name
    assert after.last_update_time >= before.last_update_time
    assert after.creation_time == before.creation_time


def test_rename_to_a_taken_name_is_refused(api: Api, client: MlflowClient, experiment: str, unique: Unique) -> None:
    taken = unique("taken")
    client.create_experiment(taken)
    answer = api.send("POST", "experiments/update", json={"experiment_id": experiment, "new_name": taken})
    assert error(answer) == BAD


def test_deleted_experiment_takes_its_runs_along_and_restore_brings_them_back(
    client: MlflowClient, experiment: str
) -> None:
    kept, dropped = (client.create_run(experiment).info.run_id for _ in range(2))
    client.delete_run(dropped)
    client.delete_experiment(experiment)
    assert client.get_run(kept).info.lifecycle_stage == "deleted"
    client.restore_experiment(experiment)
    assert client.get_experiment(experiment).lifecycle_stage == "active"
    assert [client.get_run(r).info.lifecycle_stage for r in (kept, dropped)] == ["active", "active"]


def test_delete_and_restore_need_the_other_state(client: MlflowClient, experiment: str) -> None:
    with pytest.raises(MlflowException) as caught:
        client.restore_experiment(experiment)
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"
    client.delete_experiment(experiment)
    with pytest.raises(MlflowException) as caught:
        client.delete_experiment(experiment)
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_deleted_experiment_takes_no_runs_and_no_tags(client: MlflowClient, experiment: str) -> None:
    client.delete_experiment(experiment)
    with pytest.raises(MlflowException) as caught:
        client.create_run(experiment)
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
    with pytest.raises(MlflowException) as caught:
        client.set_experiment_tag(experiment, "a", "b")
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"


def test_experiment_tags_are_overwritten_and_deleted(client: MlflowClient, experiment: str) -> None:
    client.set_experiment_tag(experiment, "owner", "one")
    client.set_experiment_tag(experiment, "owner", "two")
    client.set_experiment_tag(experiment, "long", "x" * 20_000)
    assert client.get_experiment(experiment).tags == {"owner": "two", "long": "x" * 20_000}
    client.delete_experiment_tag(experiment, "owner")
    assert "owner" not in client.get_experiment(experiment).tags
    with pytest.raises(MlflowException) as caught:
        client.delete_experiment_tag(experiment, "owner")
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"


@pytest.mark.parametrize(("key", "value"), [("k" * 251, "v"), ("k", "v" * 20_001)])
def test_experiment_tag_over_the_limit_is_refused(api: Api, experiment: str, key: str, value: str) -> None:
    body = {"experiment_id": experiment, "key": key, "value": value}
    assert error(api.send("POST", "experiments/set-experiment-tag", json=body)) == INVALID


@pytest.mark.parametrize("name", ["", None, 3, "n" * 501])
def test_bad_experiment_name_is_invalid(api: Api, name: object) -> None:
    assert error(api.send("POST", "experiments/create", json={"name": name})) == INVALID


@pytest.mark.parametrize("location", ["s3://bucket/a#fragment", "runs:/abc/model"])
def test_bad_artifact_location_is_invalid(api: Api, unique: Unique, location: str) -> None:
    body = {"name": unique("odd"), "artifact_location": location}
    assert error(api.send("POST", "experiments/create", json=body)) == INVALID


def test_every_experiment_write_to_an_unknown_id_is_missing(api: Api) -> None:
    unknown = "987654321"
    bodies = {
        "experiments/delete": {"experiment_id": unknown},
        "experiments/restore": {"experiment_id": unknown},
        "experiments/update": {"experiment_id": unknown, "new_name": "any"},
        "experiments/set-experiment-tag": {"experiment_id": unknown, "key": "a", "value": "b"},
        "experiments/delete-experiment-tag": {"experiment_id": unknown, "key": "a"},
        "runs/create": {"experiment_id": unknown, "start_time": 1},
    }
    answers = {path: error(api.send("POST", path, json=body)) for path, body in bodies.items()}
    assert answers == dict.fromkeys(bodies, MISSING)


def test_view_types_part_active_from_deleted(client: MlflowClient, unique: Unique) -> None:
    stem = unique("view")
    alive, dead = client.create_experiment(f"{stem}-a"), client.create_experiment(f"{stem}-b")
    client.delete_experiment(dead)
    rule = f"name LIKE '{stem}%'"
    views = {ViewType.ACTIVE_ONLY: {alive}, ViewType.DELETED_ONLY: {dead}, ViewType.ALL: {alive, dead}}
    for view, expected in views.items():
        found = client.search_experiments(view_type=view, filter_string=rule)
        assert {e.experiment_id for e in found} == expected
