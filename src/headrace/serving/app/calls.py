"""One request that goes to a model: its body, its deadline, who answers, and what is told of it."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Mapping, Sequence

import msgspec

from headrace import clock
from headrace.asgi.body import Disconnected, Receive, Send, read_body
from headrace.asgi.refusal import Headers
from headrace.errors import HeadraceError, InvalidValue, RouteNotFound, StoreUnavailable, TimedOut
from headrace.serving import oip
from headrace.serving.answer import Streamed
from headrace.serving.app.measures import Measures
from headrace.serving.app.options import Options
from headrace.serving.app.responses import headers_of, send_reply
from headrace.serving.app.watch import Watch
from headrace.serving.arm import Served
from headrace.serving.call import CANCELLED, EVENTS, PATHS, Call, Kind, Reply
from headrace.serving.deployment import Deployment, Deployments
from headrace.serving.events import as_event
from headrace.serving.observe import Observation, Observer, tell
from headrace.serving.problems import problem, told

LOADING = "The model is still being loaded."
_HEADER_LENGTH = oip.HEADER_LENGTH.lower().encode()


class _Named(msgspec.Struct):
    model: str | None = None


_named = msgspec.json.Decoder(_Named)


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """Where a request goes. deployment: None where the body may name it. version: None where the deployment chooses."""

    kind: Kind
    deployment: Deployment | None = None
    version: str | None = None


class _Life:
    """What is known of a request so far. call: None until its body is there. begun: whether its answer has."""

    __slots__ = ("begun", "call", "complete_s", "deployment", "first_s", "kind", "served")

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.call: Call | None = None
        self.deployment: Deployment | None = None
        self.served: Served | None = None
        self.complete_s = clock.monotonic_s()
        self.first_s: float | None = None
        self.begun = False


class Calls:
    """ready: False while the models are being loaded."""

    def __init__(
        self, deployments: Deployments, options: Options, measures: Measures, observers: Sequence[Observer]
    ) -> None:
        self.ready = False
        self._deployments, self._options, self._measures = deployments, options, measures
        self._observers = (measures.observe, *observers)
        self._several = len(deployments.all()) > 1
        self._ids = itertools.count(1)

    async def answer(
        self, target: Target, headers: Mapping[bytes, bytes], given: Headers, receive: Receive, send: Send
    ) -> None:
        """given: headers that every answer carries."""
        life = _Life(target.kind)
        try:
            try:
                reply = await self._answered(life, target, headers, given, receive, send)
            except Disconnected:
                reply = CANCELLED
            except HeadraceError as error:
                reply = await self._failed(life, error, given, send)
            except Exception as error:  # noqa: BLE001 — the client gets an answer, the log the error
                reply = await self._failed(life, told(error, PATHS[target.kind]), given, send)
        finally:
            if life.deployment is not None:
                self._measures.in_flight[life.deployment.name] -= 1
        self._tell(life, reply, headers)

    async def _answered(
        self,
        life: _Life,
        target: Target,
        headers: Mapping[bytes, bytes],
        given: Headers,
        receive: Receive,
        send: Send,
    ) -> Reply:
        options, arrived_s = self._options, life.complete_s
        if not self.ready:
            raise StoreUnavailable(LOADING)
        _check_encoding(headers)
        body = await _body(receive, headers, options)
        life.complete_s = clock.monotonic_s()
        life.call = call = Call(
            id=next(self._ids),
            kind=target.kind,
            body=body,
            content_type=_content_type(headers),
            accept=headers.get(b"accept", b"").decode("latin-1"),
            deadline=arrived_s + options.timeout_s,
        )
        deployment = target.deployment or self._named(call)
        self._measures.in_flight[deployment.name] += 1
        life.deployment = deployment
        life.served = served = deployment.version(target.version) if target.version else deployment.choose()
        if call.kind not in served.facts.kinds:
            raise _answers_other(call.kind, deployment.name, served)
        deployment.mirror(call)
        with Watch(receive) as watch:
            answer = await served.pool.call(call)
            revision = (b"x-headrace-revision", served.label.encode("latin-1", "replace"))
            if isinstance(answer, Reply):
                life.begun = True
                await send_reply(send, answer, [*given, revision])
                return answer
            watch.begin()
            return await _stream(life, answer, [*given, revision], send)

    def _named(self, call: Call) -> Deployment:
        """Of a body that names none, the first model that answers its dialect."""
        if not self._several:
            return self._deployments.find()
        name = None
        with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):  # a model's process says what is wrong
            name = _named.decode(call.body).model
        if name is not None:
            return self._deployments.find(name)
        able = (each for each in self._deployments.all() if call.kind in each.main.served.facts.kinds)
        return next(able, None) or self._deployments.find()

    async def _failed(self, life: _Life, error: HeadraceError, given: Headers, send: Send) -> Reply:
        """408 for a body that doesn't come, 504 for an answer."""
        status = 408 if isinstance(error, TimedOut) and life.call is None else None
        reply = problem(life.kind, error, status=status)
        if not life.begun:
            life.begun = True
            await send_reply(send, reply, [*given, *headers_of(error, body_read=life.call is not None)])
        return reply

    def _tell(self, life: _Life, reply: Reply, headers: Mapping[bytes, bytes]) -> None:
        duration_s = clock.monotonic_s() - life.complete_s
        observation = Observation(
            deployment=life.deployment.name if life.deployment else "",
            revision=life.served.label if life.served else "",
            call=life.call or Call(id=0, kind=life.kind, body=b"", deadline=0.0),
            reply=reply,
            at_ms=clock.now_ms() - round(duration_s * 1000),
            duration_s=duration_s,
            queue_s=reply.queue_s,
            first_part_s=life.first_s,
            trace=headers.get(b"traceparent", b"").decode("latin-1"),
        )
        tell(self._observers, observation)


