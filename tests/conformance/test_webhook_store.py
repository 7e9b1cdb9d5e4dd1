from __future__ import annotations

from typing import cast

import pytest

from headrace import clock
from headrace.entities import RegistryEvent
from headrace.stores.base import TrackingStore
from headrace.stores.memory import MemoryStore
from headrace.stores.memory.webhooks import enqueue as enqueue_in_memory
from headrace.stores.sql.store import SqlStore
from headrace.stores.sql.webhook_queue import enqueue
from headrace.testing.stores.making import unique
from headrace.testing.stores.webhooks import Told, WebhookQueue, WebhookStoreSuite


class TestWebhookStore(WebhookStoreSuite):
    @pytest.fixture
    def webhooks(self, local_store: TrackingStore) -> WebhookQueue:
        return cast(WebhookQueue, local_store)

    @pytest.fixture
    def told(self, local_store: TrackingStore) -> Told:
        def tell() -> str:
            name = unique("model")
            event = RegistryEvent(event_id=1, timestamp=clock.now_ms(), kind="model_created", name=name)
            if isinstance(local_store, MemoryStore):
                enqueue_in_memory(local_store, event, {}, prompt=False)
            else:
                assert isinstance(local_store, SqlStore)
                local_store.engine.write(lambda db: enqueue(db, event, {}, prompt=False))
            return name

        return tell
