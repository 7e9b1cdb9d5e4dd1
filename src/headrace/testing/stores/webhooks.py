from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from types import MappingProxyType
from typing import Any, Protocol

import msgspec
import pytest

from headrace import clock
from headrace.entities import Webhook, WebhookDelivery, WebhookEvent
from headrace.stores.registry import DeliveryQueue, RegisteredModelStore, WebhookStore
from headrace.testing.stores.making import invalid, missing, unique

MODEL_CREATED = WebhookEvent("REGISTERED_MODEL", "CREATED")
ALIAS_SET = WebhookEvent("MODEL_VERSION_ALIAS", "CREATED")
LEASE_MS = 600_000
URL = "https://example.com/hook"

Told = Callable[[], str]
"""Makes a registered model with some name, which is told to the webhooks; its name."""


class WebhookQueue(RegisteredModelStore, WebhookStore, DeliveryQueue):
    pass


def claim(
    webhooks: WebhookQueue,
    max_results: int,
    *,
    per_webhook: int,
    lease_ms: int = LEASE_MS,
    in_flight: Mapping[str, int] = MappingProxyType({}),
) -> list[WebhookDelivery]:
    return webhooks.claim_deliveries(max_results, lease_ms, per_webhook=per_webhook, in_flight=in_flight)


class Hooks(Protocol):
    def __call__(self, *events: WebhookEvent, **fields: Any) -> Webhook: ...


