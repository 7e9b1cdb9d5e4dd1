"""Registered models behind several processes: what they do at once ends as if they had done it one by one."""

from __future__ import annotations

import http.client
import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.server.calls import Process, running

API = "/api/2.0/mlflow"
OWN = "/api/1.0/headrace"
CLIENTS, ROUNDS = 8, 6
BODY = {"Content-Type": "application/json"}


def post(connection: http.client.HTTPConnection, path: str, fields: object) -> tuple[int, Any]:
    connection.request("POST", path, json.dumps(fields), BODY)
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


def work(server: Process, client: int) -> list[int]:
    """Each client makes versions of the same model, tags them and moves the same alias to them; their numbers."""
    made = []
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)) as connection:
        for _ in range(ROUNDS):
            body = {"name": "m", "source": "s3://bucket/x", "comment": f"client {client}"}
            status, answer = post(connection, f"{API}/model-versions/create", body)
            assert status == 200, answer
            version = answer["model_version"]["version"]
            made.append(int(version))
            named = {"name": "m", "version": version}
            tag = {**named, "key": f"by-{client}", "value": "x"}
            assert post(connection, f"{API}/model-versions/set-tag", tag) == (200, {})
            assert post(connection, f"{API}/registered-models/alias", {**named, "alias": "newest"}) == (200, {})
    return made


def hold(server: Process) -> None:
    assert server.request("POST", f"{API}/registered-models/create", {"name": "m"}).status == 200
    with ThreadPoolExecutor(CLIENTS) as pool:
        made = list(pool.map(lambda client: work(server, client), range(CLIENTS)))
    numbers = [number for each in made for number in each]
    assert sorted(numbers) == list(range(1, CLIENTS * ROUNDS + 1))  # no gap, no twin
    assert all(each == sorted(each) for each in made)
    model = server.request("GET", f"{API}/registered-models/get?name=m").json["registered_model"]
    events = server.request("GET", f"{OWN}/registered-models/history?name=m&max_results=10000").json["events"]
    repeated = ("version_created", "version_tag_set", "alias_set")
    expected = {**dict.fromkeys(repeated, CLIENTS * ROUNDS), "model_created": 1}
    assert Counter(event["kind"] for event in events) == expected
    assert model["revision"] == len(events)
    assert server.request("GET", f"{OWN}/registered-models/verify-history?name=m").json == {}
    moves = [event for event in reversed(events) if event["kind"] == "alias_set"]
    assert [move.get("before") for move in moves] == [None, *(move["after"] for move in moves[:-1])]
    assert model["aliases"] == [{"alias": "newest", "version": moves[-1]["after"]}]


@pytest.mark.postgres
def test_four_processes_on_postgresql(tmp_path: Path, fresh_postgres_url: str) -> None:
    with running(tmp_path, "--backend-store-uri", fresh_postgres_url, "--workers", "4") as server:
        hold(server)
        assert server.stop() == 0
        assert "Traceback" not in server.errors.read_text()


def test_two_processes_on_sqlite(tmp_path: Path) -> None:
    with running(tmp_path, "--backend-store-uri", "sqlite:///models.db", "--workers", "2") as server:
        hold(server)
        assert server.stop() == 0
        assert "Traceback" not in server.errors.read_text()
