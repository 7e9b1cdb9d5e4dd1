from __future__ import annotations

import pytest

from headrace.entities import (
    Dataset,
    DatasetFilter,
    DatasetInput,
    Experiment,
    InputTag,
    LoggedModel,
    LoggedModelStatus,
    Metric,
    Run,
    RunData,
    RunInfo,
    RunInputs,
)
from headrace.query import (
    EXPERIMENTS,
    LOGGED_MODELS,
    RUNS,
    OrderKey,
    SearchableModel,
    evaluate,
    fold,
    like,
    ordered,
    parse_filter,
    parse_order,
)

NAN, INF = float("nan"), float("inf")


def run(
    run_id: str = "r",
    start: int = 0,
    end: int | None = None,
    metrics: dict[str, float] | None = None,
    params: dict[str, str] | None = None,
    tags: dict[str, str] | None = None,
    datasets: list[DatasetInput] | None = None,
) -> Run:
    return Run(
        RunInfo(run_id, "0", "ann", "RUNNING", start, end, "active", "/a", "the name"),
        RunData([Metric(key, value, 1) for key, value in (metrics or {}).items()], params or {}, tags or {}),
        RunInputs(datasets or []),
    )


@pytest.mark.parametrize(
    ("text", "pattern", "matches"),
    [
        ("", "", True),
        ("", "%", True),
        ("", "_", False),
        ("a", "", False),
        ("abc", "abc", True),
        ("abc", "ABC", False),
        ("abc", "a%", True),
        ("abc", "%c", True),
        ("abc", "%b%", True),
        ("abc", "a%c", True),
        ("aba", "a%a", True),
        ("a", "a%a", False),
        ("abc", "a_c", True),
        ("abc", "___", True),
        ("abc", "__", False),
        ("abc", "_%_%_%_", False),
        ("abcabd", "%ab_", True),
        ("abcabd", "%_bd%", True),
        ("abcabd", "a%b_%d", True),
        ("xaxbx", "%a%b%", True),
        ("xbxax", "%a%b%", False),
        ("one\ntwo", "one%two", True),
        ("one\ntwo", "one_two", True),
        ("50%", "50\\%", False),
        ("50\\x", "50\\%", True),
        ("🜁", "_", True),
        ("a.c", "a.c", True),
        ("abc", "a.c", False),
        ("aaa", "%%a%%", True),
    ],
)
def test_like(text: str, pattern: str, matches: bool) -> None:
    assert like(text, pattern) is matches


def test_like_is_quick_on_hostile_patterns() -> None:
    assert not like("a" * 5000, "%a" * 1000 + "b")
    assert not like("a" * 5000, "%a_" * 30 + "b")


def test_fold_is_of_ascii_letters_only() -> None:
    assert fold("AZaz09[ÄЖİẞ]") == "azaz09[ÄЖİẞ]"


@pytest.mark.parametrize(
    ("rule", "matches"),
    [
        ("metrics.m = 1", True),
        ("metrics.none != 1", False),
        ("metrics.nan != 1", True),
        ("metrics.nan = 1", False),
        ("metrics.nan > -1e308", False),
        ("metrics.nan < 1e308", False),
        ("metrics.up = 1.7976931348623157e308", True),
        ("metrics.up > 1.7e308", True),
        ("metrics.down < -1.7e308", True),
        ("params.none != 'x'", False),
        ("params.none IS NULL", True),
        ("params.p IS NULL", False),
        ("params.p IS NOT NULL", True),
        ("params.p = 'V'", False),
        ("params.p ILIKE 'V'", True),
        ("tags.t != 'x'", True),
        ("end_time != 5", False),
        ("run_name = 'tagged'", True),
        ("run_name = 'the name'", False),
        ("run_id NOT IN ('x', 'y')", True),
        ("run_id IN ('x', 'r')", True),
        ("datasets.name = 'iris' AND datasets.context = 'eval'", True),
        ("datasets.name != 'iris'", True),
        ("datasets.digest NOT IN ('1', '2')", False),
        ("datasets.context LIKE 'e%'", True),
    ],
)
def test_meaning_for_a_run(rule: str, matches: bool) -> None:
    inputs = [
        DatasetInput(Dataset("iris", "1", "local", ""), []),
        DatasetInput(Dataset("wine", "2", "local", ""), [InputTag("mlflow.data.context", "eval")]),
    ]
    one = run(
        metrics={"m": 1.0, "nan": NAN, "up": INF, "down": -INF},
        params={"p": "v"},
        tags={"t": "y", "mlflow.runName": "tagged"},
        datasets=inputs,
    )
    assert evaluate(parse_filter(rule, RUNS), one) is matches


