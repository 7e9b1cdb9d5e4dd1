"""A search may start from the order's index or from a filter's: both must find the same, page by page."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from headrace.entities import Metric, Param, Run, RunTag, ViewType
from headrace.query import RUNS, evaluate, ordered, parse_filter, parse_order
from headrace.stores.sql import SqlStore, run_search

LONG = "long " * 40
FILTERS = [
    "",
    "metrics.a > 0.3",
    "metrics.a != 0.5 AND params.p = 'x'",
    "params.p LIKE '%x%' AND tags.t != 'u'",
    "params.p IS NOT NULL AND metrics.b <= 0.5",
    "params.q IS NULL",
    f"params.p = '{LONG}1'",
    "tags.t ILIKE 'U%' AND metrics.a >= 0",
    "metrics.never > 1",
    "attributes.start_time > 3 AND params.p = 'x'",
    "attributes.status = 'FINISHED'",
]
ORDERS = [
    [],
    ["metrics.a"],
    ["metrics.a DESC", "params.p"],
    ["params.p DESC"],
    ["tags.t", "metrics.b DESC", "start_time"],
    ["start_time ASC"],
    ["end_time DESC"],
    ["run_name", "metrics.never"],
    ["metrics.never DESC", "metrics.b"],
    ["status DESC", "tags.t DESC"],
]


def fill(store: SqlStore) -> list[str]:
    chance = random.Random(11)
    experiments = [store.create_experiment(name) for name in ("one", "two", "three")]
    for number in range(90):
        tags = [RunTag("t", chance.choice(["u", "U", "v", "é"]))] if chance.random() < 0.7 else []
        run_id = store.create_run(
            chance.choice(experiments), "ann", chance.randrange(6), tags, f"run {number % 7}", f"r{number:03}"
        ).info.run_id
        params = [Param("p", chance.choice(["x", "xy", "", "é", LONG + "1", LONG + "2"]))]
        metrics = [
            Metric(key, chance.choice([0.0, 0.25, 0.5, 1.0, float("nan"), float("inf")]), 1, 1)
            for key in "ab"
            if chance.random() < 0.7
        ]
        store.log_batch(run_id, metrics, params if chance.random() < 0.8 else ())
        if chance.random() < 0.4:
            store.update_run(run_id, "FINISHED", chance.randrange(5))
        if chance.random() < 0.2:
            store.delete_run(run_id)
    return experiments


PLANS = {
    "as chosen": {},
    "along the order": {"FEW": 0, "SOME": 0},
    "from the filter": {"FEW": 1_000_000},
    "along the order, experiments sorted": {"FEW": 0, "SOME": 0, "MERGED_EXPERIMENTS": 1},
}


@pytest.mark.parametrize("plan", PLANS)
def test_every_plan_finds_what_evaluate_says(store: SqlStore, plan: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in PLANS[plan].items():
        monkeypatch.setattr(run_search, name, value)
    experiments = fill(store)
    runs = [store.get_run(f"r{number:03}") for number in range(90)]
    everywhere = store.engine.dialect == "sqlite"  # PostgreSQL's round trips would take half a minute
    for rule in FILTERS:
        for order in ORDERS:
            for within in (experiments, experiments[:1]) if everywhere else [experiments]:
                for view in (ViewType.ACTIVE_ONLY, ViewType.ALL) if everywhere else [ViewType.ACTIVE_ONLY]:
                    expected = expected_ids(runs, within, rule, order, view)
                    found = paged_ids(store, within, rule, order, view)
                    assert found == expected, (rule, order, within, view)
                    assert store.count_runs(within, rule, view) == len(expected)


def expected_ids(
    runs: Sequence[Run], within: Sequence[str], rule: str, order: Sequence[str], view: ViewType
) -> list[str]:
    parsed = parse_filter(rule, RUNS)
    seen = [
        run
        for run in runs
        if run.info.experiment_id in within and view.sees(run.info.lifecycle_stage) and evaluate(parsed, run)
    ]
    return [run.info.run_id for run in ordered(seen, parse_order(order, RUNS))]


def paged_ids(store: SqlStore, within: Sequence[str], rule: str, order: Sequence[str], view: ViewType) -> list[str]:
    found: list[str] = []
    token: str | None = None
    while True:
        page = store.search_run_documents(within, rule, view, 13, order, token)
        found += [document.info.run_id for document in page]
        token = page.token
        if token is None:
            return found


def test_token_goes_on_under_another_plan(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    experiments = fill(store)
    rule, order = "params.p LIKE '%x%'", ["metrics.a DESC", "tags.t"]
    whole = [run.info.run_id for run in store.search_runs(experiments, rule, order_by=order)]
    found: list[str] = []
    token: str | None = None
    for turn in range(len(whole)):
        monkeypatch.setattr(run_search, "FEW", 0 if turn % 2 else 1_000_000)
        monkeypatch.setattr(run_search, "SOME", 0)
        page = store.search_runs(experiments, rule, max_results=2, order_by=order, page_token=token)
        found += [run.info.run_id for run in page]
        token = page.token
        if token is None:
            break
    assert found == whole


def test_token_outlives_the_first_use_of_a_key(store: SqlStore) -> None:
    experiment = store.create_experiment("one")
    ids = [store.create_run(experiment, start_time=i).info.run_id for i in range(4)]
    first = store.search_runs([experiment], max_results=2, order_by=["metrics.later"])
    store.log_metric(ids[1], Metric("later", 1.0, 1, 1))
    rest = store.search_runs([experiment], max_results=2, order_by=["metrics.later"], page_token=first.token)
    assert [run.info.run_id for run in [*first, *rest]] == [ids[3], ids[2], ids[0]]


def explained(store: SqlStore, order: list[str], rule: str = "", token: str | None = None) -> str:
    """How SQLite runs a search's statements."""
    wanted = run_search.search(["0"], rule, ViewType.ACTIVE_ONLY, 5, order, token)

    def work(db: Any) -> str:
        plans: list[str] = []
        plain = db.execute

        def execute(sql: str, parameters: Sequence[Any] = ()) -> Any:
            plans.extend(row[3] for row in plain(f"EXPLAIN QUERY PLAN {sql}", parameters))
            return plain(sql, parameters)

        db.execute = execute
        try:
            run_search.find(db, wanted)
        finally:
            del db.execute
        return "\n".join(plans)

    return store.engine.read(work)


