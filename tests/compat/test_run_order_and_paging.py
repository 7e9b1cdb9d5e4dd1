import base64
import json
from collections.abc import Callable

import pytest
from deviations import SAME_ORDER_KEY_TWICE, TOKEN_NOT_ASCII, TOKEN_OF_ANOTHER_SHAPE, Deviation
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag
from mlflow.exceptions import MlflowException
from rest import INVALID, Api, error
from servers import Server

NAN, INF = float("nan"), float("inf")


@pytest.fixture(scope="module")
def herd(server: Server) -> str:
    """Runs a..f; metric m: 1, 3, NaN, missing, +inf, -inf; started in the order f..a, a last."""
    client = MlflowClient(tracking_uri=server.url)
    experiment = client.create_experiment(f"herd-{server.database}-{id(server)}")
    values = {"a": 1.0, "b": 3.0, "c": NAN, "d": None, "e": INF, "f": -INF}
    params = {"a": "b", "b": "B", "c": "a", "d": "10", "e": "9"}
    for index, (name, value) in enumerate(values.items()):
        run = client.create_run(experiment, start_time=1000 - index, run_name=name)
        client.log_batch(
            run.info.run_id,
            metrics=[] if value is None else [Metric("m", value, 1, 0)],
            params=[Param("p", params[name])] if name in params else [],
            tags=[RunTag("t", "same")] if name in "abc" else [],
        )
        if name in "ace":
            client.set_terminated(run.info.run_id, end_time=5000 + index)
    return experiment


def letters(client: MlflowClient, experiment: str, order: list[str]) -> str:
    return "".join(r.info.run_name for r in client.search_runs([experiment], order_by=order))


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ([], "abcdef"),
        (["start_time ASC"], "fedcba"),
        (["start_time"], "fedcba"),
        (["attributes.start_time desc"], "abcdef"),
        (["metrics.m ASC"], "fabecd"),
        (["metrics.m DESC"], "ebafcd"),
        (["metric.m"], "fabecd"),
        (["metrics.`m` DESC"], "ebafcd"),
        (["metrics.absent"], "abcdef"),
        (["params.p ASC"], "debcaf"),
        (["params.p DESC"], "acbedf"),
        (["tags.t"], "abcdef"),
        (["tags.t DESC", "metrics.m DESC"], "bacefd"),
        (["end_time"], "acebdf"),
        (["end_time DESC"], "ecabdf"),
        (["status", "start_time"], "ecafdb"),
        (["run_name DESC"], "fedcba"),
        (["attribute.run_name ASC"], "abcdef"),
        (["tags.mlflow.runName DESC"], "fedcba"),
        (["created ASC"], "fedcba"),
        (["Created DESC"], "abcdef"),
        (["artifact_uri", "user_id"], None),
    ],
)
def test_order(client: MlflowClient, herd: str, order: list[str], expected: str | None) -> None:
    found = letters(client, herd, order)
    assert sorted(found) == list("abcdef")
    if expected is None:
        runs = client.search_runs([herd], order_by=order)
        assert [r.info.artifact_uri for r in runs] == sorted(r.info.artifact_uri for r in runs)
    else:
        assert found == expected


def test_ties_go_by_run_id(client: MlflowClient, experiment: str) -> None:
    made = [client.create_run(experiment, start_time=7).info.run_id for _ in range(6)]
    assert [r.info.run_id for r in client.search_runs([experiment])] == sorted(made)


@pytest.mark.parametrize(
    "order",
    [
        "metrics.m SIDEWAYS",
        "datasets.name",
        "experiment_id",
        "lifecycle_stage",
        "`Run Name`",
        "metrics.m, params.p",
        "",
    ],
)
def test_bad_order_is_invalid(client: MlflowClient, herd: str, order: str) -> None:
    with pytest.raises(MlflowException) as caught:
        client.search_runs([herd], order_by=[order])
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"


def test_same_order_key_twice_is_refused(api: Api, herd: str) -> None:
    body = {"experiment_ids": [herd], "order_by": ["metrics.m", "metrics.m DESC"]}
    assert error(api.send("POST", "runs/search", json=body)) == SAME_ORDER_KEY_TWICE.expected


@pytest.mark.parametrize("order", [[], ["metrics.m DESC"], ["params.p ASC"], ["end_time DESC"]])
@pytest.mark.parametrize("size", [1, 2, 4])
def test_pages_together_are_the_whole(client: MlflowClient, herd: str, order: list[str], size: int) -> None:
    whole = letters(client, herd, order)
    seen, token = "", None
    for _ in range(10):
        page = client.search_runs([herd], order_by=order, max_results=size, page_token=token)
        seen += "".join(r.info.run_name for r in page)
        token = page.token
        if not token:
            break
    assert seen == whole


def test_exactly_full_last_page_has_no_token(api: Api, herd: str) -> None:
    full = api.post("runs/search", {"experiment_ids": [herd], "max_results": 6})
    assert len(full["runs"]) == 6
    assert "next_page_token" not in full
    part = api.post("runs/search", {"experiment_ids": [herd], "max_results": 5})
    assert part["next_page_token"]


@pytest.mark.parametrize("token", ["garbage", "e30", "e30="])
def test_wrong_page_token_is_invalid(api: Api, herd: str, token: str) -> None:
    body = {"experiment_ids": [herd], "page_token": token}
    assert error(api.send("POST", "runs/search", json=body)) == INVALID


@pytest.mark.parametrize(
    ("token", "deviation"),
    [
        (base64.b64encode(json.dumps([1]).encode()).decode(), TOKEN_OF_ANOTHER_SHAPE),
        ("ünicode", TOKEN_NOT_ASCII),
    ],
)
def test_page_token_of_another_kind_is_refused(api: Api, herd: str, token: str, deviation: Deviation) -> None:
    body = {"experiment_ids": [herd], "page_token": token}
    assert error(api.send("POST", "runs/search", json=body)) == deviation.expected


@pytest.mark.parametrize("size", [0, -1, 50_001])
def test_page_size_outside_the_limits_is_invalid(api: Api, herd: str, size: int) -> None:
    body = {"experiment_ids": [herd], "max_results": size}
    assert error(api.send("POST", "runs/search", json=body)) == INVALID


def test_search_over_several_experiments(
    client: MlflowClient, api: Api, herd: str, experiment: str, run_id: str, unique: Callable[[str], str]
) -> None:
    found = client.search_runs([herd, experiment], max_results=50)
    assert {r.info.experiment_id for r in found} == {herd, experiment}
    assert len(found) == 7
    assert len(client.search_runs([experiment, "987654321"])) == 1
    assert api.post("runs/search", {"experiment_ids": []}) == {}
    assert api.post("runs/search", {}) == {}
    assert api.post("runs/search", {"experiment_ids": ["987654321"]}) == {}
    assert error(api.send("POST", "runs/search", json={"experiment_ids": ["x"]})) == INVALID
    assert api.send("GET", "runs/search", params={"experiment_ids": herd}).status_code in (404, 405)


def test_search_returns_runs_whole(client: MlflowClient, herd: str) -> None:
    run = client.search_runs([herd], "run_name = 'a'")[0]
    assert run.data.metrics == {"m": 1.0}
    assert run.data.params == {"p": "b"}
    assert run.data.tags == {"t": "same", "mlflow.runName": "a"}
    assert run.to_dictionary() == client.get_run(run.info.run_id).to_dictionary()
