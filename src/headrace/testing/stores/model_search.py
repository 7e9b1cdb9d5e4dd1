from __future__ import annotations

import weakref

import pytest

from headrace.entities import (
    DatasetFilter,
    LoggedModelParameter,
    LoggedModelStatus,
    LoggedModelTag,
    ModelOrder,
)
from headrace.stores.base import TrackingStore
from headrace.testing.stores.making import NAN, invalid, new_experiment, new_run, point

_Point = tuple[str, float, int, str | None, str | None]
_SHELVES: weakref.WeakKeyDictionary[TrackingStore, str] = weakref.WeakKeyDictionary()


def shelf(store: TrackingStore) -> str:
    """An experiment with models a, b, c, d, made once per store. Only a and b are ready; d is deleted."""
    if store in _SHELVES:
        return _SHELVES[store]
    experiment = new_experiment(store)
    run_id = new_run(store, experiment)
    plan: dict[str, tuple[dict[str, str], dict[str, str], list[_Point]]] = {
        "a": ({"depth": "1"}, {"t": "x"}, [("acc", 0.1, 1, "iris", "1"), ("acc", 0.9, 2, "wine", "2")]),
        "b": ({"depth": "10"}, {"t": "Y"}, [("acc", 0.5, 1, "iris", "1"), ("loss", 2.0, 1, None, None)]),
        "c": ({}, {}, [("acc", NAN, 1, "iris", "2")]),
        "d": ({}, {}, [("acc", 0.5, 1, "iris", "1")]),
    }
    for name, (params, tags, points) in plan.items():
        made = store.create_logged_model(
            experiment,
            name,
            run_id if name == "a" else None,
            [LoggedModelTag(*each) for each in tags.items()],
            [LoggedModelParameter(*each) for each in params.items()],
            f"kind-{name}" if name != "c" else None,
        )
        store.log_batch(
            run_id,
            [
                point(key, value, 10 + step, step, model_id=made.model_id, dataset_name=data, dataset_digest=digest)
                for key, value, step, data, digest in points
            ],
        )
        if name in "ab":
            store.finalize_logged_model(made.model_id, LoggedModelStatus.READY)
        if name == "d":
            store.delete_logged_model(made.model_id)
    _SHELVES[store] = experiment
    return experiment


IRIS, WINE, IRIS_1 = DatasetFilter("iris"), DatasetFilter("wine"), DatasetFilter("iris", "1")


