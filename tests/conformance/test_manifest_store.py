from __future__ import annotations

import pytest

from headrace.stores.base import ManifestStore, TrackingStore
from headrace.testing.stores import ManifestStoreSuite


class TestManifestStore(ManifestStoreSuite):
    @pytest.fixture
    def manifest(self, store: TrackingStore) -> ManifestStore:
        assert isinstance(store, ManifestStore)
        return store
