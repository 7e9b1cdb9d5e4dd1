from __future__ import annotations

import pytest

from headrace.stores.base import ManifestStore, TrackingStore
from headrace.testing.stores import ManifestStoreSuite


class TestManifestStore(ManifestStoreSuite):
    @pytest.fixture
    def manifest(self, local_store: TrackingStore) -> ManifestStore:
        assert isinstance(local_store, ManifestStore)
        return local_store
