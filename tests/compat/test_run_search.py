import pytest
from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag
from mlflow.exceptions import MlflowException
from servers import Server

NAN, INF = float("nan"), float("inf")


def dataset(name: str, digest: str, context: str | None) -> DatasetInput:
    tags = [InputTag("mlflow.data.context", context)] if context else []
    return DatasetInput(Dataset(name=name, digest=digest, source_type="local", source="{}"), tags)


@pytest.fixture(scope="module")
def zoo(server: Server) -> str:
    """Four runs a, b, c, d, a started first; found by the letter that names them."""
    client = MlflowClient(tracking_uri=server.url)
    experiment = client.create_experiment(f"zoo-{server.database}-{id(server)}")
    plan = {
        "a": ({"loss": 0.5, "acc": 0.1, "my metric/x": 1.0}, {"lr": "0.1", "Opt": "SGD"}, {"t": "x", "t.u": "v"}),
        "b": ({"loss": 0.25, "acc": NAN}, {"lr": "0.01", "Opt": "sgd"}, {"t": "X"}),
        "c": ({"loss": -INF, "neg": -3.5}, {"lr": "50%", "Opt": "a_b"}, {"t": "it's"}),
        "d": ({"loss": INF}, {}, {"quote": 'say "hi"'}),
    }
    for index, (name, (metrics, params, tags)) in enumerate(plan.items()):
        run = client.create_run(experiment, start_time=1000 + index, run_name=name)
        client.log_batch(
            run.info.run_id,
            metrics=[Metric(k, v, 5, 0) for k, v in metrics.items()],
            params=[Param(k, v) for k, v in params.items()],
            tags=[RunTag(k, v) for k, v in tags.items()],
        )
        if name == "a":
            client.log_metric(run.info.run_id, "loss", 9.0, timestamp=1, step=-1)  # older: not the latest
            client.log_inputs(run.info.run_id, [dataset("iris", "d1", "train"), dataset("wine", "d2", "eval")])
        if name == "b":
            client.log_inputs(run.info.run_id, [dataset("Iris", "d3", None)])
        if name in "ab":
            client.set_terminated(run.info.run_id, end_time=2000 + index)
    return experiment


def letters(client: MlflowClient, experiment: str, rule: str) -> str:
    found = client.search_runs([experiment], rule, order_by=["start_time ASC"])
    return "".join(r.info.run_name for r in found)


METRIC_RULES = [
    ("metrics.loss < 1", "abc"),
    ("metric.loss >= 0.5", "ad"),
    ("metrics.loss = 0.5", "a"),
    ("metrics.loss != 0.5", "bcd"),
    ("metrics.loss > 1e308", "d"),
    ("metrics.loss <= -1.5e308", "c"),
    ("metrics.loss > .3", "ad"),
    ("metrics.acc > 0", "a"),
    ("metrics.acc <= 1", "a"),
    ("metrics.acc != 0.1", "b"),
    ("metrics.acc = 0.1", "a"),
    ("metrics.neg < -3", "c"),
    ("metrics.neg = -3.5", "c"),
    ("metrics.missing != 1", ""),
    ("metrics.`my metric/x` = 1", "a"),
    ('metrics."my metric/x" = 1', "a"),
    ("metrics.'my metric/x' = 1", "a"),
    ("metrics.loss > 0.2 AND metrics.loss < 0.4", "b"),
    ("metrics.loss>0.2 and metrics.loss<0.4", "b"),
]
TEXT_RULES = [
    ("params.lr = '0.1'", "a"),
    ('params.lr = "0.1"', "a"),
    ("param.lr != '0.1'", "bc"),
    ("parameters.lr LIKE '0.%'", "ab"),
    ("parameter.Opt LIKE 'S%'", "a"),
    ("params.Opt ILIKE 's%'", "ab"),
    ("params.Opt LIKE 'a_b'", "c"),
    ("params.lr LIKE '50%'", "c"),
    ("params.opt = 'SGD'", ""),
    ("params.lr IS NULL", "d"),
    ("params.lr IS NOT NULL", "abc"),
    ("tags.t = 'x'", "a"),
    ("tag.t ILIKE 'X'", "ab"),
    ("tags.t != 'x'", "bc"),
    ("tags.t.u = 'v'", "a"),
    ("tags.`t.u` = 'v'", "a"),
    ("tags.'t' = \"it's\"", "c"),
    ("tags.quote = 'say \"hi\"'", "d"),
    ("tags.t is null", "d"),
    ("tags.mlflow.runName = 'b'", "b"),
    ("`tags`.t = 'x'", "a"),
    ("params.lr = '0.1' AND metrics.loss = 0.5 AND tags.t = 'x' AND status = 'FINISHED'", "a"),
    ("params.lr LIKE '0%' AND params.lr LIKE '%1'", "ab"),
]
ATTRIBUTE_RULES = [
    ("run_name = 'a'", "a"),
    ("attributes.run_name LIKE '%'", "abcd"),
    ("attribute.run_name != 'a'", "bcd"),
    ("attr.`run name` = 'c'", "c"),
    ("attributes.`Run name` = 'c'", "c"),
    ("attributes.`Run Name` = 'c'", "c"),
    ("run.run_name ILIKE 'D'", "d"),
    ("status = 'FINISHED'", "ab"),
    ("attributes.status != 'FINISHED'", "cd"),
    ("status = 'finished'", ""),
    ("start_time > 1001", "cd"),
    ("attributes.start_time = 1000", "a"),
    ("created <= 1000", "a"),
    ("Created < 1002", "ab"),
    ("end_time >= 2001", "b"),
    ("attributes.end_time != 2000", "b"),
    ("artifact_uri LIKE 'mlflow-artifacts:%'", "abcd"),
    ("user_id ILIKE '%'", "abcd"),
    ("", "abcd"),
]
DATASET_RULES = [
    ("dataset.name = 'iris'", "a"),
    ("datasets.name ILIKE 'iris'", "ab"),
    ("datasets.digest IN ('d2', 'd3')", "ab"),
    ("datasets.digest NOT IN ('d1', 'd2')", "b"),
    ("datasets.name != 'iris'", "ab"),
    ("datasets.context = 'train'", "a"),
    ("datasets.context LIKE '%'", "a"),
    ("datasets.name = 'iris' AND datasets.context = 'eval'", "a"),
    ("datasets.name = 'nothing'", ""),
]


