"""A process that serves an ASGI app on a socket until a signal stops it.

SIGTERM and SIGINT: no new connections, running requests finish, the app's lifespan ends.
"""

from __future__ import annotations

import gc
import ipaddress
import logging
import signal
import socket
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

import uvicorn

from headrace.asgi.protocol import GuardedProtocol
from headrace.errors import InvalidValue

GRACE_S = 30  # for running requests at a stop; then they are cut
KEEP_ALIVE_S = 65  # clients keep pooled connections for about a minute: closing first would cost them a retry
MAX_CONNECTIONS = 10_000
SWITCH_INTERVAL_S = 0.0005  # the writer's thread must not wait 5 ms for the event loop to let go of the interpreter


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def bind(host: str, port: int) -> socket.socket:
    try:
        family, *_ = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        both = host == "::" and socket.has_dualstack_ipv6()
        return socket.create_server((host, port), family=family, backlog=2048, dualstack_ipv6=both)
    except socket.gaierror as error:
        raise InvalidValue("host", host, f"it names no address of this machine ({error.strerror}).") from None
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InvalidValue(
            "port", port, f"{host}:{port} can't be listened on ({reason}); try another --port."
        ) from None


def address_of(host: str, sock: socket.socket) -> str:
    port = sock.getsockname()[1]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def announce(address: str) -> None:
    sys.stdout.write(f"Headrace is listening on {address}\n")
    sys.stdout.flush()


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        gc.collect()
        gc.freeze()  # what the imports made lives forever: no collection needs to look at it again
        self._ready()


def run_app(
    app: Any,
    sock: socket.socket,
    log_level: str,
    ready: Callable[[], None],
    stopped: Callable[[Callable[[], None]], None] | None = None,
) -> None:
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    config = uvicorn.Config(
        app,
        loop="uvloop" if sys.platform != "win32" else "asyncio",
        http=GuardedProtocol,
        ws="none",
        lifespan="on",
        interface="asgi3",
        log_level=log_level,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=MAX_CONNECTIONS,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S,
    )
    server = _Server(config, ready)
    if stopped is not None:
        stopped(lambda: setattr(server, "should_exit", True))
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _already_handled)
    server.run(sockets=[sock])


def _already_handled(_: int, __: FrameType | None) -> None:
    """uvicorn raises a signal again once it has stopped: what was asked for is done, the exit status is 0."""
