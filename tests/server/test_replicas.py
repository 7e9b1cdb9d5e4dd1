from __future__ import annotations

import http.client
import json
import random
import threading
from contextlib import closing
from pathlib import Path

import pytest

from tests.server.calls import Process, running

API = "/api/2.0/mlflow"
THREADS, BATCHES, KEYS = 8, 12, 12
BODY = {"Content-Type": "application/json"}


def batches(run_ids: list[str], thread: int) -> list[tuple[str, list[dict[str, object]]]]:
    """Every thread writes its own steps of the same keys of the same runs, keys in an order of its own."""
    chance = random.Random(thread)
    made = []
    for batch in range(BATCHES):
        keys = [f"m{number}" for number in range(KEYS)]
        chance.shuffle(keys)
        step = thread * BATCHES + batch
        points: list[dict[str, object]] = [{"key": key, "value": step, "timestamp": step, "step": step} for key in keys]
        made += [(run_id, points) for run_id in chance.sample(run_ids, len(run_ids))]
    return made


def write_at_once(server: Process, run_ids: list[str]) -> list[str]:
    failures: list[str] = []

    def write(thread: int) -> None:
        with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)) as connection:
            for run_id, points in batches(run_ids, thread):
                body = json.dumps({"run_id": run_id, "metrics": points})
                connection.request("POST", f"{API}/runs/log-batch", body, BODY)
                answer = connection.getresponse()
                text = answer.read().decode()
                if answer.status != 200:
                    failures.append(text)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


def hold(server: Process) -> None:
    run_ids = [
        server.request("POST", f"{API}/runs/create", {"experiment_id": "0"}).json["run"]["info"]["run_id"]
        for _ in range(3)
    ]
    assert write_at_once(server, run_ids) == []
    for run_id in run_ids:
        latest = server.request("GET", f"{API}/runs/get?run_id={run_id}").json["run"]["data"]["metrics"]
        assert {point["key"]: point["step"] for point in latest} == {
            f"m{number}": THREADS * BATCHES - 1 for number in range(KEYS)
        }
        for number in range(KEYS):
            target = f"{API}/metrics/get-history?run_id={run_id}&metric_key=m{number}"
            steps = [point["step"] for point in server.request("GET", target).json["metrics"]]
            assert steps == list(range(THREADS * BATCHES))


@pytest.mark.postgres
def test_four_processes_on_postgresql_lose_nothing_and_lock_nobody_out(tmp_path: Path, fresh_postgres_url: str) -> None:
    with running(tmp_path, "--backend-store-uri", fresh_postgres_url, "--workers", "4") as server:
        hold(server)
        assert server.stop() == 0
        assert "Traceback" not in server.errors.read_text()


def test_three_processes_on_one_embedded_store_lose_nothing(tmp_path: Path) -> None:
    with running(tmp_path, "--workers", "3") as server:
        hold(server)
        assert server.stop() == 0
        assert "Traceback" not in server.errors.read_text()