class ModelSearchSuite:
    @pytest.mark.parametrize(
        ("rule", "expected"),
        [
            (None, "abc"),
            ("", "abc"),
            ("name = 'a'", "a"),
            ("attributes.name != 'a'", "bc"),
            ("name ILIKE 'A'", "a"),
            ("name LIKE 'A'", ""),
            ("name IN ('a', 'c')", "ac"),
            ("name NOT IN ('a')", "bc"),
            ("name = a", "a"),
            ('name = "a"', ""),
            ("model_type = 'kind-b'", "b"),
            ("model_type != 'kind-b'", "a"),
            ("source_run_id LIKE '%'", "a"),
            ("status = 2", "ab"),
            ("status = '2'", "ab"),
            ("attributes.status != 2", "c"),
            ("status = 'READY'", ""),
            ("status IN ('1', '3')", "c"),
            ("lifecycle_stage = 'active'", "abc"),
            ("lifecycle_stage = 'deleted'", ""),
            ("experiment_id = '{experiment}'", "abc"),
            ("experiment_id = '0{experiment}'", ""),
            ("artifact_location LIKE '%/artifacts'", "abc"),
            ("model_id LIKE 'm-%'", "abc"),
            ("params.depth = '10'", "b"),
            ("params.depth != 10", "a"),
            ("params.`depth` LIKE '1%'", "ab"),
            ("params.depth IN ('1', '2')", "a"),
            ("params.none != 'x'", ""),
            ("tags.t = 'x'", "a"),
            ("tags.t ILIKE 'y'", "b"),
            ("tags.t NOT IN ('x')", "b"),
            ("metrics.acc > 0.4", "ab"),
            ("metrics.acc < 0.2", "a"),
            ("metrics.acc != 0.5", "ac"),
            ("metrics.acc >= 0.5 AND metrics.loss = 2", "b"),
            ("metrics.acc < 0.2 AND metrics.acc > 0.8", "a"),
            ("metrics.none != 1", ""),
            ("creation_timestamp > 0", "abc"),
            ("creation_time > 0 AND creation_timestamp_ms > 0 AND last_updated_timestamp >= 1", "abc"),
            ("name = 'a' AND tags.t = 'x' AND params.depth = '1'", "a"),
        ],
    )
    def test_model_filter(self, store: TrackingStore, rule: str | None, expected: str) -> None:
        experiment = shelf(store)
        found = store.search_logged_models([experiment], rule and rule.format(experiment=experiment))
        assert "".join(sorted(model.name for model in found)) == expected

    @pytest.mark.parametrize(
        ("datasets", "rule", "expected"),
        [
            ([IRIS], None, "abc"),
            ([WINE], None, "a"),
            ([IRIS_1], None, "ab"),
            ([IRIS_1, WINE], None, "ab"),
            ([DatasetFilter("none")], None, ""),
            ([DatasetFilter("IRIS")], None, ""),
            ([IRIS], "metrics.acc > 0.4", "b"),
            ([WINE], "metrics.acc > 0.4", "a"),
            ([IRIS, WINE], "metrics.acc > 0.4", "ab"),
            ([IRIS], "metrics.loss > 0", ""),
            ([IRIS], "metrics.acc != 0.1", "bc"),
            ([WINE], "name = 'b'", ""),
        ],
    )
    def test_datasets_restrict_what_metrics_are_looked_at(
        self, store: TrackingStore, datasets: list[DatasetFilter], rule: str | None, expected: str
    ) -> None:
        found = store.search_logged_models([shelf(store)], rule, datasets)
        assert "".join(sorted(model.name for model in found)) == expected

    @pytest.mark.parametrize(
        ("order", "expected"),
        [
            ([ModelOrder("name")], "abc"),
            ([ModelOrder("name", ascending=False)], "cba"),
            ([ModelOrder("status"), ModelOrder("name", False)], "cba"),
            ([ModelOrder("status", False), ModelOrder("name")], "abc"),
            ([ModelOrder("model_type", False)], "bac"),
            ([ModelOrder("metrics.acc")], "bac"),
            ([ModelOrder("metrics.acc", False)], "abc"),
            ([ModelOrder("metrics.acc", True, "iris")], "abc"),
            ([ModelOrder("metrics.acc", False, "iris", "1")], "bac"),
            ([ModelOrder("metrics.acc", True, "wine"), ModelOrder("name", False)], "acb"),
            ([ModelOrder("metrics.loss"), ModelOrder("metrics.acc", False)], "bac"),
            ([ModelOrder("metrics.none"), ModelOrder("name", False)], "cba"),
            ([ModelOrder("creation_timestamp"), ModelOrder("name")], "abc"),
            ([ModelOrder("experiment_id"), ModelOrder("name"), ModelOrder("name", False)], "abc"),
        ],
    )
    def test_model_order(self, store: TrackingStore, order: list[ModelOrder], expected: str) -> None:
        found = store.search_logged_models([shelf(store)], order_by=order)
        assert "".join(model.name for model in found) == expected

    def test_default_order_of_models_is_newest_first_then_lowest_id(self, store: TrackingStore) -> None:
        experiment = new_experiment(store)
        for _ in range(12):
            store.create_logged_model(experiment)
        found = store.search_logged_models([experiment])
        assert found == sorted(found, key=lambda model: (-model.creation_timestamp, model.model_id))

    def test_latest_metric_for_the_order_is_by_timestamp_step_then_first_run(self, store: TrackingStore) -> None:
        experiment = new_experiment(store)
        runs = sorted(new_run(store, experiment) for _ in range(2))
        plan = {
            "a": [(runs[0], 5.0, 9, 1), (runs[0], 1.0, 8, 5)],  # the newest timestamp wins over the greatest step
            "b": [(runs[0], 4.0, 9, 1), (runs[1], 0.0, 9, 1)],  # then the first run
            "c": [(runs[0], 6.0, 9, 1), (runs[1], 4.5, 9, 2)],  # before that, the greatest step
        }
        for name, points in plan.items():
            model_id = store.create_logged_model(experiment, name).model_id
            for run_id, value, timestamp, step in points:
                store.log_metric(run_id, point("m", value, timestamp, step, model_id=model_id))
        found = store.search_logged_models([experiment], order_by=[ModelOrder("metrics.m")])
        assert "".join(model.name for model in found) == "bca"

    @pytest.mark.parametrize(
        "rule",
        [
            "metric.acc > 1",
            "param.a = 'x'",
            "tag.t = 'x'",
            "attribute.name = 'x'",
            "spans.x = 'a'",
            "nonsense = 'a'",
            "name IS NULL",
            "name = 'a' OR name = 'b'",
            "name ~ 'a'",
            "name > 'a'",
            "creation_timestamp > '1'",
            "metrics.acc > '1'",
            "metrics.acc > x",
            "metrics.acc IN (1)",
            "name IN (a)",
            "name = 'hanging",
            "(name = 'a')",
            "   ",
        ],
    )
    def test_bad_model_filter_is_refused(self, store: TrackingStore, rule: str) -> None:
        with invalid("filter"):
            store.search_logged_models(["0"], rule)

    @pytest.mark.parametrize(
        "order",
        [
            ModelOrder("nonsense"),
            ModelOrder("params.depth"),
            ModelOrder("tags.t"),
            ModelOrder("metrics."),
            ModelOrder(""),
            ModelOrder("name DESC"),
            ModelOrder("metrics.acc", True, None, "1"),
        ],
    )
    def test_bad_model_order_is_refused(self, store: TrackingStore, order: ModelOrder) -> None:
        with invalid("order_by"):
            store.search_logged_models(["0"], order_by=[order])

    def test_dataset_filter_needs_a_name(self, store: TrackingStore) -> None:
        with invalid("dataset_name"):
            store.search_logged_models(["0"], datasets=[DatasetFilter("")])

    def test_models_of_asked_experiments_only(self, store: TrackingStore) -> None:
        first, second = new_experiment(store), new_experiment(store)
        made = {store.create_logged_model(each).model_id for each in (first, second)}
        assert len(store.search_logged_models([first])) == 1
        assert {model.model_id for model in store.search_logged_models([first, second])} == made
        assert store.search_logged_models([new_experiment(store), "987654321987"]) == []

    def test_pages_of_models_together_are_the_whole(self, store: TrackingStore) -> None:
        experiment = new_experiment(store)
        for i in range(7):
            store.create_logged_model(experiment, f"n{i % 3}")
        order = [ModelOrder("name")]
        whole = store.search_logged_models([experiment], order_by=order)
        page = store.search_logged_models([experiment], max_results=3, order_by=order)
        seen = list(page)
        while page.token:
            page = store.search_logged_models([experiment], None, (), 3, order, page.token)
            seen += page
        assert seen == whole
        assert len(whole) == 7

    def test_token_of_another_search_is_refused(self, store: TrackingStore) -> None:
        experiment = new_experiment(store)
        for _ in range(2):
            store.create_logged_model(experiment)
        token = store.search_logged_models([experiment], max_results=1).token
        assert token
        with invalid("page_token"):
            store.search_logged_models([experiment, "0"], None, (), 1, (), token)
        with invalid("page_token"):
            store.search_logged_models([experiment], "name LIKE '%'", (), 1, (), token)
        with invalid("page_token"):
            store.search_logged_models([experiment], None, (), 1, [ModelOrder("name")], token)
        with invalid("page_token"):
            store.search_logged_models([experiment], page_token="garbage")  # noqa: S106
