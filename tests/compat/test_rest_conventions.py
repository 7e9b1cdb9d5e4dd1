import json
from collections.abc import Callable

import pytest
from deviations import NO_OBJECT
from mlflow import MlflowClient
from rest import INVALID, Api, answered, error

Unique = Callable[[str], str]
PREFIXES = ["/api/2.0/mlflow", "/ajax-api/2.0/mlflow"]


@pytest.mark.parametrize("prefix", PREFIXES)
def test_both_prefixes_answer_alike(api: Api, experiment: str, prefix: str) -> None:
    there = api.at(prefix)
    run = there.post("runs/create", {"experiment_id": experiment, "run_name": "x"})["run"]
    assert there.get("runs/get", run_id=run["info"]["run_id"])["run"]["info"]["run_name"] == "x"


def test_preview_paths_are_gone(api: Api) -> None:
    assert api.send("GET", "/api/2.0/preview/mlflow/experiments/get", params={"experiment_id": "0"}).status_code == 404


def test_wrong_method_and_unknown_route(api: Api) -> None:
    assert api.send("GET", "runs/create").status_code == 405
    assert api.send("DELETE", "runs/create").status_code == 405
    assert api.send("POST", "runs/nothing", json={}).status_code == 404


def test_camel_case_fields_are_understood(api: Api, experiment: str) -> None:
    run = api.post("runs/create", {"experimentId": experiment, "runName": "camel", "startTime": 5})["run"]["info"]
    assert (run["run_name"], run["start_time"], run["experiment_id"]) == ("camel", 5, experiment)
    found = api.post("runs/search", {"experimentIds": [experiment], "maxResults": 5, "runViewType": "ALL"})
    assert len(found["runs"]) == 1


def test_both_spellings_of_a_field_together_are_refused(api: Api, experiment: str) -> None:
    body = {"experiment_id": experiment, "experimentId": experiment}
    assert error(api.send("POST", "runs/create", json=body)) == INVALID


def test_unknown_fields_are_ignored(api: Api, experiment: str) -> None:
    run = api.post("runs/create", {"experiment_id": experiment, "colour": "blue", "nested": {"a": [1]}})["run"]
    api.post("runs/log-metric", metric(run["info"]["run_id"]) | {"unknown": None})
    assert api.get("runs/get", run_id=run["info"]["run_id"], extra="1")["run"]["data"]["metrics"]


def metric(run_id: str) -> dict[str, object]:
    return {"run_id": run_id, "key": "m", "value": 1.5, "timestamp": 1}


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "application/json;charset=UTF-8"])
def test_content_type_may_have_parameters(api: Api, run_id: str, kind: str) -> None:
    assert api.raw("runs/log-metric", json.dumps(metric(run_id)), kind).status_code == 200


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/octet-stream", ""])
def test_other_content_type_is_invalid(api: Api, run_id: str, kind: str) -> None:
    assert error(api.raw("runs/log-metric", json.dumps(metric(run_id)), kind)) == INVALID


def test_json_within_a_json_string_is_unpacked(api: Api, run_id: str) -> None:
    assert api.raw("runs/log-metric", json.dumps(json.dumps(metric(run_id)))).status_code == 200
    assert api.get("runs/get", run_id=run_id)["run"]["data"]["metrics"][0]["value"] == 1.5


@pytest.mark.parametrize("body", ["", "{", "null", "{'a': 1}"])
def test_body_that_cannot_be_read_lacks_its_parameters(api: Api, body: str) -> None:
    answer = api.raw("runs/log-metric", body)
    assert error(answer) == INVALID


@pytest.mark.parametrize("body", ["[]", "3", "true", '"text"', '"[1]"'])
def test_body_that_is_no_object_is_invalid(api: Api, body: str) -> None:
    assert answered(api.raw("runs/log-metric", body)) == NO_OBJECT.expected


@pytest.mark.parametrize("absent", ["run_id", "key", "value", "timestamp"])
def test_missing_parameter_is_named(api: Api, run_id: str, absent: str) -> None:
    body = {name: value for name, value in metric(run_id).items() if name != absent}
    answer = api.send("POST", "runs/log-metric", json=body)
    assert error(answer) == INVALID
    assert f"Missing value for required parameter '{absent}'" in answer.json()["message"]


def test_bad_parameter_is_named_with_its_value(api: Api, run_id: str) -> None:
    answer = api.send("POST", "runs/log-parameter", json={"run_id": run_id, "key": 3, "value": "1"})
    assert error(answer) == INVALID
    assert "Invalid value 3 for parameter 'key' supplied" in answer.json()["message"]


