"""The front on a real socket, before pools that do what a request's body says."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
import threading
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvloop

from headrace.errors import StoreUnavailable, TimedOut, TooBusy
from headrace.packaging.trust import Origin
from headrace.serving.answer import Answer, Streamed
from headrace.serving.app.app import App
from headrace.serving.app.keys import Keys
from headrace.serving.app.options import Options
from headrace.serving.app.run import Listening, serving
from headrace.serving.call import EVENTS, Call, Reply, Usage
from headrace.serving.deployment import Deployment, Deployments, Part
from headrace.serving.facts import Facts
from headrace.serving.observe import Observer
from headrace.serving.source import FixedSource, Revision
from headrace.serving.workers import Load

DEADLINE_S = 30.0
FACTS = Facts(
    model_id="m-1",
    flavors=["sklearn"],
    kinds=["invocations", "chat", "completions", "embeddings", "infer"],
    feeding="calls",
    streams=True,
)
NO_LOAD = Load(
    waiting=1,
    running=2,
    workers=3,
    busy=2,
    answered=0,
    batches=7,
    refused=0,
    expired=0,
    crashed=4,
    stuck=0,
    recycled=0,
)


class ScriptedPool:
    """A body may say `{"do": …}`: echo (the call's facts), busy, late, gone, raise, wait (until cancelled), stream
    (parts that the test sends), parts (a few at once), break (a stream that fails)."""

    def __init__(self, label: str, facts: Facts) -> None:
        self.label, self.facts = label, facts
        self.alive = True
        self.waiting = threading.Event()
        self.cancelled = threading.Event()
        self.parts: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.go: asyncio.Event | None = None

    async def start(self) -> Facts:
        if self.go is not None:
            await self.go.wait()
        return self.facts

    async def call(self, call: Call) -> Answer:
        do = json.loads(call.body).get("do", "echo") if call.body.startswith(b"{") else "echo"
        match do:
            case "busy":
                error = TooBusy("Full.")
                error.retry_after_s = 2.2  # type: ignore[attr-defined]
                raise error
            case "late":
                raise TimedOut("Late.")
            case "gone":
                raise StoreUnavailable("Gone.")
            case "raise":
                raise RuntimeError("secret")
            case "wait":
                await self._hold()
            case "stream" | "parts" | "break":
                return _streamed(self, do)
            case "field":
                body = b'{"error_code": "BAD_REQUEST", "message": "no"}'
                return Reply(status=400, body=body, error="BAD_REQUEST", field=json.loads(call.body)["field"])
        told = {"pool": self.label, "kind": call.kind, "type": call.content_type, "accept": call.accept}
        return Reply(
            status=200,
            body=json.dumps({**told, "bytes": len(call.body)}).encode(),
            rows=3,
            predict_s=0.01,
            batch=2,
            queue_s=0.002,
            usage=Usage(5, 7),
        )

    async def _hold(self) -> None:
        self.waiting.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise

    async def _parts(self, do: str) -> AsyncGenerator[bytes, None]:
        try:
            if do == "parts":
                for each in (b"data: 1\n\n", b"data: 2\n\n"):
                    yield each
                return
            while (part := await self.parts.get()) is not None:
                yield part
            if do == "break":
                raise StoreUnavailable("The process that had this request ended.")
        finally:
            self.cancelled.set()

    async def warm(self, body: bytes, content_type: str) -> list[Reply]:
        return []

    async def stop(self, grace_s: float) -> None:
        pass

    def load(self) -> Load:
        return NO_LOAD


def _streamed(pool: ScriptedPool, do: str) -> Streamed:
    async def parts() -> AsyncGenerator[bytes, None]:
        async for part in pool._parts(do):
            yield part
        streamed.done = Reply(status=200, body=b"", usage=Usage(1, 2))

    streamed = Streamed(200, EVENTS, parts())
    return streamed


@dataclass
class Front:
    address: str
    loop: asyncio.AbstractEventLoop
    task: asyncio.Task[None]
    deployments: Deployments
    pools: dict[str, ScriptedPool] = field(default_factory=dict)

    @property
    def host(self) -> str:
        return self.address.removeprefix("http://")

    @property
    def pool(self) -> ScriptedPool:
        return next(iter(self.pools.values()))

    def soon(self, act: Callable[[], Any]) -> None:
        self.loop.call_soon_threadsafe(act)

    def stop(self) -> None:
        """As a signal does."""
        self.soon(self.task.cancel)

    def socket(self) -> socket.socket:
        name, _, port = self.host.rpartition(":")
        return socket.create_connection((name, int(port)), timeout=DEADLINE_S)

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | str | dict[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answered:
        connection = http.client.HTTPConnection(self.host, timeout=DEADLINE_S)
        try:
            given = dict(headers or {})
            if isinstance(body, dict):
                body = json.dumps(body)
                given.setdefault("Content-Type", "application/json")
            connection.request(method, path, body, given)
            response = connection.getresponse()
            return Answered(response.status, dict(response.getheaders()), response.read())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Answered:
        return self.ask("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})


@dataclass(frozen=True)
class Answered:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def revision(label: str) -> Revision:
    return Revision(label=label, uri=f"models:/m/{label}", path=Path("/m"), origin=Origin.elsewhere())


@contextmanager
def front(
    *names: str,
    facts: Facts | Mapping[str, Facts] = FACTS,
    options: Options | None = None,
    keys: Sequence[str] = (),
    observers: Sequence[Observer] = (),
    others: Sequence[str] = (),
    port: int = 0,
    certificate: Path | None = None,
    client_authority: Path | None = None,
    linger_s: float = 0.0,
    loads: bool = True,
) -> Iterator[Front]:
    """names: of the models, each in version 1. facts: of all of them, or by name. others: labels of versions of the
    first that answer no request by themselves. loads: without it, they go on loading until `pool.go` is set."""
    pools: dict[str, ScriptedPool] = {}

    def pool(name: str) -> Callable[[Revision], ScriptedPool]:
        def make(made: Revision) -> ScriptedPool:
            found = pools[name if made.label == "1" else f"{name}/{made.label}"] = ScriptedPool(
                made.label, facts if isinstance(facts, Facts) else facts[name]
            )
            if not loads:
                found.go = asyncio.Event()
            return found

        return make

    parts = [Part(source=FixedSource(revision(label)), share=0.0) for label in others]
    deployments = Deployments(
        [
            Deployment(name, FixedSource(revision("1")), parts if at == 0 else [], pool(name))
            for at, name in enumerate(names or ("wine",))
        ]
    )
    begun, answering, ended = threading.Event(), threading.Event(), threading.Event()
    found: dict[str, Any] = {}

    def make_app() -> App:
        return App(deployments, options, keys=Keys(keys) if keys else None, observers=observers)

    async def run() -> None:
        found["loop"] = asyncio.get_running_loop()
        found["task"] = asyncio.current_task()
        begun.set()
        listening = Listening(
            port=port,
            certfile=str(certificate) if certificate else None,
            ca_certs=str(client_authority) if client_authority else None,
            drain_s=60,
            linger_s=linger_s,
        )
        await serving(deployments, make_app, listening, ready)

    def ready(address: str) -> None:
        found["address"] = address
        answering.set()

    def work() -> None:
        try:
            uvloop.run(run())
        except asyncio.CancelledError:
            pass
        except Exception as error:  # noqa: BLE001 — the test's thread raises it
            found["error"] = error
        finally:
            ended.set()
            answering.set()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        assert begun.wait(DEADLINE_S)
        if loads:
            assert answering.wait(DEADLINE_S)
            if "error" in found:
                raise found["error"]
        yield Front(found.get("address", f"http://127.0.0.1:{port}"), found["loop"], found["task"], deployments, pools)
    finally:
        if not ended.is_set():
            found["loop"].call_soon_threadsafe(found["task"].cancel)
        thread.join(DEADLINE_S)
        assert not thread.is_alive()
