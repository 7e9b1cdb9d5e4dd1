from __future__ import annotations

from collections.abc import Iterator

import pytest

from headrace.stores.base import SupportsSubmit, TrackingStore
from headrace.testing.stores import SubmitSuite
from tests.conformance.stores import OPENERS, params


@pytest.fixture(scope="module", params=params(["sqlite", "postgres"]))
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrackingStore]:
    with OPENERS[request.param](request, tmp_path_factory.mktemp("submit")) as opened:
        assert isinstance(opened, SupportsSubmit)
        yield opened


class TestSubmit(SubmitSuite):
    pass
