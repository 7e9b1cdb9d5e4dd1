from __future__ import annotations

from headrace.testing.stores import TrackingStoreSuite


class TestTrackingStore(TrackingStoreSuite):
    pass


def test_no_test_of_the_suite_hides_another() -> None:
    parts = [part for part in TrackingStoreSuite.__mro__ if part not in (TrackingStoreSuite, object)]
    names = [name for part in parts for name in vars(part) if name.startswith("test_")]
    assert sorted(set(names)) == sorted(names)
