import re

import pytest
from mlflow import MlflowClient
from mlflow.entities import LoggedModelStatus
from mlflow.exceptions import MlflowException
from rest import BAD, INVALID, MISSING, Api, error


def test_created_model_is_pending_and_read_back(client: MlflowClient, experiment: str, run_id: str) -> None:
    made = client.create_logged_model(
        experiment,
        name="net",
        source_run_id=run_id,
        tags={"a": "1"},
        params={"depth": "3"},
        model_type="classifier",
    )
    assert re.fullmatch(r"m-[0-9a-f]{32}", made.model_id)
    read = client.get_logged_model(made.model_id)
    assert (read.name, read.experiment_id, read.source_run_id) == ("net", experiment, run_id)
    assert (read.model_type, read.status) == ("classifier", LoggedModelStatus.PENDING)
    assert (read.params, read.tags) == ({"depth": "3"}, {"a": "1"})
    assert read.artifact_location == f"mlflow-artifacts:/{experiment}/models/{made.model_id}/artifacts"
    assert read.creation_timestamp == read.last_updated_timestamp
    assert read.metrics in (None, [])


def test_model_without_a_name_gets_one(client: MlflowClient, experiment: str) -> None:
    assert client.create_logged_model(experiment).name


@pytest.mark.parametrize("name", ["a/b", "a:b", "a.b", "a%b", 'a"b', "a'b"])
def test_bad_model_name_is_invalid(client: MlflowClient, experiment: str, name: str) -> None:
    with pytest.raises(MlflowException) as caught:
        client.create_logged_model(experiment, name=name)
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"


def test_model_of_an_unknown_experiment_is_missing(api: Api) -> None:
    assert error(api.send("POST", "logged-models", json={"experiment_id": "987654321"})) == MISSING
    assert error(api.send("POST", "logged-models", json={})) == INVALID


@pytest.mark.parametrize(
    ("name", "status"),
    [("READY", LoggedModelStatus.READY), ("FAILED", LoggedModelStatus.FAILED)],
)
def test_finalized_model_has_its_status(
    client: MlflowClient, experiment: str, name: str, status: LoggedModelStatus
) -> None:
    model = client.create_logged_model(experiment).model_id
    assert client.finalize_logged_model(model, name).status == status
    read = client.get_logged_model(model)
    assert read.status == status
    assert read.last_updated_timestamp >= read.creation_timestamp


def test_status_on_the_wire(api: Api, experiment: str) -> None:
    model = api.post("logged-models", {"experiment_id": experiment, "name": "n"})["model"]
    assert model["info"]["status"] == "LOGGED_MODEL_PENDING"
    path = f"logged-models/{model['info']['model_id']}"
    body = {"model_id": model["info"]["model_id"], "status": "LOGGED_MODEL_READY"}
    assert api.patch(path, body)["model"]["info"]["status"] == "LOGGED_MODEL_READY"
    assert error(api.send("PATCH", path, json={"model_id": body["model_id"]})) == INVALID


def test_tags_are_set_over_and_deleted(client: MlflowClient, api: Api, experiment: str) -> None:
    model = client.create_logged_model(experiment, tags={"a": "1"}).model_id
    client.set_logged_model_tags(model, {"a": "2", "b": "3"})
    assert client.get_logged_model(model).tags == {"a": "2", "b": "3"}
    client.delete_logged_model_tag(model, "a")
    assert client.get_logged_model(model).tags == {"b": "3"}
    assert error(api.send("DELETE", f"logged-models/{model}/tags/a")) == MISSING
    assert api.patch(f"logged-models/{model}/tags", {"tags": []}) == {}
    assert client.get_logged_model(model).tags == {"b": "3"}


def test_params_are_added_once(client: MlflowClient, api: Api, experiment: str) -> None:
    model = client.create_logged_model(experiment, params={"a": "1"}).model_id
    client.log_model_params(model, {"b": "2"})
    assert client.get_logged_model(model).params == {"a": "1", "b": "2"}
    body = {"model_id": model, "params": [{"key": "a", "value": "9"}]}
    assert error(api.send("POST", f"logged-models/{model}/params", json=body)) == BAD
    assert client.get_logged_model(model).params == {"a": "1", "b": "2"}


def test_deleted_model_is_gone_but_can_be_asked_for(client: MlflowClient, api: Api, experiment: str) -> None:
    model = client.create_logged_model(experiment).model_id
    client.delete_logged_model(model)
    with pytest.raises(MlflowException) as caught:
        client.get_logged_model(model)
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"
    assert client.search_logged_models([experiment]) == []
    kept = api.get(f"logged-models/{model}", allow_deleted="true")["model"]["info"]
    assert kept["model_id"] == model


def test_unknown_model_is_missing(api: Api) -> None:
    unknown = "m-" + "0" * 32
    assert error(api.send("GET", f"logged-models/{unknown}")) == MISSING
    assert error(api.send("DELETE", f"logged-models/{unknown}")) == MISSING
    body = {"model_id": unknown, "status": "LOGGED_MODEL_READY"}
    assert error(api.send("PATCH", f"logged-models/{unknown}", json=body)) == MISSING


def test_many_params_go_in_several_calls(client: MlflowClient, experiment: str) -> None:
    params = {f"p{i:03d}": str(i) for i in range(250)}
    model = client.create_logged_model(experiment, params=params).model_id
    assert client.get_logged_model(model).params == params
