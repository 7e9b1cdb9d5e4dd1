from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from headrace.server.app import App
from headrace.wire.convert.charts import unpack_chart
from tests.server.calls import Reply, request

API = "/api/2.0/mlflow"
OWN = "/api/1.0/headrace"


def post(app: App, path: str, fields: object) -> Any:
    reply = request(app, "POST", path, fields)
    assert reply.status == 200, reply.text
    assert reply.headers["content-type"] == "application/json"
    return reply.json


def get(app: App, target: str) -> Any:
    reply = request(app, "GET", target)
    assert reply.status == 200, reply.text
    return reply.json


def refused(reply: Reply, status: int, code: str) -> str:
    assert (reply.status, reply.json["error_code"]) == (status, code)
    message: str = reply.json["message"]
    return message


def new_run(app: App, **fields: object) -> str:
    run_id: str = post(app, f"{API}/runs/create", {"experiment_id": "0", **fields})["run"]["info"]["run_id"]
    return run_id


def points(key: str, values: list[object]) -> list[dict[str, object]]:
    return [{"key": key, "value": value, "timestamp": 1000 + at, "step": at} for at, value in enumerate(values)]


def test_experiments_are_made_found_changed_and_deleted(app: App) -> None:
    made = post(app, f"{API}/experiments/create", {"name": "e", "tags": [{"key": "a", "value": "1"}]})
    experiment_id = made["experiment_id"]
    found = get(app, f"{API}/experiments/get?experiment_id={experiment_id}")["experiment"]
    assert (found["name"], found["lifecycle_stage"], found["tags"]) == ("e", "active", [{"key": "a", "value": "1"}])
    assert found["creation_time"] == found["last_update_time"]
    assert get(app, f"{API}/experiments/get-by-name?experiment_name=e")["experiment"] == found
    assert post(app, f"{API}/experiments/update", {"experiment_id": experiment_id, "new_name": "f"}) == {}
    assert post(app, f"{API}/experiments/set-experiment-tag", {"experiment_id": experiment_id, "key": "b"}) == {}
    assert post(app, f"{API}/experiments/delete-experiment-tag", {"experiment_id": experiment_id, "key": "a"}) == {}
    found = get(app, f"{API}/experiments/get?experiment_id={experiment_id}")["experiment"]
    assert (found["name"], found["tags"]) == ("f", [{"key": "b", "value": ""}])
    assert post(app, f"{API}/experiments/delete", {"experiment_id": experiment_id}) == {}
    names = [item["name"] for item in post(app, f"{API}/experiments/search", {"max_results": 10})["experiments"]]
    assert names == ["Default"]
    refused(
        request(app, "POST", f"{API}/experiments/delete", {"experiment_id": experiment_id}),
        404,
        "RESOURCE_DOES_NOT_EXIST",
    )
    assert post(app, f"{API}/experiments/restore", {"experiment_id": experiment_id}) == {}


