from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

import headrace.client.open as stores
from headrace.client import absent, active_run, experiments, uri
from headrace.client.async_log import flush_async_logging

PASSWORD = "correct horse"


@pytest.fixture(autouse=True)
def fresh_process(own_surroundings: None) -> Iterator[None]:
    """What a process remembers about tracking is forgotten after each test."""
    absent._warned.clear()
    yield
    forget()


def forget() -> None:
    while active_run.active_run() is not None:
        active_run.end_run()
    flush_async_logging()
    active_run._thread.last = None
    experiments.forget_experiment()
    uri.set_tracking_uri(None)
    uri.set_registry_uri(None)
    stores.close_stores()


@contextmanager
def server_at(folder: Path, *, proxied: bool = False, users: Sequence[str] = ()) -> Iterator[str]:
    """The address of a server with a SQLite store of its own. proxied: its artifacts go through it; else clients reach
    its folder. users: editors with PASSWORD, whose names and passwords it asks for then."""
    import uvicorn

    from headrace.server.app import create_app
    from headrace.server.artifacts import ServedArtifacts
    from headrace.server.credentials import hash_password
    from headrace.server.options import Options
    from headrace.stores.sql import open_sql_store

    root = str(folder / "served")
    store = open_sql_store(f"sqlite:///{folder}/served.db", "mlflow-artifacts:/" if proxied else root)
    for user in users:
        store.create_user(user, "editor", hash_password(PASSWORD))
    app = create_app(store, Options(auth="basic" if users else "none"), artifacts=ServedArtifacts(root, roots=[root]))
    with socket.create_server(("127.0.0.1", 0)) as listener:  # listens, so nobody has to wait for the server
        config = uvicorn.Config(app, log_level="warning", lifespan="on")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(30)
            assert not thread.is_alive()


@pytest.fixture(params=["embedded", "server"])
def place(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_surroundings: None
) -> Iterator[str]:
    """Where the process logs by its environment: a folder, or a server."""
    if request.param == "embedded":
        yield "embedded"
        return
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setenv("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    (tmp_path / "server").mkdir()
    with server_at(tmp_path / "server") as address:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
        yield "server"
        forget()  # while the server is there to take it


@pytest.fixture(params=["embedded", "server"])
def registry_place(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_surroundings: None
) -> Iterator[str]:
    """As `place`, with a server that keeps the files, too: what is loaded from it is downloaded."""
    if request.param == "embedded":
        yield "embedded"
        return
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setenv("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    (tmp_path / "server").mkdir()
    with server_at(tmp_path / "server", proxied=True) as address:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
        yield "server"
        forget()
