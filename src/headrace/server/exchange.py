"""One request as a route sees it, and the types of routes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Generic, TypeVar

import msgspec
from starlette.responses import Response

from headrace.asgi.body import MALFORMED_LENGTH, Receive, Scope, receive_within
from headrace.errors import InvalidValue
from headrace.server.backend import Backend
from headrace.wire.endpoint import Endpoint

Q = TypeVar("Q")
M = TypeVar("M", bound=msgspec.Struct)
A = TypeVar("A", bound=msgspec.Struct)


class Exchange(Generic[Q]):
    """message: the decoded request. headers: lower-case names. user: who is calling, None without authentication."""

    __slots__ = ("backend", "headers", "message", "receive", "scope", "user")

    def __init__(
        self,
        backend: Backend,
        message: Q,
        scope: Scope,
        receive: Receive,
        headers: Mapping[bytes, bytes],
        user: str | None,
    ) -> None:
        self.backend = backend
        self.message = message
        self.scope = scope
        self.receive = receive
        self.headers = headers
        self.user = user

    def header(self, name: str) -> str | None:
        value = self.headers.get(name.encode())
        return None if value is None else value.decode("latin-1")

    def content_length(self) -> int | None:
        value = self.headers.get(b"content-length")
        if value is None:
            return None
        if not value.isdigit():
            raise InvalidValue(message=MALFORMED_LENGTH)
        return int(value)

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body of an upload as it arrives. Raises Disconnected if it ends early, TimedOut if nothing comes."""
        more = True
        while more:
            event = await receive_within(self.receive, self.backend.options.body_timeout_s)
            more = event.get("more_body", False)
            if chunk := event.get("body", b""):
                yield chunk


Handler = Callable[[Exchange[Any]], Awaitable[msgspec.Struct | Response]]


class Routes:
    """Handlers of a resource, by endpoint name. `@routes.serves(ENDPOINT)` ties one on, its types checked."""

    def __init__(self) -> None:
        self.handlers: dict[str, Handler] = {}

    def serves(self, endpoint: Endpoint[M, A]) -> Callable[[Callable[[Exchange[M]], Awaitable[A | Response]]], Handler]:
        def tie(handler: Callable[[Exchange[M]], Awaitable[A | Response]]) -> Handler:
            assert endpoint.name not in self.handlers, f"{endpoint.name} has two routes"
            self.handlers[endpoint.name] = handler
            return handler

        return tie
