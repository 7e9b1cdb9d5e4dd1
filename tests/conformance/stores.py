"""The stores that the suites run over. Each is opened once a module, on the real thing."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
import uvicorn
from _pytest.mark import ParameterSet

from headrace.client.rest_store import open_rest_store
from headrace.server.app import create_app
from headrace.stores.base import TrackingStore
from headrace.stores.memory import MemoryStore
from headrace.stores.sql import open_sql_store

Opener = Callable[[pytest.FixtureRequest, Path], AbstractContextManager[TrackingStore]]


@contextmanager
def memory(_: pytest.FixtureRequest, folder: Path) -> Iterator[TrackingStore]:
    store = MemoryStore(str(folder))
    yield store
    store.close()


@contextmanager
def sqlite(_: pytest.FixtureRequest, folder: Path) -> Iterator[TrackingStore]:
    store = open_sql_store(f"sqlite:///{folder}/store.db", str(folder / "artifacts"))
    yield store
    store.close()


@contextmanager
def postgres(request: pytest.FixtureRequest, folder: Path) -> Iterator[TrackingStore]:
    store = open_sql_store(request.getfixturevalue("postgres_url"), str(folder / "artifacts"))
    yield store
    store.close()


@contextmanager
def served(store: TrackingStore) -> Iterator[TrackingStore]:
    """The store behind a real server, seen through the client's store."""
    with socket.create_server(("127.0.0.1", 0)) as listener:  # listens, so nobody has to wait for the server
        server = uvicorn.Server(uvicorn.Config(create_app(store), log_level="warning", lifespan="on"))
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        client = open_rest_store(f"http://127.0.0.1:{listener.getsockname()[1]}")
        try:
            yield client
        finally:
            client.close()
            server.should_exit = True
            thread.join(30)
            assert not thread.is_alive()


@contextmanager
def served_sqlite(_: pytest.FixtureRequest, folder: Path) -> Iterator[TrackingStore]:
    with served(open_sql_store(f"sqlite:///{folder}/store.db", str(folder / "artifacts"))) as store:
        yield store


OPENERS: dict[str, Opener] = {
    "memory": memory,
    "sqlite": sqlite,
    "postgres": postgres,
    "served-sqlite": served_sqlite,
}
LOCAL = ["memory", "sqlite", "postgres"]  # what a client never sees: manifest, users and tokens, submitted writes


def params(names: Iterable[str]) -> list[ParameterSet]:
    return [pytest.param(name, marks=[pytest.mark.postgres] if name == "postgres" else []) for name in names]
