"""Requests to an app without a socket, and to a server process over one."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from headrace.server.app import App


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def request(
    app: App,
    method: str,
    target: str,
    fields: object = None,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
) -> Reply:
    path, _, query = target.partition("?")
    if fields is not None:
        body = json.dumps(fields).encode()
    sent = {"host": "127.0.0.1:5000"}
    if body is not None:
        sent |= {"content-type": "application/json", "content-length": str(len(body))}
    sent |= {name.lower(): value for name, value in (headers or {}).items()}
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in sent.items() if value],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 5000),
        "scheme": "http",
        "http_version": "1.1",
    }
    events: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body or b"", "more_body": False}

    async def send(event: Any) -> None:
        events.append(event)

    asyncio.run(app(scope, receive, send))
    start = events[0]
    answered = {name.decode(): value.decode("latin-1") for name, value in start["headers"]}
    return Reply(start["status"], answered, b"".join(event.get("body", b"") for event in events[1:]))


@dataclass
class Process:
    """`headrace server` on a free port. errors: the file of its stderr."""

    process: subprocess.Popen[bytes]
    url: str
    errors: Path

    @property
    def port(self) -> int:
        port = urlsplit(self.url).port
        assert port is not None
        return port

    def request(
        self, method: str, target: str, fields: object = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            body = None if fields is None else json.dumps(fields).encode()
            sent = {"Content-Type": "application/json"} if body is not None else {}
            connection.request(method, target, body, {**sent, **(headers or {})})
            answer = connection.getresponse()
            return Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(60)


@contextmanager
def running(folder: Path, *options: str, command: list[str] | None = None) -> Iterator[Process]:
    errors = folder / "server.err"
    argv = command or [str(Path(sys.executable).with_name("headrace")), "server"]
    with errors.open("wb") as stderr:
        process = subprocess.Popen(
            [*argv, "--port", "0", *options],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
    try:
        yield Process(process, announced(process, errors), errors)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def announced(process: subprocess.Popen[bytes], errors: Path, timeout_s: float = 30) -> str:
    assert process.stdout is not None
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        ready, _, _ = select.select([process.stdout], [], [], 1)
        if ready:
            line = process.stdout.readline().decode()
            if line.startswith("Headrace is listening on "):
                return line.split()[-1]
            if not line:
                break
    raise AssertionError(f"the server didn't start: {errors.read_text()}")
