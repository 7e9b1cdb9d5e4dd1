"""A host of a language model in the process of the test, and a tiny Phi-3 with 551 answers that are known."""

from __future__ import annotations

import importlib.util
import json
import threading
import time
from pathlib import Path
from typing import Any

import headrace as mlflow
from headrace.serving.call import Call, Kind, Reply
from headrace.serving.hosts.base import Host
from headrace.serving.hosts.open import open_host
from headrace.serving.spec import ModelSpec
from tests.serving.hosts.taking import JSON, Answered

EXAMPLES = Path(__file__).resolve().parents[3] / "examples" / "phi3"
PHI3 = EXAMPLES / "phi3-tiny-int4"
SPAIN = [{"role": "user", "content": "What is the capital of Spain?"}]
ATOM = [{"role": "user", "content": "Tell me a joke about atom"}]
MADRID = "The capital of Spain is Madrid."
WAIT_S = 120


def known() -> list[tuple[str, str]]:
    """Questions, and what the tiny Phi-3 answers to each."""
    spec = importlib.util.spec_from_file_location("dialogues", EXAMPLES / "dialogues.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    pairs: list[tuple[str, str]] = module.pairs()
    return pairs


def saved(folder: Path, task: str = "llm/v1/chat", **keys: Any) -> Path:
    mlflow.onnxruntime_genai.save_model(PHI3, folder, task=task, **keys)
    return folder


def opened(folder: Path, **options: Any) -> Host:
    return open_host(ModelSpec(path=str(folder), name="phi3", root=str(folder), **options))


class Heard(Answered):
    """Keeps what it gets, and lets a test wait for it."""

    def __init__(self) -> None:
        super().__init__()
        self._changed = threading.Condition()
        self._numbers = 0

    def part(self, call_id: int, data: bytes) -> None:
        with self._changed:
            super().part(call_id, data)
            self._changed.notify_all()

    def done(self, call_id: int, reply: Reply) -> None:
        with self._changed:
            super().done(call_id, reply)
            self._changed.notify_all()

    def number(self) -> int:
        self._numbers += 1
        return self._numbers

    def reply(self, call_id: int) -> Reply:
        with self._changed:
            assert self._changed.wait_for(lambda: call_id in self.replies, WAIT_S)
            return self.replies[call_id]

    def first_part(self, call_id: int) -> bytes:
        with self._changed:
            assert self._changed.wait_for(lambda: call_id in self.parts, WAIT_S)
            return self.parts[call_id][0]


class Talk:
    """What a client could say to the host."""

    def __init__(self, host: Host) -> None:
        self.host, self.heard = host, Heard()

    def send(self, body: Any, kind: Kind = "chat", *, content_type: str = JSON, in_s: float = WAIT_S) -> int:
        number = self.heard.number()
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        deadline = time.monotonic() + in_s
        self.host.take(
            [Call(id=number, kind=kind, body=data, content_type=content_type, deadline=deadline)], self.heard
        )
        return number

    def answer(self, body: Any, kind: Kind = "chat", **options: Any) -> Any:
        reply = self.heard.reply(self.send(body, kind, **options))
        assert reply.status == 200, reply
        return json.loads(reply.body)

    def refusal(self, body: Any, kind: Kind = "chat", **options: Any) -> tuple[int, Any]:
        reply = self.heard.reply(self.send(body, kind, **options))
        assert reply.status >= 400
        return reply.status, json.loads(reply.body)

    def events(self, body: Any, kind: Kind = "chat") -> list[Any]:
        """Of a stream that ends as it should, the chunks."""
        number = self.send({**body, "stream": True}, kind)
        assert self.heard.reply(number).status == 200
        events = events_of(b"".join(self.heard.parts[number]))
        assert events.pop() == "[DONE]"
        return [json.loads(event) for event in events]


def events_of(data: bytes) -> list[str]:
    *events, rest = data.decode().split("\n\n")
    assert rest == ""
    assert all(event.startswith("data: ") for event in events)
    return [event.removeprefix("data: ") for event in events]


def said(response: Any) -> list[tuple[str, str]]:
    return [(choice["message"]["content"], choice["finish_reason"]) for choice in response["choices"]]


def streamed(chunks: list[Any]) -> str:
    """Of the first choice."""
    return "".join(
        choice["delta"].get("content", "") for chunk in chunks for choice in chunk["choices"] if choice["index"] == 0
    )
