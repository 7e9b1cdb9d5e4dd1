"""Search in every store against `evaluate` and `ordered` over all of its records.

The examples are the same in each run; HEADRACE_TEST_RANDOM=1 draws new ones.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headrace.entities import Experiment, LoggedModel, Metric, Run, ViewType
from headrace.query import (
    EXPERIMENTS,
    LOGGED_MODELS,
    RUNS,
    SearchableModel,
    evaluate,
    ordered,
    parse_filter,
    parse_model_order,
    parse_order,
)
from headrace.query.records import on_any
from headrace.stores.base import TrackingStore
from tests.conformance import herds
from tests.conformance.generated import Pool, dataset_filters, filters, model_orders, orders

REPEATABLE = not os.environ.get("HEADRACE_TEST_RANDOM")
generated = settings(
    derandomize=REPEATABLE,
    database=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.fixture(scope="module")
def runs(store: TrackingStore) -> list[Run]:
    experiment = herds.runs(store)
    return [store.get_run(run.info.run_id) for run in store.search_runs([experiment])]


@pytest.fixture(scope="module")
def experiments(store: TrackingStore, runs: list[Run], models: object) -> list[Experiment]:
    herds.experiments(store)
    return list(store.search_experiments(ViewType.ALL))


@pytest.fixture(scope="module")
def models(store: TrackingStore) -> list[tuple[LoggedModel, list[Metric]]]:
    points = herds.models(store)
    return [(store.get_logged_model(model_id), logged) for model_id, logged in points.items()]


@generated
@given(data=st.data(), size=st.sampled_from([7, 50_000]))
def test_run_search_agrees_with_evaluate(store: TrackingStore, runs: list[Run], data: st.DataObject, size: int) -> None:
    pool = Pool(
        texts={
            "run_id": [run.info.run_id for run in runs],
            "run_name": [run.info.run_name for run in runs],
            "status": ["RUNNING", "FINISHED", "finished"],
            "user_id": ["", "ann", "ANN"],
            "artifact_uri": [runs[0].info.artifact_uri],
        },
        numbers={},
    )
    rule, order = data.draw(filters(RUNS, pool)), data.draw(orders(RUNS))
    experiment = runs[0].info.experiment_id
    parsed = parse_filter(rule, RUNS)
    expected = ordered([run for run in runs if evaluate(parsed, run)], parse_order(order, RUNS))
    page = store.search_runs([experiment], rule, max_results=size, order_by=order)
    found = [run.info.run_id for run in page]
    while page.token:
        page = store.search_runs([experiment], rule, max_results=size, order_by=order, page_token=page.token)
        found += [run.info.run_id for run in page]
    assert found == [run.info.run_id for run in expected]
    assert store.count_runs([experiment], rule) == len(expected)


@generated
@given(data=st.data(), size=st.sampled_from([5, 1000]))
def test_experiment_search_agrees_with_evaluate(
    store: TrackingStore, experiments: list[Experiment], data: st.DataObject, size: int
) -> None:
    pool = Pool(
        texts={
            "name": [each.name for each in experiments],
            "experiment_id": [each.experiment_id for each in experiments],
        },
        numbers={
            "creation_time": [str(each.creation_time) for each in experiments],
            "last_update_time": [str(each.last_update_time) for each in experiments],
        },
    )
    rule, order = data.draw(filters(EXPERIMENTS, pool)), data.draw(orders(EXPERIMENTS))
    parsed = parse_filter(rule, EXPERIMENTS)
    expected = ordered([each for each in experiments if evaluate(parsed, each)], parse_order(order, EXPERIMENTS))
    page = store.search_experiments(ViewType.ALL, size, rule, order)
    found = [each.experiment_id for each in page]
    while page.token:
        page = store.search_experiments(ViewType.ALL, size, rule, order, page.token)
        found += [each.experiment_id for each in page]
    assert found == [each.experiment_id for each in expected]


@generated
@given(data=st.data(), size=st.sampled_from([5, 1000]))
def test_model_search_agrees_with_evaluate(
    store: TrackingStore, models: list[tuple[LoggedModel, list[Metric]]], data: st.DataObject, size: int
) -> None:
    records = [model for model, _ in models]
    experiment = records[0].experiment_id
    pool = Pool(
        texts={
            "model_id": [each.model_id for each in records],
            "name": [each.name for each in records],
            "status": ["1", "2", "3", "READY"],
            "experiment_id": [experiment, "0"],
            "source_run_id": [each.source_run_id or "" for each in records],
            "lifecycle_stage": ["active", "deleted", "ACTIVE"],
            "artifact_location": [records[0].artifact_location],
        },
        numbers={"creation_timestamp": [str(each.creation_timestamp) for each in records]},
    )
    rule, order = data.draw(filters(LOGGED_MODELS, pool)), data.draw(model_orders(LOGGED_MODELS))
    datasets = data.draw(dataset_filters())
    parsed = parse_filter(rule, LOGGED_MODELS)
    measured = [SearchableModel(model, points, datasets) for model, points in models]
    if datasets:
        measured = [each for each in measured if any(on_any(point, datasets) for point in each.points)]
    expected = ordered([each for each in measured if evaluate(parsed, each)], parse_model_order(order))
    page = store.search_logged_models([experiment], rule, datasets, size, order)
    found = [each.model_id for each in page]
    while page.token:
        page = store.search_logged_models([experiment], rule, datasets, size, order, page.token)
        found += [each.model_id for each in page]
    assert found == [each.model.model_id for each in expected]
