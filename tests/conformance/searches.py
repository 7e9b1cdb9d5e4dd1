"""What the generated tests do with a filter and an order."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

from headrace.entities import Run
from headrace.query import RUNS, evaluate, ordered, parse_filter, parse_order
from headrace.stores.base import TrackingStore
from tests.conformance.generated import filled
from tests.conformance.herds import Herd

REPEATABLE = not os.environ.get("HEADRACE_TEST_RANDOM")
generated = settings(
    derandomize=REPEATABLE,
    database=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def check_run_search(store: TrackingStore, runs: Herd[Run], rule: str, order: list[str], size: int) -> None:
    rule = filled(rule, [run.info for run in runs])
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
