from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from headrace import clock
from headrace.entities import Webhook, WebhookDelivery, WebhookEvent
from headrace.registry.webhooks import Webhooks, dispatcher, verified
from headrace.stores import bell
from headrace.stores.sql import SqlStore, open_sql_store
from tests.net.faults import answer, drip, drop, free_port, raw, reset, stall
from tests.registry.receiver import Watched, dispatching, receiving

MODEL_CREATED = WebhookEvent("REGISTERED_MODEL", "CREATED")
SECRET = "a secret between two"
Hook = Callable[..., Webhook]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlStore]:
    uri = f"sqlite:///{tmp_path}/s.db" if request.param == "sqlite" else request.getfixturevalue("fresh_postgres_url")
    opened = open_sql_store(uri, f"{tmp_path}/artifacts")
    yield opened
    opened.close()


@pytest.fixture
def queue(store: SqlStore) -> Watched:
    return Watched(store)


@pytest.fixture(autouse=True)
def private_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_WEBHOOK_ALLOW_PRIVATE", "true")
    monkeypatch.setenv("HEADRACE_WEBHOOK_ALLOWED_SCHEMES", "https,http")
    monkeypatch.setenv("HEADRACE_WEBHOOK_REQUEST_TIMEOUT", "30")


@pytest.fixture
def hook(store: SqlStore) -> Hook:
    def make(url: str, **fields: Any) -> Webhook:
        return Webhooks(store).create_webhook("hook", url, fields.pop("events", [MODEL_CREATED]), **fields)

    return make


def log(store: SqlStore, webhook: Webhook) -> list[WebhookDelivery]:
    return list(store.search_deliveries(webhook.webhook_id))


def test_change_is_told_at_once_and_signed(store: SqlStore, queue: Watched, hook: Hook) -> None:
    with receiving() as receiver, dispatching(queue):
        webhook = hook(receiver.url, secret=SECRET)
        store.create_registered_model("fraud", description="d")
        (seen,) = receiver.wait(1)
        (delivery,) = queue.wait(1)
    assert (seen.method, seen.target) == ("POST", "/hook?token=s3cret")
    assert seen.headers["content-type"] == "application/json"
    told = json.loads(seen.body)
    assert (told["entity"], told["action"]) == ("registered_model", "created")
    assert told["data"] == {"name": "fraud", "tags": {}, "description": "d"}
    assert abs(datetime.fromisoformat(told["timestamp"]).timestamp() - clock.now_ms() / 1000) < 30
    signed = f"{seen.headers['x-mlflow-delivery-id']}.{seen.headers['x-mlflow-timestamp']}.{seen.body.decode()}"
    expected = base64.b64encode(hmac.new(SECRET.encode(), signed.encode(), hashlib.sha256).digest()).decode()
    assert seen.headers["x-mlflow-signature"] == f"v1,{expected}"
    assert verified(SECRET, seen.headers, seen.body)
    assert not verified("another", seen.headers, seen.body)
    assert not verified(SECRET, seen.headers, seen.body + b" ")
    assert not verified(SECRET, {**seen.headers, "x-mlflow-timestamp": "1"}, seen.body)
    assert log(store, webhook) == [delivery]
    assert (delivery.state, delivery.attempts, delivery.response_status) == ("delivered", 1, 200)
    assert (delivery.response_body, delivery.error) == ("thanks", None)
    assert delivery.delivery_id == seen.headers["x-mlflow-delivery-id"]


def test_without_a_secret_nothing_is_signed(store: SqlStore, queue: Watched, hook: Hook) -> None:
    with receiving() as receiver, dispatching(queue):
        hook(receiver.url)
        store.create_registered_model("fraud")
        (seen,) = receiver.wait(1)
    assert "x-mlflow-signature" not in seen.headers


@pytest.mark.parametrize(
    "fault", [answer(503), answer(500), answer(429), answer(408), drop, reset, raw(b"\x00nonsense\r\n\r\n")]
)
def test_failed_attempt_is_repeated_with_the_same_id_and_body(
    sqlite_queue: Watched, hook_there: Hook, fault: Any
) -> None:
    with receiving(fault, answer(202, b"")) as receiver, dispatching(sqlite_queue):
        hook_there(receiver.url)
        sqlite_queue.store.create_registered_model("fraud")
        first, second = receiver.wait(2)
        failed, delivered = sqlite_queue.wait(2)
    assert first.body == second.body
    assert first.headers["x-mlflow-delivery-id"] == second.headers["x-mlflow-delivery-id"]
    assert failed.state == "waiting"
    assert failed.error
    assert "s3cret" not in failed.error
    assert (delivered.state, delivered.attempts, delivered.error) == ("delivered", 2, None)


