from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from headrace.stores.sql import SqlStore, open_sql_store

DIALECTS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


@pytest.fixture
def sqlite_uri(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'store.db'}"


@pytest.fixture(params=DIALECTS)
def uri(request: pytest.FixtureRequest) -> str:
    """Of an empty database of its own."""
    name = "sqlite_uri" if request.param == "sqlite" else "fresh_postgres_url"
    found = request.getfixturevalue(name)
    assert isinstance(found, str)
    return found


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[[str], SqlStore]]:
    """Opens stores and closes them at the end."""
    stores: list[SqlStore] = []

    def open_one(uri: str) -> SqlStore:
        stores.append(open_sql_store(uri, str(tmp_path / "artifacts")))
        return stores[-1]

    yield open_one
    for store in stores:
        store.close()


@pytest.fixture
def store(uri: str, opened: Callable[[str], SqlStore]) -> SqlStore:
    return opened(uri)


@pytest.fixture
def sqlite_store(sqlite_uri: str, opened: Callable[[str], SqlStore]) -> SqlStore:
    return opened(sqlite_uri)


@pytest.fixture
def postgres_store(fresh_postgres_url: str, opened: Callable[[str], SqlStore]) -> SqlStore:
    return opened(fresh_postgres_url)
