"""A process that serves an ASGI app on a socket until a signal stops it.

SIGTERM and SIGINT: no new connections, running requests finish, the app's lifespan ends.
"""

from __future__ import annotations

import gc
import ipaddress
import logging
import signal
import socket
import ssl
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, NamedTuple

import uvicorn

from headrace.asgi.protocol import GuardedProtocol
from headrace.errors import InvalidValue

GRACE_S = 30  # for running requests at a stop; then they are cut
KEEP_ALIVE_S = 65  # clients keep pooled connections for about a minute: closing first would cost them a retry
MAX_CONNECTIONS = 10_000
FILES_BESIDE = 1_000  # that a process opens beside its clients' connections
SWITCH_INTERVAL_S = 0.0005  # the writer's thread must not wait 5 ms for the event loop to let go of the interpreter


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def bind(host: str, port: int) -> socket.socket:
    try:
        # As bytes, since for a str Python loads tables of Unicode that few names need.
        name = host.encode() if host.isascii() else host
        family, *_ = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)[0]
        both = host == "::" and socket.has_dualstack_ipv6()
        return socket.create_server((host, port), family=family, backlog=2048, dualstack_ipv6=both)
    except socket.gaierror as error:
        raise InvalidValue("host", host, f"it names no address of this machine ({error.strerror}).") from None
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InvalidValue(
            "port", port, f"{host}:{port} can't be listened on ({reason}); try another --port."
        ) from None


def address_of(host: str, sock: socket.socket, scheme: str = "http") -> str:
    port = sock.getsockname()[1]
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def announce(address: str) -> None:
    sys.stdout.write(f"Headrace is listening on {address}\n")
    sys.stdout.flush()


class Tls(NamedTuple):
    """PEM files. certfile: of this server, with what leads to a root. keyfile: None where the key is in certfile.
    ca_certs: who signs the certificates that clients must show; None asks for none."""

    certfile: str
    keyfile: str | None = None
    ca_certs: str | None = None


class Server(uvicorn.Server):
    """ready: called when it answers; leaving: when it begins to stop."""

    def __init__(
        self, config: uvicorn.Config, ready: Callable[[], None], leaving: Callable[[], None] = lambda: None
    ) -> None:
        super().__init__(config)
        self._ready, self._leaving = ready, leaving

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        keep_for_good()
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._leaving()
        await super().shutdown(sockets)

    def stop(self) -> None:
        self.should_exit = True


def keep_for_good() -> None:
    """What there is lives as long as the process: no collection needs to look at it again."""
    gc.collect()
    gc.freeze()


def server_of(
    app: Any,
    ready: Callable[[], None],
    *,
    leaving: Callable[[], None] = lambda: None,
    log_level: str = "warning",
    tls: Tls | None = None,
    protocol: type[GuardedProtocol] = GuardedProtocol,
    max_connections: int = MAX_CONNECTIONS,
    grace_s: int = GRACE_S,
) -> Server:
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    raise_file_limit(max_connections)
    config = uvicorn.Config(
        app,
        loop="uvloop" if sys.platform != "win32" else "asyncio",
        http=protocol,
        ws="none",
        lifespan="on",
        interface="asgi3",
        log_level=log_level,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=max_connections,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=grace_s,
        ssl_certfile=tls and tls.certfile,
        ssl_keyfile=tls and tls.keyfile,
        ssl_ca_certs=tls and tls.ca_certs,
        ssl_cert_reqs=ssl.CERT_REQUIRED if tls and tls.ca_certs else ssl.CERT_NONE,
    )
    try:
        config.load()
    except OSError as error:  # ssl.SSLError is one
        raise InvalidValue(
            message=f"The certificate {tls and tls.certfile!r} with its key can't be used: {error}."
        ) from None
    return Server(config, ready, leaving)


def run_app(
    app: Any,
    sock: socket.socket,
    log_level: str,
    ready: Callable[[], None],
    stopped: Callable[[Callable[[], None]], None] | None = None,
    leaving: Callable[[], None] = lambda: None,
) -> None:
    server = server_of(app, ready, leaving=leaving, log_level=log_level)
    if stopped is not None:
        stopped(server.stop)
    end_quietly()
    server.run(sockets=[sock])


def end_quietly() -> None:
    """uvicorn raises a signal again once it has stopped: what was asked for is done, the exit status is 0."""
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _already_handled)


def _already_handled(_: int, __: FrameType | None) -> None:
    pass


def raise_file_limit(connections: int) -> None:
    """As far as the system lets this process: many have a soft limit of 1,024 files."""
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + FILES_BESIDE
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
