from __future__ import annotations

import json
import math
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace import errors
from headrace.entities import (
    Changes,
    ChartSeries,
    Dataset,
    DatasetFilter,
    DatasetInput,
    DatasetSummary,
    Experiment,
    ExperimentTag,
    InputTag,
    LoggedModel,
    LoggedModelInput,
    LoggedModelOutput,
    LoggedModelParameter,
    LoggedModelStatus,
    LoggedModelTag,
    Metric,
    MetricSummary,
    ModelOrder,
    Param,
    Run,
    RunChange,
    RunData,
    RunGroup,
    RunInfo,
    RunInputs,
    RunOutputs,
    RunTag,
)
from headrace.entities.limits import INT64_MAX, INT64_MIN
from headrace.wire import codec
from headrace.wire.convert import charts, experiments, inputs, live, logged_models, metrics, runs
from headrace.wire.convert.errors import error_body, error_from_answer
from headrace.wire.messages.charts import ChartAnswer
from headrace.wire.messages.experiments import CreateExperiment, ExperimentMessage
from headrace.wire.messages.inputs import LogInputs, LogOutputs
from headrace.wire.messages.live import ChangesAnswer, RunGroupMessage
from headrace.wire.messages.logged_models import LoggedModelMessage, SearchLoggedModels
from headrace.wire.messages.metrics import LogMetric, MetricMessage
from headrace.wire.messages.runs import LogBatch, RunMessage
from headrace.wire.requests import from_body

TEXT = st.text(max_size=20)
INT64 = st.integers(INT64_MIN, INT64_MAX)
# No None for a field that its message leaves out when it is empty, no duplicates where records have a mapping.
METRICS = st.builds(Metric, TEXT, st.floats(), INT64, INT64, st.none() | TEXT, st.none() | TEXT, st.none() | TEXT)
MAPPING = st.dictionaries(TEXT, TEXT, max_size=3)
DATASETS = st.builds(
    DatasetInput,
    st.builds(Dataset, TEXT, TEXT, TEXT, TEXT, st.none() | TEXT, st.none() | TEXT),
    st.lists(st.builds(InputTag, TEXT, TEXT), max_size=2),
)


def over_the_wire(message: msgspec.Struct, kind: type[Any] | None = None) -> Any:
    return codec.decode(kind or type(message), codec.encode(message))


def alike(left: object, right: object) -> bool:
    """Equal, with NaN equal to NaN."""
    return repr(left) == repr(right)


@given(
    st.builds(
        Experiment,
        st.from_regex(r"[0-9]{1,9}", fullmatch=True),
        TEXT,
        TEXT,
        st.sampled_from(["active", "deleted"]),
        MAPPING,
        st.none() | INT64,
        st.none() | INT64,
    )
)
def test_experiments_arrive_as_they_left(experiment: Experiment) -> None:
    assert (
        experiments.experiment(over_the_wire(experiments.experiment_message(experiment), ExperimentMessage))
        == experiment
    )


RUNS = st.builds(
    Run,
    st.builds(
        RunInfo,
        st.text(min_size=1),
        TEXT,
        TEXT,
        st.sampled_from(["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"]),
        INT64,
        st.none() | st.integers(1, INT64_MAX),
        st.sampled_from(["active", "deleted"]),
        TEXT,
        TEXT,
    ),
    st.builds(RunData, st.lists(METRICS, max_size=3), MAPPING, MAPPING),
    st.builds(RunInputs, st.lists(DATASETS, max_size=2), st.lists(st.builds(LoggedModelInput, TEXT), max_size=2)),
    st.builds(RunOutputs, st.lists(st.builds(LoggedModelOutput, TEXT, INT64), max_size=2)),
)


@given(RUNS)
def test_runs_arrive_as_they_left(run: Run) -> None:
    assert alike(runs.run(over_the_wire(runs.run_message(run), RunMessage)), run)


