from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from headrace.server import Options, create_app
from headrace.server.app import App
from headrace.stores.sql import SqlStore, open_sql_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    opened = open_sql_store(f"sqlite:///{tmp_path}/runs.db", f"{tmp_path}/artifacts")
    yield opened
    opened.close()


@pytest.fixture
def app_with(store: SqlStore) -> Callable[..., App]:
    def build(**options: Any) -> App:
        return create_app(store, Options(**options))

    return build


@pytest.fixture
def app(app_with: Callable[..., App]) -> App:
    return app_with()
