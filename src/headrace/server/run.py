"""The server process: one, or several that share a listening socket.

The parent of several restarts a worker that died, and stops when one can't start. A worker whose parent is gone stops.
SIGTERM and SIGINT: no new connections, running requests finish, the store closes; what was acknowledged is on disk.
"""

from __future__ import annotations

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

from headrace.asgi.listen import address_of, announce, bind, run_app
from headrace.errors import HeadraceError
from headrace.server.app import App


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
    with bind(listening.host, listening.port) as sock:
        address = address_of(listening.host, sock)
        if listening.workers == 1:
            app = build()
            run_app(app, sock, listening.log_level, lambda: announce(address), leaving=app.leave)
            return 0
        return _supervise(build, sock, listening, address)


def serve_on(sock: socket.socket, build: Callable[[], App], stopped: Callable[[Callable[[], None]], None]) -> None:
    """Serves on a socket that listens already, in one process, until what `stopped` was given is called."""
    app = build()
    run_app(app, sock, "warning", lambda: None, stopped, app.leave)


def _work(build: Callable[[], App], sock: socket.socket, log_level: str, parent: Connection) -> None:
    def watch(stop: Callable[[], None]) -> None:
        def until_parent_is_gone() -> None:
            try:
                parent.recv()
            except (EOFError, OSError):
                stop()

        threading.Thread(target=until_parent_is_gone, name="headrace-parent", daemon=True).start()

    try:
        app = build()
        run_app(app, sock, log_level, lambda: parent.send(True), watch, app.leave)
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
            announce(address)
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
