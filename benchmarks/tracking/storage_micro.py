"""Metric storage alone, without HTTP: `python -m benchmarks.tracking.storage_micro [URI] [--points N] [--json FILE]`.

URI: a sqlite or postgresql address of an empty database (a fresh SQLite file if none). Every figure is of the whole
store: checks, group commit and the background merges run as they do behind a server.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import numpy as np

from headrace.entities import Metric, XAxis
from headrace.stores import checks
from headrace.stores.sql import open_sql_store
from headrace.stores.sql.blocks.append import append, prepared
from headrace.stores.sql.connection import Database
from headrace.stores.sql.store import SqlStore

START_MS = 1_700_000_000_000
BATCH = 1000
IN_FLIGHT = 64

Figures = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("uri", nargs="?")
    parser.add_argument("--points", type=int, default=10_000_000, help="of the long series")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="headrace-bench-") as folder:
        uri = arguments.uri or f"sqlite:///{folder}/store.db"
        store = open_sql_store(uri, f"{folder}/artifacts")
        try:
            figures = measured(store, arguments.points)
        finally:
            store.close()
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")


def measured(store: SqlStore, points: int) -> Figures:
    figures: Figures = {}

    def note(name: str, value: Any) -> None:
        figures[name] = value
        print(f"{name:<58} {value}", flush=True)

    for keys in (10, 1000):
        for name, value in one_request(store, keys).items():
            note(f"{keys} keys x {BATCH // keys}: {name}", value)
        note(f"{keys} keys x {BATCH // keys}: points/s, batches waiting", throughput(store, keys))
    note("single appends/s, one series", single_appends(store, 1))
    note("single appends/s, 64 series", single_appends(store, 64))
    settle(store)
    for count in sorted({min(1_000_000, points), points}):
        run_id = new_run(store)
        for name, value in one_series(store, run_id, count).items():
            note(f"{count / 1e6:g} M in one series: {name}", value)
    for name, value in latencies(store, run_id, count).items():
        note(f"append to {points / 1e6:g} M points while merges run: {name}", value)
    return figures


def one_series(store: SqlStore, run_id: str, count: int) -> Figures:
    before = size_bytes(store)
    figures: Figures = {"points/s": fill(store, run_id, count)}
    settle(store)
    figures["bytes/point"] = round((size_bytes(store) - before) / count, 2)
    axes: tuple[XAxis, ...] = ("step", "time")
    for axis in axes:
        figures[f"chart by {axis}, ms"] = median_ms(lambda x=axis: store.chart([run_id], ["loss"], x))
    for steps in (count // 6, 20_000):
        start = count // 3
        figures[f"chart by step of {steps:,} steps, ms"] = median_ms(
            lambda s=start, e=start + steps: store.chart([run_id], ["loss"], "step", s, e)
        )
    figures["25,000 points of the history, ms"] = median_ms(lambda: store.get_metric_history(run_id, "loss", 25_000))
    figures["2,500 points by rank, ms"] = median_ms(lambda: store.get_metric_history_interval([run_id], "loss", 2500))
    return figures


def new_run(store: SqlStore) -> str:
    return store.create_run("0").info.run_id


def batch(keys: int, first_step: int, values: np.ndarray[Any, np.dtype[np.float64]]) -> list[Metric]:
    steps = BATCH // keys
    numbers = iter(values.tolist())
    return [
        Metric(f"layer/{key}/loss", next(numbers), START_MS + step * 250, step)
        for key in range(keys)
        for step in range(first_step, first_step + steps)
    ]


def one_request(store: SqlStore, keys: int, rounds: int = 100) -> dict[str, float]:
    """ms of the parts of one request, one after the other, nothing else running."""
    random = np.random.default_rng(1)
    run = store.get_run(new_run(store)).info
    parts: dict[str, list[float]] = {
        "checks, ms": [],
        "prepared, ms": [],
        "append in the transaction, ms": [],
        "log_batch, ms": [],
    }
    for i in range(rounds):
        points = batch(keys, i * (BATCH // keys), random.normal(size=BATCH))
        parts["checks, ms"].append(ms(lambda p=points: checks.batch(p, (), ())))
        parts["prepared, ms"].append(ms(lambda p=points: prepared(p)))
        ready = prepared(points)
        taken: list[float] = []

        def work(db: Database, r: Any = ready, t: list[float] = taken) -> None:
            row = db.execute("SELECT id, experiment_id FROM run WHERE run_id = ?", (run.run_id,)).fetchone()
            t.append(ms(lambda: append(db, row[0], row[1], r)))

        store.engine.write(work)
        parts["append in the transaction, ms"] += taken
        points = batch(keys, (rounds + i) * (BATCH // keys), random.normal(size=BATCH))
        parts["log_batch, ms"].append(ms(lambda p=points: store.log_batch(run.run_id, p)))
    return {name: round(statistics.median(values), 3) for name, values in parts.items()}


def throughput(store: SqlStore, keys: int, rounds: int = 600) -> int:
    random = np.random.default_rng(2)
    run_id = new_run(store)
    batches = [batch(keys, i * (BATCH // keys), random.normal(size=BATCH)) for i in range(rounds)]
    began = time.perf_counter()
    submit_all(store, ((run_id, points) for points in batches))
    return round(rounds * BATCH / (time.perf_counter() - began))


def submit_all(store: SqlStore, requests: Iterator[tuple[str, list[Metric]]]) -> None:
    waiting: list[Future[Any]] = []
    for run_id, points in requests:
        waiting.append(store.submit("log_batch", run_id, points))
        if len(waiting) >= IN_FLIGHT:
            waiting.pop(0).result()
    for each in waiting:
        each.result()


def single_appends(store: SqlStore, series: int, rounds: int = 20_000) -> int:
    runs = [new_run(store) for _ in range(series)]
    points = [Metric("loss", math.sin(i), START_MS + i, i) for i in range(rounds)]
    began = time.perf_counter()
    submit_all(store, ((runs[i % series], [point]) for i, point in enumerate(points)))
    return round(rounds / (time.perf_counter() - began))


def fill(store: SqlStore, run_id: str, count: int) -> int:
    random = np.random.default_rng(3)

    def requests() -> Iterator[tuple[str, list[Metric]]]:
        for first in range(0, count, BATCH):
            values = random.normal(size=BATCH).tolist()
            times = (START_MS + np.arange(first, first + BATCH) * 250 + random.integers(0, 40, BATCH)).tolist()
            yield run_id, [Metric("loss", v, t, first + i) for i, (v, t) in enumerate(zip(values, times, strict=True))]

    began = time.perf_counter()
    submit_all(store, requests())
    return round(count / (time.perf_counter() - began))


def latencies(store: SqlStore, run_id: str, first: int, rounds: int = 5000) -> dict[str, float]:
    """Of appends of 100 points, one after the other, while ten other series keep the merges busy."""
    random = np.random.default_rng(4)
    other = new_run(store)
    points = [
        [Metric("loss", 0.5, START_MS + (first + j) * 250, first + j) for j in range(i * 100, (i + 1) * 100)]
        for i in range(rounds)
    ]
    taken = []
    for i in range(rounds):
        if i % 10 == 0:
            store.log_batch(other, batch(10, i * 10, random.normal(size=BATCH)))
        taken.append(ms(lambda p=points[i]: store.log_batch(run_id, p)))
        time.sleep(0.001)
    taken.sort()
    return {"p50, ms": taken[rounds // 2], "p99, ms": taken[rounds * 99 // 100], "max, ms": taken[-1]}


def settle(store: SqlStore) -> None:
    """Until nothing is left to merge."""
    while store.engine.read(
        lambda db: db.execute("SELECT 1 FROM metric_series WHERE loose >= 512 OR length(tail) >= 768").fetchone()
    ):
        time.sleep(0.05)


def size_bytes(store: SqlStore) -> int:
    if store.engine.dialect == "sqlite":
        pages = (
            "SELECT (SELECT page_count - freelist_count FROM pragma_page_count, pragma_freelist_count) * page_size "
            "FROM pragma_page_size"
        )
        return int(store.engine.read(lambda db: db.execute(pages).fetchone()[0]))
    return int(store.engine.read(lambda db: db.execute("SELECT pg_database_size(current_database())").fetchone()[0]))


def ms(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return round((time.perf_counter() - began) * 1000, 3)


def median_ms(call: Callable[[], object], rounds: int = 7) -> float:
    return round(statistics.median(ms(call) for _ in range(rounds)), 2)


if __name__ == "__main__":
    main()
