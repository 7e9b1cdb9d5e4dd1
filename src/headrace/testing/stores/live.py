from __future__ import annotations

from collections.abc import Sequence

import pytest

from headrace import clock
from headrace.entities import LoggedModelOutput, MetricSummary, RunTag, ViewType
from headrace.stores.base import TrackingStore
from headrace.testing.stores.making import (
    INF,
    LARGEST,
    NAN,
    dataset,
    invalid,
    new_experiment,
    new_run,
    params,
    point,
    tags,
)

SETTLED_S = 30


def changed(store: TrackingStore, since: str | None, experiments: list[str], size: int = 1000) -> tuple[set[str], str]:
    """(run ids, cursor) after following `more` to the end."""
    found: set[str] = set()
    while True:
        told = store.changes(since, experiments, size)
        assert len(told.runs) <= size
        assert len({each.run_id for each in told.runs}) == len(told.runs)
        found |= {each.run_id for each in told.runs}
        since = told.cursor
        if not told.more:
            return found, since


def settled(store: TrackingStore, cursor: str | None = None, experiments: Sequence[str] = ()) -> str:
    """A cursor after which nothing is told. A store may tell a run again while somebody's transaction is open; on a
    shared database server that may be anybody's."""
    deadline = clock.monotonic_s() + SETTLED_S
    while True:
        cursor = store.changes(cursor, experiments).cursor
        if not store.changes(cursor, experiments).runs:
            return cursor
        assert clock.monotonic_s() < deadline, "the same changes are told again and again"
        clock.sleep_s(0.01)


