"""A server process, a real receiver, and what is left when the server is killed."""

from __future__ import annotations

import json
import signal
import threading
from pathlib import Path
from typing import Any

import pytest

from headrace import clock
from headrace.client.rest_store import open_rest_store
from headrace.entities import WebhookEvent
from headrace.stores.sql import open_sql_store
from tests.net.faults import answer, stall
from tests.registry.receiver import receiving
from tests.server.calls import running

MODEL_CREATED = WebhookEvent("REGISTERED_MODEL", "CREATED")


@pytest.fixture(autouse=True)
def private_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_WEBHOOK_ALLOW_PRIVATE", "true")
    monkeypatch.setenv("HEADRACE_WEBHOOK_ALLOWED_SCHEMES", "https,http")
    monkeypatch.setenv("HEADRACE_WEBHOOK_BACKOFF", "0.01")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def uri(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/s.db" if request.param == "sqlite" else request.getfixturevalue("fresh_postgres_url")


def told(body: bytes) -> Any:
    return json.loads(body)["data"]["name"]


def end_leases(uri: str, folder: Path) -> None:
    """As if a minute had gone by."""
    store = open_sql_store(uri, f"{folder}/artifacts")
    sql = "UPDATE webhook_delivery SET due_ms = ? WHERE state = 'waiting' AND lease_until_ms > 0"
    assert store.engine.write(lambda db: db.execute(sql, (clock.now_ms(),)).rowcount) > 0
    store.close()


def test_kill_of_the_server_loses_nothing_and_repeats_what_was_under_way(uri: str, tmp_path: Path) -> None:
    release = threading.Event()
    with receiving(stall(release), stall(release), answer()) as receiver:
        with running(tmp_path, "--backend-store-uri", uri) as server:
            store = open_rest_store(server.url)
            webhook = store.create_webhook("hook", receiver.url, [MODEL_CREATED])
            for number in range(5):
                store.create_registered_model(f"model-{number}")
            under_way = receiver.wait(2)
            server.stop(signal.SIGKILL)
            store.close()
        release.set()
        end_leases(uri, tmp_path)
        with running(tmp_path, "--backend-store-uri", uri) as server:
            seen = receiver.wait(7)
            store = open_rest_store(server.url)
            store.create_registered_model("after")
            receiver.wait(8)
            assert server.stop() == 0
            log = list(open_sql_store(uri, f"{tmp_path}/artifacts").search_deliveries(webhook.webhook_id))
    repeated = {each.headers["x-mlflow-delivery-id"] for each in under_way}
    ids = [each.headers["x-mlflow-delivery-id"] for each in seen]
    assert {each for each in ids if ids.count(each) > 1} == repeated
    assert {told(each.body) for each in seen} == {f"model-{number}" for number in range(5)}
    assert sorted(each.attempts for each in log) == [1, 1, 1, 1, 2, 2]
    assert {each.state for each in log} == {"delivered"}


def test_what_a_library_without_a_server_enqueues_is_sent_by_the_server_of_that_database(tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path}/s.db"
    with receiving() as receiver:
        with running(tmp_path, "--backend-store-uri", uri) as server:
            store = open_rest_store(server.url)
            store.create_webhook("hook", receiver.url, [MODEL_CREATED])
            store.close()
            embedded = open_sql_store(uri, f"{tmp_path}/artifacts")
            embedded.create_registered_model("embedded")
            embedded.close()
            (seen,) = receiver.wait(1)
        assert told(seen.body) == "embedded"


def test_deliveries_and_replay_over_http(tmp_path: Path) -> None:
    faults = answer(500, b"broken"), answer(404, b"gone"), answer(200, b"back")
    with receiving(*faults) as receiver, running(tmp_path) as server:
        store = open_rest_store(server.url)
        webhook = store.create_webhook("hook", receiver.url, [MODEL_CREATED], secret="between us")
        assert webhook.secret is None
        assert "between us" not in server.request("GET", "/api/2.0/mlflow/webhooks").text
        store.create_registered_model("fraud")
        receiver.wait(2)
        while not (failed := store.search_deliveries(webhook.webhook_id, "failed")):
            pass
        assert (failed[0].attempts, failed[0].response_status, failed[0].response_body) == (2, 404, "gone")
        replayed = store.replay_delivery(failed[0].delivery_id)
        assert (replayed.delivery_id, replayed.attempts) == (failed[0].delivery_id, 0)
        _, first, again = receiver.wait(3)
        assert again.body == first.body
        assert again.headers["x-mlflow-delivery-id"] == first.headers["x-mlflow-delivery-id"]
        while not (done := store.search_deliveries(webhook.webhook_id, "delivered")):
            pass
        assert done[0].response_body == "back"
        assert "between us" not in server.errors.read_text()
        assert "s3cret" not in server.errors.read_text()
        store.close()
