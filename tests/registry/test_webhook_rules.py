from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from headrace.entities import WebhookEvent
from headrace.errors import InvalidState, InvalidValue, MissingValue
from headrace.registry.webhooks import EVENTS, Webhooks, secrets
from headrace.registry.webhooks.events import parsed
from headrace.stores.sql import SqlStore, open_sql_store
from headrace.stores.webhook_messages import OF_MODELS, OF_PROMPTS
from tests.net.faults import answer, free_port, stall
from tests.registry.receiver import Watched, dispatching, receiving

MODEL_CREATED = WebhookEvent("REGISTERED_MODEL", "CREATED")
KEY = "HEADRACE_WEBHOOK_SECRET_ENCRYPTION_KEY"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    opened = open_sql_store(f"sqlite:///{tmp_path}/s.db", f"{tmp_path}/artifacts")
    yield opened
    opened.close()


@pytest.fixture
def webhooks(store: SqlStore) -> Webhooks:
    return Webhooks(store)


@pytest.fixture
def open_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS", "true")
    monkeypatch.setenv("MLFLOW_WEBHOOK_ALLOWED_SCHEMES", "https,http")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://93.184.216.34/", "only https may be used; HEADRACE_WEBHOOK_ALLOWED_SCHEMES"),
        ("ftp://93.184.216.34/", "only https://"),
        ("file:///etc/passwd", "only https://"),
        ("hooks.example.com", "only https://"),
        ("https://", "only https://"),
        ("https://user:pw@93.184.216.34/", "user or password"),
        ("https://93.184.216.34/a b", "spaces"),
        ("https://[::1", "isn't an address"),
        ("https://127.0.0.1/", "isn't a public address"),
        ("https://localhost/", "isn't a public address"),
        ("https://169.254.169.254/latest/meta-data", "isn't a public address"),
        ("https://[::ffff:10.0.0.1]/", "isn't a public address"),
        ("https://10.0.0.1/", "HEADRACE_WEBHOOK_ALLOW_PRIVATE=true"),
        ("https://no-such-host.invalid/", "is not known"),
        ("https://93.184.216.34/" + "x" * 500, "at most 500"),
    ],
)
def test_address_is_refused(webhooks: Webhooks, url: str, said: str) -> None:
    with pytest.raises(InvalidValue, match="url") as caught:
        webhooks.create_webhook("hook", url, [MODEL_CREATED])
    assert said in caught.value.message
    assert "pw@" not in caught.value.message


def test_public_https_address_is_taken(webhooks: Webhooks) -> None:
    made = webhooks.create_webhook("hook", "https://93.184.216.34/", [MODEL_CREATED])
    with pytest.raises(InvalidValue, match="isn't a public address"):
        webhooks.update_webhook(made.webhook_id, url="https://10.0.0.1/")
    assert webhooks.get_webhook(made.webhook_id) == made


@pytest.mark.usefixtures("open_networks")
@pytest.mark.parametrize("name", ["a", "A-b.c_9", "x" * 63])
def test_name_is_taken(webhooks: Webhooks, name: str) -> None:
    assert webhooks.create_webhook(name, "http://127.0.0.1:1/", [MODEL_CREATED]).name == name


@pytest.mark.usefixtures("open_networks")
@pytest.mark.parametrize("name", ["-a", "a-", ".", "a b", "a/b", "x" * 64, "ключ", "a\n", "ſ"])
def test_name_is_refused(webhooks: Webhooks, name: str) -> None:
    with pytest.raises(InvalidValue, match="name"):
        webhooks.create_webhook(name, "http://127.0.0.1:1/", [MODEL_CREATED])


@pytest.mark.usefixtures("open_networks")
def test_unknown_event_is_refused_with_what_is_allowed(webhooks: Webhooks) -> None:
    with pytest.raises(InvalidValue, match=r"allowed are model_version_tag\.set, model_version_tag\.deleted"):
        webhooks.create_webhook("hook", "http://127.0.0.1:1/", [WebhookEvent("MODEL_VERSION_TAG", "CREATED")])
    with pytest.raises(MissingValue, match="events"):
        webhooks.create_webhook("hook", "http://127.0.0.1:1/", [])


def test_events_are_read_as_they_are_written() -> None:
    for event in EVENTS:
        assert parsed(str(event)) == event
    for text in ("", "model_version", "model_version.exploded"):
        with pytest.raises(InvalidValue):
            parsed(text)


