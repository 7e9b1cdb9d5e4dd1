"""A wire between client and server that can be cut: it holds, resets, delays or truncates what passes."""

from __future__ import annotations

import contextlib
import random
import socket
import struct
import threading
import time
from typing import Literal

Mode = Literal["pass", "hold", "reset", "delay", "truncate"]


class Proxy:
    def __init__(self, target: tuple[str, int]) -> None:
        self.target = target
        self.mode: Mode = "pass"
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._closed = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def set(self, mode: Mode) -> None:
        self.mode = mode
        if mode == "reset":
            self._reset_all()

    def close(self) -> None:
        self._closed.set()
        self._listener.close()
        self._reset_all()

    def _reset_all(self) -> None:
        with self._lock:
            found, self._open = self._open, set()
        for each in found:
            try:
                each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # RST, not FIN
                each.close()
            except OSError:
                continue

    def _accept(self) -> None:
        while not self._closed.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(self.target, timeout=5)
            except OSError:
                client.close()
                continue
            server.settimeout(None)
            with self._lock:
                self._open |= {client, server}
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self._pump, args=(source, sink, sink is client), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, answers: bool) -> None:
        try:
            while content := source.recv(1 << 16):
                while self.mode == "hold" and not self._closed.is_set():
                    time.sleep(0.01)
                if self.mode == "delay":
                    time.sleep(random.random() / 20)
                if self.mode == "truncate" and answers:
                    sink.sendall(content[: random.randrange(len(content))])
                    break
                sink.sendall(content)
        except OSError:
            pass
        finally:
            for each in (source, sink):
                with self._lock:
                    self._open.discard(each)
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)  # the other thread may be reading: then close alone says nothing
                each.close()
