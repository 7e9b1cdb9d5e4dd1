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

KEYS = 12
PER_KEY = 20

# Appends batches and merges what waits after each of them, in turn with the engine's own background work; says which
# batch is acknowledged. Arguments: address, run, first batch, one past the last, distance.
LOGGER = f"""
import random, sys
from headrace.entities import Metric
from headrace.stores.sql import open_sql_store
from headrace.stores.sql.blocks.background import Merges

uri, run_id, first, end, distance = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:])
store = open_sql_store(uri, "artifacts")
merges = Merges(step_s=0.001)
for batch in range(first, end, distance):
    keys = random.sample(range({KEYS}), {KEYS})
    steps = range(batch * {PER_KEY}, (batch + 1) * {PER_KEY})
    store.log_batch(run_id, [Metric(f"key{{key}}", step / 7, step, step) for key in keys for step in steps])
    print(batch, flush=True)
    merges.notice()
    store.engine.write(merges.step)
store.close()
"""


def logger(uri: str, run_id: str, first: int, end: int, distance: int, folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", LOGGER, uri, run_id, str(first), str(end), str(distance)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=folder,
    )


def expected(key: int, batches: range) -> list[Metric]:
    return [
        Metric(f"key{key}", step / 7, step, step) for step in range(batches.start * PER_KEY, batches.stop * PER_KEY)
    ]


def settled(store: SqlStore) -> None:
    merges = Merges()
    due = f"SELECT id FROM metric_series WHERE {SERIES_DUE}"
    while merges.pending() or store.engine.read(lambda db: db.execute(due).fetchone()):
        store.engine.write(merges.step)
    store.engine.read(check)


def test_a_killed_writer_loses_nothing_and_repeats_nothing(uri: str, tmp_path: Path) -> None:
    store = open_sql_store(uri, str(tmp_path))
    run_id = store.create_run("0").info.run_id
    store.close()
    acknowledged = -1
    for lines in (1, 30, 47, 8, 61):
        with logger(uri, run_id, acknowledged + 1, 10_000, 1, tmp_path) as child:
            assert child.stdout is not None
            for _ in range(lines):
                acknowledged = int(child.stdout.readline())
            child.kill()
            acknowledged = max([acknowledged, *(int(line) for line in child.stdout if line.endswith("\n"))])
        store = open_sql_store(uri, str(tmp_path))
        store.engine.read(check)
        stored = {key: store.get_metric_history(run_id, f"key{key}") for key in range(KEYS)}
        store.close()
        whole = len(stored[0]) // PER_KEY
        assert acknowledged + 1 <= whole <= acknowledged + 2, "at most the batch that was under way, and that whole"
        for key in range(KEYS):
            assert list(stored[key]) == expected(key, range(whole))
    store = open_sql_store(uri, str(tmp_path))
    settled(store)
    for key in range(KEYS):
        assert list(store.get_metric_history(run_id, f"key{key}")) == expected(key, range(whole))
    assert store.engine.read(lambda db: db.execute("SELECT count(*) FROM metric_block").fetchone()[0]) > 0
    store.close()


@pytest.mark.parametrize("processes", [4])
def test_four_processes_append_to_the_same_series_while_they_merge(uri: str, tmp_path: Path, processes: int) -> None:
    store = open_sql_store(uri, str(tmp_path))
    run_id = store.create_run("0").info.run_id
    batches = 50 * processes
    children = [logger(uri, run_id, i, batches, processes, tmp_path) for i in range(processes)]
    said = [child.communicate(timeout=120)[0].split() for child in children]
    assert [child.returncode for child in children] == [0] * processes
    assert sorted(int(batch) for each in said for batch in each) == list(range(batches))
    settled(store)
    for key in range(KEYS):
        assert list(store.get_metric_history(run_id, f"key{key}")) == expected(key, range(batches))
    store.close()
