"""The process in front of the models: it starts them, answers 503 while they load, and stops them last."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from headrace.serving.deployment import Deployments

if TYPE_CHECKING:
    from headrace.asgi.listen import Server
    from headrace.serving.app.app import App

MAX_CONNECTIONS = 20_000
LINGER_S = 0.5  # a request that was sent before its client heard of the stop is there by then
STOP_S = 5.0  # for the models' processes, when all requests are answered


class Listening(msgspec.Struct, frozen=True, kw_only=True):
    """port 0: the system chooses one. certfile, keyfile, ca_certs: PEM files for TLS, as `asgi.listen.Tls` has them.
    drain_s: for running requests at a stop; then they are cut. linger_s: for a request on a connection that is idle at
    a stop. follow_s: between two looks for other versions, None keeps those of the start."""

    host: str = "127.0.0.1"
    port: int = 5000
    certfile: str | None = None
    keyfile: str | None = None
    ca_certs: str | None = None
    drain_s: int = 30
    linger_s: float = LINGER_S
    follow_s: float | None = None
    log_level: str = "warning"


def serve(
    deployments: Deployments, make_app: Callable[[], App], listening: Listening, ready: Callable[[str], None]
) -> None:
    """Serves until SIGTERM or SIGINT: no new connections then, running requests finish, processes end. make_app: called
    while the models' processes start. ready: gets the address when the models answer.

    Raises what a model that can't load raises, and InvalidValue for an address that can't be listened on.
    """
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(serving(deployments, make_app, listening, ready))


async def serving(
    deployments: Deployments, make_app: Callable[[], App], listening: Listening, ready: Callable[[str], None]
) -> None:
    """As `serve`, on a loop that runs already; cancelling it is a stop."""
    starting = asyncio.create_task(deployments.start())
    try:
        # In a thread, so that the loop starts processes meanwhile.
        app, server, sock, address = await asyncio.to_thread(_prepared, make_app, listening)
        await _answer(server, sock, starting, lambda: _begin(deployments, app, listening, lambda: ready(address)))
    finally:
        starting.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await starting
        await deployments.stop(STOP_S)


async def _answer(server: Server, sock: socket.socket, starting: asyncio.Task[None], begin: Callable[[], None]) -> None:
    """Until a signal comes, or the models can't start."""
    from headrace.asgi.listen import end_quietly

    end_quietly()
    answering = asyncio.create_task(server.serve(sockets=[sock]))
    try:
        await asyncio.wait({answering, starting}, return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            starting.result()
            begin()
            await asyncio.wait({answering})
    finally:
        server.stop()
        await answering


def _begin(deployments: Deployments, app: App, listening: Listening, ready: Callable[[], None]) -> None:
    from headrace.asgi.listen import keep_for_good

    app.ready()
    if listening.follow_s is not None:
        for each in deployments.all():
            each.follow(listening.follow_s)
    keep_for_good()
    ready()


def _prepared(make_app: Callable[[], App], listening: Listening) -> tuple[App, Server, socket.socket, str]:
    from headrace.asgi.listen import Tls, address_of, bind, server_of
    from headrace.asgi.protocol import GuardedProtocol

    class Lingering(GuardedProtocol):
        linger_s = listening.linger_s

    app = make_app()
    tls = Tls(listening.certfile, listening.keyfile, listening.ca_certs) if listening.certfile else None
    server = server_of(
        app,
        lambda: None,
        leaving=app.leaving,
        log_level=listening.log_level,
        tls=tls,
        protocol=Lingering,
        max_connections=MAX_CONNECTIONS,
        grace_s=listening.drain_s,
    )
    sock = bind(listening.host, listening.port)
    return app, server, sock, address_of(listening.host, sock, "https" if tls else "http")


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    if sys.platform == "win32":
        return None
    import uvloop

    return uvloop.new_event_loop