@pytest.mark.parametrize(
    ("method", "target", "fields", "status", "code"),
    [
        ("POST", "experiments/create", {"name": "Default"}, 400, "RESOURCE_ALREADY_EXISTS"),
        ("GET", "experiments/get?experiment_id=99", None, 404, "RESOURCE_DOES_NOT_EXIST"),
        ("GET", "experiments/get?experiment_id=x", None, 400, "INVALID_PARAMETER_VALUE"),
        ("GET", "experiments/get", None, 400, "INVALID_PARAMETER_VALUE"),
        ("GET", "experiments/get-by-name?experiment_name=none", None, 404, "RESOURCE_DOES_NOT_EXIST"),
        ("POST", "experiments/search", {}, 400, "INVALID_PARAMETER_VALUE"),
        ("POST", "experiments/search", {"max_results": 50_001}, 400, "INVALID_PARAMETER_VALUE"),
        ("GET", "experiments/search?max_results=5&page_token=rubbish", None, 400, "INVALID_PARAMETER_VALUE"),
        ("GET", "runs/get?run_id=none", None, 404, "RESOURCE_DOES_NOT_EXIST"),
        ("POST", "runs/create", {"experiment_id": "99"}, 404, "RESOURCE_DOES_NOT_EXIST"),
        ("POST", "runs/search", {"experiment_ids": ["x"]}, 400, "INVALID_PARAMETER_VALUE"),
        ("POST", "runs/search", {"experiment_ids": ["0"], "filter": "params.a = 'x"}, 400, "INVALID_PARAMETER_VALUE"),
        (
            "POST",
            "runs/log-metric",
            {"run_id": "none", "key": "k", "value": 1, "timestamp": 1},
            404,
            "RESOURCE_DOES_NOT_EXIST",
        ),
        ("POST", "runs/outputs", {"run_id": "none"}, 400, "INVALID_PARAMETER_VALUE"),
        ("GET", "metrics/get-history?run_id=a&metric_key=k&max_results=0", None, 400, "INVALID_PARAMETER_VALUE"),
        ("GET", "metrics/get-history-bulk-interval?metric_key=k", None, 400, "INVALID_PARAMETER_VALUE"),
        (
            "GET",
            "metrics/get-history-bulk-interval?run_ids=a&metric_key=k&start_step=1",
            None,
            400,
            "INVALID_PARAMETER_VALUE",
        ),
        (
            "GET",
            "metrics/get-history-bulk-interval?run_ids=a&metric_key=k&start_step=2&end_step=1",
            None,
            400,
            "INVALID_PARAMETER_VALUE",
        ),
        (
            "GET",
            "metrics/get-history-bulk-interval?run_ids=a&metric_key=k&max_results=2501",
            None,
            400,
            "INVALID_PARAMETER_VALUE",
        ),
        (
            "GET",
            "metrics/get-history-bulk-interval?metric_key=k" + "&run_ids=a" * 101,
            None,
            400,
            "INVALID_PARAMETER_VALUE",
        ),
        ("GET", "logged-models/m-none", None, 404, "RESOURCE_DOES_NOT_EXIST"),
    ],
)
def test_what_is_wrong_has_mlflows_code_and_status(
    app: App, method: str, target: str, fields: object, status: int, code: str
) -> None:
    assert refused(request(app, method, f"{API}/{target}", fields), status, code)


def test_ensuring_an_experiment_twice_gives_the_same_one(app: App) -> None:
    first = post(app, f"{OWN}/experiments/ensure", {"name": "e"})
    assert post(app, f"{OWN}/experiments/ensure", {"name": "e"}) == first


def test_a_run_is_logged_to_and_read_back(app: App) -> None:
    run_id = new_run(app, user_id="u", start_time=5, run_name="n", tags=[{"key": "t", "value": "1"}])
    body = {
        "run_id": run_id,
        "metrics": points("loss", [3, 2.5, "NaN"]),
        "params": [{"key": "p", "value": "v"}],
        "tags": [{"key": "u", "value": ""}],
    }
    assert post(app, f"{API}/runs/log-batch", body) == {}
    assert post(app, f"{API}/runs/log-metric", {"run_id": run_id, "key": "acc", "value": "0.5", "timestamp": 7}) == {}
    assert post(app, f"{API}/runs/log-parameter", {"run_uuid": run_id, "key": "q", "value": "w"}) == {}
    assert post(app, f"{API}/runs/set-tag", {"run_id": run_id, "key": "x", "value": "y"}) == {}
    assert post(app, f"{API}/runs/delete-tag", {"run_id": run_id, "key": "t"}) == {}
    run = get(app, f"{API}/runs/get?run_uuid={run_id}")["run"]
    assert run["info"]["run_id"] == run["info"]["run_uuid"] == run_id
    assert (run["info"]["status"], run["info"]["start_time"], "end_time" in run["info"]) == ("RUNNING", 5, False)
    assert sorted(run["data"]["metrics"], key=lambda metric: str(metric["key"])) == [
        {"key": "acc", "value": 0.5, "timestamp": 7, "step": 0},
        {"key": "loss", "value": "NaN", "timestamp": 1002, "step": 2},
    ]
    assert sorted((item["key"], item["value"]) for item in run["data"]["params"]) == [("p", "v"), ("q", "w")]
    assert sorted((item["key"], item["value"]) for item in run["data"]["tags"]) == [
        ("mlflow.runName", "n"),
        ("u", ""),
        ("x", "y"),
    ]
    assert run["inputs"] == {}
    history = get(app, f"{API}/metrics/get-history?run_id={run_id}&metric_key=loss")["metrics"]
    assert [point["value"] for point in history] == [3.0, 2.5, "NaN"]
    ended = post(app, f"{API}/runs/update", {"run_id": run_id, "status": "FINISHED", "end_time": "9"})["run_info"]
    assert (ended["status"], ended["end_time"]) == ("FINISHED", 9)
    assert post(app, f"{API}/runs/update", {"run_id": run_id, "status": "BOGUS"})["run_info"]["status"] == "FINISHED"


