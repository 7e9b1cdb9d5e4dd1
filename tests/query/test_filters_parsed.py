from __future__ import annotations

import pytest

from headrace.entities.limits import INT64_MAX, INT64_MIN
from headrace.query import (
    EXPERIMENTS,
    LOGGED_MODELS,
    MODEL_VERSIONS,
    REGISTERED_MODELS,
    RUNS,
    Comparison,
    Dialect,
    Filter,
    parse_filter,
)

INF = float("inf")


def one(text: str, dialect: Dialect = RUNS) -> Comparison:
    [comparison] = parse_filter(text, dialect).comparisons
    return comparison


@pytest.mark.parametrize("dialect", [RUNS, EXPERIMENTS, REGISTERED_MODELS, MODEL_VERSIONS, LOGGED_MODELS])
@pytest.mark.parametrize("text", [None, ""])
def test_nothing_matches_everything(dialect: Dialect, text: str | None) -> None:
    assert parse_filter(text, dialect) == Filter()


@pytest.mark.parametrize(
    ("name", "entity", "key"),
    [
        ("metric.a", "metric", "a"),
        ("metrics.a.b.c", "metric", "a.b.c"),
        ("metrics.`my metric/x`", "metric", "my metric/x"),
        ('metrics."it\'s `x`"', "metric", "it's `x`"),
        ("metrics.'x'", "metric", "x"),
        ("`metrics`.x", "metric", "x"),
        ("`metrics`.`x.y`", "metric", "x.y"),
        ("metrics.train/loss", "metric", "train/loss"),
        ("metrics.a-b", "metric", "a-b"),
        ("metrics.1", "metric", "1"),
        ("metrics.and", "metric", "and"),
        ("metrics.ключ", "metric", "ключ"),
        ("start_time", "attribute", "start_time"),
        ("attribute.start_time", "attribute", "start_time"),
        ("attributes.created", "attribute", "start_time"),
        ("attr.Created", "attribute", "start_time"),
        ("run.end_time", "attribute", "end_time"),
        ("`end_time`", "attribute", "end_time"),
        ('"end_time"', "attribute", "end_time"),
    ],
)
def test_numeric_names(name: str, entity: str, key: str) -> None:
    found = one(f"{name} > 1")
    assert (found.entity, found.key, found.op, found.value) == (entity, key, ">", 1)


@pytest.mark.parametrize(
    ("name", "entity", "key"),
    [
        ("param.a", "param", "a"),
        ("params.a", "param", "a"),
        ("parameter.a", "param", "a"),
        ("parameters.a", "param", "a"),
        ("tag.a", "tag", "a"),
        ("tags.mlflow.runName", "tag", "mlflow.runName"),
        ("run_name", "tag", "mlflow.runName"),
        ("attributes.`Run Name`", "tag", "mlflow.runName"),
        ("`run name`", "tag", "mlflow.runName"),
        ("dataset.name", "dataset", "name"),
        ("datasets.digest", "dataset", "digest"),
        ("datasets.context", "dataset", "context"),
        ("user_id", "attribute", "user_id"),
        ("attr.artifact_uri", "attribute", "artifact_uri"),
        ("status", "attribute", "status"),
        ("run_id", "attribute", "run_id"),
    ],
)
def test_text_names(name: str, entity: str, key: str) -> None:
    found = one(f"{name} = 'v'")
    assert (found.entity, found.key, found.op, found.value) == (entity, key, "=", "v")


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("'v'", "v"),
        ('"v"', "v"),
        ("''", ""),
        ("'it''s'", "it''s"),
        ('"say ""hi"""', 'say ""hi""'),
        ("'say \"hi\"'", 'say "hi"'),
        ("'50\\'", "50\\"),
        ("' two\nlines '", " two\nlines "),
        ("'a AND b = 1'", "a AND b = 1"),
        ("'🜁'", "🜁"),
    ],
)
def test_texts(written: str, value: str) -> None:
    assert one(f"params.a = {written}") == Comparison("param", "a", "=", value)
    assert one(f"params.a={written} and") == Comparison("param", "a", "=", value)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1", 1.0),
        ("-1", -1.0),
        ("+1", 1.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("1e3", 1000.0),
        ("1E-3", 0.001),
        ("-1.5e+3", -1500.0),
        ("9007199254740993", 9007199254740992.0),
        ("1e999", INF),
        ("-1e999", -INF),
        ("9" * 5000, INF),
        ("0." + "0" * 5000 + "1", 0.0),
    ],
)
def test_metric_values_are_doubles(written: str, value: float) -> None:
    found = one(f"metrics.a >= {written}").value
    assert (found, type(found)) == (value, float)


