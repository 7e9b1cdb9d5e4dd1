from __future__ import annotations

import pytest

from headrace.serving.workers.threads import BLAS_LIMIT, LIMITS


@pytest.fixture(autouse=True)
def no_limits_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests of other rooms set them for themselves, and models' processes inherit what this one has."""
    for name in (*LIMITS, BLAS_LIMIT):
        monkeypatch.delenv(name, raising=False)
