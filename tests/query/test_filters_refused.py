from __future__ import annotations

import time

import pytest

from headrace.errors import InvalidValue
from headrace.query import (
    EXPERIMENTS,
    LOGGED_MODELS,
    MODEL_VERSIONS,
    REGISTERED_MODELS,
    RUNS,
    Dialect,
    parse_filter,
)


def refusal(text: str, dialect: Dialect = RUNS) -> str:
    with pytest.raises(InvalidValue) as caught:
        parse_filter(text, dialect)
    assert caught.value.http == 400
    return caught.value.message


@pytest.mark.parametrize(
    ("text", "position", "naming"),
    [
        ("metrics.a == 1", 11, ["==", "Did you mean =?"]),
        ("metrics.a <> 1", 11, ["Did you mean !=?"]),
        ("metrcs.a = 1", 1, ["'metrcs'", "metrics, param", "Did you mean 'metrics'?"]),
        ("attributes.start_tme > 1", 1, ["start_tme", "run_id, run_name", "Did you mean 'start_time'?"]),
        ("loss > 1", 1, ["'loss'", "metrics.loss"]),
        ("params.a > '1'", 10, ["> isn't allowed", "=, !=, LIKE, ILIKE, IS NULL, IS NOT NULL"]),
        ("metrics.a > 1 AND metrics.b > 'x'", 31, ["a number was expected"]),
        ("metrics.a > '1'", 13, ["Leave the quotes out"]),
        ("metrics.a > 1_000", 13, ["1_000"]),
        ("metrics.a > 0x10", 13, ["0x10"]),
        ("metrics.a > ١", 13, ["number"]),
        ("metrics.a > - 1", 13, ["number"]),
        ("params.a = v", 12, ["not v.", "Write 'v'?"]),
        ("params.a = `v`", 12, ["quotes"]),
        ("params.a = 'v", 12, ["never closed"]),
        ("params.a = 'it's'", 17, ["never closed"]),
        ("params.a = 'v' params.b = 'w'", 16, ["AND was expected"]),
        ("params.a = 'v'; x", 15, ["AND was expected"]),
        ("params.a = 'v' OR params.b = 'w'", 16, ["OR isn't supported"]),
        ("metrics.a BETWEEN 1 AND 2", 11, ["BETWEEN isn't supported", "AND start_time <= 2"]),
        ("tags.a RLIKE 'x'", 8, ["LIKE and ILIKE are"]),
        ("tags.a NOT LIKE 'x'", 8, ["only IN"]),
        ("tags.a IS 'x'", 8, ["NULL"]),
        ("tags.a IS NOT 'x'", 8, ["NULL"]),
        ("NOT tags.a = 'x'", 1, ["NOT before a comparison"]),
        ("(tags.a = 'x')", 1, ["parentheses"]),
        ("run_id IN ()", 12, ["empty"]),
        ("run_id IN (1)", 12, ["1"]),
        ("run_id IN 'a'", 11, ["list"]),
        ("run_id IN ('a'", 15, ["comma"]),
        ("run_id IN ('a' 'b')", 16, ["comma"]),
        ("run_id IN ('a',,'b')", 16, ["quotes"]),
        ("tags. = 'x'", 1, ["empty"]),
        ("tags.`` = 'x'", 1, ["empty"]),
        ("tags.`a`b = 'x'", 1, ["quoted whole"]),
        ("tags.a`b` = 'x'", 1, ["quoted whole"]),
        ("`tags.a` = 'x'", 1, ["tags.a"]),
        ("'run_id' = 'x'", 1, ["name was expected"]),
        ("tags . a = 'x'", 1, ["tags"]),
        ("AND", 1, ["AND"]),
        ("tags.a = 'x' AND AND tags.b = 'x'", 18, ["AND"]),
        ("tags.a", 7, ["comparator"]),
        ("tags.a =", 9, ["the end"]),
        ("= 'x'", 1, ["comparison was expected"]),
        ("   ", 4, ["the end"]),
    ],
)
def test_refusal_names_position_and_what_is_allowed(text: str, position: int, naming: list[str]) -> None:
    message = refusal(text)
    assert f"character {position}:" in message
    for piece in naming:
        assert piece in message


