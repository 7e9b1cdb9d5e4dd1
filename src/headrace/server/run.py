"""The server process: one, or several that share a listening socket.

The parent of several restarts a worker that died, and stops when one can't start. A worker whose parent is gone stops.
SIGTERM and SIGINT: no new connections, running requests finish, the store closes; what was acknowledged is on disk.
"""

from __future__ import annotations

import gc
import ipaddress
import logging
import multiprocessing
import signal
import socket
import sys
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from types import FrameType

import msgspec
import uvicorn

from headrace.errors import HeadraceError, InvalidValue
from headrace.server.app import App
from headrace.server.protocol import GuardedProtocol

GRACE_S = 30  # for running requests at a stop; then they are cut
KEEP_ALIVE_S = 65  # clients keep pooled connections for about a minute: closing first would cost them a retry
MAX_CONNECTIONS = 10_000
SWITCH_INTERVAL_S = 0.0005  # the writer's thread must not wait 5 ms for the event loop to let go of the interpreter


class Listening(msgspec.Struct, frozen=True, kw_only=True):
    """port 0: the system chooses one. workers: processes."""

    host: str = "127.0.0.1"
    port: int = 5000
    workers: int = 1
    log_level: str = "warning"


def serve(build: Callable[[], App], listening: Listening) -> int:
    """Serves until a signal stops it; the exit status. build: makes the app, in each worker anew (picklable then).

    Says on stdout where it listens as soon as it answers.
    """
    with _bind(listening) as sock:
        address = _address(listening.host, sock)
        if listening.workers == 1:
            _run(build, sock, listening.log_level, lambda: _announce(address))
            return 0
        return _supervise(build, sock, listening, address)


def serve_on(sock: socket.socket, build: Callable[[], App], stopped: Callable[[Callable[[], None]], None]) -> None:
    """Serves on a socket that listens already, in one process, until what `stopped` was given is called."""
    _run(build, sock, "warning", lambda: None, stopped)


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _bind(listening: Listening) -> socket.socket:
    host, port = listening.host, listening.port
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


def _address(host: str, sock: socket.socket) -> str:
    port = sock.getsockname()[1]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _announce(address: str) -> None:
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


def _run(
    build: Callable[[], App],
    sock: socket.socket,
    log_level: str,
    ready: Callable[[], None],
    stopped: Callable[[Callable[[], None]], None] | None = None,
) -> None:
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    config = uvicorn.Config(
        build(),
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


def _work(build: Callable[[], App], sock: socket.socket, log_level: str, parent: Connection) -> None:
    def watch(stop: Callable[[], None]) -> None:
        def until_parent_is_gone() -> None:
            try:
                parent.recv()
            except (EOFError, OSError):
                stop()

        threading.Thread(target=until_parent_is_gone, name="headrace-parent", daemon=True).start()

    try:
        _run(build, sock, log_level, lambda: parent.send(True), watch)
    except HeadraceError as error:
        sys.stderr.write(f"Error: {error.message}\n")
        sys.exit(1)


class _Worker:
    def __init__(self, build: Callable[[], App], sock: socket.socket, log_level: str) -> None:
        context = multiprocessing.get_context("spawn")
        self.line, theirs = context.Pipe()
        self.process: SpawnProcess = context.Process(target=_work, args=(build, sock, log_level, theirs))
        self.ready = False
        self.process.start()
        theirs.close()


def _supervise(build: Callable[[], App], sock: socket.socket, listening: Listening, address: str) -> int:
    stopping = threading.Event()
    wake, waker = multiprocessing.Pipe(duplex=False)

    def stop(_: int, __: FrameType | None) -> None:
        if not stopping.is_set():
            stopping.set()
            waker.send(None)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    workers = [_Worker(build, sock, listening.log_level) for _ in range(listening.workers)]
    announced, status = False, 0
    while not stopping.is_set():
        happened = wait([wake, *(w.process.sentinel for w in workers), *(w.line for w in workers if not w.ready)])
        for at, worker in enumerate(workers):
            if worker.line in happened and not worker.ready:
                worker.ready = _hears(worker.line)
            if worker.process.sentinel in happened and not stopping.is_set():
                if not worker.ready:
                    status = 1  # it would fail the same way again
                    stopping.set()
                    break
                workers[at] = _Worker(build, sock, listening.log_level)
        if not announced and all(worker.ready for worker in workers):
            announced = True
            _announce(address)
    for worker in workers:
        worker.process.terminate()
    for worker in workers:
        worker.process.join()
    return status


def _hears(line: Connection) -> bool:
    try:
        return bool(line.recv())
    except (EOFError, OSError):
        return False