def test_everything_that_is_told_can_be_wanted() -> None:
    assert {*OF_MODELS.values(), *OF_PROMPTS.values()} == EVENTS.keys() - {WebhookEvent("BUDGET_POLICY", "EXCEEDED")}


@pytest.mark.usefixtures("open_networks")
def test_secret_comes_out_for_nobody(webhooks: Webhooks) -> None:
    secret = "correct horse"
    made = webhooks.create_webhook("hook", "http://127.0.0.1:1/", [MODEL_CREATED], secret=secret)
    for shown in (
        made,
        webhooks.get_webhook(made.webhook_id),
        webhooks.update_webhook(made.webhook_id, secret=secret),
        *webhooks.list_webhooks(),
    ):
        assert shown.secret is None
    for bad in ("x" * 1001, "two\nlines"):
        with pytest.raises(InvalidValue, match="printable") as caught:
            webhooks.update_webhook(made.webhook_id, secret=bad)
        assert bad not in caught.value.message


@pytest.mark.usefixtures("open_networks")
def test_secret_is_encrypted_where_there_is_a_key(
    tmp_path: Path, store: SqlStore, webhooks: Webhooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kept() -> str:
        with closing(sqlite3.connect(tmp_path / "s.db")) as connection:
            return str(connection.execute("SELECT secret FROM webhook ORDER BY id DESC LIMIT 1").fetchone()[0])

    queue = Watched(store)
    with receiving() as receiver, dispatching(queue, backoff_s=100):
        webhooks.create_webhook("plain", receiver.url, [MODEL_CREATED], secret="kept as it is")
        assert "kept as it is" in kept()
        monkeypatch.setenv(KEY, Fernet.generate_key().decode())
        webhooks.create_webhook("sealed", receiver.url, [MODEL_CREATED], secret="kept from all")
        assert "kept from all" not in kept()
        store.create_registered_model("fraud")
        receiver.wait(2)
        assert {each.state for each in queue.wait(2)} == {"delivered"}
        monkeypatch.setenv(KEY, Fernet.generate_key().decode())
        store.create_registered_model("scoring")
        *_, failed = sorted(queue.wait(4), key=lambda each: each.error or "")
    assert failed.state == "waiting", "the right key may be set yet"
    assert "was encrypted by another key" in (failed.error or "")


def test_key_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY, Fernet.generate_key().decode())
    kept = secrets.sealed("s")
    monkeypatch.setenv(KEY, "not a key")
    with pytest.raises(InvalidValue, match="no Fernet key"):
        secrets.sealed("s")
    monkeypatch.delenv(KEY)
    with pytest.raises(InvalidState, match=f"set {KEY}"):
        secrets.opened(kept)


@pytest.mark.usefixtures("open_networks")
def test_trying_a_webhook_tells_what_it_answered(webhooks: Webhooks, monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving(answer(200, b"fine"), answer(500, b"broken"), answer(302, b"", Location="/")) as receiver:
        made = webhooks.create_webhook("hook", receiver.url, [WebhookEvent("MODEL_VERSION_ALIAS", "CREATED")])
        good, bad, moved = (webhooks.test_webhook(made.webhook_id) for _ in range(3))
    assert (good.success, good.response_status, good.response_body) == (True, 200, "fine")
    assert (bad.success, bad.response_status, bad.response_body) == (False, 500, "broken")
    assert (moved.success, moved.response_status) == (False, 302)
    told = json.loads(receiver.server.seen[0].body)
    assert told["data"] == {"name": "example_model", "alias": "example_alias", "version": "1"}
    webhooks.update_webhook(made.webhook_id, url=f"http://127.0.0.1:{free_port()}/")
    down = webhooks.test_webhook(made.webhook_id, MODEL_CREATED)
    assert (down.success, down.response_status) == (False, None)
    assert "does not answer" in (down.error_message or "")
    monkeypatch.setenv("HEADRACE_WEBHOOK_REQUEST_TIMEOUT", "0.1")
    release = threading.Event()
    with receiving(stall(release)) as silent:
        webhooks.update_webhook(made.webhook_id, url=silent.url)
        late = webhooks.test_webhook(made.webhook_id)
        release.set()
    assert "gave no answer within 0.1 s" in (late.error_message or "")
    with pytest.raises(InvalidValue, match="events"):
        webhooks.test_webhook(made.webhook_id, WebhookEvent("MOON", "FULL"))