@pytest.fixture
def sqlite_queue(tmp_path: Path) -> Iterator[Watched]:
    opened = open_sql_store(f"sqlite:///{tmp_path}/only.db", f"{tmp_path}/artifacts")
    yield Watched(opened)
    opened.close()


@pytest.fixture
def hook_there(sqlite_queue: Watched) -> Hook:
    def make(url: str, **fields: Any) -> Webhook:
        return Webhooks(sqlite_queue.store).create_webhook("hook", url, fields.pop("events", [MODEL_CREATED]), **fields)

    return make


def test_target_that_is_down_is_given_up_after_all_retries(
    sqlite_queue: Watched, hook_there: Hook, caplog: pytest.LogCaptureFixture
) -> None:
    with dispatching(sqlite_queue, max_retries=2):
        webhook = hook_there(f"http://127.0.0.1:{free_port()}/a-token")
        sqlite_queue.store.create_registered_model("fraud")
        *_, last = sqlite_queue.wait(3)
    assert (last.state, last.attempts, last.response_status) == ("failed", 3, None)
    assert "does not answer" in (last.error or "")
    assert last.ended_ms is not None
    assert log(sqlite_queue.store, webhook) == [last]
    (record,) = [each for each in caplog.records if each.name == "headrace.webhooks"]
    assert "was not told of REGISTERED_MODEL.CREATED" in record.getMessage()
    assert "a-token" not in record.getMessage()


def test_retries_wait_longer_each_time(sqlite_queue: Watched, hook_there: Hook) -> None:
    with receiving(answer(500)) as receiver, dispatching(sqlite_queue, backoff_s=100):
        hook_there(receiver.url)
        sqlite_queue.store.create_registered_model("fraud")
        (first,) = sqlite_queue.wait(1)
        now = clock.now_ms()
        assert 95_000 < first.due_ms - now <= 150_000


@pytest.mark.parametrize(("asked", "least_s", "most_s"), [("3600", 3500, 3700), ("1", 0, 2), ("soon", 0, 2)])
def test_retry_after_is_honoured(
    sqlite_queue: Watched, hook_there: Hook, asked: str, least_s: int, most_s: int
) -> None:
    with receiving(answer(429, b"", Retry_After=asked)) as receiver, dispatching(sqlite_queue):
        hook_there(receiver.url)
        sqlite_queue.store.create_registered_model("fraud")
        (first,) = sqlite_queue.wait(1)
    assert 1000 * least_s <= first.due_ms - clock.now_ms() <= 1000 * most_s


@pytest.mark.parametrize("status", [400, 404, 410, 301, 307])
def test_refusal_is_final(sqlite_queue: Watched, hook_there: Hook, status: int) -> None:
    with receiving(answer(status, b"no", Location="/elsewhere")) as receiver, dispatching(sqlite_queue):
        hook_there(receiver.url)
        sqlite_queue.store.create_registered_model("fraud")
        (only,) = sqlite_queue.wait(1)
    assert (only.state, only.attempts, only.response_status, only.response_body) == ("failed", 1, status, "no")
    assert len(receiver.server.seen) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_leads_nowhere(sqlite_queue: Watched, hook_there: Hook, status: int) -> None:
    with (
        receiving() as inside,
        receiving(answer(status, b"", Location=inside.url)) as receiver,
        dispatching(sqlite_queue),
    ):
        hook_there(receiver.url, secret=SECRET)
        sqlite_queue.store.create_registered_model("fraud")
        (only,) = sqlite_queue.wait(1)
    assert only.state == "failed"
    assert "a redirect isn't followed" in (only.error or "")
    assert inside.server.connections == 0