@given(
    st.lists(st.builds(Metric, st.text(min_size=1), st.floats(), st.integers(0, INT64_MAX), INT64)),
    st.lists(st.builds(Param, st.text(min_size=1), TEXT)),
    st.lists(st.builds(RunTag, st.text(min_size=1), TEXT)),
)
def test_batches_arrive_as_they_left(points: list[Metric], params: list[Param], tags: list[RunTag]) -> None:
    batch = from_body(LogBatch, codec.encode(runs.batch_request("r", points, params, tags)))
    assert batch.run == "r"
    assert [
        alike(msgspec.structs.asdict(a), msgspec.structs.asdict(b)) for a, b in zip(batch.metrics, points, strict=True)
    ].count(False) == 0
    assert [(p.key, p.value) for p in batch.params] == [(p.key, p.value) for p in params]
    assert [(t.key, t.value) for t in batch.tags] == [(t.key, t.value) for t in tags]


@given(
    st.builds(
        Metric, st.text(min_size=1), st.floats(), st.integers(0, INT64_MAX), INT64, st.none() | st.text(min_size=1)
    )
)
def test_single_metrics_arrive_as_they_left(metric: Metric) -> None:
    request = from_body(LogMetric, codec.encode(metrics.metric_request("r", metric)))
    assert alike(metrics.metric_of_request(request), metric)


MODELS = st.builds(
    LoggedModel,
    TEXT,
    TEXT,
    TEXT,
    TEXT,
    INT64,
    INT64,
    st.none() | st.text(min_size=1),
    st.none() | st.text(min_size=1),
    st.sampled_from(LoggedModelStatus),
    st.none() | st.text(min_size=1),
    MAPPING,
    MAPPING,
    st.lists(METRICS, max_size=2),
)


@given(MODELS)
def test_logged_models_arrive_as_they_left(model: LoggedModel) -> None:
    assert alike(
        logged_models.logged_model(over_the_wire(logged_models.logged_model_message(model), LoggedModelMessage)), model
    )


def test_status_names_are_those_of_mlflow() -> None:
    assert [logged_models.status_name(status) for status in LoggedModelStatus] == [
        "LOGGED_MODEL_STATUS_UNSPECIFIED",
        "LOGGED_MODEL_PENDING",
        "LOGGED_MODEL_READY",
        "LOGGED_MODEL_UPLOAD_FAILED",
    ]


@st.composite
def series(draw: st.DrawFn) -> ChartSeries:
    n = draw(st.integers(0, 5))
    ints = st.lists(INT64, min_size=n, max_size=n)
    floats = st.lists(st.floats(), min_size=n, max_size=n)
    return ChartSeries(
        draw(TEXT),
        draw(TEXT),
        draw(st.integers(0, INT64_MAX)),
        draw(ints),
        draw(floats),
        draw(floats),
        draw(ints),
        draw(floats),
        draw(ints),
        draw(st.lists(st.integers(1, 1 << 40), min_size=n, max_size=n)),
    )


@given(st.lists(series(), max_size=3))
def test_charts_arrive_as_they_left_in_both_forms(given_series: list[ChartSeries]) -> None:
    assert alike(charts.chart_series(over_the_wire(charts.chart_answer(given_series), ChartAnswer)), given_series)
    packed = charts.pack_chart(given_series)
    assert alike(charts.unpack_chart(packed), given_series)
    assert len(packed) % 8 == 0


def test_a_packed_chart_has_its_documented_layout() -> None:
    one = ChartSeries("run", "key", 9, [1], [0.5], [0.25], [2], [0.75], [3], [4])
    assert charts.pack_chart([one]) == (
        b"HRCHART1"
        + (1).to_bytes(8, "little")
        + (9).to_bytes(8, "little")
        + (1).to_bytes(8, "little")
        + (3).to_bytes(4, "little")
        + (3).to_bytes(4, "little")
        + b"runkey\0\0"
        + (1).to_bytes(8, "little")
        + bytes.fromhex("000000000000e03f")
        + bytes.fromhex("000000000000d03f")
        + (2).to_bytes(8, "little")
        + bytes.fromhex("000000000000e83f")
        + (3).to_bytes(8, "little")
        + (4).to_bytes(8, "little")
    )


@pytest.mark.parametrize("cut", [0, 7, 12, 30, -1])
def test_a_cut_chart_is_corrupt(cut: int) -> None:
    packed = charts.pack_chart([ChartSeries("run", "key", 1, [1], [1.0], [1.0], [1], [1.0], [1], [1])])
    with pytest.raises(errors.Corrupt):
        charts.unpack_chart(packed[:cut])


