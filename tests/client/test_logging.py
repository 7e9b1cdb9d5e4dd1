from __future__ import annotations

import decimal
import fractions
import math
from typing import Any

import numpy as np
import pytest

import headrace as mlflow
from headrace.entities import LoggedModelOutput, Metric, Param, RunTag
from headrace.errors import InvalidValue, NotFound

pytestmark = pytest.mark.usefixtures("place")


def current() -> mlflow.entities.Run:
    run = mlflow.last_active_run()
    assert run is not None
    return run


class Tensor:
    """As torch's: item() for one element, RuntimeError for more; no __float__."""

    def __init__(self, *values: float) -> None:
        self.values = values

    def __repr__(self) -> str:  # part of test ids, which must be the same in every process
        return f"Tensor{self.values}"

    def item(self) -> float:
        if len(self.values) != 1:
            raise RuntimeError(f"a Tensor with {len(self.values)} elements cannot be converted to Scalar")
        return self.values[0]


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (1, 1.0),
        (True, 1.0),
        (0.5, 0.5),
        ("0.5", 0.5),
        (np.float32(0.5), 0.5),
        (np.int64(7), 7.0),
        (np.bool_(True), 1.0),
        (np.array(2.5), 2.5),
        (np.array([2.5]), 2.5),
        (Tensor(3.0), 3.0),
        (decimal.Decimal("1.25"), 1.25),
        (fractions.Fraction(1, 4), 0.25),
    ],
    ids=str,
)
def test_numbers_of_every_kind_become_metrics(value: Any, kept: float) -> None:
    mlflow.log_metric("m", value)
    assert current().data.metrics == {"m": kept}


def test_nan_and_infinities_are_kept() -> None:
    mlflow.log_metrics({"nan": math.nan, "up": math.inf, "down": -math.inf})
    metrics = current().data.metrics
    assert math.isnan(metrics["nan"])
    assert (metrics["up"], metrics["down"]) == (1.7976931348623157e308, -1.7976931348623157e308)


@pytest.mark.parametrize(
    "value",
    [None, "abc", [1], {}, 1j, object(), np.array([1, 2]), Tensor(1, 2), 10**400],
    ids=lambda v: type(v).__name__,
)
def test_what_is_no_number_is_refused_with_the_metrics_name(value: Any) -> None:
    with pytest.raises(mlflow.MlflowException, match="metric 'loss'") as caught:
        mlflow.log_metric("loss", value)
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"


def test_a_wrong_value_starts_no_run() -> None:
    with pytest.raises(InvalidValue):
        mlflow.log_metric("loss", "abc")
    assert mlflow.active_run() is None


def test_metrics_of_one_call_share_timestamp_and_step() -> None:
    mlflow.log_metrics({"a": 1, "b": 2}, step=7)
    points = current().data.latest
    assert {point.step for point in points} == {7}
    assert len({point.timestamp for point in points}) == 1


def test_timestamp_and_run_can_be_given() -> None:
    with mlflow.start_run() as other:
        pass
    with mlflow.start_run() as run:
        mlflow.log_metric("m", 1, step=np.int64(3), timestamp=1_000, run_id=other.info.run_id)
        mlflow.log_params({"p": 1}, run_id=other.info.run_id)
        mlflow.log_metrics({"n": 1}, run_id=other.info.run_id)
    client = mlflow.MlflowClient()
    assert client.get_metric_history(other.info.run_id, "m") == [Metric("m", 1.0, 1_000, 3)]
    assert client.get_run(other.info.run_id).data.params == {"p": "1"}
    assert client.get_run(run.info.run_id).data.metrics == {}


@pytest.mark.parametrize(("step", "kept"), [(2.0, 2), (1.5, 1), (np.int32(4), 4), (-3, -3)])
def test_steps_become_integers(step: Any, kept: int) -> None:
    mlflow.log_metric("m", 1, step=step)
    assert current().data.latest[0].step == kept


@pytest.mark.parametrize(("field", "value"), [("step", "x"), ("timestamp", "y"), ("step", 2**63), ("timestamp", -1)])
def test_wrong_step_or_timestamp_is_named(field: str, value: Any) -> None:
    with pytest.raises(InvalidValue, match=field):
        mlflow.log_metric("m", 1, **{field: value})


@pytest.mark.parametrize(
    ("value", "text"), [(1, "1"), (None, "None"), ([1, "a"], "[1, 'a']"), (0.1, "0.1"), ("x", "x"), (True, "True")]
)
def test_params_are_kept_as_text_and_given_back_as_they_were(value: Any, text: str) -> None:
    assert mlflow.log_param("p", value) is value
    assert current().data.params == {"p": text}


