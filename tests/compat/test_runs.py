import time

import pytest
from mlflow import MlflowClient
from mlflow.entities import RunStatus, ViewType
from mlflow.exceptions import MlflowException
from rest import INVALID, MISSING, Api, error


def test_created_run_is_running_and_carries_its_name_as_tag(client: MlflowClient, experiment: str) -> None:
    made = client.create_run(experiment, start_time=1_700_000_000_123, tags={"a": "1"}, run_name="first run")
    read = client.get_run(made.info.run_id)
    assert read.info.run_name == "first run"
    assert read.info.status == "RUNNING"
    assert (read.info.start_time, read.info.end_time) == (1_700_000_000_123, None)
    assert read.info.lifecycle_stage == "active"
    assert read.info.experiment_id == experiment
    assert read.data.tags == {"a": "1", "mlflow.runName": "first run"}
    assert (read.data.metrics, read.data.params) == ({}, {})
    assert read.info.artifact_uri == f"mlflow-artifacts:/{experiment}/{read.info.run_id}/artifacts"


def test_run_without_name_gets_one(client: MlflowClient, experiment: str) -> None:
    names = [client.create_run(experiment).info.run_name for _ in range(3)]
    assert all(len(name.split("-")) == 3 for name in names), names


def test_name_may_come_as_tag_but_not_both_ways(api: Api, experiment: str) -> None:
    tag = {"key": "mlflow.runName", "value": "from tag"}
    made = api.post("runs/create", {"experiment_id": experiment, "tags": [tag]})
    assert made["run"]["info"]["run_name"] == "from tag"
    body = {"experiment_id": experiment, "tags": [tag], "run_name": "other"}
    assert error(api.send("POST", "runs/create", json=body)) == INVALID


def test_run_fields_on_the_wire(api: Api, experiment: str) -> None:
    run = api.post("runs/create", {"experiment_id": experiment, "user_id": "ann", "start_time": "12"})["run"]
    info = run["info"]
    assert info["run_uuid"] == info["run_id"]
    assert len(info["run_id"]) == 32
    assert set(info["run_id"]) <= set("0123456789abcdef")
    assert info["user_id"] == "ann"
    assert info["start_time"] == 12
    assert info["status"] == "RUNNING"
    assert "end_time" not in info
    read = api.get("runs/get", run_id=info["run_id"])["run"]
    assert read["inputs"] == {}
    assert [t["key"] for t in read["data"]["tags"]] == ["mlflow.runName"]
    assert "metrics" not in read["data"]
    assert "params" not in read["data"]
    assert api.get("runs/get", run_uuid=info["run_id"])["run"]["info"] == read["info"]


def test_absent_start_time_is_stored_as_zero(api: Api, experiment: str) -> None:
    info = api.post("runs/create", {"experiment_id": experiment})["run"]["info"]
    assert api.get("runs/get", run_id=info["run_id"])["run"]["info"]["start_time"] == 0


def test_terminated_run_keeps_status_and_end(client: MlflowClient, experiment: str) -> None:
    for status in ("FINISHED", "FAILED", "KILLED"):
        run_id = client.create_run(experiment).info.run_id
        client.set_terminated(run_id, status, end_time=1_700_000_100_000)
        info = client.get_run(run_id).info
        assert (info.status, info.end_time) == (status, 1_700_000_100_000)
        assert RunStatus.is_terminated(RunStatus.from_string(info.status))


def test_update_touches_only_what_it_names(client: MlflowClient, api: Api, run_id: str) -> None:
    client.update_run(run_id, status="SCHEDULED")
    before = client.get_run(run_id).info
    assert before.status == "SCHEDULED"
    client.update_run(run_id, name="second name")
    after = client.get_run(run_id)
    assert (after.info.status, after.info.run_name) == ("SCHEDULED", "second name")
    assert after.data.tags["mlflow.runName"] == "second name"
    info = api.post("runs/update", {"run_id": run_id, "run_name": ""})["run_info"]
    assert info["run_name"] == "second name"
    assert info["status"] == "SCHEDULED"


def test_unknown_status_is_ignored(api: Api, run_id: str) -> None:
    answer = api.post("runs/update", {"run_id": run_id, "status": "DANCING"})
    assert answer["run_info"]["status"] == "RUNNING"
    assert api.post("runs/update", {"run_id": run_id, "status": 3})["run_info"]["status"] == "FINISHED"


