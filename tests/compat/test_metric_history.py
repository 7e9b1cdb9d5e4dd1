import itertools
import json

import pytest
from mlflow import MlflowClient
from mlflow.entities import Metric
from rest import INVALID, Api, error

AJAX = "/ajax-api/2.0/mlflow"


def series(count: int, key: str = "m") -> list[Metric]:
    return [Metric(key, step * 0.5, 1000 + step, step) for step in range(count)]


def log(client: MlflowClient, run_id: str, metrics: list[Metric]) -> None:
    for start in range(0, len(metrics), 1000):
        client.log_batch(run_id, metrics=metrics[start : start + 1000])


def test_long_history_is_whole_and_in_order(client: MlflowClient, run_id: str) -> None:
    logged = series(5000)
    log(client, run_id, logged[2500:] + logged[:2500])
    history = client.get_metric_history(run_id, "m")
    assert [(m.value, m.timestamp, m.step) for m in history] == [(m.value, m.timestamp, m.step) for m in logged]


def test_history_orders_by_timestamp_step_value(client: MlflowClient, run_id: str) -> None:
    mixed = [(3.0, 2, 1), (1.0, 1, 9), (2.0, 2, 1), (0.0, 2, 0), (5.0, 1, 1)]
    client.log_batch(run_id, metrics=[Metric("m", v, t, s) for v, t, s in mixed])
    found = [(m.timestamp, m.step, m.value) for m in client.get_metric_history(run_id, "m")]
    assert found == sorted(found)
    assert len(found) == 5


def test_history_pages(client: MlflowClient, api: Api, run_id: str) -> None:
    log(client, run_id, series(10))
    seen, query, sizes = [], {"run_id": run_id, "metric_key": "m", "max_results": 4}, []
    while True:
        page = api.get("metrics/get-history", **query)
        seen += [m["step"] for m in page["metrics"]]
        sizes.append(len(page["metrics"]))
        if "next_page_token" not in page:
            break
        query["page_token"] = page["next_page_token"]
    assert (seen, sizes) == (list(range(10)), [4, 4, 2])


def test_history_pages_while_it_grows(client: MlflowClient, api: Api, run_id: str) -> None:
    log(client, run_id, series(6))
    first = api.get("metrics/get-history", run_id=run_id, metric_key="m", max_results=3)
    client.log_metric(run_id, "m", 99.0, timestamp=5000, step=99)
    rest = api.get("metrics/get-history", run_id=run_id, metric_key="m", page_token=first["next_page_token"])
    assert [m["step"] for m in first["metrics"] + rest["metrics"]] == [0, 1, 2, 3, 4, 5, 99]


def test_unknown_key_and_unknown_run_have_an_empty_history(api: Api, run_id: str) -> None:
    assert api.get("metrics/get-history", run_id=run_id, metric_key="nothing") == {}
    assert api.get("metrics/get-history", run_id="0" * 32, metric_key="m") == {}


@pytest.mark.parametrize("change", [{"max_results": 0}, {"max_results": -1}, {"page_token": "x"}, {"metric_key": ""}])
def test_bad_history_request_is_invalid(api: Api, run_id: str, change: dict[str, object]) -> None:
    query = {"run_id": run_id, "metric_key": "m", **change}
    assert error(api.send("GET", "metrics/get-history", params=query)) == INVALID


def test_bulk_history_covers_several_runs(client: MlflowClient, api: Api, experiment: str) -> None:
    runs = sorted(client.create_run(experiment).info.run_id for _ in range(3))
    for index, run_id in enumerate(runs):
        client.log_batch(run_id, metrics=[*series(3 + index), Metric("other", 1.0, 1, 1)])
    client.log_metric(runs[0], "m", float("nan"), timestamp=1_000_000, step=50)
    answer = api.at(AJAX).send(
        "GET", "metrics/get-history-bulk", params=[("run_id", r) for r in runs] + [("metric_key", "m")]
    )
    assert answer.status_code == 200
    found = json.loads(answer.text)["metrics"]
    assert [(m["run_id"], m["step"]) for m in found if m["step"] != 50] == [
        (r, s) for i, r in enumerate(runs) for s in range(3 + i)
    ]
    assert {frozenset(m) for m in found} == {frozenset(("key", "run_id", "step", "timestamp", "value"))}
    assert [str(m["value"]).lower() for m in found if m["step"] == 50] == ["nan"]
    capped = api.at(AJAX).send(
        "GET",
        "metrics/get-history-bulk",
        params=[("run_id", r) for r in runs] + [("metric_key", "m"), ("max_results", "5")],
    )
    assert len(json.loads(capped.text)["metrics"]) == 5


@pytest.mark.parametrize("query", [{"metric_key": "m"}, {"run_id": "a"}])
def test_bulk_history_needs_run_and_key(api: Api, query: dict[str, str]) -> None:
    assert error(api.at(AJAX).send("GET", "metrics/get-history-bulk", params=query)) == INVALID


def test_bulk_history_takes_at_most_a_hundred_runs(api: Api) -> None:
    query = [("run_id", f"{i:032x}") for i in range(101)] + [("metric_key", "m")]
    assert error(api.at(AJAX).send("GET", "metrics/get-history-bulk", params=query)) == INVALID


def test_bulk_history_is_only_under_ajax(api: Api, run_id: str) -> None:
    answer = api.send("GET", "metrics/get-history-bulk", params={"run_id": run_id, "metric_key": "m"})
    assert answer.status_code == 404


@pytest.mark.parametrize("prefix", ["/api/2.0/mlflow", AJAX])
def test_interval_history_samples_evenly_and_keeps_the_ends(
    client: MlflowClient, api: Api, run_id: str, prefix: str
) -> None:
    log(client, run_id, series(1000))
    query = {"run_ids": run_id, "metric_key": "m", "max_results": 50}
    found = api.at(prefix).get("metrics/get-history-bulk-interval", **query)["metrics"]
    steps = [m["step"] for m in found]
    assert steps == sorted(set(steps))
    assert (steps[0], steps[-1]) == (0, 999)
    assert 40 <= len(steps) <= 60
    assert max(b - a for a, b in itertools.pairwise(steps)) <= 60
    assert all(m["value"] == m["step"] * 0.5 and m["run_id"] == run_id and m["key"] == "m" for m in found)


def test_interval_history_within_a_range_of_steps(client: MlflowClient, api: Api, run_id: str) -> None:
    log(client, run_id, series(100))
    query = {"run_ids": run_id, "metric_key": "m", "start_step": 10, "end_step": 19}
    found = api.get("metrics/get-history-bulk-interval", **query)["metrics"]
    assert [m["step"] for m in found] == list(range(10, 20))


@pytest.mark.parametrize(
    "change",
    [
        {"start_step": 5},
        {"end_step": 5},
        {"start_step": 5, "end_step": 4},
        {"max_results": 0},
        {"max_results": 2501},
        {"run_ids": []},
        {"metric_key": ""},
    ],
)
def test_bad_interval_request_is_invalid(api: Api, run_id: str, change: dict[str, object]) -> None:
    query = {"run_ids": run_id, "metric_key": "m"} | change
    assert error(api.send("GET", "metrics/get-history-bulk-interval", params=query)) == INVALID
