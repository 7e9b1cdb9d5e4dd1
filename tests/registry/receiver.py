"""A webhook's other end, on a real socket, and a store that says when a delivery was settled."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec

from headrace.entities import Webhook, WebhookDelivery
from headrace.registry.webhooks import Dispatcher
from headrace.registry.webhooks.sender import Patience
from headrace.stores.sql import SqlStore
from tests.net.faults import Fault, FaultServer, Seen, answer, serving

WAIT_S = 20


class Receiver:
    def __init__(self, server: FaultServer, came: threading.Condition) -> None:
        self.server, self._came = server, came

    @property
    def url(self) -> str:
        return f"{self.server.url}/hook?token=s3cret"

    def wait(self, count: int) -> list[Seen]:
        """The first so many requests, once they have come."""
        with self._came:
            assert self._came.wait_for(lambda: len(self.server.seen) >= count, WAIT_S), self.server.seen
            return self.server.seen[:count]


@contextmanager
def receiving(*faults: Fault) -> Iterator[Receiver]:
    came = threading.Condition()

    def telling(fault: Fault) -> Fault:
        def act(connection: Any) -> bool:
            with came:
                came.notify_all()
            return fault(connection)

        return act

    with serving(*map(telling, faults or (answer(200, b"thanks"),))) as server:
        yield Receiver(server, came)


class Watched:
    """The queue of a store, and what was settled in it."""

    def __init__(self, store: SqlStore) -> None:
        self.store = store
        self.settled: list[WebhookDelivery] = []
        self._changed = threading.Condition()

    def wait(self, count: int) -> list[WebhookDelivery]:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.settled) >= count, WAIT_S), self.settled
            return self.settled[:count]

    def get_webhook(self, webhook_id: str) -> Webhook:
        return self.store.get_webhook(webhook_id)

    def claim_deliveries(
        self, max_results: int, lease_ms: int, *, per_webhook: int, in_flight: Mapping[str, int]
    ) -> list[WebhookDelivery]:
        return self.store.claim_deliveries(max_results, lease_ms, per_webhook=per_webhook, in_flight=in_flight)

    def settle_delivery(self, delivery: WebhookDelivery) -> bool:
        kept = self.store.settle_delivery(delivery)
        with self._changed:
            self.settled.append(msgspec.structs.replace(delivery, lease_until_ms=0))
            self._changed.notify_all()
        return kept

    def next_delivery_due(self, busy: Collection[str]) -> int | None:
        return self.store.next_delivery_due(busy)

    def forget_deliveries(self, before_ms: int, max_results: int) -> int:
        return self.store.forget_deliveries(before_ms, max_results)


@contextmanager
def dispatching(queue: Watched, *, workers: int = 10, max_retries: int = 3, backoff_s: float = 0.01) -> Iterator[None]:
    dispatcher = Dispatcher(
        queue,
        workers=workers,
        patience=Patience(max_retries=max_retries, backoff_s=backoff_s),
        lease_ms=60_000,
        keep_days=30,
    )
    dispatcher.start()
    try:
        yield
    finally:
        dispatcher.close()
