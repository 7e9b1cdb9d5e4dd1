"""Runs put into a server's database beside its API, by a process of their own: the API would need hours for 100,000.

Ours go through the store that the server uses, those of the peers into their tables (`peer_tables`). The measured
requests go through the servers as ever. `python -m benchmarks.tracking.direct SYSTEM DATABASE EXPERIMENT FIRST END`
"""

import subprocess
import sys
from collections import deque
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from benchmarks.tracking.dataset import run_data
from benchmarks.tracking.peer_tables import fill_runs
from benchmarks.tracking.rest import START_MS

WAITING = 400  # writes on the way


def fill_directly(system: str, database: Path, experiment_id: str, numbers: range) -> None:
    command = [sys.executable, "-m", __name__, system, str(database), experiment_id]
    subprocess.run([*command, str(numbers.start), str(numbers.stop)], check=True)


def fill_ours(database: Path, experiment_id: str, numbers: range) -> None:
    from headrace.entities import Metric, Param, RunTag
    from headrace.stores.sql import open_sql_store

    store = open_sql_store(f"sqlite:///{database}", str(database.parent / "artifacts"), durability="normal")
    waiting: deque[Future[Any]] = deque()
    for number in numbers:
        run_id, data = f"{number:032x}", run_data(number)
        waiting.append(store.submit("create_run", experiment_id, "", START_MS + number, (), f"run {number}", run_id))
        metrics = [Metric(**metric) for metric in data["metrics"]]
        params = [Param(**param) for param in data["params"]]
        tags = [RunTag(**tag) for tag in data["tags"]]
        waiting.append(store.submit("log_batch", run_id, metrics, params, tags))
        while len(waiting) > WAITING:
            waiting.popleft().result()
    for each in waiting:
        each.result()
    store.close()


if __name__ == "__main__":
    system, database, experiment_id, first, end = sys.argv[1:]
    if system == "headrace":
        fill_ours(Path(database), experiment_id, range(int(first), int(end)))
    else:
        fill_runs(system, Path(database), experiment_id, range(int(first), int(end)))
