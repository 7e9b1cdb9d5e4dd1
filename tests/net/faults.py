"""An HTTP server on a real socket that does to each request what the test says: answer, drop, stall, talk nonsense."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Seen:
    """A request as it came."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: int


Fault = Callable[[socket.socket], bool]  # True: keep the connection for the next request


def answer(status: int = 200, body: bytes = b"{}", keep: bool = True, **headers: str) -> Fault:
    def act(connection: socket.socket) -> bool:
        lines = {"Content-Length": str(len(body)), **{name.replace("_", "-"): value for name, value in headers.items()}}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        connection.sendall(f"HTTP/1.1 {status} Said\r\n{head}\r\n".encode() + body)
        return keep

    return act


def drop(connection: socket.socket) -> bool:
    """Closes after reading, without a word."""
    return False


def reset(connection: socket.socket) -> bool:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False


def raw(data: bytes) -> Fault:
    def act(connection: socket.socket) -> bool:
        connection.sendall(data)
        return False

    return act


def stall(release: threading.Event) -> Fault:
    """Says nothing until the test lets go."""

    def act(connection: socket.socket) -> bool:
        release.wait(30)
        return False

    return act


def drip(release: threading.Event, head: bytes, piece: bytes) -> Fault:
    """Sends pieces for as long as the other side listens."""

    def act(connection: socket.socket) -> bool:
        connection.sendall(head)
        while not release.wait(0.01):
            try:
                connection.sendall(piece)
            except OSError:
                break
        return False

    return act


@dataclass
class FaultServer:
    """faults are used up one per request; the last one stays."""

    faults: list[Fault]
    host: str = "127.0.0.1"
    seen: list[Seen] = field(default_factory=list)
    connections: int = 0

    def __post_init__(self) -> None:
        self._listener = socket.create_server((self.host, 0))
        self.port: int = self._listener.getsockname()[1]
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def close(self) -> None:
        self._listener.close()
        with self._lock:
            for connection in self._open:
                connection.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self._open.append(connection)
                self.connections += 1
                number = self.connections
            threading.Thread(target=self._serve, args=(connection, number), daemon=True).start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        with connection, connection.makefile("rb") as stream:
            try:
                while self._one(connection, stream, number):
                    pass
            except OSError:
                pass

    def _one(self, connection: socket.socket, stream: object, number: int) -> bool:
        line = stream.readline()  # type: ignore[attr-defined]
        if not line:
            return False
        method, target, _ = line.decode().split(" ", 2)
        headers = {}
        while (line := stream.readline().decode().strip()) != "":  # type: ignore[attr-defined]
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        body = stream.read(int(headers.get("content-length", 0)))  # type: ignore[attr-defined]
        with self._lock:
            self.seen.append(Seen(method, target, headers, body, number))
            fault = self.faults.pop(0) if len(self.faults) > 1 else self.faults[0]
        return fault(connection)


@contextmanager
def serving(*faults: Fault, host: str = "127.0.0.1") -> Iterator[FaultServer]:
    server = FaultServer(list(faults), host)
    try:
        yield server
    finally:
        server.close()


def free_port() -> int:
    """One that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
