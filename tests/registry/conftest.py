from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from headrace.stores.sql import SqlStore, open_sql_store
from tests.registry.workshop import Workshop


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    opened = open_sql_store(f"sqlite:///{tmp_path}/registry.db", "mlflow-artifacts:/")
    yield opened
    opened.close()


@pytest.fixture
def workshop(store: SqlStore, tmp_path: Path) -> Iterator[Workshop]:
    made = Workshop(store, tmp_path / "artifacts")
    yield made
    made.close()
