import base64
import hashlib
import hmac
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any

import mlflow
import pytest
from conftest import DATABASES
from mlflow import MlflowClient
from mlflow.entities.webhook import WebhookAction, WebhookEntity, WebhookEvent
from mlflow.exceptions import MlflowException
from mlflow.webhooks.delivery import _generate_hmac_signature
from rest import INVALID, MISSING, Api, error
from servers import TARGET, Server, running

from tests.net.faults import FaultServer, Seen, answer, serving

Unique = Callable[[str], str]
WAIT_S = 20
SECRET = "between us"
LOOSE = {
    "MLFLOW_WEBHOOK_ALLOWED_SCHEMES": "https,http",
    "MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS": "true",
    "MLFLOW_WEBHOOK_CACHE_TTL": "0",  # MLflow's server notices a webhook after a minute else
}
KEY = "MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY"


@pytest.fixture(scope="module", params=DATABASES)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One that lets webhooks lead to this machine."""
    folder = tmp_path_factory.mktemp(f"webhooks-{request.param}")
    key = base64.urlsafe_b64encode(os.urandom(32)).decode()
    backend = f"sqlite:///{folder}/s.db" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    with running(backend, folder, database=request.param, env={**LOOSE, KEY: key}) as started:
        yield started


class Receiver:
    def __init__(self, server: FaultServer) -> None:
        self.server = server
        self.came = threading.Condition()

    @property
    def url(self) -> str:
        return f"{self.server.url}/hook"

    def first(self, count: int) -> list[Seen]:
        with self.came:
            assert self.came.wait_for(lambda: len(self.server.seen) >= count, WAIT_S), self.server.seen
        return self.server.seen[:count]

    def told(self, count: int) -> list[tuple[str, Any]]:
        """(entity.action, data) of the first so many, by their time: they may come out of order."""
        bodies = sorted((json.loads(each.body) for each in self.first(count)), key=lambda body: body["timestamp"])
        return [(f"{body['entity']}.{body['action']}", body["data"]) for body in bodies]


@contextmanager
def receiving(*faults: Any) -> Iterator[Receiver]:
    with serving(*(faults or (answer(200, b"thanks"),))) as server:
        receiver = Receiver(server)

        def noticed(fault: Any) -> Any:
            def act(connection: Any) -> bool:
                with receiver.came:
                    receiver.came.notify_all()
                return bool(fault(connection))

            return act

        server.faults = [noticed(fault) for fault in server.faults]
        yield receiver


@pytest.fixture
def webhooks(client: MlflowClient) -> Iterator[Callable[..., Any]]:
    """Makes webhooks that are gone after the test."""
    made: list[str] = []

    def make(*arguments: Any, **named: Any) -> Any:
        webhook = client.create_webhook(*arguments, **named)
        made.append(webhook.webhook_id)
        return webhook

    yield make
    for webhook_id in made:
        with suppress(MlflowException):  # the test may have done it
            client.delete_webhook(webhook_id)


def test_a_webhook_is_made_read_changed_and_deleted(
    client: MlflowClient, webhooks: Callable[..., Any], unique: Unique
) -> None:
    name = unique("hook")
    made = webhooks(name, "http://127.0.0.1:9/x", ["model_version_alias.created"], "tells", SECRET)
    assert (made.name, made.url, made.description, made.status) == (name, "http://127.0.0.1:9/x", "tells", "ACTIVE")
    assert [str(event) for event in made.events] == ["model_version_alias.created"]
    assert made.secret is None
    assert made.creation_timestamp == made.last_updated_timestamp
    found = client.get_webhook(made.webhook_id)
    assert repr(found) == repr(made)
    assert made.webhook_id in [each.webhook_id for each in client.list_webhooks()]
    event = WebhookEvent(WebhookEntity.REGISTERED_MODEL, WebhookAction.CREATED)
    changed = client.update_webhook(made.webhook_id, events=[event], status="DISABLED", description="quiet")
    assert (changed.events, changed.status, changed.description) == ([event], "DISABLED", "quiet")
    assert (changed.name, changed.url) == (name, made.url)
    client.delete_webhook(made.webhook_id)
    with pytest.raises(MlflowException) as caught:
        client.get_webhook(made.webhook_id)
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_every_event_can_be_wanted(webhooks: Callable[..., Any], unique: Unique) -> None:
    from mlflow.entities.webhook import VALID_ENTITY_ACTIONS

    events = [WebhookEvent(entity, action) for entity, actions in VALID_ENTITY_ACTIONS.items() for action in actions]
    made = webhooks(unique("hook"), "http://127.0.0.1:9/", events)
    assert set(made.events) == set(events)


def test_webhooks_are_listed_page_by_page(client: MlflowClient, webhooks: Callable[..., Any], unique: Unique) -> None:
    made = {webhooks(unique("hook"), "http://127.0.0.1:9/", ["prompt.created"]).webhook_id for _ in range(3)}
    listed: list[str] = []
    token = None
    while True:
        page = client.list_webhooks(max_results=2, page_token=token)
        assert len(page) <= 2
        listed += [each.webhook_id for each in page]
        token = page.token
        if not token:
            break
    assert made <= set(listed)
    assert len(listed) == len(set(listed))


@pytest.mark.parametrize(
    "body",
    [
        {"name": "a", "url": "http://127.0.0.1:9/"},
        {"name": "a", "events": [{"entity": "PROMPT", "action": "CREATED"}]},
        {"url": "http://127.0.0.1:9/", "events": [{"entity": "PROMPT", "action": "CREATED"}]},
        {"name": "a b", "url": "http://127.0.0.1:9/", "events": [{"entity": "PROMPT", "action": "CREATED"}]},
        {"name": "-a", "url": "http://127.0.0.1:9/", "events": [{"entity": "PROMPT", "action": "CREATED"}]},
        {"name": "a", "url": "ftp://127.0.0.1:9/", "events": [{"entity": "PROMPT", "action": "CREATED"}]},
        {"name": "a", "url": "http:///", "events": [{"entity": "PROMPT", "action": "CREATED"}]},
        {"name": "a", "url": " ", "events": [{"entity": "PROMPT", "action": "CREATED"}]},
        {"name": "a", "url": "http://127.0.0.1:9/", "events": [{"entity": "PROMPT", "action": "EXCEEDED"}]},
    ],
)
def test_bad_webhooks_are_refused(api: Api, body: Any) -> None:
    assert error(api.send("POST", "webhooks", json=body)) == INVALID


def test_unknown_webhooks_are_missing(api: Api) -> None:
    assert error(api.send("GET", "webhooks/none")) == MISSING
    assert error(api.send("PATCH", "webhooks/none", json={"name": "a"})) == MISSING
    assert error(api.send("DELETE", "webhooks/none")) == MISSING
    assert error(api.send("POST", "webhooks/none/test", json={})) == MISSING


def test_trying_a_webhook_sends_an_example(client: MlflowClient, webhooks: Callable[..., Any], unique: Unique) -> None:
    with receiving(answer(200, b"thanks"), answer(201, b""), answer(404, b"where?")) as receiver:
        made = webhooks(unique("hook"), receiver.url, ["model_version_tag.set", "prompt.created"], secret=SECRET)
        result = client.test_webhook(made.webhook_id)
        assert (result.success, result.response_status, result.response_body) == (True, 200, "thanks")
        assert client.test_webhook(made.webhook_id, "prompt_version.created").success
        refused = client.test_webhook(made.webhook_id)
        assert (refused.success, refused.response_status, refused.response_body) == (False, 404, "where?")
        first, second = receiver.first(2)
    assert json.loads(first.body)["data"] == {
        "name": "example_model",
        "version": "1",
        "key": "example_key",
        "value": "example_value",
    }
    assert json.loads(second.body)["data"]["template"] == "Hello {{name}}!"
    assert first.headers["content-type"] == "application/json"
    arguments = (first.headers["x-mlflow-delivery-id"], first.headers["x-mlflow-timestamp"], first.body.decode())
    assert first.headers["x-mlflow-signature"] == _generate_hmac_signature(SECRET, *arguments)
    signed = hmac.new(SECRET.encode(), ".".join(arguments).encode(), hashlib.sha256).digest()
    assert first.headers["x-mlflow-signature"] == f"v1,{base64.b64encode(signed).decode()}"
    assert abs(int(arguments[1]) - time.time()) < 60


def test_an_example_is_written_byte_by_byte_as_mlflow_writes_it(
    client: MlflowClient, webhooks: Callable[..., Any], unique: Unique
) -> None:
    with receiving() as receiver:
        made = webhooks(unique("hook"), receiver.url, ["registered_model.created"])
        client.test_webhook(made.webhook_id)
        (seen,) = receiver.first(1)
    body = json.loads(seen.body)
    assert seen.body == json.dumps(body).encode()
    assert list(body) == ["entity", "action", "timestamp", "data"]
    assert datetime.fromisoformat(body["timestamp"]).utcoffset() is not None
    assert "x-mlflow-signature" not in seen.headers


def test_models_and_versions_are_told(client: MlflowClient, webhooks: Callable[..., Any], unique: Unique) -> None:
    with receiving() as receiver:
        webhooks(
            unique("hook"),
            receiver.url,
            [
                "registered_model.created",
                "model_version.created",
                "model_version_tag.set",
                "model_version_tag.deleted",
                "model_version_alias.created",
                "model_version_alias.deleted",
            ],
            secret=SECRET,
        )
        name = unique("model")
        steps: list[Callable[[], object]] = [
            lambda: client.create_registered_model(name, {"team": "fraud"}, "d"),
            lambda: client.create_model_version(name, "s3://bucket/x", tags={"a": "b"}, description="first"),
            lambda: client.set_model_version_tag(name, "1", "k", "v"),
            lambda: client.delete_model_version_tag(name, "1", "k"),
            lambda: client.set_registered_model_alias(name, "best", "1"),
            lambda: client.delete_registered_model_alias(name, "best"),
        ]
        for number, step in enumerate(steps):
            step()
            receiver.first(number + 1)
        client.set_registered_model_tag(name, "not", "told")
        told = receiver.told(6)
        for seen in receiver.first(6):
            headers = seen.headers
            expected = _generate_hmac_signature(
                SECRET, headers["x-mlflow-delivery-id"], headers["x-mlflow-timestamp"], seen.body.decode()
            )
            assert headers["x-mlflow-signature"] == expected
    assert told == [
        ("registered_model.created", {"name": name, "tags": {"team": "fraud"}, "description": "d"}),
        (
            "model_version.created",
            {
                "name": name,
                "version": "1",
                "source": "s3://bucket/x",
                "run_id": None,
                "tags": {"a": "b"},
                "description": "first",
            },
        ),
        ("model_version_tag.set", {"name": name, "version": "1", "key": "k", "value": "v"}),
        ("model_version_tag.deleted", {"name": name, "version": "1", "key": "k"}),
        ("model_version_alias.created", {"name": name, "alias": "best", "version": "1"}),
        ("model_version_alias.deleted", {"name": name, "alias": "best"}),
    ]


def test_prompts_are_told(client: MlflowClient, webhooks: Callable[..., Any], unique: Unique, fluent: str) -> None:
    with receiving() as receiver:
        webhooks(
            unique("hook"),
            receiver.url,
            ["prompt.created", "prompt_version.created", "prompt_alias.created", "prompt_version_tag.set"],
        )
        name = unique("prompt")
        mlflow.genai.register_prompt(name, "Hello {{who}}", commit_message="first", tags={"a": "b"})
        receiver.first(2)
        mlflow.genai.set_prompt_alias(name, "live", 1)
        receiver.first(3)
        client.set_prompt_version_tag(name, "1", "k", "v")
        told = receiver.told(4)
    kinds = [kind for kind, _ in told]
    assert kinds == ["prompt.created", "prompt_version.created", "prompt_alias.created", "prompt_version_tag.set"]
    assert told[0][1]["name"] == name
    assert "mlflow.prompt.is_prompt" not in told[0][1]["tags"]
    assert told[1][1] == {
        "name": name,
        "version": "1",
        "template": "Hello {{who}}",
        "tags": {"a": "b"},
        "description": "first",
    }
    assert told[2][1] == {"name": name, "alias": "live", "version": "1"}
    assert told[3][1] == {"name": name, "version": "1", "key": "k", "value": "v"}


def test_webhooks_that_mlflow_cannot_read_are_kept_from_its_client(
    client: MlflowClient, api: Api, server: Server, unique: Unique
) -> None:
    if TARGET == "mlflow":
        pytest.skip("MLflow has no such events")
    staged = {"entity": "MODEL_VERSION_STAGE", "action": "SET"}
    body = {"name": unique("hook"), "url": "http://127.0.0.1:9/"}
    only = api.post("webhooks", {**body, "events": [staged]})["webhook"]
    both = api.post("webhooks", {**body, "events": [staged, {"entity": "PROMPT", "action": "CREATED"}]})["webhook"]
    assert only["further_events"] == [staged]
    assert "events" not in only
    listed = {each.webhook_id: each for each in client.list_webhooks()}
    assert only["webhook_id"] not in listed
    assert [str(event) for event in listed[both["webhook_id"]].events] == ["prompt.created"]
    for each in (only, both):
        client.delete_webhook(each["webhook_id"])


def test_private_addresses_need_the_settings(tmp_path: Any, unique: Unique) -> None:
    with running(f"sqlite:///{tmp_path}/s.db", tmp_path, database="sqlite") as strict:
        client = MlflowClient(tracking_uri=strict.url)
        for url in ("http://example.com/", "https://127.0.0.1/", "https://169.254.169.254/", "https://[::1]/"):
            with pytest.raises(MlflowException) as caught:
                client.create_webhook(unique("hook"), url, ["prompt.created"])
            assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
        assert client.list_webhooks() == []
