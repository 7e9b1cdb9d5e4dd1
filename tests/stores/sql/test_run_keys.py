"""Keys may be found by steps along an index or by the names of the store: both must find the same."""

from __future__ import annotations

import pytest

from headrace.entities import Metric, Param, RunTag
from headrace.stores.sql import SqlStore, run_keys

PARTS = ["", "K1", "k-é", "nothing", "9"]


def listed(store: SqlStore, experiments: list[str], part: str, size: int) -> list[str]:
    found: list[str] = []
    token = None
    while True:
        page = store.run_keys(experiments, "metrics", part, size, token)
        found += page
        token = page.token
        if token is None:
            return found


@pytest.mark.parametrize("steps", [0, 5, 100, 10_000])
def test_both_ways_find_the_same(store: SqlStore, steps: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_keys, "STEPS", steps)
    monkeypatch.setattr(run_keys, "NAMES_A_STEP", 10**9)
    experiments = [store.create_experiment(name) for name in ("one", "two", "three")]
    keys = {
        each: {f"{'kK'[i % 2]}{i}" for i in range(30) if i % 3 >= n} | {"k-é"} for n, each in enumerate(experiments)
    }
    for experiment, some in keys.items():
        for _ in range(2):
            run = store.create_run(experiment, tags=[RunTag("k1-tag", "1")]).info.run_id
            store.log_batch(run, [Metric(key, 1.0, 1) for key in some], [Param("k1-param", "1")])
    for asked in (experiments, experiments[1:2], experiments[:2]):
        for part in PARTS:
            expected = sorted(key for key in set().union(*map(keys.__getitem__, asked)) if part.lower() in key.lower())
            assert listed(store, asked, part, 4) == listed(store, asked, part, 100) == expected
