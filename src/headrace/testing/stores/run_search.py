from __future__ import annotations

import weakref

import pytest

from headrace.entities import Param, Projection, RunTag, ViewType
from headrace.stores.base import TrackingStore
from headrace.testing.stores.making import (
    INF,
    NAN,
    dataset,
    invalid,
    new_experiment,
    new_run,
    point,
)

_ZOOS: weakref.WeakKeyDictionary[TrackingStore, str] = weakref.WeakKeyDictionary()


def zoo(store: TrackingStore) -> str:
    """An experiment with runs a … e, started in this order, made once per store."""
    if store in _ZOOS:
        return _ZOOS[store]
    experiment = new_experiment(store)
    plan: dict[str, tuple[dict[str, float], dict[str, str], dict[str, str]]] = {
        "a": ({"loss": 0.5, "acc": 0.1, "my metric/x": 1}, {"lr": "0.1", "Opt": "SGD"}, {"t": "x", "t.u": "v"}),
        "b": ({"loss": 0.25, "acc": NAN}, {"lr": "0.01", "Opt": "sgd"}, {"t": "X"}),
        "c": ({"loss": -INF, "neg": -3.5}, {"lr": "50%", "Opt": "a_b"}, {"t": "it's"}),
        "d": ({"loss": INF, "big": 2.0**53}, {"lines": "one\ntwo"}, {"quote": 'say "hi"', "empty": ""}),
        "e": ({}, {"Opt": "ЖУК"}, {"t": "A''B"}),
    }
    for index, (name, (metrics, params, tags)) in enumerate(plan.items()):
        run_id = new_run(
            store,
            experiment,
            start_time=1000 + index,
            run_name=name,
            user_id="ann" if name in "ab" else "",
        )
        store.log_batch(
            run_id,
            [point(key, float(value), 5) for key, value in metrics.items()],
            [Param(*each) for each in params.items()],
            [RunTag(*each) for each in tags.items()],
        )
        if name == "a":
            store.log_metric(run_id, point("loss", 9.0, 1, -1))  # older, so not the latest
            store.log_inputs(run_id, [dataset("iris", "d1", "train"), dataset("wine", "d2", "eval")])
        if name == "b":
            store.log_inputs(run_id, [dataset("Iris", "d3")])
        if name in "ab":
            store.update_run(run_id, "FINISHED", 2000 + index)
    _ZOOS[store] = experiment
    return experiment


def letters(store: TrackingStore, rule: str | None, order: list[str] | None = None) -> str:
    found = store.search_runs([zoo(store)], rule, order_by=order or ["start_time ASC"])
    return "".join(run.info.run_name for run in found)


_Rules = list[tuple[str | None, str]]