def test_private_address_is_refused_at_each_delivery(
    sqlite_queue: Watched, hook_there: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    with receiving() as receiver, dispatching(sqlite_queue):
        hook_there(receiver.url)
        monkeypatch.setenv("HEADRACE_WEBHOOK_ALLOW_PRIVATE", "false")
        sqlite_queue.store.create_registered_model("fraud")
        (only,) = sqlite_queue.wait(1)
    assert (only.state, only.attempts) == ("failed", 1)
    assert "isn't a public address" in (only.error or "")
    assert "HEADRACE_WEBHOOK_ALLOW_PRIVATE" in (only.error or "")
    assert receiver.server.connections == 0


def test_name_that_leads_elsewhere_the_second_time_is_not_followed(
    sqlite_queue: Watched, hook_there: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    with receiving() as inside, dispatching(sqlite_queue):
        monkeypatch.setenv("HEADRACE_WEBHOOK_ALLOW_PRIVATE", "false")
        addresses = ["93.184.216.34", "127.0.0.1"]

        def rebinding(_: str, port: int, **__: Any) -> list[Any]:
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (addresses.pop(0), port))]

        monkeypatch.setattr(socket, "getaddrinfo", rebinding)
        hook_there(f"http://hooks.example:{inside.server.port}/")
        sqlite_queue.store.create_registered_model("fraud")
        (only,) = sqlite_queue.wait(1)
        monkeypatch.undo()
    assert "stands for 127.0.0.1" in (only.error or "")
    assert inside.server.connections == 0


def test_endless_answer_is_cut(sqlite_queue: Watched, hook_there: Hook) -> None:
    release = threading.Event()
    endless = drip(
        release, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"3e8\r\n" + b"x" * 1000 + b"\r\n"
    )
    with receiving(endless) as receiver, dispatching(sqlite_queue):
        hook_there(receiver.url)
        sqlite_queue.store.create_registered_model("fraud")
        (only,) = sqlite_queue.wait(1)
    release.set()
    assert (only.state, only.response_body) == ("delivered", "x" * 4096)


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\nX-Slow: ", b"HTTP/1.1 "])
def test_head_that_drips_is_cut_at_the_deadline(
    sqlite_queue: Watched, hook_there: Hook, monkeypatch: pytest.MonkeyPatch, head: bytes
) -> None:
    monkeypatch.setenv("HEADRACE_WEBHOOK_REQUEST_TIMEOUT", "0.3")
    release = threading.Event()
    with receiving(drip(release, head, b"1")) as receiver, dispatching(sqlite_queue, max_retries=0):
        hook_there(receiver.url)
        sqlite_queue.store.create_registered_model("fraud")
        (only,) = sqlite_queue.wait(1)
    release.set()
    assert only.state == "failed"
    assert "gave no answer within 0.3 s" in (only.error or "")


def test_answer_that_is_no_text_is_kept_as_text(sqlite_queue: Watched, hook_there: Hook) -> None:
    with receiving(answer(200, b"\x00\xff\xfe ok")) as receiver, dispatching(sqlite_queue):
        hook_there(receiver.url)
        sqlite_queue.store.create_registered_model("fraud")
        (only,) = sqlite_queue.wait(1)
    assert only.response_body == "\ufffd\ufffd\ufffd ok"


def test_targets_that_say_nothing_hold_up_nobody_else(store: SqlStore, queue: Watched, hook: Hook) -> None:
    release = threading.Event()
    events = 30
    with receiving(stall(release)) as silent, receiving() as quick, dispatching(queue, workers=10):
        for _ in range(4):
            hook(silent.url)
        told = hook(quick.url)
        for number in range(events):
            store.create_registered_model(f"fraud-{number}")
        quick.wait(events)
        assert len(silent.server.seen) <= 8  # two each, of four
        release.set()
    names = {json.loads(each.body)["data"]["name"] for each in quick.server.seen}
    assert len(names) == len(quick.server.seen) == events
    assert {each.webhook_id for each in queue.wait(events)} >= {told.webhook_id}


