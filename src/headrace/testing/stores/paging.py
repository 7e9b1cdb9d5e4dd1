from __future__ import annotations

import pytest

from headrace.entities import ViewType
from headrace.stores.base import TrackingStore
from headrace.testing.stores.making import (
    INF,
    NAN,
    invalid,
    new_experiment,
    new_run,
    params,
    point,
    tags,
    unique,
)

BAD_TOKENS = ["garbage", "e30", "!!!", "é", "bnVsbA==", "W10", "eyJvZmZzZXQiOiAtMX0=", "a" * 5000]


def herd(store: TrackingStore) -> str:
    """An experiment of 12 runs with ties, missing values, NaN and infinities in every column."""
    experiment = new_experiment(store)
    values = [1.0, NAN, None, INF, 1.0, -INF, NAN, None, 2.0, -0.0, 0.0, 1.0]
    for i, value in enumerate(values):
        run_id = new_run(store, experiment, start_time=i // 3, run_name=f"n{i % 4}", user_id="u" * (i % 2))
        store.log_batch(
            run_id,
            [] if value is None else [point("m", value)],
            params(p=str(i % 3)) if i % 4 else [],
            tags(t="x" if i % 2 else "X") if i % 3 else [],
        )
        if i % 5 == 0:
            store.update_run(run_id, "FINISHED", end_time=i)
    return experiment


ORDERS = [
    [],
    ["metrics.m"],
    ["metrics.m DESC"],
    ["params.p"],
    ["params.p DESC", "metrics.m"],
    ["tags.t DESC"],
    ["end_time"],
    ["end_time DESC", "run_name DESC"],
    ["status", "user_id", "tags.t"],
    ["start_time", "metrics.m DESC"],
    ["run_id DESC"],
    ["metrics.none", "params.none DESC"],
]


class PagingSuite:
    def test_pages_of_runs_together_are_the_whole_in_any_order(self, store: TrackingStore) -> None:
        experiment = herd(store)
        for order in ORDERS:
            whole = [run.info.run_id for run in store.search_runs([experiment], order_by=order)]
            assert len(set(whole)) == 12
            for size in (1, 5, 12, 13):
                page = store.search_runs([experiment], max_results=size, order_by=order)
                seen, pages = [run.info.run_id for run in page], 1
                while page.token:
                    page = store.search_runs([experiment], max_results=size, order_by=order, page_token=page.token)
                    seen += [run.info.run_id for run in page]
                    pages += 1
                assert seen == whole, (order, size)
                assert pages == -(-12 // size), (order, size)

    def test_full_last_page_has_no_token(self, store: TrackingStore) -> None:
        experiment = herd(store)
        assert store.search_runs([experiment], max_results=12).token is None
        assert store.search_runs([experiment], max_results=11).token is not None
        assert store.search_runs([experiment], "metrics.m > 1e300", max_results=1).token is None
        assert store.search_runs([experiment], "metrics.m > 1e308 AND metrics.m < 0").token is None

    def test_token_belongs_to_its_search(self, store: TrackingStore) -> None:
        experiment, rule, order = herd(store), "metrics.m != 77", ["metrics.m"]
        token = store.search_runs([experiment], rule, max_results=1, order_by=order).token
        assert token
        again = store.search_runs([experiment], rule, max_results=5, order_by=order, page_token=token)
        assert len(again) == 5
        for changed in (
            lambda: store.search_runs([experiment], "metrics.m != 78", order_by=order, page_token=token),
            lambda: store.search_runs([experiment], rule, order_by=["metrics.m DESC"], page_token=token),
            lambda: store.search_runs([experiment, "0"], rule, order_by=order, page_token=token),
            lambda: store.search_runs([experiment], rule, ViewType.ALL, order_by=order, page_token=token),
            lambda: store.search_experiments(page_token=token),
            lambda: store.search_logged_models([experiment], page_token=token),
        ):
            with invalid("page_token"):
                changed()

    @pytest.mark.parametrize("token", BAD_TOKENS)
    def test_bad_search_token_is_refused(self, store: TrackingStore, token: str) -> None:
        with invalid("page_token"):
            store.search_runs(["0"], page_token=token)
        with invalid("page_token"):
            store.search_experiments(page_token=token)

    def test_damaged_token_is_refused_or_another_place_of_the_same_search(self, store: TrackingStore) -> None:
        experiment = herd(store)
        token = store.search_runs([experiment], max_results=2, order_by=["metrics.m"]).token
        assert token
        for damaged in (token[:-3], token[3:], token + token, token.swapcase()):
            with invalid("page_token"):
                store.search_runs([experiment], max_results=2, order_by=["metrics.m"], page_token=damaged)

    @pytest.mark.parametrize("size", [0, -1, 50_001])
    def test_page_size_is_limited(self, store: TrackingStore, size: int) -> None:
        with invalid("max_results"):
            store.search_runs(["0"], max_results=size)
        with invalid("max_results"):
            store.search_experiments(max_results=size)

    def test_pages_of_experiments(self, store: TrackingStore) -> None:
        stem = unique()
        for i in range(7):
            store.create_experiment(f"{stem}{i}")
        for order in ([], ["name DESC"], ["creation_time"], ["last_update_time DESC", "name"]):
            rule = f"name LIKE '{stem}%'"
            whole = [each.name for each in store.search_experiments(filter_string=rule, order_by=order)]
            page = store.search_experiments(max_results=3, filter_string=rule, order_by=order)
            seen = [each.name for each in page]
            while page.token:
                page = store.search_experiments(
                    max_results=3, filter_string=rule, order_by=order, page_token=page.token
                )
                seen += [each.name for each in page]
            assert seen == whole
            assert len(set(seen)) == 7
