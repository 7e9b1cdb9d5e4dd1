"""The experiments that the pages are measured on, made before the servers start: through the store, or as rows.

Ours go through the store that the server uses, many writes a transaction; MLflow's are written into the tables that its
own store has made, as its API would have stored them. The pages read both through their servers as ever.
`python -m benchmarks.ui.dataset SYSTEM DATABASE SIZE`
"""

import math
import random
import sqlite3
import subprocess
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.registry.fill import MAKE_TABLES
from benchmarks.tracking.dataset import METRICS, run_data
from benchmarks.tracking.peer_tables import fill_mlflow_series, fill_runs, insert
from benchmarks.tracking.rest import START_MS
from benchmarks.tracking.systems import MLFLOW, environment

WAITING = 1000  # writes on the way
BATCH = 1000  # metrics that a request may bring
LOSS = "loss"
GROWING = 5
NOTED = "dataset.json"


@dataclass(frozen=True, kw_only=True)
class Size:
    many_runs: int
    compared_runs: int  # of the experiment that MLflow's page opens, too
    curves: int  # runs of a chart
    curve_points: int  # of each of them, on both systems
    charts: int
    chart_points: int  # of each of the curves of each chart
    wide_keys: int
    wide_runs: int
    live_points: int


FULL = Size(
    many_runs=100_000,
    compared_runs=2000,
    curves=100,
    curve_points=1000,
    charts=10,
    chart_points=10_000,
    wide_keys=10_000,
    wide_runs=20,
    live_points=3000,
)
QUICK = Size(
    many_runs=2000,
    compared_runs=300,
    curves=20,
    curve_points=200,
    charts=4,
    chart_points=1000,
    wide_keys=1000,
    wide_runs=4,
    live_points=3000,
)

Experiments = dict[str, str]  # what it is for → its id


def curve(number: int, points: int) -> Iterator[tuple[int, float]]:
    """(step, value) of a loss that falls, with noise and one spike."""
    dice = random.Random(number)
    floor, pace = dice.random() * 0.2, points / (2 + 4 * dice.random())
    spike = dice.randrange(points)
    for step in range(points):
        value = floor + math.exp(-step / pace) + dice.gauss(0, 0.02)
        yield step, value + (1.5 if step == spike else 0.0)


def fill(system: str, folder: Path, size: Size) -> Experiments:
    """In a process of its own, so that nothing of it is left in this one; a folder that has the data keeps it."""
    noted = folder / NOTED
    if not noted.exists():
        folder.mkdir(parents=True, exist_ok=True)
        words = [sys.executable, "-m", __name__, system, str(folder), msgspec.json.encode(size).decode()]
        subprocess.run(words, check=True)
    found: Experiments = msgspec.json.decode(noted.read_bytes())
    return found


class Writes:
    """Writes to our store, many at a time, so that many share a transaction."""

    def __init__(self, folder: Path) -> None:
        from headrace.stores.sql import open_sql_store

        database = f"sqlite:///{folder / 'tracking.db'}"
        self.store = open_sql_store(database, str(folder / "artifacts"), durability="normal")
        self.waiting: deque[Future[Any]] = deque()

    def write(self, method: str, *args: Any) -> None:
        self.waiting.append(self.store.submit(method, *args))
        while len(self.waiting) > WAITING:
            self.waiting.popleft().result()

    def run(self, experiment_id: str, number: int, name: str) -> str:
        run_id = f"{int(experiment_id):08x}{number:024x}"
        self.write("create_run", experiment_id, "bench", START_MS + number * 1000, [], name, run_id)
        return run_id

    def series(self, run_id: str, key: str, points: Iterator[tuple[int, float]]) -> None:
        from headrace.entities import Metric

        made = [Metric(key, value, START_MS + step, step) for step, value in points]
        for start in range(0, len(made), BATCH):
            self.write("log_batch", run_id, made[start : start + BATCH])

    def close(self) -> None:
        while self.waiting:
            self.waiting.popleft().result()
        self.store.close()


def fill_ours(folder: Path, size: Size) -> Experiments:
    from headrace.entities import Metric, Param, RunTag

    writes = Writes(folder)
    names = ("many", "compared", "charts", "wide", "live")
    ids = {name: writes.store.create_experiment(f"{name} runs") for name in names}

    def table(experiment_id: str, count: int) -> list[str]:
        made = []
        for number in range(count):
            data = run_data(number)
            made.append(writes.run(experiment_id, number, f"run {number}"))
            metrics = [Metric(each["key"], each["value"], each["timestamp"], each["step"]) for each in data["metrics"]]
            params = [Param(each["key"], each["value"]) for each in data["params"]]
            writes.write("log_batch", made[-1], metrics, params, [RunTag(**each) for each in data["tags"]])
        return made

    table(ids["many"], size.many_runs)
    compared = table(ids["compared"], size.compared_runs)
    for number, run_id in enumerate(compared[-size.curves :]):
        writes.series(run_id, LOSS, curve(number, size.curve_points))
    for number in range(size.curves):
        run_id = writes.run(ids["charts"], number, f"run {number}")
        for chart in range(size.charts):
            writes.series(run_id, f"metric {chart}", curve(number * size.charts + chart, size.chart_points))
    keys = [f"layer {number // 10:04}/part {number % 10}" for number in range(size.wide_keys)]
    for number in range(size.wide_runs):
        run_id = writes.run(ids["wide"], number, f"run {number}")
        for start in range(0, len(keys), BATCH):
            metrics = [Metric(key, random.random(), START_MS, 0) for key in keys[start : start + BATCH]]
            writes.write("log_batch", run_id, metrics)
    grow(writes, table(ids["live"], 20), size)
    writes.close()
    return ids


def grow(writes: Writes, runs: Sequence[str], size: Size) -> None:
    """Runs that get values while their pages are open have as many already as charts draw: those replace others."""
    for number, run_id in enumerate(runs[:GROWING]):
        for key in range(METRICS):
            writes.series(run_id, f"m{key}", curve(number, size.live_points))


def fill_mlflow(folder: Path, size: Size) -> Experiments:
    """What both systems have: an experiment to open, and one chart of its newest runs. Default is experiment 0."""
    path = folder / "tracking.db"
    words = [str(MLFLOW.python), "-c", MAKE_TABLES, f"sqlite:///{path}", str(folder / "artifacts")]
    subprocess.run(words, check=True, env=environment(MLFLOW))
    fill_runs("mlflow", path, "0", range(size.compared_runs))
    newest = range(size.compared_runs - size.curves, size.compared_runs)
    for number, run in enumerate(newest):
        points = list(curve(number, size.curve_points))
        fill_mlflow_series(path, f"{run:032x}", LOSS, iter(points))
        step, value = points[-1]
        last = {"key": LOSS, "value": value, "timestamp": START_MS + step, "step": step, "is_nan": 0}
        with closing(sqlite3.connect(path, timeout=60)) as database, database:
            insert(database, "latest_metrics", [{**last, "run_uuid": f"{run:032x}"}])
    return {"compared": "0"}


if __name__ == "__main__":
    asked, place, sizes = sys.argv[1:]
    made_by = fill_ours if asked == "headrace" else fill_mlflow
    made = made_by(Path(place), msgspec.json.decode(sizes, type=Size))
    (Path(place) / NOTED).write_bytes(msgspec.json.encode(made))