def test_many_silent_targets_leave_half_of_the_threads(
    sqlite_queue: Watched, hook_there: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADRACE_WEBHOOK_REQUEST_TIMEOUT", "0.2")
    release = threading.Event()
    with receiving(stall(release)) as silent, receiving() as quick, dispatching(sqlite_queue, workers=4, backoff_s=50):
        for _ in range(6):
            hook_there(silent.url)
        sqlite_queue.store.create_registered_model("found out")
        sqlite_queue.wait(6)
        monkeypatch.setenv("HEADRACE_WEBHOOK_REQUEST_TIMEOUT", "30")
        sqlite_queue.store.create_registered_model("known to be silent")
        silent.wait(8)
        hook_there(quick.url)
        sqlite_queue.store.create_registered_model("goes through")
        quick.wait(1)
        assert len(silent.server.seen) == 8  # 6 at first, then 2 of 4 threads
        release.set()


def test_dispatchers_of_one_store_tell_each_change_once(store: SqlStore, hook: Hook) -> None:
    queues = [Watched(store) for _ in range(3)]
    events = 40
    with receiving() as receiver:
        hook(receiver.url)
        with dispatching(queues[0]), dispatching(queues[1]), dispatching(queues[2]):
            for number in range(events):
                store.create_registered_model(f"fraud-{number}")
            receiver.wait(events)
        assert sum(len(each.settled) for each in queues) == events
    ids = [each.headers["x-mlflow-delivery-id"] for each in receiver.server.seen]
    assert len(set(ids)) == len(ids) == events


def test_stop_cuts_what_is_under_way_and_the_next_one_sends_it_at_once(
    sqlite_queue: Watched, hook_there: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatcher, "CLOSING_S", 0.05)
    release = threading.Event()
    with receiving(stall(release), answer()) as receiver:
        hook_there(receiver.url)
        with dispatching(sqlite_queue):
            sqlite_queue.store.create_registered_model("fraud")
            receiver.wait(1)
        (cut,) = sqlite_queue.wait(1)
        assert (cut.state, cut.error) == ("waiting", "The server stopped.")
        with dispatching(sqlite_queue):
            first, second = receiver.wait(2)
            sqlite_queue.wait(2)
        release.set()
    assert first.headers["x-mlflow-delivery-id"] == second.headers["x-mlflow-delivery-id"]


def test_webhook_that_is_deleted_meanwhile_ends_its_deliveries(sqlite_queue: Watched, hook_there: Hook) -> None:
    release = threading.Event()
    with receiving(stall(release)) as receiver, receiving() as other, dispatching(sqlite_queue):
        gone = hook_there(receiver.url)
        sqlite_queue.store.create_registered_model("fraud")
        receiver.wait(1)
        sqlite_queue.store.delete_webhook(gone.webhook_id)
        release.set()
        hook_there(other.url)
        sqlite_queue.store.create_registered_model("later")
        other.wait(1)
    assert len(receiver.server.seen) == 1


def test_ended_deliveries_are_forgotten_in_time(sqlite_queue: Watched, hook_there: Hook) -> None:
    store = sqlite_queue.store
    webhook = hook_there("http://127.0.0.1:1/")
    for number in range(3):
        store.create_registered_model(f"fraud-{number}")
    old = clock.now_ms() - 31 * dispatcher.DAY_MS
    claimed = store.claim_deliveries(2, 60_000, per_webhook=9, in_flight={})
    for each, ended in zip(claimed, (old, clock.now_ms()), strict=True):
        store.settle_delivery(msgspec.structs.replace(each, state="delivered", ended_ms=ended))
    with dispatching(sqlite_queue, max_retries=0):
        sqlite_queue.wait(1)
    assert sorted(each.state for each in log(store, webhook)) == ["delivered", "failed"]


def test_queue_that_fails_is_asked_again(
    sqlite_queue: Watched, hook_there: Hook, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(dispatcher, "POLL_S", 0.01)
    real, failures = sqlite_queue.next_delivery_due, [OSError("disk"), OSError("disk")]

    def failing(busy: Any) -> int | None:
        if failures:
            raise failures.pop()
        return real(busy)

    monkeypatch.setattr(sqlite_queue, "next_delivery_due", failing)
    with receiving() as receiver, dispatching(sqlite_queue):
        hook_there(receiver.url)
        sqlite_queue.store.create_registered_model("fraud")
        receiver.wait(1)
    assert "can't be read" in caplog.text


def test_changes_by_other_processes_are_found(
    sqlite_queue: Watched, hook_there: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatcher, "POLL_S", 0.01)
    monkeypatch.setattr(bell, "listen", lambda _: None)  # nobody rings here
    with receiving() as receiver, dispatching(sqlite_queue):
        hook_there(receiver.url)
        sqlite_queue.store.create_registered_model("fraud")
        receiver.wait(1)
