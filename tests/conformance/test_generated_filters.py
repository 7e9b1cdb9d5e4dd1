"""Search in every store against `evaluate` and `ordered` over all of its records.

The examples are the same in each run; HEADRACE_TEST_RANDOM=1 draws new ones.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.entities import DatasetFilter, Experiment, LoggedModel, Metric, ModelOrder, Run, ViewType
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
from tests.conformance.generated import (
    EXPERIMENT_POOL,
    MODEL_POOL,
    RUN_POOL,
    dataset_filters,
    filled,
    filters,
    model_orders,
    orders,
)
from tests.conformance.herds import Herd
from tests.conformance.searches import check_run_search, generated


@pytest.fixture(scope="module")
def runs(store: TrackingStore) -> Herd[Run]:
    return herds.all_of(store, herds.runs(store))


@pytest.fixture(scope="module")
def experiments(store: TrackingStore, runs: Herd[Run], models: object) -> Herd[Experiment]:
    herds.experiments(store)
    return Herd(store.search_experiments(ViewType.ALL))


@pytest.fixture(scope="module")
def models(store: TrackingStore) -> Herd[tuple[LoggedModel, list[Metric]]]:
    points = herds.models(store)
    return Herd((store.get_logged_model(model_id), logged) for model_id, logged in points.items())


@generated
@given(rule=filters(RUNS, RUN_POOL), order=orders(RUNS), size=st.sampled_from([7, 50_000]))
def test_run_search_agrees_with_evaluate(
    store: TrackingStore, runs: Herd[Run], rule: str, order: list[str], size: int
) -> None:
    check_run_search(store, runs, rule, order, size)


@generated
@given(rule=filters(EXPERIMENTS, EXPERIMENT_POOL), order=orders(EXPERIMENTS), size=st.sampled_from([5, 1000]))
def test_experiment_search_agrees_with_evaluate(
    store: TrackingStore, experiments: Herd[Experiment], rule: str, order: list[str], size: int
) -> None:
    rule = filled(rule, experiments)
    parsed = parse_filter(rule, EXPERIMENTS)
    expected = ordered([each for each in experiments if evaluate(parsed, each)], parse_order(order, EXPERIMENTS))
    page = store.search_experiments(ViewType.ALL, size, rule, order)
    found = [each.experiment_id for each in page]
    while page.token:
        page = store.search_experiments(ViewType.ALL, size, rule, order, page.token)
        found += [each.experiment_id for each in page]
    assert found == [each.experiment_id for each in expected]


@generated
@given(
    rule=filters(LOGGED_MODELS, MODEL_POOL),
    order=model_orders(LOGGED_MODELS),
    datasets=dataset_filters(),
    size=st.sampled_from([5, 1000]),
)
def test_model_search_agrees_with_evaluate(
    store: TrackingStore,
    models: Herd[tuple[LoggedModel, list[Metric]]],
    rule: str,
    order: list[ModelOrder],
    datasets: list[DatasetFilter],
    size: int,
) -> None:
    rule = filled(rule, [model for model, _ in models])
    experiment = models[0][0].experiment_id
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
