from __future__ import annotations

from typing import cast

import pytest

from headrace.stores.base import TrackingStore
from headrace.stores.leases import LeaseStore, ReapingStore
from headrace.testing.stores.leases import LeasedStore, LeaseStoreSuite, ReapedStore, ReapingStoreSuite


class TestLeaseStore(LeaseStoreSuite):
    @pytest.fixture
    def leased(self, store: TrackingStore) -> LeasedStore:
        assert isinstance(store, LeaseStore)
        return cast(LeasedStore, store)


class TestReapingStore(ReapingStoreSuite):
    @pytest.fixture
    def reaped(self, local_store: TrackingStore) -> ReapedStore:
        assert isinstance(local_store, ReapingStore)
        return cast(ReapedStore, local_store)
