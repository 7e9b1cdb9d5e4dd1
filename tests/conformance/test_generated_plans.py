"""The plan that SQL stores keep for filters which match thousands of runs, on few runs: the order's index leads."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.entities import Run
from headrace.query import RUNS
from headrace.stores.base import TrackingStore
from headrace.stores.sql import run_search
from tests.conformance import herds
from tests.conformance.generated import RUN_POOL, filters, orders
from tests.conformance.herds import Herd
from tests.conformance.searches import check_run_search, generated
from tests.conformance.stores import OPENERS, params


@pytest.fixture(scope="module", params=params(["sqlite", "postgres"]))
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrackingStore]:
    with (
        OPENERS[request.param](request, tmp_path_factory.mktemp(request.param)) as opened,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(run_search, "FEW", 0)
        patch.setattr(run_search, "SOME", 0)
        yield opened


@pytest.fixture(scope="module")
def runs(store: TrackingStore) -> Herd[Run]:
    return herds.all_of(store, herds.runs(store))


@generated
@given(rule=filters(RUNS, RUN_POOL), order=orders(RUNS), size=st.sampled_from([7, 50_000]))
def test_search_led_by_the_order_agrees_with_evaluate(
    store: TrackingStore, runs: Herd[Run], rule: str, order: list[str], size: int
) -> None:
    check_run_search(store, runs, rule, order, size)