def test_inputs_and_outputs_arrive_as_they_left() -> None:
    dataset = DatasetInput(Dataset("d", "digest", "local", "{}", None, "{}"), [InputTag("context", "train")])
    request = from_body(LogInputs, codec.encode(inputs.inputs_request("r", [dataset], [LoggedModelInput("m-1")])))
    assert inputs.datasets_of_request(request.datasets) == [dataset]
    assert request.models[0].model_id == "m-1"
    made = from_body(LogOutputs, codec.encode(inputs.outputs_request("r", [LoggedModelOutput("m-1", 0)])))
    assert (made.models[0].model_id, made.models[0].step) == ("m-1", 0)


def test_live_answers_arrive_as_they_left() -> None:
    changes = Changes("c1", [RunChange("r", "0", rewinds=2)], more=True)
    assert live.changes(over_the_wire(live.changes_answer(changes), ChangesAnswer)) == changes
    group = RunGroup(["a", None], 3, {"loss": MetricSummary(3, None, math.inf, 0.0)})
    assert live.run_group(over_the_wire(live.run_group_message(group), RunGroupMessage)) == group


def test_small_records_arrive_as_they_left() -> None:
    summary = DatasetSummary("0", "d", "x", None)
    assert experiments.dataset_summary(over_the_wire(experiments.dataset_summary_message(summary))) == summary
    tags = [ExperimentTag("a", ""), ExperimentTag("b", "c")]
    request = from_body(
        CreateExperiment, codec.encode(CreateExperiment(name="n", tags=experiments.experiment_tag_fields(tags)))
    )
    assert experiments.experiment_tags(request.tags) == tags
    orders = [ModelOrder("metrics.a", False, "d", None), ModelOrder("name")]
    filters = [DatasetFilter("d", "x")]
    search = from_body(
        SearchLoggedModels,
        codec.encode(
            SearchLoggedModels(
                experiment_ids=["1"],
                order_by=logged_models.model_order_fields(orders),
                datasets=logged_models.dataset_filter_fields(filters),
            )
        ),
    )
    assert logged_models.model_orders(search.order_by) == orders
    assert logged_models.dataset_filters(search.datasets) == filters
    assert logged_models.model_params(logged_models.model_fields([LoggedModelParameter("a", "1")])) == [
        LoggedModelParameter("a", "1")
    ]
    assert logged_models.model_tags(logged_models.model_fields([LoggedModelTag("a", "1")])) == [
        LoggedModelTag("a", "1")
    ]


def test_unset_is_left_out_and_set_but_empty_is_kept() -> None:
    info = RunInfo("r", "0", "", "RUNNING", 0, None, "active", "", "")
    message = json.loads(codec.encode(runs.run_message(Run(info))))
    assert message == {
        "info": {
            "run_uuid": "r",
            "experiment_id": "0",
            "run_name": "",
            "user_id": "",
            "status": "RUNNING",
            "start_time": 0,
            "artifact_uri": "",
            "lifecycle_stage": "active",
            "run_id": "r",
        },
        "data": {},
        "inputs": {},
        "outputs": {},
    }
    assert json.loads(codec.encode(metrics.metric_message(Metric("k", 0.0, 0, 0)))) == {
        "key": "k",
        "value": 0.0,
        "timestamp": 0,
        "step": 0,
    }


@pytest.mark.parametrize(("value", "text"), [(math.nan, "NaN"), (math.inf, "Infinity"), (-math.inf, "-Infinity")])
def test_what_json_has_no_number_for_leaves_as_text(value: float, text: str) -> None:
    assert json.loads(codec.encode(metrics.metric_message(Metric("k", value, 0))))["value"] == text


def test_answers_of_other_servers_are_read_tolerantly() -> None:
    answer = b"""{"info": {"run_id": "r", "start_time": "12", "newer": {"a": 1}}, "data": {"metrics":
        [{"key": "k", "value": "NaN", "timestamp": "5"}, {"key": "k", "value": 1, "timestamp": 6, "step": "7"}],
        "params": [{"key": "p"}]}}"""
    run = runs.run(codec.decode(RunMessage, answer))
    assert run.info.start_time == 12
    assert math.isnan(run.data.latest[0].value)
    assert run.data.latest[1] == Metric("k", 1.0, 6, 7)
    assert run.data.params == {"p": ""}


