import json

import pytest
from deviations import NESTED_FIELD_MISSING
from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, LoggedModelInput, LoggedModelOutput
from rest import BAD, INVALID, Api, answered, error

AJAX = "/ajax-api/2.0/mlflow"


def given(name: str, digest: str, **tags: str) -> DatasetInput:
    dataset = Dataset(
        name=name,
        digest=digest,
        source_type="local",
        source=json.dumps({"uri": "/data/x.csv"}),
        schema=json.dumps({"mlflow_colspec": []}),
        profile=json.dumps({"num_rows": 3}),
    )
    return DatasetInput(dataset, [InputTag(k.replace("_", "."), v) for k, v in tags.items()])


def test_dataset_is_read_back_whole(client: MlflowClient, run_id: str) -> None:
    client.log_inputs(run_id, [given("iris", "abc123", mlflow_data_context="train", extra="1")])
    [read] = client.get_run(run_id).inputs.dataset_inputs
    assert (read.dataset.name, read.dataset.digest, read.dataset.source_type) == ("iris", "abc123", "local")
    assert json.loads(read.dataset.source) == {"uri": "/data/x.csv"}
    assert json.loads(read.dataset.schema) == {"mlflow_colspec": []}
    assert json.loads(read.dataset.profile) == {"num_rows": 3}
    assert {t.key: t.value for t in read.tags} == {"mlflow.data.context": "train", "extra": "1"}


def test_dataset_without_schema_and_profile_omits_them(api: Api, run_id: str) -> None:
    dataset = {"name": "d", "digest": "1", "source_type": "local", "source": "s"}
    api.post("runs/log-inputs", {"run_id": run_id, "datasets": [{"dataset": dataset}]})
    [read] = api.get("runs/get", run_id=run_id)["run"]["inputs"]["dataset_inputs"]
    assert read["dataset"] == dataset
    assert read.get("tags", []) == []


def test_same_dataset_again_keeps_the_first_tags(client: MlflowClient, run_id: str) -> None:
    client.log_inputs(run_id, [given("iris", "abc", mlflow_data_context="train")])
    client.log_inputs(run_id, [given("iris", "abc", mlflow_data_context="eval"), given("iris", "other")])
    read = client.get_run(run_id).inputs.dataset_inputs
    assert {d.dataset.digest: [t.value for t in d.tags] for d in read} == {"abc": ["train"], "other": []}


def test_dataset_is_shared_by_runs_of_an_experiment(client: MlflowClient, experiment: str) -> None:
    runs = [client.create_run(experiment).info.run_id for _ in range(2)]
    for run_id, context in zip(runs, ("train", "eval"), strict=True):
        client.log_inputs(run_id, [given("iris", "abc", mlflow_data_context=context)])
    found = client.search_runs([experiment], "datasets.name = 'iris' AND datasets.context = 'eval'")
    assert [r.info.run_id for r in found] == [runs[1]]
    assert len(client.search_runs([experiment], "datasets.digest = 'abc'")) == 2


def test_search_datasets_lists_summaries(client: MlflowClient, api: Api, experiment: str, run_id: str) -> None:
    client.log_inputs(run_id, [given("iris", "1", mlflow_data_context="train"), given("wine", "2")])
    body = {"experiment_ids": [experiment]}
    found = api.at(AJAX).post("experiments/search-datasets", body)["dataset_summaries"]
    assert sorted((d["name"], d["digest"], d.get("context")) for d in found) == [
        ("iris", "1", "train"),
        ("wine", "2", None),
    ]
    assert {d["experiment_id"] for d in found} == {experiment}
    assert api.send("POST", "experiments/search-datasets", json=body).status_code == 404


@pytest.mark.parametrize("ids", [[], [str(i) for i in range(21)]])
def test_search_datasets_takes_one_to_twenty_experiments(api: Api, ids: list[str]) -> None:
    answer = api.at(AJAX).send("POST", "experiments/search-datasets", json={"experiment_ids": ids})
    assert error(answer) == INVALID


