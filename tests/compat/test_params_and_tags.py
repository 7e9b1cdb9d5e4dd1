import pytest
from mlflow import MlflowClient
from mlflow.entities import Param, RunTag
from mlflow.exceptions import MlflowException
from rest import INVALID, MISSING, Api, error


def test_param_is_text(client: MlflowClient, run_id: str) -> None:
    for key, value in {
        "int": 3,
        "float": 0.1,
        "none": None,
        "list": [1, 2],
        "empty": "",
        "uni": "ünïcode ✓ 🙂",
    }.items():
        client.log_param(run_id, key, value)
    assert client.get_run(run_id).data.params == {
        "int": "3",
        "float": "0.1",
        "none": "None",
        "list": "[1, 2]",
        "empty": "",
        "uni": "ünïcode ✓ 🙂",
    }


def test_param_may_be_said_again_but_not_changed(client: MlflowClient, run_id: str) -> None:
    client.log_param(run_id, "lr", "0.1")
    client.log_param(run_id, "lr", "0.1")
    with pytest.raises(MlflowException) as caught:
        client.log_param(run_id, "lr", "0.2")
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
    assert client.get_run(run_id).data.params == {"lr": "0.1"}


def test_changed_param_in_a_batch_stores_nothing_of_it(api: Api, run_id: str) -> None:
    api.post("runs/log-parameter", {"run_id": run_id, "key": "lr", "value": "0.1"})
    body = {
        "run_id": run_id,
        "params": [{"key": "new", "value": "1"}, {"key": "lr", "value": "0.2"}],
        "metrics": [{"key": "m", "value": 1.0, "timestamp": 1}],
        "tags": [{"key": "t", "value": "1"}],
    }
    assert error(api.send("POST", "runs/log-batch", json=body)) == INVALID
    data = api.get("runs/get", run_id=run_id)["run"]["data"]
    assert data["params"] == [{"key": "lr", "value": "0.1"}]
    assert "metrics" not in data
    assert [t["key"] for t in data["tags"]] == ["mlflow.runName"]


def test_long_values_are_cut_to_the_limit(api: Api, client: MlflowClient, run_id: str) -> None:
    api.post("runs/log-parameter", {"run_id": run_id, "key": "p", "value": "é" * 6001})
    api.post("runs/set-tag", {"run_id": run_id, "key": "t", "value": "é" * 8001})
    batch = {"params": [{"key": "q", "value": "y" * 7000}], "tags": [{"key": "u", "value": "y" * 9000}]}
    api.post("runs/log-batch", {"run_id": run_id, **batch})
    data = client.get_run(run_id).data
    assert (data.params["p"], data.params["q"]) == ("é" * 6000, "y" * 6000)
    assert (data.tags["t"], data.tags["u"]) == ("é" * 8000, "y" * 8000)


def test_absent_value_is_stored_as_empty_text(api: Api, client: MlflowClient, run_id: str) -> None:
    api.post("runs/log-parameter", {"run_id": run_id, "key": "p"})
    api.post("runs/set-tag", {"run_id": run_id, "key": "t"})
    data = client.get_run(run_id).data
    assert (data.params["p"], data.tags["t"]) == ("", "")


def test_tag_is_overwritten_and_deleted(client: MlflowClient, run_id: str) -> None:
    client.set_tag(run_id, "t", "1")
    client.set_tag(run_id, "t", 2)
    assert client.get_run(run_id).data.tags["t"] == "2"
    client.delete_tag(run_id, "t")
    assert "t" not in client.get_run(run_id).data.tags
    with pytest.raises(MlflowException) as caught:
        client.delete_tag(run_id, "t")
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_missing_tag_answers_missing(api: Api, run_id: str) -> None:
    assert error(api.send("POST", "runs/delete-tag", json={"run_id": run_id, "key": "t"})) == MISSING


@pytest.mark.parametrize(
    ("path", "item"),
    [
        ("runs/log-parameter", {"key": "k", "value": 3}),
        ("runs/log-parameter", {"key": "", "value": "v"}),
        ("runs/log-parameter", {"value": "v"}),
        ("runs/set-tag", {"key": "k", "value": True}),
        ("runs/set-tag", {"key": "k", "value": ["v"]}),
        ("runs/set-tag", {"value": "v"}),
        ("runs/delete-tag", {}),
    ],
)
def test_bad_param_or_tag_is_invalid(api: Api, run_id: str, path: str, item: dict[str, object]) -> None:
    assert error(api.send("POST", path, json={"run_id": run_id, **item})) == INVALID


def test_tags_given_at_create_are_not_checked(api: Api, experiment: str) -> None:
    tags = [{"key": "a//b", "value": "1"}, {"key": "x?", "value": "2"}]
    run = api.post("runs/create", {"experiment_id": experiment, "tags": tags})["run"]
    assert {t["key"] for t in run["data"]["tags"]} >= {"a//b", "x?"}


def test_batch_of_params_and_tags(client: MlflowClient, run_id: str) -> None:
    params = [Param(f"p{i}", str(i)) for i in range(100)]
    tags = [RunTag(f"t{i}", str(i)) for i in range(100)]
    client.log_batch(run_id, params=params, tags=tags)
    client.log_batch(run_id, params=params[:10])
    data = client.get_run(run_id).data
    assert data.params == {f"p{i}": str(i) for i in range(100)}
    assert data.tags | {f"t{i}": str(i) for i in range(100)} == data.tags
