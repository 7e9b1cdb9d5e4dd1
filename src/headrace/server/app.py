"""The ASGI app. Paths without parameters, the hot ones among them, are found in a dictionary; Starlette's router finds
the others. Either way a request passes: gate (Host, Origin), authentication, decoding, one route, encoding.

The table is the law: every row has a permission and a route, and every route a row, or the app doesn't start.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, get_args

from starlette.responses import Response
from starlette.routing import Match, Route, Router

from headrace.asgi.body import Disconnected, Receive, Scope, Send, read_body
from headrace.asgi.gate import Gate
from headrace.asgi.refusal import Headers, Refusal, method_not_allowed, not_found
from headrace.errors import InvalidValue, NotSupported
from headrace.server.auth import Authenticator
from headrace.server.backend import Backend
from headrace.server.exchange import Exchange, Handler
from headrace.server.handlers import all_handlers
from headrace.server.options import Options
from headrace.server.problems import answer_of
from headrace.stores.base import TrackingStore
from headrace.wire.codec import encode
from headrace.wire.endpoint import JSON, Endpoint, Permission
from headrace.wire.endpoints import ENDPOINTS
from headrace.wire.requests import from_body, from_query

_JSON_HEADER = (b"content-type", JSON.encode())
_NO_PATH: dict[str, str] = {}


def create_app(
    store: TrackingStore,
    options: Options | None = None,
    *,
    artifacts: Any = None,
    models: TrackingStore | None = None,
) -> App:
    """artifacts: handed to the artifact routes as `exchange.backend.artifacts`. models: the registry's store, where
    that is another one. The app closes the stores at its end."""
    return App(Backend(store, options or Options(), artifacts, models), all_handlers(), ENDPOINTS)


class Served:
    """A row of the table with its route."""

    __slots__ = ("decodes_body", "endpoint", "handler")

    def __init__(self, endpoint: Endpoint[Any, Any], handler: Handler, method: str) -> None:
        self.endpoint = endpoint
        self.handler = handler
        self.decodes_body = method not in ("GET", "HEAD") and not endpoint.upload


class App:
    def __init__(
        self, backend: Backend, handlers: Mapping[str, Handler], endpoints: tuple[Endpoint[Any, Any], ...]
    ) -> None:
        self.backend = backend
        self._gate = Gate(backend.options)
        self._auth = None if backend.options.auth == "none" else Authenticator(backend)
        self._static: dict[tuple[str, str], Served] = {}
        self._static_methods: dict[str, list[str]] = {}
        self._router = Router()
        check_table(handlers, endpoints)
        for endpoint in endpoints:
            self._mount(endpoint, _closed(endpoint, backend.options) or handlers.get(endpoint.name, _unavailable))

    def leave(self) -> None:
        """On the event loop, when the server begins to stop: answers that have no end of their own end."""
        self.backend.leave()

    def _mount(self, endpoint: Endpoint[Any, Any], handler: Handler) -> None:
        methods = [*endpoint.methods, *(["HEAD"] if "GET" in endpoint.methods else [])]
        prefix = self.backend.options.static_prefix
        # The page at the root answers without its slash, too, where there is a prefix.
        bare = (prefix,) if prefix and endpoint.path == "/" else ()
        for path in (*bare, *(prefix + mount for mount in endpoint.mounts)):
            for method in methods:
                served = Served(endpoint, handler, method)
                if endpoint.placeholders:
                    self._router.routes.append(Route(path, partial(self._serve, served), methods=[method]))
                else:
                    self._static[method, path] = served
                    self._static_methods.setdefault(path, []).append(method)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if kind == "http":
            served = self._static.get((scope["method"], scope["path"]))
            if served is None:
                await self._find(scope, receive, send)
            else:
                await self._serve(served, scope, receive, send)
        elif kind == "lifespan":
            await self._live(receive, send)
        else:
            await send({"type": "websocket.close", "code": 1003})

    async def _find(self, scope: Scope, receive: Receive, send: Send) -> None:
        method, path = scope["method"], scope["path"]
        allowed = list(self._static_methods.get(path, ()))
        for route in self._router.routes:
            match, found = route.matches(scope)
            if match is Match.FULL:
                scope.update(found)
                await found["endpoint"](scope, receive, send)
                return
            if match is Match.PARTIAL and isinstance(route, Route):
                allowed += route.methods or ()
        headers: Headers = []
        try:
            known = dict(scope["headers"])
            if method == "OPTIONS" and b"access-control-request-method" in known:
                await _send(send, 200, self._gate.preflight(known, path), b"")
                return
            headers = self._gate.check(method, path, known)
            raise method_not_allowed(method, path, allowed) if allowed else not_found(path)
        except Refusal as refusal:
            await _send_error(send, refusal, headers, "routing")

    async def _serve(self, served: Served, scope: Scope, receive: Receive, send: Send) -> None:
        endpoint, backend = served.endpoint, self.backend
        given: Headers = []
        started = False
        try:
            headers = dict(scope["headers"])
            given = self._gate.check(scope["method"], scope["path"], headers)
            user = None
            if self._auth is not None and endpoint.permission != "public":
                user = await self._auth.admit(headers, endpoint, scope["path"])
            path = scope.get("path_params", _NO_PATH)
            query: bytes = scope["query_string"]
            if served.decodes_body:
                body = await self._body(receive, headers)
                _check_content_type(headers, body)
                message = from_body(endpoint.request, body, path)
            elif query or path or endpoint.upload or not headers.get(b"content-length", b"0").strip(b"0"):
                message = from_query(endpoint.request, query, path)
            else:
                message = from_body(endpoint.request, await self._body(receive, headers), path)
            answer = await served.handler(Exchange(backend, message, scope, receive, headers, user))
            if not isinstance(answer, Response):
                body = encode(answer)
                started = True
                await _send(send, 200, [*given, _JSON_HEADER], body)
                return
            answer.raw_headers.extend(given)
            started = True
            await answer(scope, receive, send)
        except Disconnected:
            return
        except Exception as error:
            if started:
                raise  # the answer's head is out; the server cuts the connection and logs the error
            await _send_error(send, error, given, endpoint.name)

    async def _body(self, receive: Receive, headers: Mapping[bytes, bytes]) -> bytes:
        options = self.backend.options
        return await read_body(receive, headers, options.max_body_bytes, options.body_timeout_s)

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            event = await receive()
            if event["type"] == "lifespan.startup":
                self.backend.start()
                await send({"type": "lifespan.startup.complete"})
            elif event["type"] == "lifespan.shutdown":
                await self.backend.close()
                await send({"type": "lifespan.shutdown.complete"})
                return


async def _send(send: Send, status: int, headers: Headers, body: bytes) -> None:
    headers = [*headers, (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _send_error(send: Send, error: Exception, given: Headers, place: str) -> None:
    status, headers, body = answer_of(error, place)
    await _send(send, status, [*given, *headers], body)


def _check_content_type(headers: Mapping[bytes, bytes], body: bytes) -> None:
    kind = headers.get(b"content-type")
    if kind is None and not body:
        return
    if kind != b"application/json" and (kind or b"").partition(b";")[0].strip().lower() != b"application/json":
        raise InvalidValue(
            "Content-Type", (kind or b"").decode("latin-1"), "requests with a body are application/json."
        )


def _closed(endpoint: Endpoint[Any, Any], options: Options) -> Handler | None:
    """Instead of a route that the server's options switch off: 503 with the reason."""
    room = endpoint.name.partition(".")[0]
    if options.artifacts_only and room not in ("proxy", "service"):
        reason = "This server serves artifacts only (--artifacts-only); tracking is elsewhere.\n"
    elif not options.serves_artifacts and room == "proxy":
        reason = "This server doesn't serve artifacts (--no-serve-artifacts).\n"
    else:
        return None

    async def refuse(_: Exchange[Any]) -> Response:
        raise Refusal(503, reason)

    return refuse


async def _unavailable(_: Exchange[Any]) -> Response:
    raise NotSupported("This server doesn't serve artifacts.")


def check_table(handlers: Mapping[str, Handler], endpoints: tuple[Endpoint[Any, Any], ...]) -> None:
    names = {endpoint.name for endpoint in endpoints}
    problems = [f"route {name!r} has no row in the endpoint table" for name in handlers.keys() - names]
    for endpoint in endpoints:
        if endpoint.permission not in get_args(Permission):
            problems.append(f"endpoint {endpoint.name!r} needs no known permission: {endpoint.permission!r}")
        if endpoint.name not in handlers and not endpoint.name.startswith(("artifacts.", "proxy.")):
            problems.append(f"endpoint {endpoint.name!r} has no route")
    assert len(names) == len(endpoints), "two endpoints share a name"
    if problems:
        raise AssertionError("; ".join(problems))
