import time

import pytest
from deviations import READ_HALF, UNREADABLE, Deviation
from mlflow import MlflowClient
from mlflow.entities import Metric
from rest import INVALID, Api, answered, error
from servers import TARGET

LARGEST = 1.7976931348623157e308  # MLflow stores an infinity as the largest float64
INT64_MAX = 2**63 - 1


def points(client: MlflowClient, run_id: str, key: str) -> list[tuple[float, int, int]]:
    return [(m.value, m.timestamp, m.step) for m in client.get_metric_history(run_id, key)]


def test_metric_is_read_back(client: MlflowClient, run_id: str) -> None:
    client.log_metric(run_id, "loss", 0.1 + 0.2, timestamp=1_700_000_000_000, step=7)
    run = client.get_run(run_id)
    assert run.data.metrics == {"loss": 0.1 + 0.2}
    assert points(client, run_id, "loss") == [(0.1 + 0.2, 1_700_000_000_000, 7)]


def test_metric_without_time_and_step_gets_now_and_zero(client: MlflowClient, run_id: str) -> None:
    before = int(time.time() * 1000)
    client.log_metric(run_id, "m", 1)
    [(value, stamp, step)] = points(client, run_id, "m")
    assert (value, step) == (1.0, 0)
    assert before <= stamp <= int(time.time() * 1000)


@pytest.mark.parametrize("value", [0.0, -0.0, 5e-324, 1e-308, -1.5, 1e308, LARGEST, 2**53 + 1.0, 123456789.123456789])
def test_value_survives_exactly(client: MlflowClient, run_id: str, value: float) -> None:
    client.log_metric(run_id, "v", value, timestamp=1)
    assert client.get_run(run_id).data.metrics["v"] == value


def test_nan_stays_nan_and_infinities_become_the_largest_numbers(client: MlflowClient, run_id: str) -> None:
    values = {"nan": float("nan"), "up": float("inf"), "down": float("-inf")}
    for key, value in values.items():
        client.log_metric(run_id, key, value, timestamp=1)
    read = client.get_run(run_id).data.metrics
    assert read["nan"] != read["nan"]
    assert (read["up"], read["down"]) == (LARGEST, -LARGEST)
    assert points(client, run_id, "up") == [(LARGEST, 1, 0)]


def test_nan_travels_as_text(api: Api, run_id: str) -> None:
    for text in ("NaN", "Infinity", "-Infinity"):
        api.post("runs/log-metric", {"run_id": run_id, "key": text, "value": text, "timestamp": 1})
    found = {m["key"]: m["value"] for m in api.get("runs/get", run_id=run_id)["run"]["data"]["metrics"]}
    assert found == {"NaN": "NaN", "Infinity": LARGEST, "-Infinity": -LARGEST}
    history = api.get("metrics/get-history", run_id=run_id, metric_key="NaN")
    assert history["metrics"] == [{"key": "NaN", "value": "NaN", "timestamp": 1, "step": 0}]


def test_latest_is_the_largest_step_not_the_last_arrival(client: MlflowClient, run_id: str) -> None:
    for value, stamp, step in [(1.0, 10, 5), (2.0, 20, 3), (3.0, 9, 5), (0.5, 10, 5)]:
        client.log_metric(run_id, "m", value, timestamp=stamp, step=step)
    assert client.get_run(run_id).data.metrics["m"] == 1.0


def test_latest_by_timestamp_then_value(client: MlflowClient, run_id: str) -> None:
    logged = [Metric("m", 5.0, 1, 0), Metric("m", 1.0, 2, 0), Metric("m", 3.0, 2, 0), Metric("m", 2.0, 2, 0)]
    client.log_batch(run_id, metrics=logged)
    assert client.get_run(run_id).data.metrics["m"] == 3.0


def test_exact_repeat_counts_once(client: MlflowClient, run_id: str) -> None:
    for _ in range(2):
        client.log_metric(run_id, "m", 1.0, timestamp=1, step=1)
        client.log_batch(run_id, metrics=[Metric("m", 1.0, 1, 1), Metric("m", 2.0, 1, 1)] * 2)
        client.log_metric(run_id, "n", float("nan"), timestamp=1, step=1)
    assert points(client, run_id, "m") == [(1.0, 1, 1), (2.0, 1, 1)]
    assert len(points(client, run_id, "n")) == 1


def test_negative_and_huge_steps(client: MlflowClient, run_id: str) -> None:
    for step in (-(2**63), -1, 0, INT64_MAX):
        client.log_metric(run_id, "m", float(step < 0), timestamp=5, step=step)
    assert sorted(p[2] for p in points(client, run_id, "m")) == [-(2**63), -1, 0, INT64_MAX]
    client.log_metric(run_id, "t", 1.0, timestamp=INT64_MAX, step=0)
    assert points(client, run_id, "t") == [(1.0, INT64_MAX, 0)]