def test_a_run_id_given_at_create_makes_it_idempotent(app: App) -> None:
    first = post(app, f"{API}/runs/create", {"experiment_id": "0", "run_id": "ab" * 16, "start_time": 1})
    assert post(app, f"{API}/runs/create", {"experiment_id": "0", "run_id": "ab" * 16, "start_time": 2}) == first


def test_nothing_of_a_refused_batch_is_written(app: App) -> None:
    run_id = new_run(app)
    body = {
        "run_id": run_id,
        "params": [{"key": "p", "value": "1"}],
        "metrics": [{"key": "a//b", "value": 1, "timestamp": 1}],
    }
    refused(request(app, "POST", f"{API}/runs/log-batch", body), 400, "INVALID_PARAMETER_VALUE")
    assert "params" not in get(app, f"{API}/runs/get?run_id={run_id}")["run"]["data"]


def test_a_deleted_run_refuses_writes_and_is_restored(app: App) -> None:
    run_id = new_run(app)
    assert post(app, f"{API}/runs/delete", {"run_id": run_id}) == {}
    message = refused(
        request(app, "POST", f"{API}/runs/set-tag", {"run_id": run_id, "key": "k", "value": "v"}),
        400,
        "INVALID_PARAMETER_VALUE",
    )
    assert "active" in message
    assert get(app, f"{API}/runs/get?run_id={run_id}")["run"]["info"]["lifecycle_stage"] == "deleted"
    assert post(app, f"{API}/runs/restore", {"run_id": run_id}) == {}
    assert get(app, f"{API}/runs/get?run_id={run_id}")["run"]["info"]["lifecycle_stage"] == "active"


def test_a_search_without_hits_is_an_empty_object(app: App) -> None:
    new_run(app)
    assert post(app, f"{API}/runs/search", {}) == {}
    assert post(app, f"{API}/runs/search", {"experiment_ids": ["77"]}) == {}
    assert post(app, f"{API}/runs/search", {"experiment_ids": [0]}) == {}
    assert post(app, f"{API}/runs/search", {"experiment_ids": ["0"], "filter": "params.a = 'b'"}) == {}


def test_runs_are_searched_in_pages(app: App) -> None:
    for number in range(5):
        run_id = new_run(app, start_time=number)
        post(app, f"{API}/runs/log-batch", {"run_id": run_id, "metrics": points("m", [number])})
    search: dict[str, Any] = {"experiment_ids": ["0"], "order_by": ["metrics.m DESC"], "max_results": 2}
    seen, token = [], ""
    while token is not None:
        page = post(app, f"{API}/runs/search", {**search, "page_token": token})
        seen += [run["data"]["metrics"][0]["value"] for run in page["runs"]]
        token = page.get("next_page_token")
    assert seen == [4.0, 3.0, 2.0, 1.0, 0.0]


def test_a_projection_answers_only_what_is_asked(app: App) -> None:
    run_id = new_run(app)
    body = {
        "run_id": run_id,
        "metrics": [*points("a", [1]), *points("b", [2])],
        "params": [{"key": "p", "value": "1"}, {"key": "q", "value": "2"}],
    }
    post(app, f"{API}/runs/log-batch", body)
    (run,) = post(app, f"{OWN}/runs/search", {"experiment_ids": ["0"], "metrics": ["b"], "params": ["p"], "tags": []})[
        "runs"
    ]
    assert [metric["key"] for metric in run["data"]["metrics"]] == ["b"]
    assert run["data"]["params"] == [{"key": "p", "value": "1"}]
    assert "tags" not in run["data"]
    assert post(app, f"{OWN}/runs/count", {"experiment_ids": ["0"], "filter": "params.p = '1'"}) == {"count": 1}
    assert post(app, f"{OWN}/runs/count", {"experiment_ids": ["0"], "filter": "params.p = '2'"}) == {"count": 0}


