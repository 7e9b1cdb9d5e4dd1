import pytest
from deviations import LOGGED_MODEL_ATTRIBUTE, LOGGED_MODEL_NUMBER, Deviation
from mlflow import MlflowClient
from mlflow.entities import Metric
from mlflow.exceptions import MlflowException
from rest import INVALID, Api, error
from servers import Server


@pytest.fixture(scope="module")
def shelf(server: Server) -> str:
    """Models a, b, c; a is the oldest."""
    client = MlflowClient(tracking_uri=server.url)
    experiment = client.create_experiment(f"shelf-{server.database}-{id(server)}")
    run_id = client.create_run(experiment).info.run_id
    plan = {
        "a": ({"depth": "1"}, {"t": "x"}, [("acc", 0.1, 1, "iris", "d1"), ("acc", 0.9, 2, "wine", "d2")]),
        "b": ({"depth": "10"}, {"t": "Y"}, [("acc", 0.5, 1, "iris", "d1"), ("loss", 2.0, 1, None, None)]),
        "c": ({}, {}, []),
    }
    for name, (params, tags, metrics) in plan.items():
        model = client.create_logged_model(
            experiment, name=name, source_run_id=run_id, params=params, tags=tags, model_type=f"kind-{name}"
        )
        logged = [
            Metric(k, v, 10 + s, s, model_id=model.model_id, dataset_name=n, dataset_digest=d)
            for k, v, s, n, d in metrics
        ]
        client.log_batch(run_id, metrics=logged)
        if name != "c":
            client.finalize_logged_model(model.model_id, "READY")
    return experiment


def letters(client: MlflowClient, experiment: str, rule: str | None = None, **more: object) -> str:
    found = client.search_logged_models([experiment], filter_string=rule, **more)  # type: ignore[arg-type]
    return "".join(m.name for m in found)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (None, "abc"),
        ("name = 'a'", "a"),
        ("attributes.name != 'a'", "bc"),
        ("name LIKE '%'", "abc"),
        ("name ILIKE 'A'", "a"),
        ("name IN ('a', 'c')", "ac"),
        ("name NOT IN ('a')", "bc"),
        ("name = a", "a"),
        ('name = "a"', ""),
        ("model_type = 'kind-b'", "b"),
        ("status = 2", "ab"),
        ("attributes.status != 2", "c"),
        ("params.depth = '10'", "b"),
        ("params.`depth` LIKE '1%'", "ab"),
        ("tags.t = 'x'", "a"),
        ("tags.t ILIKE 'y'", "b"),
        ("metrics.acc > 0.4", "ab"),
        ("metrics.acc < 0.2", "a"),
        ("metrics.acc >= 0.5 AND metrics.loss = 2", "b"),
        ("creation_timestamp > 0", "abc"),
        ("creation_time > 0 AND last_updated_timestamp > 0", "abc"),
        ("name = 'a' AND tags.t = 'x' AND params.depth = '1'", "a"),
    ],
)
def test_filter(client: MlflowClient, shelf: str, rule: str | None, expected: str) -> None:
    assert "".join(sorted(letters(client, shelf, rule))) == expected


@pytest.mark.parametrize(
    "rule",
    [
        "metric.acc > 1",
        "param.a = 'x'",
        "tag.t = 'x'",
        "name IS NULL",
        "name = 'a' OR name = 'b'",
        "name ~ 'a'",
        "spans.x = 'a'",
    ],
)
def test_bad_filter_is_invalid(client: MlflowClient, shelf: str, rule: str) -> None:
    with pytest.raises(MlflowException) as caught:
        client.search_logged_models([shelf], filter_string=rule)
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"


@pytest.mark.parametrize(
    ("rule", "deviation"),
    [("nonsense = 'a'", LOGGED_MODEL_ATTRIBUTE), ("creation_timestamp > '1'", LOGGED_MODEL_NUMBER)],
)
def test_filter_that_mlflow_fails_on(api: Api, shelf: str, rule: str, deviation: Deviation) -> None:
    answer = api.send("POST", "logged-models/search", json={"experiment_ids": [shelf], "filter": rule})
    assert error(answer) == deviation.expected


def by(field: str, ascending: bool = True, **more: str) -> dict[str, object]:
    return {"field_name": field, "ascending": ascending, **more}


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (None, "cba"),
        ([by("name")], "abc"),
        ([by("name", ascending=False)], "cba"),
        ([by("creation_timestamp")], "abc"),
        ([by("metrics.acc")], "bac"),
        ([by("metrics.acc", ascending=False)], "abc"),
        ([by("metrics.acc", dataset_name="iris", dataset_digest="d1")], "abc"),
        ([by("metrics.loss")], "bca"),
        ([by("model_type", ascending=False)], "cba"),
    ],
)
def test_order(client: MlflowClient, shelf: str, order: list[dict[str, object]] | None, expected: str) -> None:
    assert letters(client, shelf, order_by=order) == expected


@pytest.mark.parametrize("field", ["params.depth", "tags.t", "nonsense"])
def test_bad_order_is_invalid(client: MlflowClient, shelf: str, field: str) -> None:
    with pytest.raises(MlflowException) as caught:
        client.search_logged_models([shelf], order_by=[by(field)])
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"


def test_datasets_restrict_the_metrics_that_count(client: MlflowClient, shelf: str) -> None:
    iris = [{"dataset_name": "iris", "dataset_digest": "d1"}]
    wine = [{"dataset_name": "wine", "dataset_digest": "d2"}]
    assert letters(client, shelf, "metrics.acc > 0.8", datasets=iris) == ""
    assert letters(client, shelf, "metrics.acc > 0.8", datasets=wine) == "a"
    assert letters(client, shelf, None, datasets=iris) == "ba"
    assert letters(client, shelf, None, datasets=iris + wine) == "ba"


def test_pages_and_their_tokens(client: MlflowClient, api: Api, shelf: str) -> None:
    first = client.search_logged_models([shelf], max_results=2)
    second = client.search_logged_models([shelf], max_results=2, page_token=first.token)
    assert ("".join(m.name for m in first), "".join(m.name for m in second)) == ("cb", "a")
    assert not second.token
    other = {"experiment_ids": [shelf], "filter": "name = 'a'", "page_token": first.token, "max_results": 2}
    assert error(api.send("POST", "logged-models/search", json=other)) == INVALID
    assert error(api.send("POST", "logged-models/search", json={})) == INVALID
    assert error(api.send("POST", "logged-models/search", json={"experiment_ids": ["x"]})) == INVALID
    assert api.post("logged-models/search", {"experiment_ids": []}) == {}
    assert api.post("logged-models/search", {"experiment_ids": ["987654321"]}) == {}