METRIC_RULES: _Rules = [
    ("metrics.loss < 1", "abc"),
    ("metric.loss >= 0.5", "ad"),
    ("metrics.loss = 0.5", "a"),
    ("metrics.loss = 9", ""),
    ("metrics.loss != 0.5", "bcd"),
    ("metrics.loss > 1e308", "d"),
    ("metrics.loss = 1.7976931348623157e308", "d"),
    ("metrics.loss <= -1.5e308", "c"),
    ("metrics.loss < 1e999", "abcd"),
    ("metrics.loss >= 1e999", ""),
    ("metrics.loss > -1e999", "abcd"),
    ("metrics.loss <= -1e+0", "c"),
    ("metrics.acc > 0", "a"),
    ("metrics.acc <= 1", "a"),
    ("metrics.acc != 0.1", "b"),
    ("metrics.acc = 0.1", "a"),
    ("metrics.neg < -3", "c"),
    ("metrics.neg = -3.5", "c"),
    ("metrics.neg>-.4e+1", "c"),
    ("metrics.big = 9007199254740993", "d"),
    ("metrics.missing != 1", ""),
    ("metrics.`my metric/x` = 1", "a"),
    ('metrics."my metric/x" = 1.', "a"),
    ("metrics.'my metric/x' = +1", "a"),
    ("metrics.loss > 0.2 AND metrics.loss < 0.4", "b"),
    ("metrics.loss>0.2 and metrics.loss<0.4\nAND\tmetrics.acc != 3", "b"),
]
TEXT_RULES: _Rules = [
    ("params.lr = '0.1'", "a"),
    ('params.lr = "0.1"', "a"),
    ("params.lr = '0.10'", ""),
    ("param.lr != '0.1'", "bc"),
    ("parameters.lr LIKE '0.%'", "ab"),
    ("parameter.Opt LIKE 'S%'", "a"),
    ("params.Opt ILIKE 's%'", "ab"),
    ("params.Opt LIKE 'a_b'", "c"),
    ("params.Opt LIKE 'a\\_b'", ""),
    ("params.Opt LIKE '___'", "abce"),
    ("params.Opt ILIKE 'жук'", ""),
    ("params.Opt ILIKE 'Ж_к'", ""),
    ("params.Opt ILIKE 'Ж_К'", "e"),
    ("params.lr LIKE '50%'", "c"),
    ("params.lr LIKE '%'", "abc"),
    ("params.lr LIKE ''", ""),
    ("params.lines LIKE 'one%two'", "d"),
    ("params.lines LIKE 'one_two'", "d"),
    ("params.lines LIKE '%two'", "d"),
    ("params.opt = 'SGD'", ""),
    ("params.lr IS NULL", "de"),
    ("params.lr IS NOT NULL", "abc"),
    ("params.lr IS NULL AND params.lr IS NOT NULL", ""),
    ("tags.t = 'x'", "a"),
    ("tag.t ILIKE 'X'", "ab"),
    ("tags.t != 'x'", "bce"),
    ("tags.t.u = 'v'", "a"),
    ("tags.`t.u` = 'v'", "a"),
    ("tags.'t' = \"it's\"", "c"),
    ("tags.t = 'A''B'", "e"),
    ("tags.quote = 'say \"hi\"'", "d"),
    ("tags.empty = ''", "d"),
    ("tags.empty LIKE '%'", "d"),
    ("tags.t is null", "d"),
    ("tags.mlflow.runName = 'b'", "b"),
    ("`tags`.t = 'x'", "a"),
    ("`tags`.`t.u` = 'v'", "a"),
    ("params.lr = '0.1' AND metrics.loss = 0.5 AND tags.t = 'x' AND status = 'FINISHED'", "a"),
    ("params.lr LIKE '0%' AND params.lr LIKE '%1'", "ab"),
    ("metrics.loss = 0.5 AND", "a"),
]
ATTRIBUTE_RULES: _Rules = [
    ("run_name = 'a'", "a"),
    ("attributes.run_name LIKE '%'", "abcde"),
    ("attribute.run_name != 'a'", "bcde"),
    ("attr.`run name` = 'c'", "c"),
    ("attributes.`Run name` = 'c'", "c"),
    ("`Run Name` = 'c'", "c"),
    ("run.run_name ILIKE 'D'", "d"),
    ("status = 'FINISHED'", "ab"),
    ("attributes.status != 'FINISHED'", "cde"),
    ("status = 'finished'", ""),
    ("status ILIKE 'finished'", "ab"),
    ("start_time > 1001", "cde"),
    ("start_time > 1001.5", "cde"),
    ("start_time >= 1001.5", "cde"),
    ("start_time < 1001.5", "ab"),
    ("start_time <= 1001.5", "ab"),
    ("start_time = 1001.5", ""),
    ("start_time != 1001.5", "abcde"),
    ("start_time = 1.001e3", "b"),
    ("start_time < 99999999999999999999999", "abcde"),
    ("start_time > -1e300 AND start_time != 1e30", "abcde"),
    ("start_time >= 9223372036854775808", ""),
    ("attributes.start_time = 1000", "a"),
    ("created <= 1000", "a"),
    ("Created < 1002", "ab"),
    ("end_time >= 2001", "b"),
    ("attributes.end_time != 2000", "b"),
    ("end_time != 0.5", "ab"),
    ("artifact_uri LIKE '%/artifacts'", "abcde"),
    ("user_id ILIKE 'ANN'", "ab"),
    ("user_id = ''", "cde"),
    ("", "abcde"),
    (None, "abcde"),
]
DATASET_RULES: _Rules = [
    ("dataset.name = 'iris'", "a"),
    ("datasets.name ILIKE 'iris'", "ab"),
    ("datasets.digest IN ('d2', 'd3')", "ab"),
    ("datasets.digest NOT IN ('d1', 'd2')", "b"),
    ("datasets.name != 'iris'", "ab"),
    ("datasets.context = 'train'", "a"),
    ("datasets.context LIKE '%'", "a"),
    ("datasets.name = 'iris' AND datasets.context = 'eval'", "a"),
    ("datasets.name = 'nothing'", ""),
]

