"""Serves a store that only Headrace can open (an embedded one, a database) to the commands of projects, so that a
program with MLflow's own client can log to it.

This process listens on a loopback port. Only when somebody knocks is a server started, which takes the socket over: a
command that logs nothing, or by Headrace's own client, costs no server. It takes one token, known to the commands
alone, and ends with the last run that needs it, or with this process.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from headrace import clock, settings

_COMMAND = ("-m", "headrace", "store-server")
_BACKLOG = 128  # what waits while the server starts
_STOP_S = 15.0  # for its last requests
_STARTS = 3  # of a server that dies: it would die again
_HOST = "127.0.0.1"


@dataclass(frozen=True, kw_only=True)
class Served:
    address: str
    token: str


@contextmanager
def served(uri: str) -> Iterator[dict[str, str]]:
    """Meanwhile, the variables that take a command to the store of a tracking URI. Threads share the server."""
    if not _needs_server(uri):
        yield {**_both(settings.TRACKING_URI, uri)}
        return
    with _lock:
        service = _services.get(uri)
        if service is None:
            service = _services[uri] = _Service(uri)
        service.users += 1
    try:
        yield service.variables()
    finally:
        with _lock:
            service.users -= 1
            last = not service.users
            if last:
                del _services[uri]
        if last:
            service.stop()


def _needs_server(uri: str) -> bool:
    return uri != "databricks" and urlsplit(uri).scheme not in ("http", "https", "databricks", "azureml")


def _both(setting: settings.Setting[str | None], value: str) -> dict[str, str]:
    return dict.fromkeys(setting.names, value)


class _Service:
    def __init__(self, uri: str) -> None:
        self.users = 0
        self._uri = uri
        self._token = clock.hex_id() + clock.hex_id()
        self._socket = socket.create_server((_HOST, 0), backlog=_BACKLOG)
        self._wake, self._waker = os.pipe()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._run, name="headrace-store-server", daemon=True)
        self._thread.start()

    def variables(self) -> dict[str, str]:
        """MLflow's client goes through the server; Headrace's opens the store itself, since its spelling wins there."""
        ours, theirs = settings.TRACKING_URI.names
        found = {ours: self._uri, theirs: f"http://{_HOST}:{self._socket.getsockname()[1]}"}
        found[settings.TOKEN.names[1]] = self._token
        # Basic authentication would win over the token, and a proxy doesn't lead back to this machine.
        found |= {name: "" for each in (settings.USERNAME, settings.PASSWORD) for name in each.names}
        # The address that MLflow's client would print is nobody's a moment later.
        found[settings.SUPPRESS_RUN_URL.names[1]] = "true"
        return found | {name: _with_host(os.environ.get(name)) for name in ("NO_PROXY", "no_proxy")}

    def stop(self) -> None:
        os.close(self._waker)
        self._thread.join()
        os.close(self._wake)
        self._socket.close()

    def _run(self) -> None:
        for _ in range(_STARTS):
            ready, _, _ = select.select([self._socket.fileno(), self._wake], [], [])
            if self._wake in ready:
                return
            if self._serve():
                return
        self._refuse()

    def _refuse(self) -> None:
        """Where no server can be started, callers are hung up on: they would wait for an answer that never comes."""
        while True:
            ready, _, _ = select.select([self._socket.fileno(), self._wake], [], [])
            if self._wake in ready:
                return
            with contextlib.suppress(OSError):  # who called is gone again
                self._socket.accept()[0].close()

    def _serve(self) -> bool:
        """Starts a server and waits until it is told to stop; False if it died before."""
        server = subprocess.Popen(  # noqa: S603 — no shell
            # -P: a module of the caller's folder is none of the server's.
            [sys.executable, "-P", *_COMMAND],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            pass_fds=(self._socket.fileno(),),
            start_new_session=True,  # Ctrl-C is for the command; its last words shall find a server
        )
        assert server.stdin is not None
        try:
            # Its input says what to do, and by its end, when to stop: also if this process is killed.
            request = {"uri": self._uri, "token": self._token, "socket": self._socket.fileno()}
            server.stdin.write(json.dumps(request).encode() + b"\n")
            server.stdin.flush()
        except BrokenPipeError:
            return _is_over(server)
        ended = threading.Event()
        threading.Thread(target=_tell_end, args=(server, ended), name="headrace-server-end", daemon=True).start()
        while not ended.is_set():
            if select.select([self._wake], [], [], 1.0)[0]:
                break
        else:
            return _is_over(server)
        server.stdin.close()
        if not ended.wait(_STOP_S):
            server.kill()
            server.wait()
        return True


def _is_over(server: subprocess.Popen[bytes]) -> bool:
    """Of a server that died: nobody told it to stop."""
    assert server.stdin is not None
    with contextlib.suppress(BrokenPipeError):
        server.stdin.close()
    server.wait()
    return False


def _tell_end(server: subprocess.Popen[bytes], ended: threading.Event) -> None:
    server.wait()
    ended.set()


def _with_host(hosts: str | None) -> str:
    return f"{hosts},{_HOST}" if hosts else _HOST


_lock = threading.Lock()
_services: dict[str, _Service] = {}