@pytest.mark.parametrize("absent", ["name", "digest", "source_type", "source"])
def test_dataset_with_a_field_missing(api: Api, run_id: str, absent: str) -> None:
    dataset = {"name": "d", "digest": "1", "source_type": "local", "source": "s"}
    del dataset[absent]
    body = {"run_id": run_id, "datasets": [{"dataset": dataset}]}
    assert answered(api.send("POST", "runs/log-inputs", json=body)) == NESTED_FIELD_MISSING.expected


@pytest.mark.parametrize(
    "change",
    [
        {"name": "n" * 501},
        {"digest": "d" * 37},
        {"source": "s" * 65_536},
        {"schema": "s" * 1_048_576},
    ],
)
def test_bad_dataset_is_invalid(api: Api, run_id: str, change: dict[str, str]) -> None:
    dataset = {"name": "d", "digest": "1", "source_type": "local", "source": "s"} | change
    body = {"run_id": run_id, "datasets": [{"dataset": dataset}]}
    assert error(api.send("POST", "runs/log-inputs", json=body)) == INVALID
    assert api.get("runs/get", run_id=run_id)["run"]["inputs"] == {}


@pytest.mark.parametrize("tag", [{"key": "k" * 256, "value": "v"}, {"key": "k", "value": "v" * 501}])
def test_bad_dataset_tag_is_invalid(api: Api, run_id: str, tag: dict[str, str]) -> None:
    dataset = {"name": "d", "digest": "1", "source_type": "local", "source": "s"}
    body = {"run_id": run_id, "datasets": [{"dataset": dataset, "tags": [tag]}]}
    assert error(api.send("POST", "runs/log-inputs", json=body)) == INVALID


def test_model_inputs_and_outputs(client: MlflowClient, api: Api, experiment: str, run_id: str) -> None:
    first, second = (client.create_logged_model(experiment).model_id for _ in range(2))
    client.log_inputs(run_id, models=[LoggedModelInput(first)])
    client.log_outputs(run_id, [LoggedModelOutput(second, step=3), LoggedModelOutput(first, step=0)])
    run = client.get_run(run_id)
    assert [m.model_id for m in run.inputs.model_inputs] == [first]
    assert sorted((m.model_id, m.step) for m in run.outputs.model_outputs) == sorted([(second, 3), (first, 0)])
    [found] = api.post("runs/search", {"experiment_ids": [experiment]})["runs"]
    assert len(found["outputs"]["model_outputs"]) == 2
    assert "model_inputs" not in found["inputs"]


def test_outputs_need_models_with_a_step(api: Api, run_id: str) -> None:
    assert error(api.send("POST", "runs/outputs", json={"run_id": run_id})) == INVALID
    for item in ({"step": 1}, {"model_id": "m-1"}):
        answer = api.send("POST", "runs/outputs", json={"run_id": run_id, "models": [item]})
        assert answered(answer) == NESTED_FIELD_MISSING.expected, item


def test_metric_of_a_model_is_on_the_run_and_on_the_model(
    client: MlflowClient, api: Api, experiment: str, run_id: str
) -> None:
    model = client.create_logged_model(experiment, source_run_id=run_id).model_id
    client.log_metric(
        run_id, "acc", 0.75, timestamp=5, step=2, model_id=model, dataset_name="iris", dataset_digest="abc"
    )
    assert client.get_run(run_id).data.metrics == {"acc": 0.75}
    [point] = api.get("metrics/get-history", run_id=run_id, metric_key="acc")["metrics"]
    assert point == {"key": "acc", "value": 0.75, "timestamp": 5, "step": 2}
    [metric] = client.get_logged_model(model).metrics
    assert (metric.key, metric.value, metric.step, metric.timestamp) == ("acc", 0.75, 2, 5)
    assert (metric.dataset_name, metric.dataset_digest, metric.run_id) == ("iris", "abc", run_id)


def test_metric_of_an_unknown_model_is_refused(api: Api, run_id: str) -> None:
    metric = {"key": "m", "value": 1.0, "timestamp": 1, "model_id": "m-" + "0" * 32}
    assert error(api.send("POST", "runs/log-metric", json={"run_id": run_id, **metric})) == BAD
    assert error(api.send("POST", "runs/log-batch", json={"run_id": run_id, "metrics": [metric]})) == BAD
