from __future__ import annotations

from typing import cast

import pytest

from headrace.stores.base import TrackingStore
from headrace.stores.journal import JournalStore
from headrace.testing.stores.journal import JournalledStore, JournalStoreSuite


class TestJournalStore(JournalStoreSuite):
    @pytest.fixture
    def journalled(self, store: TrackingStore) -> JournalledStore:
        assert isinstance(store, JournalStore)
        return cast(JournalledStore, store)