BAD_RULES = [
    "metrics.loss > '1'",
    "metrics.loss > one",
    "metrics.loss > inf",
    "metrics.loss > NaN",
    "metrics.loss LIKE '1'",
    "metrics.loss IS NULL",
    "metrics.loss == 1",
    "metrics.loss <> 1",
    "params.lr > '1'",
    "params.lr = 1",
    "params.lr IN ('a')",
    "params.lr NOT LIKE 'a'",
    "params.lr = 'hanging",
    'params.lr = "hanging',
    "params.`lr = 'x'",
    "params.lr = unquoted",
    "tags.t RLIKE 'a'",
    "tags. = 'a'",
    "tags.`` = 'a'",
    "status = FINISHED",
    "status IN ('FINISHED')",
    "status IS NULL",
    "start_time > '1000'",
    "attributes.experiment_id = '1'",
    "attributes.lifecycle_stage = 'active'",
    "name = 'a'",
    "nonsense.x = 'a'",
    "TAGS.x = 'a'",
    "datasets.source = 'a'",
    "datasets.name IS NULL",
    "run_id IN ()",
    "run_id IN (1)",
    "run_id IN ('a'",
    "run_id IN ('a' 'b')",
    "metrics.loss > 1 OR metrics.loss < 0",
    "NOT metrics.loss > 1",
    "(metrics.loss > 1)",
    "metrics.loss BETWEEN 1 AND 2",
    "metrics.loss > 1; metrics.loss < 2",
    "metrics.loss > 1 metrics.acc > 1",
    "metrics.loss >",
    "> 1",
    "   ",
    "tags.t = 'a\x00'",
]