class WebhookStoreSuite:
    """All promises of `stores.registry.WebhookStore` and `DeliveryQueue`. Fixture: `webhooks`, a store of both kinds,
    and of registered models, that nobody else uses meanwhile."""

    @pytest.fixture
    def told(self, webhooks: WebhookQueue) -> Told:
        return lambda: webhooks.create_registered_model(unique("model")).name

    @pytest.fixture
    def hook(self, webhooks: WebhookQueue) -> Iterator[Hooks]:
        """Makes webhooks that are gone after the test, so that their deliveries are nobody's."""
        made: list[str] = []

        def make(*events: WebhookEvent, **fields: Any) -> Webhook:
            found = webhooks.create_webhook(unique("hook"), URL, events or (MODEL_CREATED,), **fields)
            made.append(found.webhook_id)
            return found

        yield make
        left = {each.webhook_id for each in webhooks.list_webhooks(1000)}
        for webhook_id in made:
            if webhook_id in left:
                webhooks.delete_webhook(webhook_id)

    def test_webhook_is_read_back(self, webhooks: WebhookQueue, hook: Hooks) -> None:
        before = clock.now_ms()
        made = hook(ALIAS_SET, MODEL_CREATED, ALIAS_SET, description="tells the shop", secret="s3cret")  # noqa: S106
        assert made.events == (ALIAS_SET, MODEL_CREATED)
        assert (made.url, made.description, made.secret, made.status) == (URL, "tells the shop", "s3cret", "ACTIVE")
        assert before <= made.creation_timestamp == made.last_updated_timestamp <= clock.now_ms()
        assert webhooks.get_webhook(made.webhook_id) == made

    def test_update_changes_what_it_names(self, webhooks: WebhookQueue, hook: Hooks) -> None:
        made = hook(description="d", secret="s")  # noqa: S106
        changed = webhooks.update_webhook(made.webhook_id, name="other", status="DISABLED")
        assert changed == msgspec.structs.replace(
            made, name="other", status="DISABLED", last_updated_timestamp=changed.last_updated_timestamp
        )
        assert changed.last_updated_timestamp >= made.last_updated_timestamp
        again = webhooks.update_webhook(
            made.webhook_id,
            url=f"{URL}/2",
            events=[ALIAS_SET],
            description="",
            secret="t",  # noqa: S106
        )
        assert (again.url, again.events, again.description, again.secret) == (f"{URL}/2", (ALIAS_SET,), "", "t")
        assert webhooks.get_webhook(made.webhook_id) == again

    def test_webhooks_are_listed_newest_first_page_by_page(self, webhooks: WebhookQueue, hook: Hooks) -> None:
        made = [hook() for _ in range(5)]
        first = webhooks.list_webhooks(2)
        second = webhooks.list_webhooks(2, first.token)
        assert [each.webhook_id for each in [*first, *second]] == [each.webhook_id for each in made[:0:-1]]
        assert first[0] == made[4]
        last = webhooks.list_webhooks(2, second.token)
        assert last[0] == made[0]

    def test_bad_values_are_refused(self, webhooks: WebhookQueue, hook: Hooks) -> None:
        for field, arguments in {
            "name": {"name": "", "url": URL, "events": [MODEL_CREATED]},
            "url": {"name": "a", "url": "x" * 501, "events": [MODEL_CREATED]},
            "events": {"name": "a", "url": URL, "events": []},
            "status": {"name": "a", "url": URL, "events": [MODEL_CREATED], "status": "ASLEEP"},
            "description": {"name": "a", "url": URL, "events": [MODEL_CREATED], "description": "a\x00"},
        }.items():
            with invalid(field):
                webhooks.create_webhook(**arguments)  # type: ignore[arg-type]
        made = hook()
        with invalid("events"):
            webhooks.update_webhook(made.webhook_id, events=[])
        with invalid("max_results"):
            webhooks.list_webhooks(0)
        for call in (
            lambda: webhooks.list_webhooks(10, "nonsense"),
            lambda: webhooks.search_deliveries(made.webhook_id, page_token="nonsense"),  # noqa: S106
        ):
            with invalid("page_token"):
                call()
        with invalid("state"):
            webhooks.search_deliveries(made.webhook_id, "lost")  # type: ignore[arg-type]

    def test_unknown_webhook_is_missing(self, webhooks: WebhookQueue, hook: Hooks) -> None:
        gone = hook().webhook_id
        webhooks.delete_webhook(gone)
        for call in (
            lambda: webhooks.get_webhook(gone),
            lambda: webhooks.update_webhook(gone, name="a"),
            lambda: webhooks.delete_webhook(gone),
            lambda: webhooks.search_deliveries(gone),
            lambda: webhooks.replay_delivery(gone),
        ):
            with missing(gone):
                call()

    def test_what_happens_is_queued_for_those_who_want_it(
        self, webhooks: WebhookQueue, hook: Hooks, told: Told
    ) -> None:
        wanting, also, other, asleep = hook(MODEL_CREATED, ALIAS_SET), hook(), hook(ALIAS_SET), hook(status="DISABLED")
        before = clock.now_ms()
        name = told()
        claimed = claim(webhooks, 10, per_webhook=5)
        assert {each.webhook_id for each in claimed} == {wanting.webhook_id, also.webhook_id}
        assert len({each.delivery_id for each in claimed}) == 2
        for each in claimed:
            body = msgspec.json.decode(each.body)
            assert (body["entity"], body["action"]) == ("registered_model", "created")
            assert body["data"] == {"name": name, "tags": {}, "description": None}
            assert each.event == MODEL_CREATED
            assert before <= each.created_ms <= clock.now_ms()
            assert (each.state, each.attempts) == ("waiting", 1)
        for quiet in (other, asleep):
            assert list(webhooks.search_deliveries(quiet.webhook_id)) == []

    def test_claimed_one_is_nobody_elses_until_its_lease_ends(
        self, webhooks: WebhookQueue, hook: Hooks, told: Told
    ) -> None:
        hook()
        told()
        assert webhooks.next_delivery_due(()) is not None
        (claimed,) = claim(webhooks, 10, per_webhook=5)
        assert claim(webhooks, 10, per_webhook=5) == []
        assert webhooks.next_delivery_due(()) == claimed.lease_until_ms
        failed = msgspec.structs.replace(claimed, due_ms=clock.now_ms(), response_status=503, error="busy")
        assert webhooks.settle_delivery(failed)
        (again,) = claim(webhooks, 10, per_webhook=5, lease_ms=0)
        assert (again.delivery_id, again.body, again.attempts) == (claimed.delivery_id, claimed.body, 2)
        assert (again.response_status, again.error) == (503, "busy")
        # That lease ended at once: as if its holder had been killed.
        (third,) = claim(webhooks, 10, per_webhook=5)
        assert (third.delivery_id, third.attempts) == (claimed.delivery_id, 3)
        assert not webhooks.settle_delivery(msgspec.structs.replace(again, state="delivered"))
        assert webhooks.settle_delivery(msgspec.structs.replace(third, state="delivered", ended_ms=clock.now_ms()))
        assert not webhooks.settle_delivery(third)
        assert webhooks.next_delivery_due(()) is None

    def test_ended_one_keeps_what_was_answered(self, webhooks: WebhookQueue, hook: Hooks, told: Told) -> None:
        made = hook()
        told()
        (claimed,) = claim(webhooks, 1, per_webhook=1)
        ended = msgspec.structs.replace(
            claimed,
            state="failed",
            ended_ms=clock.now_ms(),
            response_status=410,
            response_body="gone ☃",
            error="HTTP 410",
        )
        assert webhooks.settle_delivery(ended)
        (found,) = webhooks.search_deliveries(made.webhook_id)
        assert found == msgspec.structs.replace(ended, lease_until_ms=0)
        assert list(webhooks.search_deliveries(made.webhook_id, "failed")) == [found]
        assert list(webhooks.search_deliveries(made.webhook_id, "delivered")) == []
        assert claim(webhooks, 1, per_webhook=1) == []

    def test_replayed_one_is_sent_again_with_its_id(self, webhooks: WebhookQueue, hook: Hooks, told: Told) -> None:
        hook()
        told()
        (claimed,) = claim(webhooks, 1, per_webhook=1)
        assert webhooks.replay_delivery(claimed.delivery_id) == claimed, "one that is being sent is left alone"
        webhooks.settle_delivery(
            msgspec.structs.replace(claimed, state="failed", ended_ms=clock.now_ms(), error="HTTP 500")
        )
        replayed = webhooks.replay_delivery(claimed.delivery_id)
        assert (replayed.state, replayed.attempts, replayed.error, replayed.ended_ms) == ("waiting", 0, None, None)
        (again,) = claim(webhooks, 1, per_webhook=1)
        assert (again.delivery_id, again.body, again.attempts) == (claimed.delivery_id, claimed.body, 1)
        later = msgspec.structs.replace(again, due_ms=clock.now_ms() + LEASE_MS)
        webhooks.settle_delivery(later)
        assert claim(webhooks, 1, per_webhook=1) == []
        webhooks.replay_delivery(claimed.delivery_id)
        assert len(claim(webhooks, 1, per_webhook=1)) == 1

    def test_claims_are_shared_among_webhooks(self, webhooks: WebhookQueue, hook: Hooks, told: Told) -> None:
        flooded, calm = hook(MODEL_CREATED), hook(MODEL_CREATED, status="DISABLED")
        for _ in range(5):
            told()
        webhooks.update_webhook(calm.webhook_id, status="ACTIVE")
        told()
        first = claim(webhooks, 10, per_webhook=2)
        assert sorted(each.webhook_id for each in first) == sorted([flooded.webhook_id] * 2 + [calm.webhook_id])
        assert claim(webhooks, 10, per_webhook=9, in_flight={flooded.webhook_id: 9}) == []
        due = webhooks.next_delivery_due([flooded.webhook_id])
        assert due == next(each.lease_until_ms for each in first if each.webhook_id == calm.webhook_id)
        assert claim(webhooks, 3, per_webhook=2, in_flight={flooded.webhook_id: 2, calm.webhook_id: 1}) == []
        assert len(claim(webhooks, 9, per_webhook=3, in_flight={flooded.webhook_id: 2})) == 1
        assert len(claim(webhooks, 2, per_webhook=9)) == 2

    def test_the_longest_due_comes_first(self, webhooks: WebhookQueue, hook: Hooks, told: Told) -> None:
        hook()
        names = [told() for _ in range(4)]
        claimed = claim(webhooks, 2, per_webhook=9)
        claimed += claim(webhooks, 2, per_webhook=9)
        assert [msgspec.json.decode(each.body)["data"]["name"] for each in claimed] == names

    def test_deliveries_of_a_sleeping_webhook_wait(self, webhooks: WebhookQueue, hook: Hooks, told: Told) -> None:
        made = hook()
        told()
        webhooks.update_webhook(made.webhook_id, status="DISABLED")
        assert webhooks.next_delivery_due(()) is None
        assert claim(webhooks, 9, per_webhook=9) == []
        webhooks.update_webhook(made.webhook_id, status="ACTIVE")
        assert len(claim(webhooks, 9, per_webhook=9)) == 1

    def test_deliveries_are_listed_newest_first_page_by_page(
        self, webhooks: WebhookQueue, hook: Hooks, told: Told
    ) -> None:
        made = hook()
        names = [told() for _ in range(5)]
        found: list[WebhookDelivery] = []
        token = None
        while True:
            page = webhooks.search_deliveries(made.webhook_id, max_results=2, page_token=token)
            found += page
            token = page.token
            if token is None:
                break
        assert [msgspec.json.decode(each.body)["data"]["name"] for each in found] == names[::-1]

    def test_deliveries_go_with_their_webhook(self, webhooks: WebhookQueue, hook: Hooks, told: Told) -> None:
        made = hook()
        told()
        (claimed,) = claim(webhooks, 9, per_webhook=9)
        webhooks.delete_webhook(made.webhook_id)
        assert not webhooks.settle_delivery(claimed)
        with missing(claimed.delivery_id):
            webhooks.replay_delivery(claimed.delivery_id)

    def test_only_what_ended_long_ago_is_forgotten(self, webhooks: WebhookQueue, hook: Hooks, told: Told) -> None:
        made = hook()
        for _ in range(4):
            told()
        now = clock.now_ms()
        claimed = claim(webhooks, 3, per_webhook=9)
        for each, ended_ms in zip(claimed, (now - 3000, now - 2000, now), strict=True):
            webhooks.settle_delivery(msgspec.structs.replace(each, state="delivered", ended_ms=ended_ms))
        assert webhooks.forget_deliveries(now - 1000, 1) == 1
        assert webhooks.forget_deliveries(now - 1000, 10) == 1
        assert webhooks.forget_deliveries(now - 1000, 10) == 0
        states = [each.state for each in webhooks.search_deliveries(made.webhook_id)]
        assert states == ["waiting", "delivered"]

    def test_callers_at_once_never_get_the_same_one(self, webhooks: WebhookQueue, hook: Hooks, told: Told) -> None:
        for _ in range(3):
            hook()
        for _ in range(8):
            told()
        callers = 6
        barrier = threading.Barrier(callers)

        def claim_all(_: int) -> list[str]:
            barrier.wait(30)
            found: list[str] = []
            while claimed := claim(webhooks, 3, per_webhook=2):
                found += [each.delivery_id for each in claimed]
            return found

        with ThreadPoolExecutor(callers) as pool:
            claimed = [each for some in pool.map(claim_all, range(callers)) for each in some]
        claimed += [each.delivery_id for each in claim(webhooks, 99, per_webhook=99)]
        assert len(claimed) == len(set(claimed)) == 24
