from __future__ import annotations

import contextlib
import http.client
import resource
import socket
from pathlib import Path

import pytest

from headrace.asgi.listen import raise_file_limit
from tests.serving.app.served import STOP_S, save_scaled, serving

CONNECTIONS = 10_000
ASKING = 100


@pytest.mark.full
def test_ten_thousand_idle_connections_hurt_nobody(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    raise_file_limit(CONNECTIONS + ASKING)
    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < CONNECTIONS + ASKING + 100:
        pytest.skip("this system doesn't let a process open as many files")
    body = b'{"inputs": {"x": [2]}}'
    head = f"POST /invocations HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    try:
        with serving("-m", save_scaled(tmp_path / "double", 2.0)) as served, contextlib.ExitStack() as opened:

            def connected() -> socket.socket:
                line = socket.create_connection(("127.0.0.1", served.port), timeout=STOP_S)
                return opened.enter_context(line)

            for _ in range(CONNECTIONS):
                connected()
            asking = [connected() for _ in range(ASKING)]
            for line in asking:
                line.sendall(head)
            for line in asking:
                line.sendall(body)
            assert all(line.recv(100).startswith(b"HTTP/1.1 200") for line in asking)
            connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=STOP_S)
            connection.request("GET", "/metrics")
            lines = connection.getresponse().read().decode().splitlines()
            connection.close()
            (files,) = (int(line.split()[1]) for line in lines if line.startswith("process_open_fds "))
            (memory,) = (int(line.split()[1]) for line in lines if line.startswith("process_resident_memory_bytes "))
            assert files > CONNECTIONS
            assert memory < 400 << 20
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
