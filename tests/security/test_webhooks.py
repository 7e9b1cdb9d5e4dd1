"""Requests of the server's own making, through webhooks: CVE-2026-64849 (a redirect to the inside), names that are
resolved twice, addresses in other spellings; who may make one; what of a secret comes out."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from headrace.entities import Role
from headrace.server import Options, create_app
from headrace.server.app import App
from headrace.server.credentials import hash_password
from headrace.stores.sql import SqlStore, open_sql_store
from tests.net.faults import answer, serving
from tests.server.calls import Reply, request

WEBHOOKS = "/api/2.0/mlflow/webhooks"
EVENTS = [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]
SECRET = "between the two of us"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    opened = open_sql_store(f"sqlite:///{tmp_path}/s.db", f"{tmp_path}/artifacts")
    yield opened
    opened.close()


@pytest.fixture
def app(store: SqlStore) -> App:
    return create_app(store)


@pytest.fixture
def open_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_WEBHOOK_ALLOW_PRIVATE", "true")
    monkeypatch.setenv("HEADRACE_WEBHOOK_ALLOWED_SCHEMES", "https,http")


def create(app: App, url: str, headers: dict[str, str] | None = None) -> Reply:
    return request(app, "POST", WEBHOOKS, {"name": "a", "url": url, "events": EVENTS, "secret": SECRET}, headers)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0177.0.0.1/",
        "https://localhost/",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[2002:7f00:1::]/",
        "https://user@127.0.0.1/",
        "https://127.0.0.1#@example.com/",
        "https://example.com\\@127.0.0.1/",
        "gopher://127.0.0.1/",
        "file:///etc/passwd",
    ],
)
def test_no_webhook_leads_inside(app: App, store: SqlStore, url: str) -> None:
    refused = create(app, url)
    assert refused.status == 400
    assert refused.json["error_code"] == "INVALID_PARAMETER_VALUE"
    assert list(store.list_webhooks()) == []


@pytest.mark.usefixtures("open_networks")
def test_redirect_leads_nowhere_and_tells_nothing_of_the_inside(app: App) -> None:
    with serving(answer(200, b"cloud credentials")) as inside:
        for status in (301, 302, 303, 307, 308):
            with serving(answer(status, b"", Location=inside.url)) as outside:
                webhook_id = create(app, outside.url).json["webhook"]["webhook_id"]
                tried = request(app, "POST", f"{WEBHOOKS}/{webhook_id}/test", {}).json["result"]
            assert tried["success"] is False
            assert "cloud credentials" not in json.dumps(tried)
        assert inside.connections == 0


@pytest.mark.usefixtures("open_networks")
def test_address_that_was_allowed_once_is_looked_at_again(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(answer(200, b"cloud credentials")) as inside:
        webhook_id = create(app, inside.url).json["webhook"]["webhook_id"]
        monkeypatch.setenv("HEADRACE_WEBHOOK_ALLOW_PRIVATE", "false")
        tried = request(app, "POST", f"{WEBHOOKS}/{webhook_id}/test", {}).json["result"]
        assert tried["success"] is False
        assert inside.connections == 0


@pytest.mark.usefixtures("open_networks")
def test_proxy_of_the_environment_sees_no_message(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(answer()) as proxy, serving(answer()) as target:
        monkeypatch.setenv("http_proxy", proxy.url)
        webhook_id = create(app, target.url).json["webhook"]["webhook_id"]
        assert request(app, "POST", f"{WEBHOOKS}/{webhook_id}/test", {}).json["result"]["success"] is True
    assert proxy.connections == 0


@pytest.mark.usefixtures("open_networks")
def test_secret_is_in_no_answer(app: App) -> None:
    made = create(app, "http://127.0.0.1:9/")
    webhook_id = made.json["webhook"]["webhook_id"]
    replies = [
        made,
        request(app, "GET", f"{WEBHOOKS}/{webhook_id}"),
        request(app, "GET", WEBHOOKS),
        request(app, "PATCH", f"{WEBHOOKS}/{webhook_id}", {"secret": SECRET}),
        request(app, "PATCH", f"{WEBHOOKS}/{webhook_id}", {"secret": SECRET + "\n" + "x" * 2000}),
        request(app, "POST", f"{WEBHOOKS}/{webhook_id}/test", {}),
        request(app, "GET", f"/api/1.0/headrace/webhooks/{webhook_id}/deliveries"),
    ]
    assert [reply.status for reply in replies] == [200, 200, 200, 200, 400, 200, 200]
    assert not any(SECRET in reply.text for reply in replies)


@pytest.mark.usefixtures("open_networks")
def test_only_an_admin_may_see_or_change_webhooks(store: SqlStore) -> None:
    app = create_app(store, Options(auth="basic"))
    hashed = hash_password("correct horse")
    roles: tuple[Role, ...] = ("reader", "editor", "admin")
    for role in roles:
        store.create_user(role, role, hashed)

    def as_role(role: str) -> dict[str, str]:
        return {"authorization": "Basic " + base64.b64encode(f"{role}:correct horse".encode()).decode()}

    webhook_id = create(app, "http://127.0.0.1:9/", as_role("admin")).json["webhook"]["webhook_id"]
    own = "/api/1.0/headrace"
    calls: list[Callable[[dict[str, str]], Reply]] = [
        lambda who: create(app, "http://127.0.0.1:9/", who),
        lambda who: request(app, "GET", WEBHOOKS, headers=who),
        lambda who: request(app, "GET", f"{WEBHOOKS}/{webhook_id}", headers=who),
        lambda who: request(app, "PATCH", f"{WEBHOOKS}/{webhook_id}", {"name": "b"}, who),
        lambda who: request(app, "POST", f"{WEBHOOKS}/{webhook_id}/test", {}, who),
        lambda who: request(app, "GET", f"{own}/webhooks/{webhook_id}/deliveries", headers=who),
        lambda who: request(app, "POST", f"{own}/webhook-deliveries/none/replay", {}, who),
        lambda who: request(app, "DELETE", f"{WEBHOOKS}/{webhook_id}", {}, who),
    ]
    for call in calls:
        assert call({}).status == 401
        for role in ("reader", "editor"):
            assert call(as_role(role)).status == 403
    assert [call(as_role("admin")).status for call in calls] == [200, 200, 200, 200, 200, 200, 404, 200]
