import pytest
from deviations import ITEM_READ_HALF, UNREADABLE, Deviation
from rest import INVALID, Api, answered, error


def metrics(count: int) -> list[dict[str, object]]:
    return [{"key": f"m{i % 10}", "value": float(i), "timestamp": 1, "step": i} for i in range(count)]


def pairs(stem: str, count: int) -> list[dict[str, str]]:
    return [{"key": f"{stem}{i}", "value": "v"} for i in range(count)]


@pytest.mark.parametrize(
    ("counts", "fits"),
    [
        ((1000, 0, 0), True),
        ((1001, 0, 0), False),
        ((0, 100, 0), True),
        ((0, 101, 0), False),
        ((0, 0, 100), True),
        ((0, 0, 101), False),
        ((800, 100, 100), True),
        ((801, 100, 100), False),
        ((0, 0, 0), True),
    ],
)
def test_batch_size(api: Api, run_id: str, counts: tuple[int, int, int], fits: bool) -> None:
    body = {
        "run_id": run_id,
        "metrics": metrics(counts[0]),
        "params": pairs("p", counts[1]),
        "tags": pairs("t", counts[2]),
    }
    answer = api.send("POST", "runs/log-batch", json=body)
    data = api.get("runs/get", run_id=run_id)["run"]["data"]
    if fits:
        assert (answer.status_code, answer.json()) == (200, {})
        assert len(data.get("params", [])) == counts[1]
        assert len(data.get("metrics", [])) == min(counts[0], 10)
    else:
        assert error(answer) == INVALID
        assert ("metrics" in data, "params" in data, len(data["tags"])) == (False, False, 1)


def test_same_param_twice_in_a_batch_is_refused(api: Api, run_id: str) -> None:
    for second in ("1", "2"):
        body = {"run_id": run_id, "params": [{"key": "a", "value": "1"}, {"key": "a", "value": second}]}
        assert error(api.send("POST", "runs/log-batch", json=body)) == INVALID
    assert "params" not in api.get("runs/get", run_id=run_id)["run"]["data"]


def test_same_tag_twice_in_a_batch_keeps_the_last(api: Api, run_id: str) -> None:
    api.post("runs/log-batch", {"run_id": run_id, "tags": [{"key": "a", "value": "1"}, {"key": "a", "value": "2"}]})
    tags = api.get("runs/get", run_id=run_id)["run"]["data"]["tags"]
    assert {"key": "a", "value": "2"} in tags
    assert sum(t["key"] == "a" for t in tags) == 1


@pytest.mark.parametrize(
    ("batch", "named"),
    [
        ({"metrics": [{"key": "m", "value": 1.0}]}, "metrics[0].timestamp"),
        ({"metrics": [{"key": "m", "timestamp": 1}]}, "metrics[0].value"),
        ({"metrics": [{"value": 1.0, "timestamp": 1}]}, "metrics[0].key"),
        (
            {"metrics": [{"key": "m", "value": 1.0, "timestamp": 1}, {"key": "m", "value": 1.0}]},
            "metrics[1].timestamp",
        ),
        ({"params": [{"value": "1"}]}, "params[0].key"),
        ({"tags": [{"value": "1"}]}, "tags[0].key"),
    ],
)
def test_message_names_the_place(api: Api, run_id: str, batch: dict[str, object], named: str) -> None:
    answer = api.send("POST", "runs/log-batch", json={"run_id": run_id, **batch})
    assert error(answer) == INVALID
    assert f"Missing value for required parameter '{named}'" in answer.json()["message"]


def refused_and_nothing_stored(api: Api, run_id: str, batch: dict[str, object], expected: tuple[int, str]) -> None:
    body = {"run_id": run_id, "tags": [{"key": "t", "value": "1"}], **batch}
    assert answered(api.send("POST", "runs/log-batch", json=body)) == expected
    if expected == INVALID:
        data = api.get("runs/get", run_id=run_id)["run"]["data"]
        assert [t["key"] for t in data["tags"]] == ["mlflow.runName"]
        assert not {"metrics", "params"} & set(data)


@pytest.mark.parametrize("batch", [{"metrics": {"key": "m"}}, {"metrics": "m"}, {"run_id": "not/a/run"}, {"run_id": 7}])
def test_malformed_batch_is_invalid_and_stores_nothing(api: Api, run_id: str, batch: dict[str, object]) -> None:
    refused_and_nothing_stored(api, run_id, batch, INVALID)


@pytest.mark.parametrize(
    ("batch", "deviation"),
    [
        ({"metrics": ["m"]}, UNREADABLE),
        ({"metrics": [{"key": "m", "value": "x", "timestamp": 1}]}, ITEM_READ_HALF),
        ({"metrics": [{"key": "m", "value": 1.0, "timestamp": 1.5}]}, ITEM_READ_HALF),
        ({"metrics": [{"key": "m", "value": 1.0, "timestamp": 1, "step": 2**63}]}, ITEM_READ_HALF),
        ({"params": [{"key": "a", "value": 1}]}, ITEM_READ_HALF),
        ({"tags": [{"key": "a", "value": {}}]}, ITEM_READ_HALF),
    ],
)
def test_wrong_type_within_a_batch_is_invalid_and_stores_nothing(
    api: Api, run_id: str, batch: dict[str, object], deviation: Deviation
) -> None:
    refused_and_nothing_stored(api, run_id, batch, deviation.expected)
