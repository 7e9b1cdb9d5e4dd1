"""The stores that the suites run over. Each is opened once a module, on the real thing."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from headrace.stores.base import TrackingStore
from headrace.stores.memory import MemoryStore

Opener = Callable[[pytest.FixtureRequest, Path], AbstractContextManager[TrackingStore]]


@contextmanager
def memory(_: pytest.FixtureRequest, folder: Path) -> Iterator[TrackingStore]:
    store = MemoryStore(str(folder))
    yield store
    store.close()


@contextmanager
def sqlite(_: pytest.FixtureRequest, folder: Path) -> Iterator[TrackingStore]:
    from headrace.stores.sql import open_sql_store

    store = open_sql_store(f"sqlite:///{folder}/store.db", str(folder / "artifacts"))
    yield store
    store.close()


@contextmanager
def postgres(request: pytest.FixtureRequest, folder: Path) -> Iterator[TrackingStore]:
    from headrace.stores.sql import open_sql_store

    store = open_sql_store(request.getfixturevalue("postgres_url"), str(folder / "artifacts"))
    yield store
    store.close()


OPENERS: dict[str, Opener] = {"memory": memory}
if importlib.util.find_spec("headrace.stores.sql.open"):
    OPENERS |= {"sqlite": sqlite, "postgres": postgres}

MARKS = {"postgres": [pytest.mark.postgres]}
STORES = [pytest.param(name, marks=MARKS.get(name, ())) for name in OPENERS]
