"""Real processes: killed between and within merges, or four at once on the same series."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from headrace.entities import Metric
from headrace.stores.sql import SqlStore, open_sql_store
from headrace.stores.sql.blocks.background import Merges
from headrace.stores.sql.migrations.revisions import SERIES_DUE
from tests.stores.sql.blocks.structure import check

FEW = (12, 20)  # keys and points of each in a batch
MANY = (80, 1)

# Appends batches and merges what waits after each of them, in turn with the engine's own background work; says which
# batch is acknowledged. Most batches have their keys in the same order.
# Arguments: address, run, keys, points of each, first batch, one past the last, distance.
LOGGER = """
import random, sys
from headrace.entities import Metric
from headrace.stores.sql import open_sql_store
from headrace.stores.sql.blocks.background import Merges

uri, run_id, count, per_key, first, end, distance = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:])
store = open_sql_store(uri, "artifacts")
merges = Merges(step_s=0.001)
for batch in range(first, end, distance):
    keys = random.sample(range(count), count) if random.random() < 0.2 else range(count)
    steps = range(batch * per_key, (batch + 1) * per_key)
    store.log_batch(run_id, [Metric(f"key{key}", step / 7, step, step) for key in keys for step in steps])
    print(batch, flush=True)
    merges.notice()
    store.engine.write(merges.step)
store.close()
"""


Shape = tuple[int, int]
both_shapes = pytest.mark.parametrize("shape", [FEW, MANY], ids=["few keys", "many keys"])


def logger(uri: str, run_id: str, shape: Shape, numbers: range, folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", LOGGER, uri, run_id, *map(str, (*shape, numbers.start, numbers.stop, numbers.step))],
        stdout=subprocess.PIPE,
        text=True,
        cwd=folder,
    )


def expected(key: int, batches: int, shape: Shape) -> list[Metric]:
    return [Metric(f"key{key}", step / 7, step, step) for step in range(batches * shape[1])]


def settled(store: SqlStore) -> None:
    merges = Merges()
    due = f"SELECT id FROM metric_series WHERE {SERIES_DUE}"
    while merges.pending() or store.engine.read(lambda db: db.execute(due).fetchone()):
        store.engine.write(merges.step)
    store.engine.read(check)


@both_shapes
def test_a_killed_writer_loses_nothing_and_repeats_nothing(uri: str, tmp_path: Path, shape: Shape) -> None:
    keys, per_key = shape
    store = open_sql_store(uri, str(tmp_path))
    run_id = store.create_run("0").info.run_id
    store.close()
    acknowledged = -1
    for lines in (1, 30, 47, 8, 61):
        with logger(uri, run_id, shape, range(acknowledged + 1, 10_000), tmp_path) as child:
            assert child.stdout is not None
            for _ in range(lines):
                acknowledged = int(child.stdout.readline())
            child.kill()
            acknowledged = max([acknowledged, *(int(line) for line in child.stdout if line.endswith("\n"))])
        store = open_sql_store(uri, str(tmp_path))
        store.engine.read(check)
        stored = {key: store.get_metric_history(run_id, f"key{key}") for key in range(keys)}
        store.close()
        whole = len(stored[0]) // per_key
        assert acknowledged + 1 <= whole <= acknowledged + 2, "at most the batch that was under way, and that whole"
        for key in range(keys):
            assert list(stored[key]) == expected(key, whole, shape)
    store = open_sql_store(uri, str(tmp_path))
    settled(store)
    for key in range(keys):
        assert list(store.get_metric_history(run_id, f"key{key}")) == expected(key, whole, shape)
    moved_on = "metric_block" if shape == FEW else "metric_loose"
    assert store.engine.read(lambda db: db.execute(f"SELECT count(*) FROM {moved_on}").fetchone()[0]) > 0
    store.close()


@both_shapes
def test_four_processes_append_to_the_same_series_while_they_merge(uri: str, tmp_path: Path, shape: Shape) -> None:
    processes = 4
    store = open_sql_store(uri, str(tmp_path))
    run_id = store.create_run("0").info.run_id
    batches = 50 * processes
    children = [logger(uri, run_id, shape, range(i, batches, processes), tmp_path) for i in range(processes)]
    said = [child.communicate(timeout=120)[0].split() for child in children]
    assert [child.returncode for child in children] == [0] * processes
    assert sorted(int(batch) for each in said for batch in each) == list(range(batches))
    settled(store)
    for key in range(shape[0]):
        assert list(store.get_metric_history(run_id, f"key{key}")) == expected(key, batches, shape)
    store.close()
