from __future__ import annotations

from collections.abc import Iterator

import pytest

import headrace as mlflow
from headrace.cli import checks_webhooks
from headrace.registry.webhooks import verified
from tests.cli.conftest import Headrace
from tests.cli.served import Served, serving
from tests.net.faults import FaultServer, answer
from tests.net.faults import serving as receiving

ALIAS = "model_version_alias.created"
CREATED = "registered_model.created"


@pytest.fixture(autouse=True)
def private_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_WEBHOOK_ALLOW_PRIVATE", "true")
    monkeypatch.setenv("HEADRACE_WEBHOOK_ALLOWED_SCHEMES", "https,http")
    monkeypatch.setenv("HEADRACE_WEBHOOK_BACKOFF", "0.01")


@pytest.fixture
def receiver() -> Iterator[FaultServer]:
    with receiving(answer(200, b"thanks")) as server:
        yield server


@pytest.fixture
def server() -> Iterator[Served]:
    with serving() as served:
        yield served


def test_webhook_is_made_listed_changed_and_deleted(in_process: Headrace) -> None:
    made = in_process("webhooks", "create", "deploy", "http://127.0.0.1:9/x", "-e", ALIAS, "--description", "d")
    assert "Webhook 'deploy' has been made" in made.out
    assert "headrace server" in made.err
    (listed,) = in_process("webhooks", "list", "--json").json()
    assert (listed["name"], listed["events"], listed["status"]) == ("deploy", [ALIAS], "ACTIVE")
    assert listed["webhook_id"] in made.out
    in_process("webhooks", "update", "deploy", "--disable", "-e", CREATED, "-e", "model_version_stage.set")
    shown = in_process("webhooks", "show", listed["webhook_id"], "--json").json()
    assert (shown["status"], shown["events"]) == ("DISABLED", [CREATED, "model_version_stage.set"])
    assert shown["description"] == "d"
    assert shown["deliveries"] == {"waiting": "0", "delivered": "0", "failed": "0"}
    assert "disabled" in in_process("webhooks", "show", "deploy").out
    in_process("webhooks", "delete", "deploy")
    assert in_process("webhooks", "list", "--json").json() == []


def test_secret_is_told_once(in_process: Headrace, receiver: FaultServer) -> None:
    made = in_process("webhooks", "create", "deploy", receiver.url, "-e", ALIAS, "--new-secret")
    secret = made.out.strip()
    assert len(secret) == 43
    in_process("webhooks", "test", "deploy")
    assert verified(secret, receiver.seen[0].headers, receiver.seen[0].body)
    assert secret not in in_process("webhooks", "show", "deploy", "--json").out
    in_process("webhooks", "update", "deploy", "--secret-stdin", stdin="of our own\n")
    in_process("webhooks", "test", "deploy", "--event", CREATED)
    assert verified("of our own", receiver.seen[1].headers, receiver.seen[1].body)


def test_failing_test_says_why(in_process: Headrace) -> None:
    with receiving(answer(403, b"wrong token")) as receiver:
        in_process("webhooks", "create", "deploy", receiver.url, "-e", ALIAS)
        ended = in_process("webhooks", "test", "deploy", status=1)
        assert "answered 403" in ended.err
        assert "wrong token" in ended.err
        told = in_process("webhooks", "test", "deploy", "--json", status=1).json()
    assert (told["success"], told["response_status"]) == (False, 403)


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["create", "a", "http://127.0.0.1/"], 2, "Give --event"),
        (["create", "a", "http://127.0.0.1/", "-e", "moon.full"], 1, "allowed are registered_model.created"),
        (["create", "a", "http://127.0.0.1/", "-e", "moon"], 1, "ENTITY.ACTION"),
        (["create", "a b", "http://127.0.0.1/", "-e", ALIAS], 1, "letters, digits"),
        (["create", "a", "ftp://127.0.0.1/", "-e", ALIAS], 1, "only http:// and https://"),
        (["create", "a", "http://127.0.0.1/", "-e", ALIAS, "--new-secret", "--secret-stdin"], 2, "exclude each other"),
        (["create", "a", "http://127.0.0.1/", "-e", ALIAS, "--secret-stdin"], 2, "nothing came"),
        (["show", "none"], 1, "headrace webhooks list"),
        (["show", "twice"], 1, "Name one by its id"),
        (["replay"], 2, "Name deliveries"),
        (["replay", "none"], 1, "No webhook delivery"),
    ],
)
def test_mistakes_are_told(in_process: Headrace, arguments: list[str], status: int, said: str) -> None:
    for _ in range(2):
        in_process("webhooks", "create", "twice", "http://127.0.0.1:9/", "-e", ALIAS)
    ended = in_process("webhooks", *arguments, status=status)
    assert said in ended.err
    assert "Traceback" not in ended.err


def test_deliveries_and_replay_through_a_server(in_process: Headrace, server: Served) -> None:
    there = ("--tracking-uri", server.url)
    with receiving(answer(404, b"gone"), answer(200, b"thanks")) as receiver:
        in_process("webhooks", "create", "audit", receiver.url, "-e", CREATED, *there)
        mlflow.MlflowClient(server.url).create_registered_model("wine")
        while not (
            failed := in_process("webhooks", "deliveries", "audit", "--state", "failed", "--json", *there).json()
        ):
            pass
        assert (failed[0]["response_status"], failed[0]["attempts"]) == (404, 1)
        shown = in_process("webhooks", "deliveries", "audit", *there).out
        assert "wine" in shown
        assert "answered 404" in shown
        assert "1 delivery waits" in in_process("webhooks", "replay", "--failed-of", "audit", *there).out
        while not in_process("webhooks", "deliveries", "audit", "--state", "delivered", "--json", *there).json():
            pass
    assert [each.headers["x-mlflow-delivery-id"] for each in receiver.seen] == [failed[0]["delivery_id"]] * 2


def test_doctor_tells_what_nobody_was_told(in_process: Headrace, monkeypatch: pytest.MonkeyPatch) -> None:
    def told() -> list[tuple[str, str]]:
        found = in_process("doctor", "--json").json()
        return [(each["state"], each["detail"]) for each in found if each["what"] == "webhook"]

    assert told() == []
    in_process("webhooks", "create", "audit", "http://127.0.0.1:9/", "-e", CREATED)
    assert told() == [("ok", "'audit' is told all, 0 on their way")]
    mlflow.MlflowClient().create_registered_model("wine")
    assert told() == [("ok", "'audit' is told all, 1 on their way")]
    with monkeypatch.context() as patched:
        patched.setattr(checks_webhooks, "_OVERDUE_MS", -60_000)
        assert told() == [("warn", "'audit' is to be told 1 things, and nobody sends them")]
    with serving() as server:
        there = ("--tracking-uri", server.url)
        in_process("webhooks", "update", "audit", "--url", server.url, *there)
        while not in_process("webhooks", "deliveries", "audit", "--state", "failed", "--json", *there).json():
            pass
    mlflow.set_tracking_uri(None)
    ((state, detail),) = told()
    assert state == "warn"
    assert "'audit' was not told 1 times, lastly of registered_model.created" in detail
