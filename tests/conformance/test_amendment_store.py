from __future__ import annotations

from typing import cast

import pytest

from headrace.stores.amendments import AmendmentStore
from headrace.stores.base import TrackingStore
from headrace.testing.stores.amendments import AmendedStore, AmendmentSuite


class TestAmendmentStore(AmendmentSuite):
    @pytest.fixture
    def amended(self, store: TrackingStore) -> AmendedStore:
        assert isinstance(store, AmendmentStore)
        return cast(AmendedStore, store)
