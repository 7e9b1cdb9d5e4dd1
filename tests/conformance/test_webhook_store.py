from __future__ import annotations

from typing import cast

import pytest

from headrace.stores.base import TrackingStore
from headrace.testing.stores.webhooks import WebhookQueue, WebhookStoreSuite


class TestWebhookStore(WebhookStoreSuite):
    @pytest.fixture
    def webhooks(self, local_store: TrackingStore) -> WebhookQueue:
        return cast(WebhookQueue, local_store)