def test_groups_and_changes_follow_the_runs(app: App) -> None:
    cursor = get(app, f"{OWN}/changes")["cursor"]
    for kind, value in (("a", 1), ("a", 3), ("b", 5)):
        run_id = new_run(app)
        post(
            app,
            f"{API}/runs/log-batch",
            {"run_id": run_id, "params": [{"key": "kind", "value": kind}], "metrics": points("m", [value])},
        )
    groups = post(
        app, f"{OWN}/runs/aggregate", {"experiment_ids": ["0"], "group_by": ["params.kind"], "metrics": ["m"]}
    )["groups"]
    assert groups == [
        {"values": ["a"], "run_count": 2, "metrics": {"m": {"count": 2, "minimum": 1.0, "maximum": 3.0, "mean": 2.0}}},
        {"values": ["b"], "run_count": 1, "metrics": {"m": {"count": 1, "minimum": 5.0, "maximum": 5.0, "mean": 5.0}}},
    ]
    changed = get(app, f"{OWN}/changes?since={cursor}")
    assert len(changed["runs"]) == 3
    assert "runs" not in get(app, f"{OWN}/changes?since={changed['cursor']}")


def test_histories_of_several_runs(app: App) -> None:
    ids = sorted(new_run(app) for _ in range(2))
    for run_id in ids:
        post(app, f"{API}/runs/log-batch", {"run_id": run_id, "metrics": points("m", [1, 2, 3])})
    target = f"/ajax-api/2.0/mlflow/metrics/get-history-bulk?run_id={ids[0]}&run_id={ids[1]}&metric_key=m&max_results=4"
    assert [(point["run_id"], point["step"]) for point in get(app, target)["metrics"]] == [
        (ids[0], 0),
        (ids[0], 1),
        (ids[0], 2),
        (ids[1], 0),
    ]
    assert request(app, "GET", target.replace("/ajax-api", "/api")).status == 404
    sampled = get(
        app,
        f"{API}/metrics/get-history-bulk-interval?run_ids={ids[0]}&metric_key=m&max_results=2&start_step=0&end_step=2",
    )["metrics"]
    assert [point["step"] for point in sampled] == [0, 2]


def test_a_chart_is_answered_as_json_and_packed(app: App) -> None:
    run_id = new_run(app)
    post(app, f"{API}/runs/log-batch", {"run_id": run_id, "metrics": points("m", [1, 9, 2, "NaN"])})
    fields = {"run_ids": [run_id], "keys": ["m", "none"], "buckets": 1}
    (series,) = post(app, f"{OWN}/metrics/chart", fields)["series"]
    assert (series["total"], series["minimum"], series["maximum"], series["maximum_x"]) == (4, [1.0], [9.0], [1])
    assert series["last"] == ["NaN"]
    packed = request(app, "POST", f"{OWN}/metrics/chart", fields, {"accept": "application/vnd.headrace.chart"})
    assert packed.headers["content-type"] == "application/vnd.headrace.chart"
    (unpacked,) = unpack_chart(packed.body)
    assert (unpacked.run_id, unpacked.maximum, unpacked.count) == (run_id, [9.0], [4])
    assert get(app, f"{OWN}/metrics/chart?run_ids={run_id}&keys=m&buckets=1")["series"] == [series]
    refused(
        request(app, "POST", f"{OWN}/metrics/chart", {"run_ids": ["r"] * 101, "keys": ["k"] * 10}),
        400,
        "INVALID_PARAMETER_VALUE",
    )


def test_inputs_are_read_back_and_summed_up(app: App) -> None:
    run_id = new_run(app)
    dataset = {"name": "d", "digest": "x1", "source_type": "local", "source": "{}"}
    tags = [{"key": "mlflow.data.context", "value": "train"}]
    assert (
        post(app, f"{API}/runs/log-inputs", {"run_id": run_id, "datasets": [{"dataset": dataset, "tags": tags}]}) == {}
    )
    assert get(app, f"{API}/runs/get?run_id={run_id}")["run"]["inputs"]["dataset_inputs"] == [
        {"tags": tags, "dataset": dataset}
    ]
    summaries = post(app, "/ajax-api/2.0/mlflow/experiments/search-datasets", {"experiment_ids": ["0"]})
    assert summaries == {"dataset_summaries": [{"experiment_id": "0", "name": "d", "digest": "x1", "context": "train"}]}
    for ids in ([], ["0"] * 21):
        refused(
            request(app, "POST", "/ajax-api/2.0/mlflow/experiments/search-datasets", {"experiment_ids": ids}),
            400,
            "INVALID_PARAMETER_VALUE",
        )


