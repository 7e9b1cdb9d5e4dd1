"""Columns are read for few runs or for whole experiments, and put together in two ways: all must find the same."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from headrace.entities import Metric, Param, RunTag, ViewType
from headrace.stores.base import TrackingStore
from headrace.stores.memory import MemoryStore
from headrace.stores.sql import SqlStore, run_groups

WAYS = {
    "as chosen": {},
    "whole experiments": {"FEW": 0},
    "whole experiments, searched, a few rows at a time": {"FEW": 0, "SPREAD": 0, "FETCHED": 3},
}
ASKED = [
    (["params.p"], ["a", "b", "never"], None),
    (["params.p", "tags.t"], ["a"], None),
    (["tags.t", "params.q", "params.never"], ["b"], "metrics.a > 0.2"),
    ([], ["a", "b"], "params.p = 'x'"),
    (["params.p"], ["a"], "metrics.never > 1"),
    (["params.unique"], ["a"], None),
]


def fill(store: TrackingStore) -> list[str]:
    chance = random.Random(7)
    experiments = [store.create_experiment(name) for name in ("one", "two", "three")]
    for number in range(120):
        tags = [RunTag("t", chance.choice(["u", "U", "é", ""]))] if chance.random() < 0.7 else []
        run_id = store.create_run(chance.choice(experiments), tags=tags, run_id=f"r{number:03}").info.run_id
        params = {"p": chance.choice(["x", "xy", "é"]), "q": chance.choice("12"), "unique": str(number)}
        kept = [Param(key, value) for key, value in params.items() if chance.random() < 0.8]
        values = {key: chance.choice([0.0, -0.25, 0.5, 1e300, float("nan"), float("inf")]) for key in "ab"}
        points = [Metric(key, value, 1) for key, value in values.items() if chance.random() < 0.7]
        store.log_batch(run_id, points, kept)
        if chance.random() < 0.2:
            store.delete_run(run_id)
    return experiments


@pytest.mark.parametrize("way", WAYS)
def test_every_way_finds_what_memory_does(
    store: SqlStore, way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in WAYS[way].items():
        monkeypatch.setattr(run_groups, name, value)
    oracle = MemoryStore(str(tmp_path / "memory"))
    experiments = fill(store)
    assert fill(oracle) == experiments
    for within in (experiments, experiments[1:2], []):
        for keys, metrics, rule in ASKED:
            for view, most in ((ViewType.ACTIVE_ONLY, 1000), (ViewType.ALL, 5)):
                found = store.aggregate_runs(within, keys, metrics, rule, view, most)
                expected = oracle.aggregate_runs(within, keys, metrics, rule, view, most)
                assert [(each.values, each.run_count) for each in found] == [
                    (each.values, each.run_count) for each in expected
                ]
                for one, other in zip(found, expected, strict=True):
                    assert one.metrics.keys() == other.metrics.keys()
                    for key, summary in one.metrics.items():
                        wanted = other.metrics[key]
                        assert (summary.count, summary.minimum, summary.maximum) == (
                            wanted.count,
                            wanted.minimum,
                            wanted.maximum,
                        )
                        if wanted.mean is None:
                            assert summary.mean is None
                        else:
                            assert summary.mean == pytest.approx(wanted.mean, rel=1e-12, abs=1e-12)
