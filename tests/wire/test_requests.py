from __future__ import annotations

import contextlib
import json
import math
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.entities import Metric, Param, RunTag
from headrace.entities.limits import INT64_MAX, INT64_MIN
from headrace.errors import HeadraceError, InvalidValue, MissingValue
from headrace.wire.endpoints import ENDPOINTS
from headrace.wire.messages.charts import Chart
from headrace.wire.messages.experiments import CreateExperiment, SearchExperiments
from headrace.wire.messages.inputs import LogInputs
from headrace.wire.messages.logged_models import FinalizeLoggedModel, GetLoggedModel, SearchLoggedModels
from headrace.wire.messages.metrics import LogMetric, MetricHistoryBulk
from headrace.wire.messages.runs import CreateRun, GetRun, LogBatch, ProjectRuns, SearchRuns, UpdateRun
from headrace.wire.requests import from_body, from_query
from headrace.wire.tolerant import shape


def read(kind: type[Any], body: object) -> Any:
    return from_body(kind, json.dumps(body).encode())


def refusal(kind: type[Any], body: object) -> str:
    with pytest.raises(InvalidValue) as caught:
        read(kind, body) if not isinstance(body, bytes) else from_body(kind, body)
    return caught.value.message


METRIC = {"key": "loss", "value": 0.5, "timestamp": 1_700_000_000_000, "step": 3}


def test_log_batch_is_decoded_straight_into_records() -> None:
    batch = read(
        LogBatch,
        {
            "run_id": "r",
            "metrics": [METRIC],
            "params": [{"key": "p", "value": "1"}],
            "tags": [{"key": "t", "value": "x"}],
        },
    )
    assert isinstance(batch.metrics[0], Metric)
    assert isinstance(batch.params[0], Param)
    assert isinstance(batch.tags[0], RunTag)
    assert msgspec.structs.asdict(batch.metrics[0]) == msgspec.structs.asdict(Metric("loss", 0.5, 1_700_000_000_000, 3))


@pytest.mark.parametrize(
    ("sent", "read_as"),
    [
        (7, 7),
        (7.0, 7),
        ("7", 7),
        ("7.0", 7),
        ("1.7e+12", 1_700_000_000_000),
        (INT64_MAX, INT64_MAX),
        (str(INT64_MIN), INT64_MIN),
    ],
)
def test_int64_comes_as_number_float_or_text(sent: object, read_as: int) -> None:
    assert read(LogMetric, {**METRIC, "run_id": "r", "step": sent}).step == read_as


@pytest.mark.parametrize(
    "sent", [7.5, "7.5", "seven", "1_000", "", True, [7], INT64_MAX + 1, INT64_MIN - 1, "1e400", "nan"]
)
def test_what_is_no_int64_is_refused_by_name(sent: object) -> None:
    assert refusal(LogMetric, {**METRIC, "run_id": "r", "step": sent}).startswith(
        f"Invalid value {json.dumps(sent)} for parameter 'step' supplied"
    )


@pytest.mark.parametrize(
    ("sent", "read_as"),
    [(1, 1.0), (1.5, 1.5), ("1.5", 1.5), ("Infinity", math.inf), ("-Infinity", -math.inf), ("1e308", 1e308)],
)
def test_doubles_come_as_numbers_or_text(sent: object, read_as: float) -> None:
    assert read(LogMetric, {**METRIC, "run_id": "r", "value": sent}).value == read_as


def test_nan_comes_as_text() -> None:
    assert math.isnan(read(LogBatch, {"run_id": "r", "metrics": [{**METRIC, "value": "NaN"}]}).metrics[0].value)


@pytest.mark.parametrize("sent", ["abc", "", True, [1.0], {"a": 1}, "1_0"])
def test_what_is_no_double_is_refused_by_name(sent: object) -> None:
    assert f"Invalid value {json.dumps(sent)} for parameter 'value' supplied" in refusal(
        LogMetric, {**METRIC, "run_id": "r", "value": sent}
    )


@pytest.mark.parametrize("token", ["NaN", "Infinity", "-Infinity"])
def test_a_bare_token_that_json_has_not_is_refused_with_the_way_out(token: str) -> None:
    body = b'{"run_id": "r", "metrics": [{"key": "k", "value": %s, "timestamp": 1}]}' % token.encode()
    message = refusal(LogBatch, body)
    assert token in message
    assert f'"{token}"' in message


def test_a_number_beyond_float64_is_refused() -> None:
    assert "1e999" in refusal(LogMetric, b'{"run_id": "r", "key": "k", "value": 1e999, "timestamp": 1}')


