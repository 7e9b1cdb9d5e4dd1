from __future__ import annotations

import pytest

from headrace.stores.base import AccessStore, TrackingStore
from headrace.testing.stores import AccessStoreSuite


class TestAccessStore(AccessStoreSuite):
    @pytest.fixture
    def access(self, local_store: TrackingStore) -> AccessStore:
        assert isinstance(local_store, AccessStore)
        return local_store