def test_large_integers_survive_as_text_and_number(api: Api, run_id: str) -> None:
    body = {"run_id": run_id, "key": "m", "value": "0.5", "timestamp": "1700000000000", "step": str(INT64_MAX)}
    api.post("runs/log-metric", body)
    api.post("runs/log-metric", {**body, "timestamp": 1_700_000_000_001, "step": INT64_MAX})
    api.post("runs/log-metric", {**body, "timestamp": 1_700_000_000_002.0, "step": 3.0})
    api.post("runs/log-metric", {**body, "timestamp": "1.700000000003e+12", "step": "4"})
    found = api.get("metrics/get-history", run_id=run_id, metric_key="m")["metrics"]
    assert [(m["timestamp"] % 10, m["step"]) for m in found] == [(0, INT64_MAX), (1, INT64_MAX), (2, 3), (3, 4)]
    assert all(m["value"] == 0.5 for m in found)


@pytest.mark.parametrize(
    "change",
    [
        {"key": None},
        {"key": ""},
        {"value": None},
        {"value": "abc"},
        {"value": ""},
        {"timestamp": None},
        {"timestamp": -1},
        {"timestamp": "soon"},
        {"step": "x"},
        {"run_id": None},
        {"run_id": ""},
        {"key": 3},
    ],
)
def test_bad_metric_is_invalid(api: Api, run_id: str, change: dict[str, object]) -> None:
    body = {"run_id": run_id, "key": "m", "value": 1.0, "timestamp": 1, "step": 0} | change
    body = {k: v for k, v in body.items() if v is not None}
    assert error(api.send("POST", "runs/log-metric", json=body)) == INVALID
    assert "metrics" not in api.get("runs/get", run_id=run_id)["run"]["data"]


@pytest.mark.parametrize(
    ("change", "deviation"),
    [
        ({"timestamp": 1.5}, READ_HALF),
        ({"step": 1.5}, READ_HALF),
        ({"step": 2**63}, READ_HALF),
        ({"step": -(2**63) - 1}, READ_HALF),
        ({"timestamp": 2**63}, READ_HALF),
        ({"value": [1]}, UNREADABLE),
    ],
)
def test_number_out_of_range_is_invalid(api: Api, run_id: str, change: dict[str, object], deviation: Deviation) -> None:
    body = {"run_id": run_id, "key": "m", "value": 1.0, "timestamp": 1, "step": 0} | change
    assert answered(api.send("POST", "runs/log-metric", json=body)) == deviation.expected
    if deviation.expected == INVALID:
        assert "metrics" not in api.get("runs/get", run_id=run_id)["run"]["data"]


KEYS_KEPT = ["a", "a/b", "a.b", "a b", "a-b", "a_b", "ключ", "指标", "1", "a:b", "x" * 250, "a/b/c.d", ".hidden"]
KEYS_REFUSED = ["a//b", "a/./b", "../x", "/x", ".", "..", "a/../b", "a?", "a#b", "a\\b", "a%", "x" * 251, "a/", "a\nb"]


@pytest.mark.parametrize("key", KEYS_KEPT)
def test_key_is_kept_for_metric_param_and_tag(client: MlflowClient, run_id: str, key: str) -> None:
    client.log_metric(run_id, key, 1.0)
    client.log_param(run_id, key, "v")
    client.set_tag(run_id, key, "v")
    data = client.get_run(run_id).data
    assert (data.metrics[key], data.params[key], data.tags[key]) == (1.0, "v", "v")
    assert len(points(client, run_id, key)) == 1


@pytest.mark.parametrize("key", KEYS_REFUSED)
def test_key_is_refused_by_the_server(api: Api, run_id: str, key: str) -> None:
    bodies = {
        "runs/log-metric": {"key": key, "value": 1.0, "timestamp": 1},
        "runs/log-parameter": {"key": key, "value": "v"},
        "runs/set-tag": {"key": key, "value": "v"},
    }
    for path, body in bodies.items():
        assert error(api.send("POST", path, json={"run_id": run_id, **body})) == INVALID, path
    for kind in ("metrics", "params", "tags"):
        item = {"key": key, "value": 1.0, "timestamp": 1} if kind == "metrics" else {"key": key, "value": "v"}
        assert error(api.send("POST", "runs/log-batch", json={"run_id": run_id, kind: [item]})) == INVALID, kind


@pytest.mark.skipif(TARGET == "mlflow", reason="MLflow stores 0.0 at time 0 for it")
def test_bare_nan_token_is_refused_or_kept_but_never_another_number(api: Api, run_id: str) -> None:
    answer = api.raw("runs/log-metric", f'{{"run_id": "{run_id}", "key": "m", "value": NaN, "timestamp": 5}}')
    stored = api.get("metrics/get-history", run_id=run_id, metric_key="m").get("metrics", [])
    if answer.status_code == 200:
        assert stored == [{"key": "m", "value": "NaN", "timestamp": 5, "step": 0}]
    else:
        assert (error(answer), stored) == (INVALID, [])