async def _body(receive: Receive, headers: Mapping[bytes, bytes], options: Options) -> bytes:
    return await read_body(receive, headers, options.max_body_bytes, options.body_timeout_s, total_s=options.timeout_s)


async def _stream(life: _Life, answer: Streamed, headers: Headers, send: Send) -> Reply:
    life.begun = True
    await send(
        {
            "type": "http.response.start",
            "status": answer.status,
            "headers": [
                *headers,
                (b"content-type", answer.content_type.encode("latin-1")),
                (b"cache-control", b"no-cache"),
                (b"x-accel-buffering", b"no"),
            ],
        }
    )
    failed: Reply | None = None
    try:
        async for part in answer.parts:
            if life.first_s is None:
                life.first_s = clock.monotonic_s() - life.complete_s
            await send({"type": "http.response.body", "body": part, "more_body": True})
    except HeadraceError as error:
        failed = problem(life.kind, error)
        if answer.content_type == EVENTS:
            await send({"type": "http.response.body", "body": as_event(failed.body), "more_body": True})
    finally:
        await answer.parts.aclose()
    await send({"type": "http.response.body", "body": b""})
    return failed or answer.done or Reply(status=answer.status, body=b"")


def _content_type(headers: Mapping[bytes, bytes]) -> str:
    length = headers.get(_HEADER_LENGTH)
    if length is not None:
        return oip.with_header_length(length.decode("latin-1"))
    return headers.get(b"content-type", b"").decode("latin-1")


def _check_encoding(headers: Mapping[bytes, bytes]) -> None:
    encoding = headers.get(b"content-encoding", b"identity")
    if encoding.lower() != b"identity":
        raise InvalidValue("Content-Encoding", encoding.decode("latin-1"), "bodies are taken uncompressed only.")


def _answers_other(kind: Kind, name: str, served: Served) -> RouteNotFound:
    known = ", ".join(PATHS[each].format(name=name) for each in served.facts.kinds)
    return RouteNotFound(f"The model {name!r} doesn't answer at {PATHS[kind].format(name=name)}, but at {known}.")
