"""Before the models answer, when they can't, and when the process is to end."""

from __future__ import annotations

import http.client
import socket
import time
from collections.abc import Iterator

import pytest

from headrace.errors import InvalidValue
from tests.serving.app.front import DEADLINE_S, Front, front


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def loading(free_port: int) -> Iterator[Front]:
    with front("wine", loads=False, port=free_port) as found:
        end = time.monotonic() + DEADLINE_S
        while time.monotonic() < end:
            try:
                found.socket().close()
                break
            except ConnectionError:
                time.sleep(0.01)
        yield found


def test_who_comes_early_is_told_to_wait(loading: Front) -> None:
    for path in ("/ping", "/health"):
        answered = loading.get(path)
        assert (answered.status, answered.headers["retry-after"]) == (503, "1")
        assert "loaded" in answered.json["message"]
    assert loading.get("/v2/health/live").status == 200
    assert loading.get("/v2/health/ready").status == 503
    assert loading.get("/metrics").status == 200
    assert loading.get("/v1/models").json["data"][0]["id"] == "wine"
    for path in ("/openapi.json", "/page/models.json", "/v2/models/wine", "/v2/models/wine/versions/1/ready"):
        assert loading.get(path).status == 503, path
    assert loading.ask("POST", "/invocations", {}).status == 503
    assert loading.ask("POST", "/v1/chat/completions", {}).json["error"]["type"] == "server_error"

    go = loading.pool.go
    assert go is not None
    loading.soon(go.set)
    end = time.monotonic() + DEADLINE_S
    while loading.get("/ping").status != 200:
        assert time.monotonic() < end
    assert loading.ask("POST", "/invocations", {}).status == 200


def test_a_stop_while_loading_is_a_stop(loading: Front) -> None:
    assert loading.get("/ping").status == 503  # and the fixture ends it


def test_a_port_that_is_taken_is_named(free_port: int) -> None:
    with (
        socket.create_server(("127.0.0.1", free_port)),
        pytest.raises(InvalidValue, match=str(free_port)),
        front("wine", port=free_port),
    ):
        pass


def test_requests_on_their_way_at_a_stop_are_answered() -> None:
    with front("wine", linger_s=DEADLINE_S) as found:
        idle = http.client.HTTPConnection(found.host, timeout=DEADLINE_S)
        idle.request("POST", "/invocations", "{}")
        idle.getresponse().read()
        found.stop()
        # Sent when the stop has begun, on a connection that its client believes to be open.
        end = time.monotonic() + DEADLINE_S
        while True:
            try:
                found.socket().close()
            except ConnectionError:
                break
            assert time.monotonic() < end
        idle.request("POST", "/invocations", "{}")
        response = idle.getresponse()
        assert response.status == 200
        assert response.getheader("connection") == "close"
        response.read()
        idle.close()
