"""10,000 models with 10 versions each, before the servers start: each API would take minutes to an hour.

Ours go through the store that the server uses; MLflow's are written as rows into the tables that its own store has
made, as its API would have stored them. The measured requests go through the servers as ever.
`python -m benchmarks.registry.fill SYSTEM DATABASE MODELS VERSIONS`
"""

import sqlite3
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import closing
from pathlib import Path
from typing import Any

from benchmarks.tracking.peer_tables import CHUNK, FILL_FAST, insert
from benchmarks.tracking.rest import START_MS
from benchmarks.tracking.systems import MLFLOW, environment

TEAMS = 20  # models of one team: 5 %
ALIAS = "champion"
WAITING = 400  # writes on the way
MAKE_TABLES = """
import sys
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
SqlAlchemyStore(sys.argv[1], sys.argv[2])
"""
Tags = dict[str, str]


def model_name(number: int) -> str:
    return f"model-{number:05}"


def model_tags(number: int) -> Tags:
    return {"team": f"team-{number % TEAMS}", "framework": "torch" if number % 3 else "sklearn"}


def version_tags(number: int, version: int) -> Tags:
    return {"team": f"team-{number % TEAMS}", "validation": "passed" if version % 2 else "failed"}


def source(number: int, version: int) -> str:
    return f"s3://bucket/models/{number}/{version}"


def run_id(number: int, version: int) -> str:
    return f"{number * 100 + version:032x}"


def fill(system: str, database: Path, models: int, versions: int) -> None:
    """In a process of its own, so that nothing of it is left in this one."""
    subprocess.run([sys.executable, "-m", __name__, system, str(database), str(models), str(versions)], check=True)


def fill_ours(database: Path, models: int, versions: int) -> None:
    from headrace.entities import ModelVersionTag, RegisteredModelTag
    from headrace.stores.sql import open_sql_store

    store = open_sql_store(f"sqlite:///{database}", str(database.parent / "artifacts"), durability="normal")
    waiting: deque[Future[Any]] = deque()

    def write(method: str, *args: Any) -> None:
        waiting.append(store.submit(method, *args))
        while len(waiting) > WAITING:
            waiting.popleft().result()

    for number in range(models):
        name = model_name(number)
        tags = [RegisteredModelTag(*tag) for tag in model_tags(number).items()]
        write("create_registered_model", name, tags)
        for version in range(1, versions + 1):
            own = [ModelVersionTag(*tag) for tag in version_tags(number, version).items()]
            write("create_model_version", name, source(number, version), run_id(number, version), own)
        write("set_registered_model_alias", name, ALIAS, str(versions))
    while waiting:
        waiting.popleft().result()
    store.close()


def fill_mlflow(database: Path, models: int, versions: int) -> None:
    uri, artifacts = f"sqlite:///{database}", str(database.parent / "artifacts")
    subprocess.run([str(MLFLOW.python), "-c", MAKE_TABLES, uri, artifacts], check=True, env=environment(MLFLOW))
    with closing(sqlite3.connect(database, timeout=60)) as connection:
        connection.executescript(FILL_FAST)
        for start in range(0, models, CHUNK):
            tables: dict[str, list[dict[str, Any]]] = {}
            for number in range(start, min(start + CHUNK, models)):
                for table, row in mlflow_rows(number, versions):
                    tables.setdefault(table, []).append(row)
            with connection:
                for table, rows in tables.items():
                    insert(connection, table, rows)


def mlflow_rows(number: int, versions: int) -> Iterator[tuple[str, dict[str, Any]]]:
    name, made = {"workspace": "default", "name": model_name(number)}, START_MS + number * versions
    last = {"last_updated_time": made + versions}
    yield "registered_models", {**name, "creation_time": made, "description": "", **last}
    for key, value in model_tags(number).items():
        yield "registered_model_tags", {**name, "key": key, "value": value}
    for version in range(1, versions + 1):
        time = made + version
        yield (
            "model_versions",
            {
                **name,
                "version": version,
                "creation_time": time,
                "last_updated_time": time,
                "description": "",
                "current_stage": "None",
                "source": source(number, version),
                "storage_location": source(number, version),
                "run_id": run_id(number, version),
                "run_link": "",
                "status": "READY",
            },
        )
        for key, value in version_tags(number, version).items():
            yield "model_version_tags", {**name, "version": version, "key": key, "value": value}
    yield "registered_model_aliases", {**name, "alias": ALIAS, "version": versions}


if __name__ == "__main__":
    asked, path, count, each = sys.argv[1:]
    (fill_ours if asked == "headrace" else fill_mlflow)(Path(path), int(count), int(each))