@pytest.mark.parametrize("body", [b"", b"OK", b" OK\n"])
def test_bodies_without_content_count_as_empty_answers(body: bytes) -> None:
    assert codec.decode(ChartAnswer, body) == ChartAnswer()


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"info": 3}', b"\xff"])
def test_answers_that_are_none_are_corrupt(body: bytes) -> None:
    with pytest.raises(errors.Corrupt):
        codec.decode(RunMessage, body)


def test_metric_messages_are_tolerant_of_absent_steps() -> None:
    assert metrics.metric(codec.decode(MetricMessage, b'{"key": "k", "value": 1.5, "timestamp": 2}')) == Metric(
        "k", 1.5, 2
    )


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (errors.NotFound("run", "x"), ("RESOURCE_DOES_NOT_EXIST", "KAM00", "RESOURCE_NOT_FOUND")),
        (errors.RouteNotFound("x"), ("ENDPOINT_NOT_FOUND", "KAM00", "RESOURCE_NOT_FOUND")),
        (errors.AlreadyExists("experiment", "x"), ("RESOURCE_ALREADY_EXISTS", "KAM00", "RESOURCE_ALREADY_EXISTS")),
        (errors.InvalidValue("f", 1), ("INVALID_PARAMETER_VALUE", "KAM00", "INVALID_PARAMETER_VALUE")),
        (errors.IntegrityViolation("x"), ("BAD_REQUEST", "KAM00", "INVALID_PARAMETER_VALUE")),
        (errors.Forbidden("x"), ("PERMISSION_DENIED", "KAM00", "PERMISSION_DENIED")),
        (errors.HeadraceError("x"), ("INTERNAL_ERROR", "XXM00", "CLIENT_INTERNAL_ERROR")),
        (errors.StoreUnavailable("x"), ("TEMPORARILY_UNAVAILABLE", "XXM00", "CLIENT_INTERNAL_ERROR")),
    ],
)
def test_error_bodies_are_those_of_mlflow(error: errors.HeadraceError, expected: tuple[str, str, str]) -> None:
    code, state, kind = expected
    assert json.loads(error_body(error)) == {
        "error_code": code,
        "message": error.message,
        "sqlstate": state,
        "error_class": kind,
    }


def test_codes_without_a_class_have_two_keys() -> None:
    assert set(json.loads(error_body(errors.TooBusy("x")))) == {"error_code", "message"}


@pytest.mark.parametrize(
    "error",
    [
        errors.InvalidState(message="deleted"),
        errors.MissingValue("name"),
        errors.NotFound("run", "x"),
        errors.Conflict("x"),
        errors.TooLarge("body", 2, 1),
        errors.Corrupt("x"),
    ],
)
def test_errors_arrive_as_the_class_they_left_as(error: errors.HeadraceError) -> None:
    arrived = error_from_answer(error.http, error_body(error), type(error).__name__)
    assert type(arrived) is type(error)
    assert (arrived.message, arrived.error_code, arrived.http) == (error.message, error.error_code, error.http)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (404, b'{"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "m"}', errors.NotFound),
        (400, b'{"error_code": "INVALID_PARAMETER_VALUE", "message": "m"}', errors.InvalidValue),
        (418, b'{"error_code": "TEAPOT", "message": "m"}', errors.HeadraceError),
        (404, b"<html>", errors.RouteNotFound),
        (401, b"", errors.Unauthenticated),
        (403, b"Invalid Host header", errors.Forbidden),
        (429, b"", errors.TooBusy),
        (502, b"bad gateway", errors.StoreUnavailable),
        (418, b"", errors.CallerError),
        (500, b'"x"', errors.ServiceError),
    ],
)
def test_errors_of_other_servers_are_understood(status: int, body: bytes, kind: type[errors.HeadraceError]) -> None:
    assert type(error_from_answer(status, body)) is kind


def test_a_server_can_not_name_classes_that_are_not_ours() -> None:
    class Surprise(errors.InvalidValue):
        pass

    body = error_body(errors.InvalidValue(message="m"))
    assert type(error_from_answer(400, body, "Surprise")) is errors.InvalidValue
    assert type(error_from_answer(400, body, "SystemExit")) is errors.InvalidValue