@pytest.mark.parametrize(("rule", "expected"), METRIC_RULES + TEXT_RULES + ATTRIBUTE_RULES + DATASET_RULES)
def test_filter(client: MlflowClient, zoo: str, rule: str, expected: str) -> None:
    assert letters(client, zoo, rule) == expected


def test_filter_by_run_id_lists(client: MlflowClient, zoo: str) -> None:
    ids = {r.info.run_name: r.info.run_id for r in client.search_runs([zoo])}
    assert letters(client, zoo, f"run_id = '{ids['b']}'") == "b"
    assert letters(client, zoo, f"attributes.run_id IN ('{ids['a']}', '{ids['d']}')") == "ad"
    assert letters(client, zoo, f"run_id IN ('{ids['c']}')") == "c"
    assert letters(client, zoo, f"attributes.run_id not in ('{ids['a']}', '{ids['d']}')") == "bc"


BAD_RULES = [
    "metrics.loss > '1'",
    "metrics.loss > one",
    "metrics.loss > inf",
    "metrics.loss > NaN",
    "metrics.loss LIKE '1'",
    "metrics.loss IS NULL",
    "metrics.loss == 1",
    "metrics.loss <> 1",
    "params.lr > '1'",
    "params.lr = 1",
    "params.lr IN ('a')",
    "params.lr NOT LIKE 'a'",
    "params.lr = 'hanging",
    "params.lr = unquoted",
    "tags.t RLIKE 'a'",
    "status = FINISHED",
    "status IN ('FINISHED')",
    "status IS NULL",
    "start_time > '1000'",
    "attributes.experiment_id = '1'",
    "attributes.lifecycle_stage = 'active'",
    "attributes.name = 'a'",
    "nonsense.x = 'a'",
    "datasets.source = 'a'",
    "datasets.name IS NULL",
    "run_id IN ()",
    "run_id IN (1)",
    "metrics.loss > 1 OR metrics.loss < 0",
    "NOT metrics.loss > 1",
    "(metrics.loss > 1)",
    "metrics.loss BETWEEN 1 AND 2",
    "metrics.loss > 1; metrics.loss < 2",
    "metrics.loss >",
    "> 1",
    "   ",
]


@pytest.mark.parametrize("rule", BAD_RULES)
def test_bad_filter_is_invalid(client: MlflowClient, zoo: str, rule: str) -> None:
    with pytest.raises(MlflowException) as caught:
        client.search_runs([zoo], rule)
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"


def test_trailing_and_is_tolerated(client: MlflowClient, zoo: str) -> None:
    assert letters(client, zoo, "metrics.loss = 0.5 AND") == "a"
