"""The ASGI app. All paths are known when it is made, but for versions in the Open Inference Protocol's: one dictionary
finds them. A request passes: gate (Host, Origin), key, and then goes to a model (`calls`) or gets a page."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from headrace.asgi.body import Receive, Scope, Send
from headrace.asgi.gate import Gate
from headrace.asgi.refusal import Headers, Refusal, method_not_allowed
from headrace.errors import HeadraceError
from headrace.serving.app.calls import Calls, Target
from headrace.serving.app.keys import Keys
from headrace.serving.app.log import log_request
from headrace.serving.app.measures import Measures
from headrace.serving.app.options import Options
from headrace.serving.app.pages import Pages
from headrace.serving.app.responses import dialect_of, headers_of, nothing_at, send_reply
from headrace.serving.app.routes import Routes
from headrace.serving.call import Reply
from headrace.serving.deployment import Deployments
from headrace.serving.observe import Observer
from headrace.serving.problems import problem

_NOTHING = Reply(status=200, body=b"", content_type="text/plain")


class App:
    """keys: None lets everybody ask. Answers 503 for the models until `ready` is called."""

    def __init__(
        self,
        deployments: Deployments,
        options: Options | None = None,
        *,
        keys: Keys | None = None,
        observers: Sequence[Observer] = (),
    ) -> None:
        options = options or Options()
        self.measures = Measures(deployments)
        self._keys = keys
        # A page of another site has no key, so that no name of this server can harm.
        self._gate = Gate(options if keys is None else _with_any_host(options))
        observers = [*observers, *([log_request] if options.log_requests else [])]
        self._calls = Calls(deployments, options, self.measures, observers)
        self._pages = Pages(deployments, self.measures, protected=keys is not None)
        self._routes = Routes(deployments, self._pages, public_metrics=options.public_metrics)
        for deployment in deployments.all():
            deployment.observers += [self.measures.observe, *observers]

    def ready(self) -> None:
        self._calls.ready = self._pages.ready = True

    def leaving(self) -> None:
        """From now on /ping and its like answer 503, so that nobody sends new requests here."""
        self._pages.leaving = True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if kind == "http":
            await self._http(scope, receive, send)
        elif kind == "lifespan":
            await _live(receive, send)
        else:
            await send({"type": "websocket.close", "code": 1003})

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        method, path = scope["method"], scope["path"]
        headers = dict(scope["headers"])
        given: Headers = []
        try:
            if method == "OPTIONS" and b"access-control-request-method" in headers:
                await send_reply(send, _NOTHING, self._gate.preflight(headers, path))
                return
            given = self._gate.check(method, path, headers)
            route = self._routes.find(path)
            if route is None:
                raise nothing_at(path, self._routes.main)
            if method not in route.methods:
                raise method_not_allowed(method, path, route.methods)
            if self._keys is not None and not route.public:
                self._keys.check(headers)
            if isinstance(route.goes, Target):
                await self._calls.answer(route.goes, headers, given, receive, send)
                return
            page = route.goes()
        except Refusal as refusal:
            await send_reply(send, _plain(refusal), [*given, *refusal.headers])
        except HeadraceError as error:
            await send_reply(send, problem(dialect_of(path), error), [*given, *headers_of(error, body_read=False)])
        else:
            await send_reply(send, page.reply, [*given, *page.headers])


def _plain(refusal: Refusal) -> Reply:
    return Reply(status=refusal.status, body=refusal.text.encode(), content_type="text/plain; charset=utf-8")


def _with_any_host(options: Options) -> Options:
    return msgspec.structs.replace(options, allowed_hosts=("*",))


async def _live(receive: Receive, send: Send) -> None:
    """Models are started and stopped by `run`, which tells a user why one can't be."""
    while True:
        event = await receive()
        if event["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        elif event["type"] == "lifespan.shutdown":
            await send({"type": "lifespan.shutdown.complete"})
            return
