from __future__ import annotations

import pytest

from headrace.stores.base import TrackingStore
from headrace.stores.registry import RegistryStore
from headrace.testing.stores import RegistryIntegritySuite, RegistryStoreSuite


class TestRegistryStore(RegistryStoreSuite):
    @pytest.fixture
    def registry(self, store: TrackingStore) -> RegistryStore:
        assert isinstance(store, RegistryStore)
        return store


class TestRegistryIntegrity(RegistryIntegritySuite):
    @pytest.fixture
    def registry(self, local_store: TrackingStore) -> RegistryStore:
        assert isinstance(local_store, RegistryStore)
        return local_store


def test_no_test_of_the_suite_hides_another() -> None:
    parts = [part for part in RegistryStoreSuite.__mro__ if part not in (RegistryStoreSuite, object)]
    names = [name for part in parts for name in vars(part) if name.startswith("test_")]
    twice = {name for name in names if names.count(name) > 1}
    assert not twice