class RunSearchSuite:
    @pytest.mark.parametrize(("rule", "expected"), METRIC_RULES + TEXT_RULES + ATTRIBUTE_RULES + DATASET_RULES)
    def test_run_filter(self, store: TrackingStore, rule: str | None, expected: str) -> None:
        assert letters(store, rule) == expected
        assert store.count_runs([zoo(store)], rule) == len(expected)

    def test_filter_by_run_id(self, store: TrackingStore) -> None:
        ids = {run.info.run_name: run.info.run_id for run in store.search_runs([zoo(store)])}
        assert letters(store, f"run_id = '{ids['b']}'") == "b"
        assert letters(store, f"attributes.run_id IN ('{ids['a']}', '{ids['d']}', 'none')") == "ad"
        assert letters(store, f"attributes.run_id not in ('{ids['a']}', '{ids['d']}')") == "bce"
        assert letters(store, f"run_id LIKE '{ids['c'][:20]}%'") == "c"
        many = ", ".join(f"'{run_id}'" for run_id in [*ids.values(), *map(str, range(2000))])
        assert letters(store, f"run_id IN ({many})") == "abcde"

    def test_many_comparisons(self, store: TrackingStore) -> None:
        rule = " AND ".join([*(f"tags.t != 'n{i}'" for i in range(150)), *(f"metrics.loss != {i}" for i in range(50))])
        assert letters(store, rule) == "abc"
        with invalid("filter"):
            store.search_runs([zoo(store)], " AND ".join(["metrics.loss > 1"] * 501))

    @pytest.mark.parametrize("rule", BAD_RULES)
    def test_bad_run_filter_is_refused(self, store: TrackingStore, rule: str) -> None:
        with invalid("filter"):
            store.search_runs(["0"], rule)
        with invalid("filter"):
            store.count_runs(["0"], rule)

    @pytest.mark.parametrize(
        ("order", "expected"),
        [
            (["start_time DESC"], "edcba"),
            (["created"], "abcde"),
            (["metrics.loss"], "cbade"),
            (["metrics.loss DESC"], "dabce"),
            (["metrics.acc"], "abedc"),
            (["metrics.acc DESC", "start_time"], "abcde"),
            (["metric.`my metric/x` desc"], "aedcb"),
            (["params.lr"], "baced"),
            (["params.lr DESC"], "cabed"),
            (["params.Opt"], "acbed"),
            (["tags.t"], "ebcad"),
            (["tags.t DESC"], "acbed"),
            (["end_time"], "abedc"),
            (["end_time DESC"], "baedc"),
            (["status", "start_time"], "abcde"),
            (["status DESC", "start_time"], "cdeab"),
            (["user_id DESC", "run_name DESC"], "baedc"),
            (["attributes.run_name"], "abcde"),
            (["tags.mlflow.runName DESC"], "edcba"),
            (["metrics.none", "params.none DESC"], "edcba"),
        ],
    )
    def test_run_order(self, store: TrackingStore, order: list[str], expected: str) -> None:
        assert letters(store, None, order) == expected

    @pytest.mark.parametrize(
        "order",
        [
            ["metrics.loss SIDEWAYS"],
            ["datasets.name"],
            ["experiment_id"],
            ["lifecycle_stage"],
            ["`Run Name`"],
            ["metrics.loss, params.lr"],
            ["metrics.loss DESC ASC"],
            ["nothing"],
            [""],
            ["metrics.loss", "metric.loss DESC"],
            ["start_time", "created DESC"],
            [f"metrics.m{i}" for i in range(21)],
        ],
    )
    def test_bad_run_order_is_refused(self, store: TrackingStore, order: list[str]) -> None:
        with invalid("order_by"):
            store.search_runs(["0"], order_by=order)

    def test_default_order_is_latest_start_then_lowest_id(self, store: TrackingStore) -> None:
        experiment = new_experiment(store)
        for i in range(9):
            new_run(store, experiment, start_time=i // 3)
        found = [run.info for run in store.search_runs([experiment])]
        assert found == sorted(found, key=lambda info: (-info.start_time, info.run_id))

    def test_found_runs_are_whole(self, store: TrackingStore) -> None:
        for found in store.search_runs([zoo(store)]):
            read = store.get_run(found.info.run_id)
            assert found.info == read.info
            assert found.data.params == read.data.params
            assert found.data.tags == read.data.tags
            assert {(each.key, str(each.value), each.timestamp, each.step) for each in found.data.latest} == {
                (each.key, str(each.value), each.timestamp, each.step) for each in read.data.latest
            }
            assert found.inputs.dataset_inputs == read.inputs.dataset_inputs

    def test_projection_returns_what_is_asked(self, store: TrackingStore) -> None:
        asked = Projection(metrics=["loss", "none"], params=[], tags=["t"], inputs=False)
        [run] = store.search_runs([zoo(store)], "run_name = 'a'", projection=asked)
        assert run.data.metrics == {"loss": 0.5}
        assert (run.data.params, run.data.tags) == ({}, {"t": "x"})
        assert (run.inputs.dataset_inputs, run.outputs.model_outputs) == ([], [])
        assert run.info.run_name == "a"
        [run] = store.search_runs([zoo(store)], "run_name = 'a'", projection=Projection(metrics=[]))
        assert run.data.metrics == {}
        assert run.data.params == {"lr": "0.1", "Opt": "SGD"}
        assert len(run.inputs.dataset_inputs) == 2

    def test_view_types(self, store: TrackingStore) -> None:
        experiment = new_experiment(store)
        alive, dead = new_run(store, experiment), new_run(store, experiment)
        store.delete_run(dead)
        for view, ids in (
            (ViewType.ACTIVE_ONLY, {alive}),
            (ViewType.DELETED_ONLY, {dead}),
            (ViewType.ALL, {alive, dead}),
        ):
            assert {run.info.run_id for run in store.search_runs([experiment], None, view)} == ids
            assert store.count_runs([experiment], view_type=view) == len(ids)

    def test_search_follows_every_write(self, store: TrackingStore) -> None:
        experiment = new_experiment(store)
        run_id = new_run(store, experiment, tags=[RunTag("t", "1")])
        rule = "metrics.m > 1 AND tags.t = '2' AND params.p = 'v' AND run_name = 'new' AND status = 'KILLED'"
        assert store.count_runs([experiment], rule) == 0
        store.log_batch(run_id, [point("m", 2.0)], [Param("p", "v")], [RunTag("t", "2")])
        store.update_run(run_id, "KILLED", run_name="new")
        assert store.count_runs([experiment], rule) == 1
        store.log_metric(run_id, point("m", 0.0, 9, 9))
        assert store.count_runs([experiment], rule) == 0
        store.log_metric(run_id, point("m", 5.0, 10, 10))
        store.delete_tag(run_id, "t")
        assert store.count_runs([experiment], rule) == 0
        assert store.count_runs([experiment], "tags.t IS NULL AND metrics.m = 5") == 1
