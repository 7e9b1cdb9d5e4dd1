from __future__ import annotations

import pytest

from headrace.entities import ModelOrder
from headrace.errors import InvalidValue
from headrace.query import (
    EXPERIMENTS,
    MODEL_VERSIONS,
    REGISTERED_MODELS,
    RUNS,
    Dialect,
    OrderKey,
    parse_model_order,
    parse_order,
)


def keys(order: tuple[OrderKey, ...]) -> list[str]:
    return [f"{key.entity}.{key.key} {'ASC' if key.ascending else 'DESC'}" for key in order]


START, RUN_ID = "attribute.start_time DESC", "attribute.run_id ASC"


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        ([], [START, RUN_ID]),
        (["metrics.a"], ["metric.a ASC", START, RUN_ID]),
        (["metrics.`a b` desc"], ["metric.a b DESC", START, RUN_ID]),
        (["  tags.x   Asc "], ["tag.x ASC", START, RUN_ID]),
        (["params.p DESC", "metric.m\nDESC"], ["param.p DESC", "metric.m DESC", START, RUN_ID]),
        (["created"], ["attribute.start_time ASC", RUN_ID]),
        (["attributes.start_time desc", "run.run_id DESC"], [START, "attribute.run_id DESC"]),
        (["run_name"], ["attribute.run_name ASC", START, RUN_ID]),
        (["metrics.desc"], ["metric.desc ASC", START, RUN_ID]),
        (["metrics.'a' DESC"], ["metric.a DESC", START, RUN_ID]),
    ],
)
def test_order_of_runs_ends_in_start_and_id(elements: list[str], expected: list[str]) -> None:
    assert keys(parse_order(elements, RUNS)) == expected


@pytest.mark.parametrize(
    ("dialect", "elements", "expected"),
    [
        (EXPERIMENTS, [], ["attribute.creation_time DESC", "attribute.experiment_id ASC"]),
        (EXPERIMENTS, ["name"], ["attribute.name ASC", "attribute.experiment_id DESC"]),
        (EXPERIMENTS, ["experiment_id"], ["attribute.experiment_id ASC"]),
        (REGISTERED_MODELS, [], ["attribute.name ASC"]),
        (REGISTERED_MODELS, ["timestamp DESC"], ["attribute.last_updated_timestamp DESC", "attribute.name ASC"]),
        (
            MODEL_VERSIONS,
            [],
            ["attribute.last_updated_timestamp DESC", "attribute.name ASC", "attribute.version_number DESC"],
        ),
        (
            MODEL_VERSIONS,
            ["creation_timestamp"],
            ["attribute.creation_timestamp ASC", "attribute.name ASC", "attribute.version_number DESC"],
        ),
        (MODEL_VERSIONS, ["name DESC"], ["attribute.name DESC", "attribute.version_number DESC"]),
    ],
)
def test_ties_of_other_resources(dialect: Dialect, elements: list[str], expected: list[str]) -> None:
    assert keys(parse_order(elements, dialect)) == expected


@pytest.mark.parametrize(
    ("dialect", "elements", "naming"),
    [
        (RUNS, ["metrics.a SIDEWAYS"], "ASC or DESC"),
        (RUNS, ["metrics.a DESC ASC"], "ASC or DESC"),
        (RUNS, ["metrics.a, metrics.b"], "several elements"),
        (RUNS, ["metrics.a,"], "several elements"),
        (RUNS, ["datasets.name"], "can't be ordered"),
        (RUNS, ["`Run Name`"], "can't be ordered"),
        (RUNS, ["experiment_id"], "start_time"),
        (RUNS, ["lifecycle_stage"], "allowed"),
        (RUNS, [""], "name was expected"),
        (RUNS, ["DESC"], "'DESC'"),
        (RUNS, ["metrics. DESC"], "empty"),
        (RUNS, ["metrics.`a"], "never closed"),
        (RUNS, ["metrics.a\x00"], "NUL"),
        (RUNS, ["metrics.a", "metric.a DESC"], "already"),
        (RUNS, ["start_time", "Created"], "already"),
        (RUNS, [f"metrics.m{i}" for i in range(21)], "at most 20"),
        (EXPERIMENTS, ["tags.a"], "can't be ordered"),
        (EXPERIMENTS, ["artifact_location"], "creation_time"),
        (REGISTERED_MODELS, ["creation_timestamp"], "last_updated_timestamp"),
        (REGISTERED_MODELS, ["timestamp", "last_updated_timestamp"], "already"),
        (REGISTERED_MODELS, ["tags.a"], "can't be ordered"),
        (MODEL_VERSIONS, ["run_id"], "can't be ordered"),
        (MODEL_VERSIONS, ["version"], "version_number"),
    ],
)
def test_refused_orders(dialect: Dialect, elements: list[str], naming: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        parse_order(elements, dialect)
    assert caught.value.field == "order_by"
    assert naming in caught.value.message


def test_model_orders() -> None:
    order = parse_model_order(
        [
            ModelOrder("metrics.acc.top 1", False, "iris", "d"),
            ModelOrder("metrics.`acc`"),
            ModelOrder("creation_time"),
            ModelOrder("metrics.acc", False),
        ]
    )
    assert order == (
        OrderKey("metric", "acc.top 1", False, "iris", "d"),
        OrderKey("metric", "acc", True),
        OrderKey("attribute", "creation_timestamp", True),
        OrderKey("attribute", "model_id", True),
    )
    assert keys(parse_model_order([])) == ["attribute.creation_timestamp DESC", "attribute.model_id ASC"]


@pytest.mark.parametrize(
    "element",
    [
        ModelOrder("nonsense"),
        ModelOrder("params.a"),
        ModelOrder("attributes.name"),
        ModelOrder("metrics."),
        ModelOrder("metrics"),
        ModelOrder(""),
        ModelOrder("name\x00"),
        ModelOrder("metrics.a", True, None, "digest"),
    ],
)
def test_refused_model_orders(element: ModelOrder) -> None:
    with pytest.raises(InvalidValue) as caught:
        parse_model_order([element])
    assert caught.value.field == "order_by"
