"""Rows written straight into a peer's SQLite tables, where its own API would need hours to take them.

The rows are what the API would have stored (a run made by it was the pattern); they only fill the database, the
measured requests go through the peer as ever.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from benchmarks.tracking.dataset import run_data
from benchmarks.tracking.rest import START_MS

Record = dict[str, Any]
CHUNK = 5000  # runs a transaction
FILL_FAST = "PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000"  # of the filling connection only; 1 GB of cache


def mlflow_rows(number: int, experiment_id: str) -> dict[str, list[Record]]:
    run_id, data = f"{number:032x}", run_data(number)  # in order: rows of ids at random take five times as long
    run = {
        "run_uuid": run_id,
        "name": f"run {number}",
        "source_type": "UNKNOWN",
        "source_name": "",
        "entry_point_name": "",
        "user_id": "",
        "status": "RUNNING",
        "start_time": START_MS + number,
        "source_version": "",
        "lifecycle_stage": "active",
        "artifact_uri": f"mlflow-artifacts:/{experiment_id}/{run_id}/artifacts",
        "experiment_id": int(experiment_id),
    }
    metrics = [{**metric, "run_uuid": run_id, "is_nan": 0} for metric in data["metrics"]]
    tags = [*data["tags"], {"key": "mlflow.runName", "value": run["name"]}]
    return {
        "runs": [run],
        "metrics": metrics,
        "latest_metrics": metrics,
        "params": [{**param, "run_uuid": run_id} for param in data["params"]],
        "tags": [{**tag, "run_uuid": run_id} for tag in tags],
    }


def fasttrackml_rows(number: int, experiment_id: str) -> dict[str, list[Record]]:
    rows = mlflow_rows(number, experiment_id)
    rows["runs"][0]["row_num"] = number
    rows["metrics"] = [{**metric, "iter": 1, "context_id": 1} for metric in rows["metrics"]]
    rows["latest_metrics"] = [{**metric, "last_iter": 1, "context_id": 1} for metric in rows["latest_metrics"]]
    rows["params"] = [
        {"key": param["key"], "value_str": param["value"], "run_uuid": param["run_uuid"]} for param in rows["params"]
    ]
    return rows


ROWS: dict[str, Callable[[int, str], dict[str, list[Record]]]] = {
    "mlflow": mlflow_rows,
    "fasttrackml": fasttrackml_rows,
}


def insert(database: sqlite3.Connection, table: str, rows: list[Record]) -> None:
    columns = list(rows[0])
    marks = ", ".join(f":{column}" for column in columns)
    names = ", ".join(f'"{column}"' for column in columns)
    database.executemany(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', rows)


def fill_runs(peer: str, path: Path, experiment_id: str, numbers: range) -> None:
    with closing(sqlite3.connect(path, timeout=60)) as database:
        database.executescript(FILL_FAST)
        for start in range(0, len(numbers), CHUNK):
            pending: dict[str, list[Record]] = {}
            for number in numbers[start : start + CHUNK]:
                for table, rows in ROWS[peer](number, experiment_id).items():
                    pending.setdefault(table, []).extend(rows)
            with database:
                for table, rows in pending.items():
                    insert(database, table, rows)


def fill_mlflow_series(path: Path, run_id: str, key: str, points: Iterator[tuple[int, float]]) -> None:
    """(step, value) each, one ms apart."""
    rows = ((key, value, START_MS + step, run_id, step, 0) for step, value in points)
    statement = "INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan) VALUES (?, ?, ?, ?, ?, ?)"
    with closing(sqlite3.connect(path, timeout=60)) as database, database:
        database.executescript(FILL_FAST)
        database.executemany(statement, rows)
