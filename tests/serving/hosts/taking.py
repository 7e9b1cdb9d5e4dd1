"""A host in the process of the test, asked as a worker asks it."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import msgspec

from headrace.packaging.mlmodel import PYFUNC, Model
from headrace.packaging.pyfunc.loaded import PyFuncModel
from headrace.packaging.schema import ParamSchema, Schema
from headrace.packaging.signature import ModelSignature
from headrace.serving.call import Call, Kind, Reply
from headrace.serving.hosts.base import Host
from headrace.serving.hosts.predict import PredictHost
from headrace.serving.spec import ModelSpec

JSON = "application/json"


class Answered:
    """An `Emit` that keeps what it gets. Each call is done once."""

    def __init__(self) -> None:
        self.replies: dict[int, Reply] = {}
        self.heads: dict[int, tuple[int, str]] = {}
        self.parts: dict[int, list[bytes]] = {}

    def head(self, call_id: int, status: int, content_type: str) -> None:
        self.heads[call_id] = (status, content_type)

    def part(self, call_id: int, data: bytes) -> None:
        assert call_id in self.heads
        self.parts.setdefault(call_id, []).append(data)

    def done(self, call_id: int, reply: Reply) -> None:
        assert call_id not in self.replies
        self.replies[call_id] = reply


def call(
    body: Any,
    kind: Kind = "invocations",
    *,
    number: int = 0,
    content_type: str = JSON,
    accept: str = "",
    in_s: float = 3600,
) -> Call:
    """body: bytes, or what becomes JSON. in_s: until its deadline."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Call(id=0, kind=kind, body=data, content_type=content_type, accept=accept, deadline=time.monotonic() + in_s)


def ask(host: Host, *calls: Call) -> list[Reply]:
    """Taken together; the calls are numbered anew."""
    emit = Answered()
    host.take([msgspec.structs.replace(each, id=number) for number, each in enumerate(calls)], emit)
    return [emit.replies[number] for number in range(len(calls))]


def said(reply: Reply) -> Any:
    """Status and the JSON of the body, without the number of an incident."""
    return reply.status, json.loads(re.sub(rb"incident [0-9a-f]+", b"incident", reply.body))


def model_of(
    impl: Any, inputs: Schema | None = None, params: ParamSchema | None = None, flavor: str = "sklearn", **keys: Any
) -> PyFuncModel:
    """In memory, as if it had been loaded from that flavor."""
    signature = ModelSignature(inputs, None, params) if inputs or params else None
    flavors = {PYFUNC: {"loader_module": f"mlflow.{flavor}"}, flavor: {}}
    return PyFuncModel(Model(flavors=flavors, signature=signature, **keys), impl)


def host_of(model: PyFuncModel, **options: Any) -> PredictHost:
    return PredictHost(model, ModelSpec(path="", name="m", **options), load_s=0.0)