@pytest.mark.parametrize(
    ("order", "index", "sorts"),
    [
        ([], "run_by_start (experiment_id=?)", []),
        (["metrics.a"], "metric_series_by_value (experiment_id=? AND key_ref=? AND last_class=?)", ["RIGHT PART"]),
        (["metrics.a DESC"], "metric_series_by_value (experiment_id=? AND key_ref=? AND last_class=?)", ["RIGHT PART"]),
        (["params.p DESC"], "param_by_value (experiment_id=? AND key_ref=?)", ["RIGHT PART"]),
    ],
)
def test_order_follows_an_index(sqlite_store: SqlStore, order: list[str], index: str, sorts: list[str]) -> None:
    for number in range(10):
        run_id = sqlite_store.create_run("0").info.run_id
        sqlite_store.log_batch(run_id, [Metric("a", number / 10, 1, 1)], [Param("p", str(number))])
    plan = explained(sqlite_store, order)
    assert index in plan
    assert [line for line in plan.splitlines() if "TEMP B-TREE FOR ORDER BY" in line] == []
    assert all(any(sort in line for line in plan.splitlines()) for sort in sorts)


def test_deep_page_starts_inside_the_index(sqlite_store: SqlStore) -> None:
    for number in range(20):
        run_id = sqlite_store.create_run("0").info.run_id
        sqlite_store.log_batch(run_id, [Metric("a", number / 10, 1, 1)])
    token = sqlite_store.search_runs(["0"], max_results=5, order_by=["metrics.a"]).token
    plan = explained(sqlite_store, ["metrics.a"], token=token)
    assert "metric_series_by_value (experiment_id=? AND key_ref=? AND last_class=? AND last_value>?)" in plan


def test_rare_value_is_where_a_search_starts(sqlite_store: SqlStore) -> None:
    for number in range(20):
        run_id = sqlite_store.create_run("0").info.run_id
        sqlite_store.log_batch(run_id, [Metric("a", number / 10, 1, 1)], [Param("p", str(number))])
    plan = explained(sqlite_store, ["metrics.a"], "params.p = '7'")
    assert "param_by_value (experiment_id=? AND key_ref=? AND value=?)" in plan
    assert "metric_series_by_value" not in plan


@pytest.fixture
def many_keys(store: SqlStore) -> Callable[[], str]:
    def make() -> str:
        run_id = store.create_run("0").info.run_id
        for start in range(0, 3000, 1000):
            store.log_batch(run_id, [Metric(f"k{i}", float(i), 1, 1) for i in range(start, start + 1000)])
        return run_id

    return make


def test_run_of_thousands_of_keys_is_read_whole(store: SqlStore, many_keys: Callable[[], str]) -> None:
    run_id = many_keys()
    expected = {f"k{i}": float(i) for i in range(3000)}
    assert store.get_run(run_id).data.metrics == expected
    assert store.search_runs(["0"])[0].data.metrics == expected
