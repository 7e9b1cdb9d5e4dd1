"""Works off the queue of deliveries, in a thread of its own with a few more that send.

It wakes when this process enqueues something, and looks every two seconds for what others have enqueued. Any number
of dispatchers may share a store: each claims what it sends, and what one didn't settle (killed, power cut) is due again
when its lease ends. So nothing is lost, and nothing is told twice but what was on its way then; the receiver knows that
by the delivery's id.

A target that is slow holds up nobody but itself: each has few requests under way, and those that lately gave no
answer have one each and half of the threads together.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import msgspec

from headrace import clock, settings
from headrace.entities import Webhook, WebhookDelivery
from headrace.errors import NotFound
from headrace.net.fetch import Line
from headrace.registry.webhooks.sender import Outcome, Patience, send
from headrace.stores import bell

POLL_S = 2.0
FIRST_LOOK_S = 0.002  # after the bell, which rings before the COMMIT; then twice as long, up to POLL_S
CLOSING_S = 3.0  # for what is under way when the server stops
LEASE_MARGIN_S = 30.0  # for what the time-out of a request doesn't bound: resolving the name, the database
FORGET_EVERY_S = 3600.0
FORGET_ROWS = 1000  # a transaction of some ms
DAY_MS = 86_400_000

_log = logging.getLogger("headrace.webhooks")


class Queue(Protocol):
    """What a dispatcher needs of a store."""

    def get_webhook(self, webhook_id: str) -> Webhook: ...

    def claim_deliveries(
        self, max_results: int, lease_ms: int, *, per_webhook: int, in_flight: Mapping[str, int]
    ) -> list[WebhookDelivery]: ...

    def settle_delivery(self, delivery: WebhookDelivery) -> bool: ...

    def next_delivery_due(self, busy: set[str]) -> int | None: ...

    def forget_deliveries(self, before_ms: int, max_results: int) -> int: ...


class Dispatcher:
    def __init__(self, queue: Queue, *, workers: int, patience: Patience, lease_ms: int, keep_days: float) -> None:
        self._queue, self._workers, self._patience = queue, workers, patience
        self._lease_ms, self._keep_ms = lease_ms, int(keep_days * DAY_MS)
        self._per_webhook = max(1, workers // 5)
        self._awake = threading.Event()
        self._lock = threading.Lock()
        self._lines: dict[str, Line] = {}  # by delivery: what is under way
        self._in_flight: Counter[str] = Counter()
        self._silent: set[str] = set()  # webhooks whose last request got no answer
        self._stopping = False
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="headrace-webhook")
        self._thread = threading.Thread(target=self._run, name="headrace-webhooks", daemon=True)

    @classmethod
    def of_settings(cls, queue: Queue) -> Dispatcher | None:
        """None where this process is told not to send."""
        workers = settings.WEBHOOK_WORKERS.get()
        if workers <= 0:
            return None
        return cls(
            queue,
            workers=workers,
            patience=Patience(
                max_retries=settings.WEBHOOK_MAX_RETRIES.get(), backoff_s=settings.WEBHOOK_BACKOFF_S.get()
            ),
            lease_ms=int(1000 * (settings.WEBHOOK_TIMEOUT_S.get() + LEASE_MARGIN_S)),
            keep_days=settings.WEBHOOK_KEEP_DAYS.get(),
        )

    def start(self) -> None:
        bell.listen(self._awake)
        self._thread.start()

    def close(self) -> None:
        """Waits a moment for what is under way; what is cut then is due again at once."""
        self._stopping = True
        self._awake.set()
        if self._thread.ident is not None:
            self._thread.join()
        cut = threading.Timer(CLOSING_S, self._cut)
        cut.start()
        self._pool.shutdown()
        cut.cancel()

    def _run(self) -> None:
        gap_s, forget_at = POLL_S, clock.monotonic_s()
        while not self._stopping:
            self._awake.clear()
            try:
                if clock.monotonic_s() >= forget_at:
                    forget_at = clock.monotonic_s() + FORGET_EVERY_S
                    self._forget()
                wait_s = min(self._look(), gap_s)
            except Exception as error:  # noqa: BLE001 - thread top: a store that is down comes back
                _log.warning("The queue of webhooks can't be read; it is looked at again later: %s", error)
                wait_s = POLL_S
            if wait_s <= 0 or self._awake.wait(wait_s):
                gap_s = FIRST_LOOK_S
            else:
                gap_s = min(2 * gap_s, POLL_S)

    def _look(self) -> float:
        """Claims what there is room for; in how many seconds there may be more."""
        with self._lock:
            in_flight = self._room_taken()
            free = self._workers - len(self._lines)
        if free <= 0:
            return POLL_S  # whoever is done wakes us
        busy = {webhook_id for webhook_id, count in in_flight.items() if count >= self._per_webhook}
        due_ms = self._queue.next_delivery_due(busy)
        if due_ms is None:
            return POLL_S
        if (wait_ms := due_ms - clock.now_ms()) > 0:
            return wait_ms / 1000
        claimed = self._queue.claim_deliveries(free, self._lease_ms, per_webhook=self._per_webhook, in_flight=in_flight)
        for delivery in claimed:
            line = Line()
            with self._lock:
                self._lines[delivery.delivery_id] = line
                self._in_flight[delivery.webhook_id] += 1
            self._pool.submit(self._deliver, delivery, line)
        return 0 if claimed else POLL_S

    def _room_taken(self) -> dict[str, int]:
        """How many requests each webhook counts as having under way: silent ones as many as leave them their due."""
        taken = dict(self._in_flight)
        left = self._workers // 2 - sum(self._in_flight[each] for each in self._silent)
        for webhook_id in self._silent:
            alone = not self._in_flight[webhook_id]
            taken[webhook_id] = self._per_webhook - 1 if alone and left > 0 else self._per_webhook
            left -= alone
        return taken

    def _deliver(self, delivery: WebhookDelivery, line: Line) -> None:
        try:
            webhook = self._queue.get_webhook(delivery.webhook_id)
            outcome = send(webhook, delivery.delivery_id, delivery.body, line)
            self._settle(webhook, delivery, outcome, was_cut=self._stopping and line.was_cut)
        except NotFound:
            pass  # it was deleted meanwhile, and its deliveries with it
        except Exception as error:  # noqa: BLE001 - thread top: the lease ends, and somebody tries again
            _log.warning("Delivery %s could not be settled; it will be sent again: %s", delivery.delivery_id, error)
        finally:
            with self._lock:
                del self._lines[delivery.delivery_id]
                self._in_flight[delivery.webhook_id] -= 1
                if not self._in_flight[delivery.webhook_id]:
                    del self._in_flight[delivery.webhook_id]
            self._awake.set()

    def _settle(self, webhook: Webhook, delivery: WebhookDelivery, outcome: Outcome, *, was_cut: bool) -> None:
        if was_cut and outcome.status is None:
            self._queue.settle_delivery(
                msgspec.structs.replace(delivery, due_ms=clock.now_ms(), error="The server stopped.")
            )
            return
        with self._lock:
            if outcome.status is None and outcome.again:
                self._silent.add(webhook.webhook_id)
            else:
                self._silent.discard(webhook.webhook_id)
        settled = self._patience.settled(delivery, outcome)
        self._queue.settle_delivery(settled)
        if settled.state == "failed":
            _log.warning(
                "Webhook %s (%s) was not told of %s.%s, delivery %s, in %d attempts: %s",
                webhook.name,
                webhook.webhook_id,
                delivery.event.entity,
                delivery.event.action,
                delivery.delivery_id,
                delivery.attempts,
                outcome.error,
            )

    def _forget(self) -> None:
        before_ms = clock.now_ms() - self._keep_ms
        while not self._stopping and self._queue.forget_deliveries(before_ms, FORGET_ROWS) == FORGET_ROWS:
            pass

    def _cut(self) -> None:
        with self._lock:
            lines = list(self._lines.values())
        for line in lines:
            line.cut()
