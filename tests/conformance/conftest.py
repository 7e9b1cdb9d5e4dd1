from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.register_assert_rewrite("headrace.testing")

from headrace.stores.base import TrackingStore  # noqa: E402
from tests.conformance.stores import LOCAL, OPENERS, params  # noqa: E402


@pytest.fixture(scope="module", params=params(OPENERS))
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrackingStore]:
    with OPENERS[request.param](request, tmp_path_factory.mktemp(request.param)) as opened:
        yield opened


@pytest.fixture(scope="module", params=params(LOCAL))
def local_store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrackingStore]:
    with OPENERS[request.param](request, tmp_path_factory.mktemp(request.param)) as opened:
        yield opened