@pytest.mark.parametrize(
    ("op", "written", "meant", "value"),
    [
        (">", "1700000000000", ">", 1700000000000),
        ("=", "1.7e12", "=", 1700000000000),
        ("=", "9007199254740993", "=", 9007199254740993),
        ("=", "1.0", "=", 1),
        (">", "1.5", ">", 1),
        (">=", "1.5", ">", 1),
        ("<", "1.5", "<=", 1),
        ("<=", "1.5", "<=", 1),
        ("<", "-1.5", "<=", -2),
        (">", "-1.5", ">", -2),
        ("=", "1.5", ">", INT64_MAX),
        ("!=", "1.5", ">=", INT64_MIN),
        ("<", "9223372036854775808", ">=", INT64_MIN),
        (">", "9223372036854775808", ">", INT64_MAX),
        ("=", "9223372036854775807", "=", INT64_MAX),
        (">=", "-9223372036854775809", ">=", INT64_MIN),
        ("<=", "-9223372036854775809", ">", INT64_MAX),
        ("!=", "1e400", ">=", INT64_MIN),
        ("<", "-" + "9" * 5000, ">", INT64_MAX),
        ("<", "1" + "0" * 50 + "e-50", "<", 1),
    ],
)
def test_comparisons_of_times_are_made_whole_and_int64(op: str, written: str, meant: str, value: int) -> None:
    found = one(f"start_time {op} {written}")
    assert (found.op, found.value, type(found.value)) == (meant, value, int)


@pytest.mark.parametrize(
    ("written", "op", "value"),
    [
        ("IN ('a')", "IN", ("a",)),
        ("in('a','b')", "IN", ("a", "b")),
        ("In ( 'a' , \"b\" , )", "IN", ("a", "b")),
        ("NOT IN ('a', 'a')", "NOT IN", ("a",)),
        ("not  in ('')", "NOT IN", ("",)),
        ("like '%a'", "LIKE", "%a"),
        ("ILike 'A_'", "ILIKE", "A_"),
        ("!='a'", "!=", "a"),
    ],
)
def test_operators_of_any_case(written: str, op: str, value: object) -> None:
    assert one(f"run_id {written}") == Comparison("attribute", "run_id", op, value)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("written", "op"),
    [("IS NULL", "IS NULL"), ("is null", "IS NULL"), ("is  NOT\nnull", "IS NOT NULL")],
)
def test_presence(written: str, op: str) -> None:
    assert one(f"tags.a {written}") == Comparison("tag", "a", op)  # type: ignore[arg-type]


def test_comparisons_are_joined_by_and() -> None:
    found = parse_filter("metrics.a>1 and params.b='x'AND\n\ttags.c IS NULL AnD metrics.a < 2 AND", RUNS)
    assert [(each.entity, each.op) for each in found.comparisons] == [
        ("metric", ">"),
        ("param", "="),
        ("tag", "IS NULL"),
        ("metric", "<"),
    ]


@pytest.mark.parametrize(
    ("dialect", "text", "expected"),
    [
        (EXPERIMENTS, "name ILIKE '%x'", Comparison("attribute", "name", "ILIKE", "%x")),
        (EXPERIMENTS, "attribute.name = 'x'", Comparison("attribute", "name", "=", "x")),
        (EXPERIMENTS, "tag.a != 'x'", Comparison("tag", "a", "!=", "x")),
        (EXPERIMENTS, "experiment_id = '007'", Comparison("attribute", "experiment_id", "=", "7")),
        (EXPERIMENTS, "experiment_id IN ('1','01','2')", Comparison("attribute", "experiment_id", "IN", ("1", "2"))),
        (EXPERIMENTS, "creation_time >= 5", Comparison("attribute", "creation_time", ">=", 5)),
        (REGISTERED_MODELS, "name IN ('a')", Comparison("attribute", "name", "IN", ("a",))),
        (REGISTERED_MODELS, "attribute.name LIKE 'a'", Comparison("attribute", "name", "LIKE", "a")),
        (
            REGISTERED_MODELS,
            "tags.`mlflow.prompt.is_prompt` = 'true'",
            Comparison("tag", "mlflow.prompt.is_prompt", "=", "true"),
        ),
        (MODEL_VERSIONS, "version_number > 3", Comparison("attribute", "version_number", ">", 3)),
        (MODEL_VERSIONS, "version_number = '3'", Comparison("attribute", "version_number", "=", 3)),
        (MODEL_VERSIONS, "run_id = ''", Comparison("attribute", "run_id", "=", "")),
        (MODEL_VERSIONS, "source_path ILIKE 's3:%'", Comparison("attribute", "source_path", "ILIKE", "s3:%")),
        (LOGGED_MODELS, "name = a", Comparison("attribute", "name", "=", "a")),
        (LOGGED_MODELS, "name = 'a'", Comparison("attribute", "name", "=", "a")),
        (LOGGED_MODELS, 'name = "a"', Comparison("attribute", "name", "=", '"a"')),
        (LOGGED_MODELS, "status = 2", Comparison("attribute", "status", "=", "2")),
        (LOGGED_MODELS, "params.`a b` IN ('1', \"2\")", Comparison("param", "a b", "IN", ("1", "2"))),
        (LOGGED_MODELS, "creation_time < 1.5", Comparison("attribute", "creation_timestamp", "<=", 1)),
        (LOGGED_MODELS, "creation_timestamp_ms < 1", Comparison("attribute", "creation_timestamp", "<", 1)),
        (LOGGED_MODELS, "attributes.model_type NOT IN ('x')", Comparison("attribute", "model_type", "NOT IN", ("x",))),
        (LOGGED_MODELS, "metrics.a.b != 2", Comparison("metric", "a.b", "!=", 2.0)),
    ],
)
def test_dialects(dialect: Dialect, text: str, expected: Comparison) -> None:
    assert one(text, dialect) == expected
    assert type(one(text, dialect).value) is type(expected.value)