@pytest.mark.parametrize("value", [3, 1.5, True, [], {}])
def test_typed_text_rejects_other_types(value: object) -> None:
    assert f"Invalid value {json.dumps(value)} for parameter 'name' supplied" in refusal(
        CreateExperiment, {"name": value}
    )


@pytest.mark.parametrize("body", [{}, {"name": None}, {"name": ""}])
def test_absent_null_and_empty_required_text_is_missing(body: object) -> None:
    assert refusal(CreateExperiment, body).startswith("Missing value for required parameter 'name'")


@pytest.mark.parametrize("absent", ["key", "value", "timestamp"])
def test_missing_fields_of_a_metric_are_named_by_their_place(absent: str) -> None:
    metric = {name: value for name, value in METRIC.items() if name != absent}
    assert refusal(LogBatch, {"run_id": "r", "metrics": [METRIC, metric]}).startswith(
        f"Missing value for required parameter 'metrics[1].{absent}'"
    )


def test_missing_fields_deep_inside_are_named_by_their_place() -> None:
    body = {"run_id": "r", "datasets": [{"dataset": {"name": "d", "digest": "x", "source_type": "local"}}]}
    assert "'datasets[0].dataset.source'" in refusal(LogInputs, body)


@pytest.mark.parametrize("sent", [-1, "-1"])
def test_negative_timestamps_are_refused(sent: object) -> None:
    assert "'timestamp'" in refusal(LogMetric, {**METRIC, "run_id": "r", "timestamp": sent})


def test_a_run_is_named_by_either_spelling() -> None:
    assert read(GetRun, {"run_uuid": "u"}).run == "u"
    assert read(GetRun, {"run_id": "i", "run_uuid": "u"}).run == "i"
    assert read(GetRun, {"runUuid": "u"}).run == "u"
    assert refusal(GetRun, {"run_id": ""}).startswith("Missing value for required parameter 'run_id'")


def test_lower_camel_names_are_read() -> None:
    found = read(SearchRuns, {"experimentIds": ["1"], "maxResults": "5", "orderBy": ["a"], "runViewType": "ALL"})
    assert (found.experiment_ids, found.max_results, found.order_by, found.run_view_type) == (["1"], 5, ["a"], "ALL")


def test_both_spellings_of_a_name_are_refused() -> None:
    message = refusal(CreateExperiment, {"name": "n", "artifact_location": "a", "artifactLocation": "a"})
    assert "artifact_location" in message
    assert "artifactLocation" in message


def test_unknown_fields_are_passed_over_at_every_depth() -> None:
    assert read(CreateExperiment, {"name": "n", "colour": "red"}).name == "n"
    assert read(LogBatch, {"run_id": "r", "metrics": [{**METRIC, "unit": "m"}]}).metrics[0].key == "loss"


@pytest.mark.parametrize(
    ("sent", "read_as"),
    [("DELETED_ONLY", "DELETED_ONLY"), (2, "DELETED_ONLY"), ("3", "ALL"), ("NONE", None), (9, None)],
)
def test_enums_come_by_name_or_number_and_unknown_ones_count_as_unset(sent: object, read_as: str | None) -> None:
    assert read(SearchRuns, {"run_view_type": sent}).run_view_type == read_as


def test_a_status_that_nobody_knows_leaves_an_update_empty() -> None:
    assert read(UpdateRun, {"run_id": "r", "status": "BROKEN"}).status is None
    assert refusal(FinalizeLoggedModel, {"model_id": "m-1", "status": "BROKEN"}).startswith("Missing value")


def test_names_of_our_own_closed_sets_are_refused_when_unknown() -> None:
    assert "step, time" in refusal(Chart, {"run_ids": ["r"], "keys": ["k"], "x_axis": "epoch"})


@pytest.mark.parametrize(("sent", "read_as"), [(True, True), ("TRUE", True), ("FALSE", False), ("false", False)])
def test_flags_come_as_booleans_or_text(sent: object, read_as: bool) -> None:
    assert read(ProjectRuns, {"inputs": sent}).inputs is read_as


@pytest.mark.parametrize("sent", [1, "yes", "", None, []])
def test_other_flags_are_refused_or_unset(sent: object) -> None:
    if sent is None:
        assert read(ProjectRuns, {"inputs": sent}).inputs is True
    else:
        assert "'inputs'" in refusal(ProjectRuns, {"inputs": sent})


def test_experiment_ids_that_are_no_text_find_nothing() -> None:
    assert read(SearchRuns, {"experiment_ids": [0]}).experiment_ids == []


def test_json_in_json_is_read() -> None:
    assert from_body(CreateExperiment, json.dumps(json.dumps({"name": "n"})).encode()).name == "n"