class LiveSuite:
    def test_first_call_tells_only_where_now_is(self, store: TrackingStore) -> None:
        experiment = new_experiment(store)
        new_run(store, experiment)
        told = store.changes()
        assert (told.runs, told.more) == ([], False)
        settled(store, told.cursor, [experiment])

    def test_every_kind_of_write_is_told(self, store: TrackingStore) -> None:
        experiment = new_experiment(store)
        run_id, other = new_run(store, experiment), new_run(store, experiment)
        cursor = store.changes().cursor
        for write in (
            lambda: store.log_metric(run_id, point("m", 1.0)),
            lambda: store.log_batch(run_id, params=params(p="1")),
            lambda: store.set_tag(run_id, RunTag("t", "1")),
            lambda: store.delete_tag(run_id, "t"),
            lambda: store.update_run(run_id, "FINISHED", 5),
            lambda: store.log_inputs(run_id, [dataset("d")]),
            lambda: store.log_outputs(run_id, [LoggedModelOutput("m-1")]),
            lambda: store.delete_run(run_id),
            lambda: store.restore_run(run_id),
        ):
            write()
            found, cursor = changed(store, cursor, [experiment])
            assert run_id in found
            assert other not in found or len(found) == 2  # a run may be named though nothing of it changed
        made = new_run(store, experiment)
        found, cursor = changed(store, cursor, [experiment])
        assert made in found
        store.delete_experiment(experiment)
        found, cursor = changed(store, cursor, [experiment])
        assert found == {run_id, other, made}

    def test_changes_name_the_experiment_and_can_be_limited_to_some(self, store: TrackingStore) -> None:
        experiments = [new_experiment(store) for _ in range(3)]
        cursor = store.changes().cursor
        runs = {new_run(store, each): each for each in experiments}
        told = store.changes(cursor)
        assert {each.run_id: each.experiment_id for each in told.runs}.items() >= runs.items()
        some = store.changes(cursor, experiments[:2])
        assert {each.experiment_id for each in some.runs} == set(experiments[:2])

    @pytest.mark.parametrize("size", [1, 4, 10, 11])
    def test_small_pages_miss_nothing(self, store: TrackingStore, size: int) -> None:
        experiment = new_experiment(store)
        cursor = store.changes().cursor
        runs = {new_run(store, experiment) for _ in range(10)}
        found, cursor = changed(store, cursor, [experiment], size)
        assert found == runs
        assert changed(store, cursor, [experiment], size)[0] <= runs

    def test_cursor_can_be_used_again(self, store: TrackingStore) -> None:
        experiment = new_experiment(store)
        cursor = store.changes().cursor
        run_id = new_run(store, experiment)
        for _ in range(2):
            assert changed(store, cursor, [experiment])[0] == {run_id}

    @pytest.mark.parametrize("cursor", ["garbage", "-1", "1.5", "é", "1;2"])
    def test_bad_cursor_is_refused(self, store: TrackingStore, cursor: str) -> None:
        with invalid("since"):
            store.changes(cursor)

    def test_groups_are_counted_and_summed_up(self, store: TrackingStore) -> None:
        experiment = new_experiment(store)
        for value, model, team in [
            (1.0, "cnn", "a"),
            (3.0, "cnn", "a"),
            (NAN, "cnn", "a"),
            (5.0, "mlp", "a"),
            (None, "mlp", None),
            (NAN, None, None),
            (2.0, None, "b"),
        ]:
            run_id = new_run(store, experiment, tags=tags(team=team) if team else [])
            store.log_batch(run_id, [] if value is None else [point("m", value)], params(model=model) if model else [])
        [cnn, mlp, none] = store.aggregate_runs([experiment], ["params.model"], ["m", "absent"])
        assert (cnn.values, cnn.run_count) == (["cnn"], 3)
        assert cnn.metrics == {"m": MetricSummary(3, 1.0, 3.0, 2.0)}
        assert (mlp.values, mlp.run_count, mlp.metrics) == (["mlp"], 2, {"m": MetricSummary(1, 5.0, 5.0, 5.0)})
        assert (none.values, none.run_count, none.metrics) == ([None], 2, {"m": MetricSummary(2, 2.0, 2.0, 2.0)})
        both = store.aggregate_runs([experiment], ["params.model", "tags.team"])
        assert [(each.values, each.run_count) for each in both] == [
            (["cnn", "a"], 3),
            (["mlp", "a"], 1),
            (["mlp", None], 1),
            ([None, "b"], 1),
            ([None, None], 1),
        ]
        assert store.aggregate_runs([experiment], ["params.model", "tags.team"], max_results=2) == both[:2]
        [only_nan] = store.aggregate_runs([experiment], ["tags.team"], ["m"], "params.model IS NULL AND metrics.m != 2")
        assert only_nan.metrics == {"m": MetricSummary(1, None, None, None)}
        [all_runs] = store.aggregate_runs([experiment], [])
        assert (all_runs.values, all_runs.run_count) == ([], 7)

    def test_groups_see_the_filtered_runs_of_the_view(self, store: TrackingStore) -> None:
        experiment = new_experiment(store)
        for i in range(4):
            run_id = new_run(store, experiment, tags=tags(t=str(i % 2)))
            store.log_metric(run_id, point("m", [INF, -INF, 1.0, 2.0][i]))
            if i == 3:
                store.delete_run(run_id)
        found = store.aggregate_runs([experiment], ["tags.t"], ["m"])
        assert [(each.values, each.run_count) for each in found] == [(["0"], 2), (["1"], 1)]
        assert found[0].metrics["m"].maximum == LARGEST
        assert found[1].metrics["m"].minimum == -LARGEST
        [deleted] = store.aggregate_runs([experiment], ["tags.t"], view_type=ViewType.DELETED_ONLY)
        assert (deleted.values, deleted.run_count) == (["1"], 1)
        [positive] = store.aggregate_runs([experiment], ["tags.t"], ["m"], "metrics.m > 0")
        assert (positive.values, positive.run_count) == (["0"], 2)
        assert store.aggregate_runs([], ["tags.t"]) == []

    @pytest.mark.parametrize("value", [LARGEST, INF, -INF, 1e-300, 0.0])
    def test_mean_of_extreme_values(self, store: TrackingStore, value: float) -> None:
        experiment = new_experiment(store)
        for _ in range(3):
            store.log_metric(new_run(store, experiment), point("m", value))
        [group] = store.aggregate_runs([experiment], [], ["m"])
        expected = max(-LARGEST, min(LARGEST, value))
        summary = group.metrics["m"]
        assert (summary.count, summary.minimum, summary.maximum) == (3, expected, expected)
        assert summary.mean is not None
        assert summary.mean == pytest.approx(expected, rel=1e-12)
        assert abs(summary.mean) <= LARGEST

    @pytest.mark.parametrize("key", ["model", "metrics.m", "params.", "attributes.status", ""])
    def test_bad_group_key_is_refused(self, store: TrackingStore, key: str) -> None:
        with invalid("group_by"):
            store.aggregate_runs(["0"], [key])

    def test_keys_of_runs_are_listed_once_and_in_order(self, store: TrackingStore) -> None:
        experiment, other = new_experiment(store), new_experiment(store)
        for i in range(3):
            run_id = new_run(store, experiment, tags=tags(team=str(i)))
            store.log_batch(run_id, [point("m/é", 1.0), point("B", NAN)], params(lr=str(i), **{f"p{i}": "1"}))
        store.log_metric(new_run(store, other), point("elsewhere", 1.0))
        assert list(store.run_keys([experiment], "metrics")) == ["B", "m/é"]
        assert list(store.run_keys([experiment], "params")) == ["lr", "p0", "p1", "p2"]
        assert {"mlflow.runName", "team"} >= set(store.run_keys([experiment], "tags")) >= {"team"}
        assert list(store.run_keys([other, experiment], "metrics")) == ["B", "elsewhere", "m/é"]
        assert list(store.run_keys([], "metrics")) == []
        assert list(store.run_keys([other], "params")) == []

    def test_keys_of_a_deleted_run_are_listed(self, store: TrackingStore) -> None:
        experiment = new_experiment(store)
        run_id = new_run(store, experiment)
        store.log_metric(run_id, point("m", 1.0))
        store.delete_run(run_id)
        assert list(store.run_keys([experiment], "metrics")) == ["m"]

    @pytest.mark.parametrize(
        ("part", "found"),
        [
            ("", ["ABC", "abd", "a_b", "É", "é"]),
            ("aB", ["ABC", "abd"]),
            ("b", ["ABC", "abd", "a_b"]),
            ("é", ["é"]),
            ("%", []),
            ("_", ["a_b"]),
            ("'", []),
        ],
    )
    def test_part_of_a_key_is_found_whatever_the_case_of_ascii(
        self, store: TrackingStore, part: str, found: list[str]
    ) -> None:
        experiment = new_experiment(store)
        store.log_batch(new_run(store, experiment), params=params(**dict.fromkeys(("abd", "ABC", "a_b"), "1")))
        store.log_batch(new_run(store, experiment), params=params(**dict.fromkeys(("é", "É"), "1")))
        assert list(store.run_keys([experiment], "params", part)) == sorted(found)

    @pytest.mark.parametrize("size", [1, 3, 4, 100])
    def test_keys_come_in_pages(self, store: TrackingStore, size: int) -> None:
        experiment = new_experiment(store)
        keys = [f"k{i:02}" for i in range(12)]
        for i, key in enumerate(reversed(keys)):
            store.log_metric(new_run(store, experiment), point(key, float(i)))
        found: list[str] = []
        token = None
        while True:
            page = store.run_keys([experiment], "metrics", "K", size, token)
            found += page
            token = page.token
            if token is None:
                break
            assert len(page) == size
        assert found == keys

    def test_bad_requests_for_keys_are_refused(self, store: TrackingStore) -> None:
        experiment = new_experiment(store)
        store.log_batch(new_run(store, experiment), params=params(a="1", b="1"))
        token = store.run_keys([experiment], "params", max_results=1).token
        for field, arguments in [
            ("page_token", ([experiment], "metrics", "", 1, token)),
            ("page_token", ([experiment], "params", "a", 1, token)),
            ("page_token", ([experiment], "params", "", 1, "garbage")),
            ("max_results", ([experiment], "params", "", 0)),
            ("kind", ([experiment], "names")),
        ]:
            with invalid(field):
                store.run_keys(*arguments)  # type: ignore[arg-type]