def test_run_can_be_set_running_again(client: MlflowClient, run_id: str) -> None:
    client.set_terminated(run_id)
    client.update_run(run_id, status="RUNNING")
    assert client.get_run(run_id).info.status == "RUNNING"


def test_name_tag_renames_the_run(client: MlflowClient, run_id: str) -> None:
    client.set_tag(run_id, "mlflow.runName", "by tag")
    assert client.get_run(run_id).info.run_name == "by tag"


def test_deleted_run_is_readable_and_restorable(client: MlflowClient, experiment: str, run_id: str) -> None:
    client.delete_run(run_id)
    client.delete_run(run_id)
    assert client.get_run(run_id).info.lifecycle_stage == "deleted"
    assert client.search_runs([experiment]) == []
    found = client.search_runs([experiment], run_view_type=ViewType.DELETED_ONLY)
    assert [r.info.run_id for r in found] == [run_id]
    client.restore_run(run_id)
    client.restore_run(run_id)
    assert [r.info.run_id for r in client.search_runs([experiment])] == [run_id]


def test_deleted_run_refuses_every_write(api: Api, client: MlflowClient, run_id: str) -> None:
    client.set_tag(run_id, "old", "1")
    client.delete_run(run_id)
    now = int(time.time() * 1000)
    writes = {
        "runs/update": {"status": "FINISHED"},
        "runs/log-metric": {"key": "m", "value": 1.0, "timestamp": now},
        "runs/log-parameter": {"key": "p", "value": "1"},
        "runs/set-tag": {"key": "t", "value": "1"},
        "runs/delete-tag": {"key": "old"},
        "runs/log-batch": {"tags": [{"key": "a", "value": "b"}]},
        "runs/log-inputs": {
            "datasets": [{"dataset": {"name": "d", "digest": "1", "source_type": "local", "source": "x"}}]
        },
    }
    for path, body in writes.items():
        answer = api.send("POST", path, json={"run_id": run_id, **body})
        assert error(answer) == INVALID, path
        assert "active" in answer.json()["message"], path
    assert client.get_run(run_id).data.tags["old"] == "1"


def test_unknown_run_is_missing_everywhere(api: Api) -> None:
    unknown = "0" * 32
    writes = {
        "runs/update": {"status": "FINISHED"},
        "runs/delete": {},
        "runs/restore": {},
        "runs/log-metric": {"key": "m", "value": 1.0, "timestamp": 1},
        "runs/log-parameter": {"key": "p", "value": "1"},
        "runs/set-tag": {"key": "t", "value": "1"},
        "runs/delete-tag": {"key": "t"},
        "runs/log-batch": {},
    }
    found = {p: error(api.send("POST", p, json={"run_id": unknown, **b})) for p, b in writes.items()}
    assert found == dict.fromkeys(writes, MISSING)
    assert error(api.send("GET", "runs/get", params={"run_id": unknown})) == MISSING


def test_nested_runs_point_to_their_parent(client: MlflowClient, experiment: str) -> None:
    parent = client.create_run(experiment).info.run_id
    child = client.create_run(experiment, tags={"mlflow.parentRunId": parent}).info.run_id
    found = client.get_parent_run(child)
    assert found is not None
    assert found.info.run_id == parent
    assert client.get_parent_run(parent) is None
    children = client.search_runs([experiment], f"tags.mlflow.parentRunId = '{parent}'")
    assert [r.info.run_id for r in children] == [child]


def test_create_run_in_an_experiment_id_that_is_no_number_is_refused(client: MlflowClient) -> None:
    with pytest.raises(MlflowException) as caught:
        client.create_run("no-number")
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"


def test_legacy_log_model_appends_to_the_history_tag(api: Api, client: MlflowClient, run_id: str) -> None:
    model = (
        '{"artifact_path": "model", "flavors": {"a": {}}, "utc_time_created": "2026-01-01 00:00:00.0", '
        f'"run_id": "{run_id}"}}'
    )
    for _ in range(2):
        api.post("runs/log-model", {"run_id": run_id, "model_json": model})
    assert client.get_run(run_id).data.tags["mlflow.log-model.history"].count('"artifact_path"') == 2
    for broken in ("{", "{}", '{"artifact_path": "a"}', ""):
        answer = api.send("POST", "runs/log-model", json={"run_id": run_id, "model_json": broken})
        assert error(answer) == INVALID, broken