def test_a_logged_model_lives_its_life(app: App) -> None:
    run_id = new_run(app)
    made = post(
        app,
        f"{API}/logged-models",
        {"experiment_id": "0", "name": "m", "source_run_id": run_id, "params": [{"key": "p", "value": "1"}]},
    )["model"]
    model_id = made["info"]["model_id"]
    assert made["info"]["status"] == "LOGGED_MODEL_PENDING"
    assert made["data"]["params"] == [{"key": "p", "value": "1"}]
    one = f"{API}/logged-models/{model_id}"
    ready = request(app, "PATCH", one, {"model_id": model_id, "status": "LOGGED_MODEL_READY"})
    assert ready.json["model"]["info"]["status"] == "LOGGED_MODEL_READY"
    assert request(app, "PATCH", f"{one}/tags", {"tags": [{"key": "t", "value": "1"}]}).json == {}
    assert request(app, "POST", f"{one}/params", {"params": [{"key": "q", "value": "2"}]}).json == {}
    refused(request(app, "POST", f"{one}/params", {"params": [{"key": "q", "value": "2"}]}), 400, "BAD_REQUEST")
    post(app, f"{API}/runs/outputs", {"run_id": run_id, "models": [{"model_id": model_id, "step": 0}]})
    outputs = get(app, f"{API}/runs/get?run_id={run_id}")["run"]["outputs"]
    assert outputs == {"model_outputs": [{"model_id": model_id, "step": 0}]}
    (found,) = post(app, f"{API}/logged-models/search", {"experiment_ids": ["0"]})["models"]
    assert found["info"]["tags"] == [{"key": "t", "value": "1"}]
    assert request(app, "DELETE", f"{one}/tags/t").json == {}
    refused(request(app, "DELETE", f"{one}/tags/t"), 404, "RESOURCE_DOES_NOT_EXIST")
    assert request(app, "DELETE", one).json == {}
    refused(request(app, "GET", one), 404, "RESOURCE_DOES_NOT_EXIST")
    assert get(app, f"{one}?allow_deleted=true")["model"]["info"]["model_id"] == model_id


def test_a_model_of_mlflow_2_is_appended_to_the_history_tag(app: App) -> None:
    run_id = new_run(app)
    model = json.dumps({"artifact_path": "m", "flavors": {}, "utc_time_created": "now", "run_id": run_id})
    assert post(app, f"{API}/runs/log-model", {"run_id": run_id, "model_json": model}) == {}
    tags = {tag["key"]: tag["value"] for tag in get(app, f"{API}/runs/get?run_id={run_id}")["run"]["data"]["tags"]}
    assert json.loads(tags["mlflow.log-model.history"]) == [json.loads(model)]


def test_every_path_answers_below_ajax_too(app: App) -> None:
    run_id = new_run(app)
    assert get(app, f"/ajax-api/2.0/mlflow/runs/get?run_id={run_id}") == get(app, f"{API}/runs/get?run_id={run_id}")
    assert post(app, "/ajax-api/1.0/headrace/runs/count", {"experiment_ids": ["0"]}) == {"count": 1}
    assert request(app, "GET", "/api/2.0/preview/mlflow/runs/get?run_id=a").status == 404


def test_a_get_without_query_reads_its_body(app: App) -> None:
    run_id = new_run(app)
    assert request(app, "GET", f"{API}/runs/get", {"run_id": run_id}).json["run"]["info"]["run_id"] == run_id


def test_service_pages_answer(app: App) -> None:
    assert request(app, "GET", "/health").text == "OK"
    version = request(app, "GET", "/version")
    assert version.text == "3.17.2"
    assert version.headers["x-headrace-version"]
    info = get(app, "/api/3.0/mlflow/server-info")
    assert info == get(app, "/ajax-api/3.0/mlflow/server-info")
    assert info["store_type"] == "SqlStore"
    assert info["workspaces_enabled"] is False


def test_a_prefix_stands_before_every_path(app_with: Callable[..., App]) -> None:
    app = app_with(static_prefix="/tracking")
    assert request(app, "GET", "/tracking/health").text == "OK"
    assert request(app, "GET", "/health").status == 404
    assert request(app, "GET", "/tracking").text == request(app, "GET", "/tracking/").text
    assert get(app, "/tracking/ajax-api/2.0/mlflow/experiments/get?experiment_id=0")
    assert request(app, "GET", "/tracking/health", headers={"host": "probe.example"}).status == 200