@pytest.mark.parametrize(
    "body", [b"{", b"nonsense", b"\xff\xfe\x00", b"[" * 200_000, b'{"name": "a"} {}', b"[1]", b"3", b'"x"']
)
def test_an_unreadable_body_counts_as_empty_and_says_why(body: bytes) -> None:
    message = refusal(CreateExperiment, body)
    assert message.startswith("Missing value for required parameter 'name'")
    assert "the body" in message


@pytest.mark.parametrize("body", [b"{", b"[1]", b"[" * 200_000])
def test_an_unreadable_body_is_refused_where_nothing_is_required(body: bytes) -> None:
    assert "the body" in refusal(SearchRuns, body)


def test_an_empty_body_has_no_fields() -> None:
    assert from_body(SearchRuns, b"") == SearchRuns()


def test_query_fields_repeat_where_the_message_has_a_list() -> None:
    found = from_query(SearchExperiments, b"max_results=5&order_by=a&order_by=b+c&view_type=ALL")
    assert (found.max_results, found.order_by, found.view_type) == (5, ["a", "b c"], "ALL")
    assert from_query(MetricHistoryBulk, b"run_id=a&metric_key=k").run_id == ["a"]


def test_the_first_of_several_values_counts_where_the_message_has_none() -> None:
    assert from_query(GetRun, b"run_id=a&run_id=b").run_id == "a"


@pytest.mark.parametrize(("text", "flag"), [(b"true", True), (b"True", True), (b"FALSE", False)])
def test_flags_in_queries_come_in_any_case(text: bytes, flag: bool) -> None:
    assert from_query(GetLoggedModel, b"allow_deleted=" + text, {"model_id": "m-1"}).allow_deleted is flag


def test_other_flags_in_queries_are_refused() -> None:
    with pytest.raises(InvalidValue, match="'allow_deleted'"):
        from_query(GetLoggedModel, b"allow_deleted=1", {"model_id": "m-1"})


def test_the_address_wins_over_the_body() -> None:
    message = from_body(
        FinalizeLoggedModel,
        b'{"model_id": "m-other", "status": "LOGGED_MODEL_READY"}',
        {"model_id": "m-1"},
    )
    assert message.model_id == "m-1"


def test_nested_requests_are_read() -> None:
    found = read(
        SearchLoggedModels,
        {
            "experiment_ids": ["1"],
            "datasets": [{"datasetName": "d"}],
            "order_by": [{"field_name": "metrics.a", "ascending": False}],
        },
    )
    assert found.datasets[0].dataset_name == "d"
    assert found.order_by[0].ascending is False


def test_refused_values_are_shortened_in_messages() -> None:
    assert len(refusal(CreateExperiment, {"name": ["x" * 100_000]})) < 500


def test_a_query_of_too_many_fields_is_refused() -> None:
    with pytest.raises(InvalidValue, match="fields"):
        from_query(GetRun, b"&".join([b"a=1"] * 20_000))


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def bodies(draw: st.DrawFn) -> tuple[type[Any], dict[str, Any]]:
    endpoint = draw(st.sampled_from(ENDPOINTS))
    names = [spelling for field in shape(endpoint.request).fields for spelling in (field.name, field.camel)]
    chosen = draw(st.lists(st.sampled_from(names), unique=True)) if names else []
    return endpoint.request, {name: draw(JSON_VALUES) for name in chosen}


@given(bodies())
def test_any_body_becomes_its_message_or_an_error_of_ours(case: tuple[type[Any], dict[str, Any]]) -> None:
    kind, body = case
    with contextlib.suppress(InvalidValue):
        assert type(read(kind, body)) is kind


@given(
    st.lists(
        st.builds(
            lambda key, value, timestamp, step: {"key": key, "value": value, "timestamp": timestamp, "step": step},
            st.text(min_size=1),
            st.floats(allow_nan=False, allow_infinity=False),
            st.integers(0, INT64_MAX),
            st.integers(INT64_MIN, INT64_MAX),
        ),
        max_size=5,
    )
)
def test_fast_and_tolerant_decoders_agree(metrics: list[dict[str, Any]]) -> None:
    body = {"run_id": "r", "metrics": metrics}
    fast = read(LogBatch, body)
    tolerant = shape(LogBatch).build(body)
    assert fast == tolerant
    assert [msgspec.structs.asdict(metric) for metric in fast.metrics] == [
        msgspec.structs.asdict(metric) for metric in tolerant.metrics
    ]


def test_missing_is_an_error_of_its_own_class() -> None:
    with pytest.raises(MissingValue):
        read(CreateExperiment, {})
    assert issubclass(MissingValue, HeadraceError)


def test_our_idempotent_run_id_is_read() -> None:
    assert read(CreateRun, {"experiment_id": "0", "run_id": "abc"}).run_id == "abc"
