from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import headrace as mlflow
from headrace.entities import Webhook, WebhookAction, WebhookEntity, WebhookEvent, WebhookStatus
from headrace.errors import InvalidValue, NotFound
from tests.client.conftest import server_at

URL = "https://93.184.216.34/hook"


@pytest.fixture(params=["embedded", "served"])
def client(request: pytest.FixtureRequest, tmp_path: Path) -> mlflow.MlflowClient:
    if request.param == "embedded":
        return mlflow.MlflowClient(str(tmp_path / "store"))
    return mlflow.MlflowClient(request.getfixturevalue("server"))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    with server_at(tmp_path) as url:
        yield url


def test_events_are_given_in_mlflows_forms(client: mlflow.MlflowClient) -> None:
    made = client.create_webhook(
        "hook",
        URL,
        [WebhookEvent(WebhookEntity.MODEL_VERSION, WebhookAction.CREATED), "prompt.created", "Model_Version_Stage.set"],
        status=WebhookStatus.DISABLED,
    )
    assert isinstance(made, Webhook)
    assert [str(each) for each in made.events] == ["model_version.created", "prompt.created", "model_version_stage.set"]
    assert made.events[0].entity == WebhookEntity.MODEL_VERSION == WebhookEntity("model_version")
    assert made.status == WebhookStatus.DISABLED
    assert client.get_webhook(made.webhook_id) == made
    changed = client.update_webhook(made.webhook_id, status="active", events=["prompt.created"], description="d")
    assert (changed.status, changed.description) == ("ACTIVE", "d")
    assert client.get_webhook(made.webhook_id).events == (WebhookEvent("PROMPT", "CREATED"),)
    client.delete_webhook(made.webhook_id)
    with pytest.raises(NotFound):
        client.get_webhook(made.webhook_id)


def test_webhooks_are_listed_page_by_page(client: mlflow.MlflowClient) -> None:
    made = [client.create_webhook("hook", URL, ["model_version_stage.set"]).webhook_id for _ in range(5)]
    first = client.list_webhooks(max_results=3)
    second = client.list_webhooks(max_results=3, page_token=first.token)
    assert [each.webhook_id for each in [*first, *second]] == made[::-1]
    assert second.token is None


def test_what_a_webhook_is_to_be_told_is_seen(client: mlflow.MlflowClient) -> None:
    client.create_webhook("other", URL, ["prompt.created"])
    webhook = client.create_webhook("hook", URL, ["registered_model.created"])
    client.update_webhook(webhook.webhook_id, status="DISABLED")
    client.create_registered_model("not told")
    client.update_webhook(webhook.webhook_id, status="ACTIVE", url=URL)
    assert client.search_webhook_deliveries(webhook.webhook_id) == []
    assert client.search_webhook_deliveries(webhook.webhook_id, "failed", max_results=5) == []
    with pytest.raises(NotFound):
        client.replay_webhook_delivery("none")


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (("hook", URL, "prompt.created"), "events"),
        (("hook", URL, ["prompt"]), "ENTITY.ACTION"),
        (("hook", URL, ["prompt.exploded"]), "allowed are prompt.created"),
        (("hook", URL, []), "events"),
        (("ho ok", URL, ["prompt.created"]), "name"),
        (("hook", "http://127.0.0.1/", ["prompt.created"]), "url"),
        (("hook", URL, ["prompt.created"], None, None, "asleep"), "status"),
    ],
)
def test_mistakes_are_told(client: mlflow.MlflowClient, arguments: tuple[object, ...], field: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        client.create_webhook(*arguments)  # type: ignore[arg-type]
    assert field in caught.value.message
