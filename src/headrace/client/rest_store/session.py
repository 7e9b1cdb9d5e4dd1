"""One server: a message of the endpoint table goes out, its answer comes back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import TypeVar

import msgspec

from headrace.errors import RouteNotFound
from headrace.net import problems
from headrace.net.message import Request, Transport
from headrace.wire.codec import Outgoing, decode, outgoing
from headrace.wire.endpoint import Endpoint

Q = TypeVar("Q", bound=msgspec.Struct)
A = TypeVar("A", bound=msgspec.Struct)

_JSON = {"Content-Type": "application/json", "Accept": "application/json"}
_BYTES = {"Content-Type": "application/octet-stream", "Accept": "application/json"}
_NO_HEADERS: Mapping[str, str] = {}
_OWN_PATHS = "/api/1.0/headrace/"


class Session:
    """Thread safe. base: the server's address without a slash at its end. foreign: it isn't even asked for what only
    Headrace's servers have."""

    def __init__(self, base: str, transport: Transport, foreign: bool = False) -> None:
        self.base, self.transport, self.foreign = base, transport, foreign
        self._lock = threading.Lock()
        self._missing: set[str] = set()  # names of our own endpoints that this server doesn't have

    def call(
        self,
        endpoint: Endpoint[Q, A],
        message: msgspec.Struct,
        headers: Mapping[str, str] = _NO_HEADERS,
        *,
        repeatable: bool = True,
    ) -> A:
        """The answer, or the error that the server answered with. repeatable: as in `net.message.Request`."""
        out = outgoing(endpoint, message)
        return self._sent(endpoint, out, out.body, {**_JSON, **headers}, repeatable=repeatable)

    def _sent(
        self,
        endpoint: Endpoint[Q, A],
        out: Outgoing,
        body: bytes | None,
        headers: Mapping[str, str] = _BYTES,
        *,
        repeatable: bool = True,
    ) -> A:
        url = self.base + out.target
        response = self.transport.send(
            Request(method=out.method, url=url, headers=headers, body=body, repeatable=repeatable)
        )
        problems.raise_for_status(url, response)
        if response.body.lstrip()[:1] not in (b"{", b"", b"O"):  # an object, nothing, or OK
            problems.not_an_answer(url, response)
        return decode(endpoint.answer, response.body)

    def call_own(
        self, endpoint: Endpoint[Q, A], message: msgspec.Struct, headers: Mapping[str, str] = _NO_HEADERS
    ) -> A | None:
        """As `call`, for an endpoint that only Headrace's servers have; None from another one."""
        return self._asked(endpoint, lambda: self.call(endpoint, message, headers))

    def _asked(self, endpoint: Endpoint[Q, A], call: Callable[[], A]) -> A | None:
        assert endpoint.path.startswith(_OWN_PATHS)
        if self.foreign or endpoint.name in self._missing:
            return None
        try:
            return call()
        except RouteNotFound:
            with self._lock:
                self._missing.add(endpoint.name)
            return None

    def post_own(self, endpoint: Endpoint[Q, A], message: msgspec.Struct, body: bytes) -> A | None:
        """As `call_own`, for an endpoint whose body is bytes."""
        assert endpoint.upload
        return self._asked(endpoint, lambda: self._sent(endpoint, outgoing(endpoint, message), body))

    def close(self) -> None:
        self.transport.close()
