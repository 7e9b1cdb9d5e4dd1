"""How many calls of the system an answer takes, and what reaches the client, through a real server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import uvicorn
from uvicorn.lifespan.off import LifespanOff

from headrace.asgi.protocol import GuardedProtocol

HEADERS = [(b"content-type", b"text/plain")]


async def whole(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [*HEADERS, (b"content-length", b"4")]})
    await send({"type": "http.response.body", "body": b"Ulm."})


async def only_a_head(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def parts(more: asyncio.Event) -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        await more.wait()
        await send({"type": "http.response.body", "body": b"one", "more_body": True})
        await send({"type": "http.response.body", "body": b"two"})

    return app


class Server:
    """What was written to each connection, call by call."""

    def __init__(self, app: Any) -> None:
        self.written: list[bytes] = []
        self._config = uvicorn.Config(app, lifespan="off", log_config=None)
        self._config.load()

    async def __aenter__(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        state = uvicorn.server.ServerState()
        loop = asyncio.get_running_loop()

        def protocol() -> GuardedProtocol:
            made = GuardedProtocol(config=self._config, server_state=state, app_state=LifespanOff(self._config).state)
            heard: Callable[[Any], None] = made.connection_made
            made.connection_made = lambda transport: heard(self._noting(transport))  # type: ignore[method-assign]
            return made

        self._server = await loop.create_server(protocol, "127.0.0.1", 0)
        reader, self._writer = await asyncio.open_connection(*self._server.sockets[0].getsockname()[:2])
        return reader, self._writer

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()
        self._server.close()
        await self._server.wait_closed()

    def _noting(self, transport: Any) -> Any:
        written = self.written

        class Noting:
            def __getattr__(self, name: str) -> Any:
                return getattr(transport, name)

            def write(self, data: bytes) -> None:
                written.append(data)
                transport.write(data)

            def writelines(self, several: tuple[bytes, ...]) -> None:
                written.append(b"".join(several))
                transport.writelines(several)

        return Noting()


REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
LAST = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


def test_head_and_body_are_one_write() -> None:
    async def ask() -> None:
        server = Server(whole)
        async with server as (reader, writer):
            for request in (REQUEST, LAST):
                writer.write(request)
                head = await reader.readuntil(b"\r\n\r\n")
                assert head.startswith(b"HTTP/1.1 200")
                assert await reader.readexactly(4) == b"Ulm."
            assert await reader.read() == b""
        assert len(server.written) == 2

    asyncio.run(ask())


def test_a_head_doesnt_wait_for_a_body_that_is_late() -> None:
    async def ask() -> None:
        more = asyncio.Event()
        async with Server(parts(more)) as (reader, writer):
            writer.write(LAST)
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
            more.set()
            assert await reader.read() == b"3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"

    asyncio.run(ask())


def test_an_answer_without_a_body_comes_before_the_end_of_its_connection() -> None:
    async def ask() -> None:
        async with Server(only_a_head) as (reader, writer):
            writer.write(LAST)
            assert (await reader.read()).startswith(b"HTTP/1.1 204")

    asyncio.run(ask())