def test_param_may_be_repeated_but_not_changed() -> None:
    mlflow.log_param("p", 1)
    mlflow.log_param("p", "1")
    with pytest.raises(InvalidValue, match="'p'"):
        mlflow.log_param("p", 2)


@pytest.mark.parametrize("key", ["", "a//b", "../x", "/x", "a\nb", 3, None])
def test_bad_names_are_refused(key: Any) -> None:
    for call in (mlflow.log_param, mlflow.log_metric, mlflow.set_tag):
        with pytest.raises(InvalidValue):
            call(key, 1)


def test_long_params_are_cut_as_mlflow_does() -> None:
    mlflow.log_param("p", "x" * 7000)
    assert len(current().data.params["p"]) == 6000


def test_more_than_a_batch_holds_goes_in_pieces() -> None:
    mlflow.log_params({f"p{i}": i for i in range(250)})
    mlflow.set_tags({f"t{i}": i for i in range(250)})
    mlflow.log_metrics({f"m{i}": i for i in range(2500)})
    data = current().data
    assert len(data.params) == 250
    assert len([key for key in data.tags if key.startswith("t")]) == 250
    assert len(data.metrics) == 2500


def test_one_bad_name_among_many_writes_none() -> None:
    mlflow.start_run()
    with pytest.raises(InvalidValue):
        mlflow.log_params({**{f"p{i}": i for i in range(250)}, "a//b": 1})
    assert current().data.params == {}


def test_tags_are_set_overwritten_and_deleted() -> None:
    mlflow.set_tag("k", 1)
    mlflow.set_tags({"k": "two", "l": None})
    tags = current().data.tags
    assert (tags["k"], tags["l"]) == ("two", "None")
    mlflow.delete_tag("k")
    assert "k" not in current().data.tags
    with pytest.raises(NotFound):
        mlflow.delete_tag("k")


def test_run_name_tag_renames_the_run() -> None:
    with mlflow.start_run(run_name="old"):
        mlflow.set_tag("mlflow.runName", "new")
    assert current().info.run_name == "new"


def test_dataset_is_logged_with_context_and_tags() -> None:
    dataset = mlflow.entities.Dataset("digits", "0a1b2c3d", "local", '{"uri": "x"}')
    with mlflow.start_run():
        mlflow.log_input(dataset, context="training", tags={"split": "a"})
        mlflow.log_inputs([dataset], ["evaluation"], [None])
    (logged,) = current().inputs.dataset_inputs
    assert logged.dataset == dataset
    assert {(tag.key, tag.value) for tag in logged.tags} == {("mlflow.data.context", "training"), ("split", "a")}


def test_what_is_no_dataset_is_refused() -> None:
    with pytest.raises(InvalidValue, match="from_numpy"):
        mlflow.log_input([1, 2, 3])


def test_metric_can_name_the_dataset_it_was_measured_on() -> None:
    dataset = mlflow.entities.Dataset("digits", "0a1b2c3d", "local", "{}")
    with mlflow.start_run() as run:
        model = mlflow.initialize_logged_model("m")
        mlflow.log_metric("acc", 0.9, model_id=model.model_id, dataset=dataset)
    metrics = mlflow.get_logged_model(model.model_id).metrics
    assert metrics is not None
    assert [(m.key, m.value, m.dataset_name, m.dataset_digest, m.run_id) for m in metrics] == [
        ("acc", 0.9, "digits", "0a1b2c3d", run.info.run_id)
    ]
    assert model.source_run_id == run.info.run_id


def test_outputs_are_logged() -> None:
    with mlflow.start_run():
        model = mlflow.initialize_logged_model("m")
        mlflow.log_outputs([LoggedModelOutput(model.model_id, 3)])
    assert current().outputs.model_outputs == [LoggedModelOutput(model.model_id, 3)]


def test_client_log_batch_takes_records_of_any_number_type_and_size() -> None:
    client = mlflow.MlflowClient()
    run_id = client.create_run("0").info.run_id
    client.log_batch(
        run_id,
        metrics=[Metric("m", np.float32(0.5), 1, i) for i in range(1500)],  # type: ignore[arg-type]
        params=[Param(f"p{i}", "v") for i in range(120)],
        tags=[RunTag(f"t{i}", "v") for i in range(120)],
    )
    assert len(client.get_metric_history(run_id, "m")) == 1500
    assert len(client.get_run(run_id).data.params) == 120