def test_error_body_has_code_message_and_state(api: Api) -> None:
    answer = api.send("GET", "experiments/get", params={"experiment_id": "987654321"})
    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("application/json")
    body = answer.json()
    assert {k: body[k] for k in ("error_code", "sqlstate", "error_class")} == {
        "error_code": "RESOURCE_DOES_NOT_EXIST",
        "sqlstate": "KAM00",
        "error_class": "RESOURCE_NOT_FOUND",
    }
    assert "Traceback" not in answer.text


def test_success_is_a_json_object(api: Api, run_id: str) -> None:
    answer = api.send("POST", "runs/set-tag", json={"run_id": run_id, "key": "a", "value": "b"})
    assert (answer.status_code, answer.json()) == (200, {})
    assert answer.headers["Content-Type"].startswith("application/json")


def test_int64_are_numbers_in_answers(api: Api, run_id: str) -> None:
    api.post("runs/update", {"run_id": run_id, "end_time": "1700000000000", "status": "FINISHED"})
    info = api.get("runs/get", run_id=run_id)["run"]["info"]
    assert (info["end_time"], type(info["start_time"])) == (1_700_000_000_000, int)


def test_empty_lists_are_left_out_and_zeros_are_kept(api: Api, experiment: str, run_id: str) -> None:
    api.post("runs/log-metric", metric(run_id) | {"step": 0, "value": 0, "timestamp": 0})
    run = api.get("runs/get", run_id=run_id)["run"]
    assert run["data"]["metrics"] == [{"key": "m", "value": 0, "timestamp": 0, "step": 0}]
    assert "params" not in run["data"]
    assert "end_time" not in run["info"]
    assert api.post("runs/search", {"experiment_ids": [experiment], "filter": "metrics.m > 5"}) == {}


def test_body_in_the_manner_of_the_java_client(api: Api, experiment: str) -> None:
    run_id = api.post("runs/create", {"experiment_id": experiment, "start_time": "1700000000000", "user_id": "java"})[
        "run"
    ]["info"]["run_id"]
    point = {"key": "m", "value": 0.5, "timestamp": "1700000000001", "step": "3"}
    api.post("runs/log-batch", {"run_id": run_id, "metrics": [point], "params": [{"key": "p", "value": "1"}]})
    api.post("runs/update", {"run_id": run_id, "status": "FINISHED", "end_time": "1700000000002"})
    run = api.get("runs/get", run_id=run_id)["run"]
    assert run["data"]["metrics"] == [{**point, "timestamp": 1_700_000_000_001, "step": 3}]
    assert (run["info"]["status"], run["info"]["end_time"]) == ("FINISHED", 1_700_000_000_002)


def test_body_in_the_manner_of_the_r_client(api: Api, experiment: str) -> None:
    info = api.post("runs/create", {"experiment_id": experiment, "start_time": "1700000000000"})["run"]["info"]
    both = {"run_id": info["run_id"], "run_uuid": info["run_id"]}
    point = {"key": "m", "value": "0.5", "timestamp": "1700000000001", "step": "3"}
    api.post("runs/log-metric", both | point)
    api.post("runs/log-metric", both | point | {"key": "n", "value": "NaN"})
    api.post("runs/log-parameter", both | {"key": "p", "value": "1"})
    api.post("runs/set-tag", both | {"key": "t", "value": "1"})
    run = api.get("runs/get", **both)["run"]
    assert {m["key"]: m["value"] for m in run["data"]["metrics"]} == {"m": 0.5, "n": "NaN"}
    found = api.post("runs/search", {"experiment_ids": [experiment], "max_results": "5", "run_view_type": "ALL"})
    assert len(found["runs"]) == 1


def test_run_uuid_stands_for_run_id(api: Api, run_id: str) -> None:
    api.post("runs/log-metric", {"run_uuid": run_id, "key": "m", "value": 1, "timestamp": 1})
    api.post("runs/log-parameter", {"run_uuid": run_id, "key": "p", "value": "1"})
    api.post("runs/set-tag", {"run_uuid": run_id, "key": "t", "value": "1"})
    api.post("runs/update", {"run_uuid": run_id, "status": "FINISHED"})
    assert api.get("metrics/get-history", run_uuid=run_id, metric_key="m")["metrics"]


def test_body_of_a_get_without_query_counts(api: Api, experiment: str) -> None:
    answer = api.send("GET", "experiments/get", json={"experiment_id": experiment})
    assert answer.json()["experiment"]["experiment_id"] == experiment


def test_unicode_travels_escaped_and_plain(api: Api, client: MlflowClient, run_id: str) -> None:
    for key, ascii_only in (("escaped", True), ("plain", False)):
        body = json.dumps({"run_id": run_id, "key": key, "value": "grüße 🙂"}, ensure_ascii=ascii_only)
        assert api.raw("runs/set-tag", body.encode()).status_code == 200
    tags = client.get_run(run_id).data.tags
    assert (tags["escaped"], tags["plain"]) == ("grüße 🙂", "grüße 🙂")
