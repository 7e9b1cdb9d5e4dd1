from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from headrace.client.active_run import active_run, end_run
from headrace.client.experiments import forget_experiment
from headrace.client.open import close_stores
from headrace.client.uri import set_tracking_uri


@pytest.fixture(autouse=True)
def own_caches(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fetched projects and built environments of this test alone."""
    caches = tmp_path_factory.mktemp("caches")
    monkeypatch.setenv("HEADRACE_ENV_ROOT", str(caches / "environments"))
    monkeypatch.setenv("HEADRACE_PROJECT_ROOT", str(caches / "projects"))


@pytest.fixture(autouse=True)
def fresh_client() -> Iterator[None]:
    yield
    while active_run():
        end_run()
    forget_experiment()
    set_tracking_uri(None)
    close_stores()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Of a project, empty."""
    made = tmp_path / "project"
    made.mkdir()
    return made
