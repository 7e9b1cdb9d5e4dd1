from __future__ import annotations

from collections.abc import Iterator

import pytest

import headrace.client.open as stores
from headrace.client import absent, active_run, experiments, uri
from headrace.client.async_log import flush_async_logging


@pytest.fixture(autouse=True)
def fresh_process(own_surroundings: None) -> Iterator[None]:
    """What a process remembers about tracking is forgotten after each test."""
    absent._warned.clear()
    yield
    while active_run.active_run() is not None:
        active_run.end_run()
    flush_async_logging()
    active_run._thread.last = None
    experiments.forget_experiment()
    uri.set_tracking_uri(None)
    uri.set_registry_uri(None)
    stores.close_stores()