def test_integers_compare_exactly_with_times() -> None:
    one = run(start=2**53 + 1)
    assert evaluate(parse_filter(f"start_time = {2**53 + 1}", RUNS), one)
    assert not evaluate(parse_filter(f"start_time = {2**53}", RUNS), one)


def test_order_puts_nan_then_missing_last_in_both_directions() -> None:
    values = {"a": 1.0, "b": 3.0, "c": NAN, "d": None, "e": INF, "f": -INF}
    runs = [
        run(name, start=index, metrics={} if value is None else {"m": value})
        for index, (name, value) in enumerate(values.items())
    ]

    def letters(*order: str) -> str:
        return "".join(each.info.run_id for each in ordered(runs, parse_order(order, RUNS)))

    assert letters("metrics.m") == "fabecd"
    assert letters("metrics.m DESC") == "ebafcd"
    assert letters() == "fedcba"
    assert letters("metrics.none") == "fedcba"
    assert letters("metrics.none", "start_time") == "abcdef"


def test_text_is_ordered_by_code_point_and_missing_comes_last() -> None:
    runs = [
        run(str(i), params={} if p is None else {"p": p}) for i, p in enumerate(["b", "B", None, "é", "", "🜁", "ｚ"])
    ]
    up = [each.info.run_id for each in ordered(runs, parse_order(["params.p"], RUNS))]
    down = [each.info.run_id for each in ordered(runs, parse_order(["params.p DESC"], RUNS))]
    assert up == ["4", "1", "0", "3", "6", "5", "2"]
    assert down == ["5", "6", "3", "0", "1", "4", "2"]


def test_equal_keys_go_by_start_then_run_id() -> None:
    runs = [run("b", 1), run("a", 1), run("c", 2)]
    assert [each.info.run_id for each in ordered(runs, parse_order(["status"], RUNS))] == ["c", "a", "b"]


def test_experiment_ids_are_compared_and_ordered_as_numbers() -> None:
    experiments = [Experiment(str(i), f"n{i}", "/", creation_time=1) for i in (10, 9, 100)]
    assert [e.experiment_id for e in ordered(experiments, parse_order([], EXPERIMENTS))] == ["9", "10", "100"]
    assert [e.experiment_id for e in ordered(experiments, parse_order(["creation_time"], EXPERIMENTS))] == [
        "100",
        "10",
        "9",
    ]
    assert evaluate(parse_filter("experiment_id = '010'", EXPERIMENTS), experiments[0])


def model(points: list[Metric], datasets: list[DatasetFilter] | None = None) -> SearchableModel:
    made = LoggedModel("0", "m-1", "net", "/", 1, 1, status=LoggedModelStatus.READY)
    return SearchableModel(made, points, datasets or [])


def test_any_point_of_a_model_satisfies_a_comparison() -> None:
    points = [Metric("m", 1.0, 1, 0, "m-1", "iris", "1", "r"), Metric("m", 5.0, 2, 0, "m-1", None, None, "r")]
    rule = parse_filter("metrics.m = 1", LOGGED_MODELS)
    assert evaluate(rule, model(points))
    assert evaluate(rule, model(points, [DatasetFilter("iris")]))
    assert not evaluate(rule, model(points, [DatasetFilter("iris", "2")]))
    assert not evaluate(parse_filter("metrics.m = 5", LOGGED_MODELS), model(points, [DatasetFilter("iris")]))


@pytest.mark.parametrize(
    ("rule", "matches"),
    [("status = 2", True), ("status = 'READY'", False), ("model_type != 'x'", False), ("name = net", True)],
)
def test_meaning_for_a_logged_model(rule: str, matches: bool) -> None:
    assert evaluate(parse_filter(rule, LOGGED_MODELS), model([])) is matches


def test_order_value_of_a_model_is_its_newest_point() -> None:
    points = [
        Metric("m", 1.0, 9, 1, run_id="b"),
        Metric("m", 2.0, 9, 2, run_id="b"),
        Metric("m", 3.0, 9, 2, run_id="a"),
        Metric("m", 4.0, 8, 7, run_id="a"),
    ]
    assert model(points).order_value(OrderKey("metric", "m")) == 3.0
    assert model(points).order_value(OrderKey("metric", "n")) is None
