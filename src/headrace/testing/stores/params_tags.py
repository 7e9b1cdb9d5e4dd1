from __future__ import annotations

from collections.abc import Callable

import pytest

from headrace.entities import Param, RunTag
from headrace.stores.base import TrackingStore
from headrace.testing.stores.making import (
    KEYS_ALLOWED,
    KEYS_REFUSED,
    invalid,
    missing,
    new_run,
    params,
    point,
    tags,
)

NAME_TAG = "mlflow.runName"


class ParamTagSuite:
    def test_param_is_written_once(self, store: TrackingStore) -> None:
        run_id = new_run(store)
        store.log_param(run_id, Param("lr", "0.1"))
        store.log_param(run_id, Param("lr", "0.1"))
        store.log_batch(run_id, params=params(lr="0.1", other="x"))
        with invalid("lr", "0.1", "0.2"):
            store.log_param(run_id, Param("lr", "0.2"))
        with invalid("lr"):
            store.log_param(run_id, Param("lr", ""))
        assert store.get_run(run_id).data.params == {"lr": "0.1", "other": "x"}

    def test_keys_differ_by_case(self, store: TrackingStore) -> None:
        run_id = new_run(store)
        store.log_batch(run_id, [point("m", 1.0), point("M", 2.0)], params(p="1", P="2"), tags(t="1", T="2"))
        data = store.get_run(run_id).data
        assert data.metrics == {"m": 1.0, "M": 2.0}
        assert data.params == {"p": "1", "P": "2"}
        assert (data.tags["t"], data.tags["T"]) == ("1", "2")

    def test_tag_is_overwritten_and_deleted(self, store: TrackingStore) -> None:
        run_id = new_run(store)
        store.set_tag(run_id, RunTag("t", "1"))
        store.set_tag(run_id, RunTag("t", ""))
        assert store.get_run(run_id).data.tags["t"] == ""
        store.log_batch(run_id, tags=[RunTag("t", "2"), RunTag("t", "3")])
        assert store.get_run(run_id).data.tags["t"] == "3"
        store.delete_tag(run_id, "t")
        assert "t" not in store.get_run(run_id).data.tags
        with missing("t"):
            store.delete_tag(run_id, "t")
        store.set_tag(run_id, RunTag("t", "4"))
        assert store.get_run(run_id).data.tags["t"] == "4"

    def test_allowed_keys_are_kept_for_metric_param_and_tag(self, store: TrackingStore) -> None:
        run_id = new_run(store)
        for key in KEYS_ALLOWED:
            store.log_batch(run_id, [point(key, 1.0)], [Param(key, "p")], [RunTag(key, "t")])
        data = store.get_run(run_id).data
        assert data.metrics == dict.fromkeys(KEYS_ALLOWED, 1.0)
        assert data.params == dict.fromkeys(KEYS_ALLOWED, "p")
        assert {key: data.tags[key] for key in KEYS_ALLOWED} == dict.fromkeys(KEYS_ALLOWED, "t")
        for key in KEYS_ALLOWED:
            assert len(store.get_metric_history(run_id, key)) == 1

    @pytest.mark.parametrize("key", KEYS_REFUSED)
    def test_refused_keys_write_nothing(self, store: TrackingStore, key: str) -> None:
        run_id = new_run(store)
        fine = params(fine="1")
        writes: list[Callable[[], None]] = [
            lambda: store.log_batch(run_id, [point(key, 1.0)], fine),
            lambda: store.log_batch(run_id, params=[*fine, Param(key, "v")]),
            lambda: store.log_batch(run_id, params=fine, tags=[RunTag(key, "v")]),
            lambda: store.log_metric(run_id, point(key, 1.0)),
            lambda: store.log_param(run_id, Param(key, "v")),
            lambda: store.set_tag(run_id, RunTag(key, "v")),
        ]
        for write in writes:
            with invalid("key"):
                write()
        data = store.get_run(run_id).data
        assert (data.metrics, data.params, set(data.tags)) == ({}, {}, {NAME_TAG})

    def test_long_values_are_cut(self, store: TrackingStore) -> None:
        run_id = new_run(store, tags=tags(created="c" * 8001))  # tags of a new run are kept whole, as in MLflow
        for _ in range(2):  # what is cut the same way is the same value
            store.log_batch(run_id, params=params(p="ж" * 6001), tags=tags(t="ж" * 8001))
        store.set_tag(run_id, RunTag(NAME_TAG, "n" * 8001))
        read = store.get_run(run_id)
        assert read.data.params == {"p": "ж" * 6000}
        assert read.data.tags == {"created": "c" * 8001, "t": "ж" * 8000, NAME_TAG: "n" * 8000}
        assert read.info.run_name == "n" * 8000

    def test_long_values_are_refused_where_cutting_is_off(
        self, store: TrackingStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        run_id = new_run(store)
        monkeypatch.setenv("HEADRACE_TRUNCATE_LONG_VALUES", "false")
        with invalid("6001"):
            store.log_param(run_id, Param("p", "x" * 6001))
        with invalid("8001"):
            store.set_tag(run_id, RunTag("t", "x" * 8001))
        store.log_batch(run_id, params=params(p="x" * 6000), tags=tags(t="x" * 8000))
        assert store.get_run(run_id).data.params == {"p": "x" * 6000}

    def test_largest_batch_is_taken(self, store: TrackingStore) -> None:
        run_id = new_run(store)
        store.log_batch(
            run_id,
            [point(f"m{i}", float(i)) for i in range(800)],
            [Param(f"p{i}", str(i)) for i in range(100)],
            [RunTag(f"t{i}", str(i)) for i in range(100)],
        )
        store.log_batch(run_id, [point("m", float(i), step=i) for i in range(1000)])
        data = store.get_run(run_id).data
        assert data.metrics == {f"m{i}": float(i) for i in range(800)} | {"m": 999.0}
        assert data.params == {f"p{i}": str(i) for i in range(100)}
        assert len(data.tags) == 101

    @pytest.mark.parametrize(
        ("metrics", "param_count", "tag_count", "what"),
        [(1001, 0, 0, "1000"), (0, 101, 0, "100"), (0, 0, 101, "100"), (901, 50, 50, "1000")],
    )
    def test_batch_over_a_limit_writes_nothing(
        self, store: TrackingStore, metrics: int, param_count: int, tag_count: int, what: str
    ) -> None:
        run_id = new_run(store)
        before = store.get_run(run_id)
        with invalid(what):
            store.log_batch(
                run_id,
                [point("m", float(i), step=i) for i in range(metrics)],
                [Param(f"p{i}", "v") for i in range(param_count)],
                [RunTag(f"t{i}", "v") for i in range(tag_count)],
            )
        assert store.get_run(run_id) == before
        assert store.get_metric_history(run_id, "m") == []

    def test_repeated_param_in_a_batch_is_refused_even_if_equal(self, store: TrackingStore) -> None:
        run_id = new_run(store)
        with invalid("p"):
            store.log_batch(run_id, [point("m", 1.0)], [Param("p", "1"), Param("p", "1")], tags(t="1"))
        data = store.get_run(run_id).data
        assert (data.metrics, data.params, set(data.tags)) == ({}, {}, {NAME_TAG})

    def test_batch_with_a_param_that_conflicts_writes_nothing(self, store: TrackingStore) -> None:
        run_id = new_run(store, run_name="before")
        store.log_param(run_id, Param("p", "1"))
        with invalid("p"):
            store.log_batch(
                run_id,
                [point("m", 1.0)],
                [Param("new", "1"), Param("p", "2")],
                [RunTag("t", "1"), RunTag(NAME_TAG, "after")],
            )
        read = store.get_run(run_id)
        assert (read.info.run_name, read.data.metrics, read.data.params) == ("before", {}, {"p": "1"})
        assert read.data.tags == {NAME_TAG: "before"}
        assert store.get_metric_history(run_id, "m") == []
        store.log_batch(run_id, [point("m", 1.0)], params(p="1"), tags(t="1"))
        assert store.get_run(run_id).data.metrics == {"m": 1.0}

    def test_batch_with_a_bad_item_writes_nothing(self, store: TrackingStore) -> None:
        run_id = new_run(store)
        before = store.get_run(run_id)
        for bad in (point("m", 1.0, timestamp=-1), point("m", 1.0, step=1 << 63), point("a//b", 1.0)):
            with invalid():
                store.log_batch(run_id, [point("fine", 1.0), bad], params(p="1"), tags(t="1"))
        assert store.get_run(run_id) == before
        assert store.get_metric_history(run_id, "fine") == []

    @pytest.mark.parametrize("run_id", ["a b", "-a", "a" * 257])
    def test_batch_for_a_malformed_run_id_is_refused(self, store: TrackingStore, run_id: str) -> None:
        with invalid("run_id"):
            store.log_batch(run_id, params=params(p="1"))
        with invalid("run_id"):
            store.log_inputs(run_id)

    def test_empty_batch_changes_nothing(self, store: TrackingStore) -> None:
        run_id = new_run(store)
        before = store.get_run(run_id)
        store.log_batch(run_id)
        assert store.get_run(run_id) == before
