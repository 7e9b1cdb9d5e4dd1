from __future__ import annotations

from collections.abc import Iterator

import pytest

from headrace.stores.base import TrackingStore
from tests.conformance.stores import LOCAL, OPENERS, params


@pytest.fixture(scope="module", params=params(OPENERS))
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrackingStore]:
    with OPENERS[request.param](request, tmp_path_factory.mktemp(request.param)) as opened:
        yield opened


@pytest.fixture(scope="module", params=params(LOCAL))
def local_store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrackingStore]:
    with OPENERS[request.param](request, tmp_path_factory.mktemp(request.param)) as opened:
        yield opened