@pytest.mark.parametrize(
    ("dialect", "text"),
    [
        (RUNS, "experiment_id = '1'"),
        (RUNS, "lifecycle_stage = 'active'"),
        (RUNS, "name = 'x'"),
        (RUNS, "status IN ('x')"),
        (RUNS, "run_name IN ('x')"),
        (RUNS, "start_time LIKE '1'"),
        (RUNS, "metrics.a IN (1)"),
        (RUNS, "datasets.source = 'x'"),
        (RUNS, "dataset.name IS NULL"),
        (RUNS, "dataset.name > 'x'"),
        (RUNS, "`Tags`.a = 'x'"),
        (EXPERIMENTS, "attributes.name = 'x'"),
        (EXPERIMENTS, "name IN ('x')"),
        (EXPERIMENTS, "experiment_id = 1"),
        (EXPERIMENTS, "experiment_id = 'x'"),
        (EXPERIMENTS, "experiment_id LIKE '1'"),
        (EXPERIMENTS, "experiment_id > '1'"),
        (EXPERIMENTS, "creation_time > 1.5"),
        (EXPERIMENTS, "creation_time > 1e3"),
        (EXPERIMENTS, "creation_time > '1'"),
        (EXPERIMENTS, "metrics.a > 1"),
        (REGISTERED_MODELS, "tags.a IS NULL"),
        (REGISTERED_MODELS, "tags.a IN ('x')"),
        (REGISTERED_MODELS, "last_updated_timestamp > 1"),
        (REGISTERED_MODELS, "description = 'x'"),
        (REGISTERED_MODELS, "version = 1"),
        (MODEL_VERSIONS, "version_number > 1.5"),
        (MODEL_VERSIONS, "version_number = '1.5'"),
        (MODEL_VERSIONS, "version_number = 'x'"),
        (MODEL_VERSIONS, "version = 1"),
        (MODEL_VERSIONS, "current_stage = 'x'"),
        (MODEL_VERSIONS, "creation_timestamp > 1"),
        (MODEL_VERSIONS, "source_path IN ('x')"),
        (LOGGED_MODELS, "metric.a > 1"),
        (LOGGED_MODELS, "param.a = 'x'"),
        (LOGGED_MODELS, "tag.a = 'x'"),
        (LOGGED_MODELS, "attribute.name = 'x'"),
        (LOGGED_MODELS, "nonsense = 'x'"),
        (LOGGED_MODELS, "name IS NULL"),
        (LOGGED_MODELS, "params.a IS NOT NULL"),
        (LOGGED_MODELS, "creation_timestamp > '1'"),
        (LOGGED_MODELS, "metrics.a = '1'"),
        (LOGGED_MODELS, "metrics.a LIKE '1'"),
        (LOGGED_MODELS, "name = `a`"),
        (LOGGED_MODELS, "name IN (a)"),
        (LOGGED_MODELS, "name = a b"),
    ],
)
def test_what_a_dialect_does_not_allow(dialect: Dialect, text: str) -> None:
    assert refusal(text, dialect).startswith("Invalid filter at character")


@pytest.mark.parametrize("text", ["params.a = 'x\x00'", "params.a = 'x\ud800'"])
def test_text_that_no_database_can_hold(text: str) -> None:
    assert "filter" in refusal(text)


def test_at_most_500_comparisons() -> None:
    clause = "metrics.a > 1"
    assert len(parse_filter(" AND ".join([clause] * 500), RUNS).comparisons) == 500
    assert "at most 500" in refusal(" AND ".join([clause] * 501))


@pytest.mark.parametrize(
    "text",
    [
        "(" * 10_000,
        "'" * 10_001,
        "`" * 10_001,
        "tags.a = " + "'" * 10_001,
        "a" * 10_000,
        "a." * 10_000,
        "AND " * 3000,
        "NOT " * 3000,
        "run_id IN (" + "'a'," * 3000,
        "run_id IN " + "(" * 10_000,
        "metrics.a > " + "9" * 10_000 + "x",
        "metrics.a > " + "1e" * 5000,
        "metrics.a " + "=" * 10_000,
        " " * 10_000,
        "tags." + "`a`" * 3000 + " = 'x'",
        "metrics.a > 1 AND " * 3000,
    ],
    ids=lambda text: text[:20],
)
def test_hostile_text_is_refused_at_once(text: str) -> None:
    start = time.process_time()
    message = refusal(text)
    assert time.process_time() - start < 0.25  # linear work takes a few ms
    assert len(message) < 1500
