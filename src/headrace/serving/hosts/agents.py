"""Agents: Python models that take a chat, and those that stream what follows a prompt. Each call has a thread of its
own, as agents mostly wait for other services.

/invocations answers with what the model returns, unwrapped, or with its pieces as events; /v1/chat/completions and
/v1/completions with OpenAI's shape of it. An agent that can't stream sends its whole answer as one piece.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from headrace import clock
from headrace.errors import TimedOut
from headrace.packaging.mlmodel import Model
from headrace.packaging.payload import decode
from headrace.packaging.payload.errors import BadPayload
from headrace.packaging.payload.quick_answer import encode_quickly
from headrace.packaging.pyfunc.loaded import PyFuncModel
from headrace.packaging.schema import ColSpec
from headrace.packaging.types import DataType
from headrace.serving.call import EVENTS, Call, Kind, Reply
from headrace.serving.events import DONE, as_event
from headrace.serving.hosts.asking import json_object, refusal
from headrace.serving.hosts.base import Emit
from headrace.serving.hosts.described import described
from headrace.serving.hosts.failure import failure
from headrace.serving.hosts.openai_forms import Chunks, TextChunks, completion, text_completion, usage_of
from headrace.serving.problems import problem
from headrace.serving.spec import ModelSpec

PROMPT = "prompt"


def chat_field(meta: Model) -> str | None:
    """Where a model takes a chat: `messages`, or `input` of a ResponsesAgent. None for a model that takes none."""
    if (meta.metadata or {}).get("task") == "agent/v1/responses":
        return "input"
    schema = meta.signature.inputs if meta.signature else None
    if schema is None or schema.is_tensor_spec() or not schema.has_input_names():
        return None
    return "messages" if "messages" in schema.input_names() else None


def takes_prompts(model: PyFuncModel) -> bool:
    """Whether it continues texts: a column `prompt` of text, text for an answer, and a predict_stream of its own."""
    signature = model.metadata.signature
    schema = signature.inputs if signature else None
    if schema is None or schema.is_tensor_spec() or not schema.has_input_names():
        return False
    column = schema.input_dict().get(PROMPT)
    is_text = isinstance(column, ColSpec) and column.type is DataType.string
    return is_text and hasattr(model.predictor, "predict_stream")


class _Asked(NamedTuple):
    data: Any
    params: dict[str, Any] | None
    stream: bool
    unwrapped: bool = True


class AgentHost:
    """field: of `chat_field`, or PROMPT for a model that takes prompts."""

    def __init__(self, model: PyFuncModel, field: str, spec: ModelSpec, *, load_s: float) -> None:
        self._model, self._field, self._name = model, field, spec.name
        dialect: Kind = "completions" if field == PROMPT else "chat"
        self._streams = hasattr(model.predictor, "predict_stream")
        self._threads = ThreadPoolExecutor(spec.concurrency, thread_name_prefix="agent")
        self._cancelled: dict[int, threading.Event] = {}
        self.facts = described(
            model,
            kinds=[dialect, "invocations"],
            feeding="engine",
            load_s=load_s,
            concurrency=spec.concurrency,
            streams=True,
        )

    def take(self, calls: Sequence[Call], emit: Emit) -> None:
        for call in calls:
            self._cancelled[call.id] = threading.Event()
            self._threads.submit(self._run, call, emit)

    def cancel(self, call_id: int) -> None:
        """A predict that runs is run to its end; a stream ends with its next piece."""
        event = self._cancelled.get(call_id)
        if event is not None:
            event.set()

    def close(self) -> None:
        for event in list(self._cancelled.values()):
            event.set()
        self._threads.shutdown(wait=True)

    def _run(self, call: Call, emit: Emit) -> None:
        try:
            emit.done(call.id, self._answered(call, emit))
        finally:
            self._cancelled.pop(call.id, None)

    def _answered(self, call: Call, emit: Emit) -> Reply:
        started = clock.monotonic_s()
        if started > call.deadline or self._cancelled[call.id].is_set():
            return problem(call.kind, TimedOut("The request's time was over before the model could begin with it."))
        try:
            asked = self._asked(call)
        except Exception as error:  # noqa: BLE001 — whatever a body holds, it ends this call alone
            return refusal(call, error)
        try:
            if asked.stream:
                return self._stream(call, asked, emit, started)
            answer = self._model.predict(asked.data, params=asked.params)
            said = self._said(call.kind, answer)
            body, usage = encode_quickly(said, unwrapped=asked.unwrapped), usage_of(answer)
        except (Exception, SystemExit) as error:  # noqa: BLE001 — the user's code
            return problem(call.kind, failure(error))
        return Reply(status=200, body=body, rows=1, usage=usage, predict_s=clock.monotonic_s() - started)

    def _said(self, kind: Kind, answer: Any) -> Any:
        if kind == "chat":
            return completion(answer, self._name)
        return text_completion(answer, self._name) if kind == "completions" else answer

    def _asked(self, call: Call) -> _Asked:
        meta = self._model.metadata
        if call.kind == "invocations":
            found = decode(call.content_type, call.body, meta)
            wants = isinstance(found.data, dict) and found.data.get("stream") is True
            return _Asked(found.data, found.params, wants, found.unwrapped)
        body = json_object(call.body)
        given = _prompt(body) if call.kind == "completions" else _messages(body)
        signature = meta.signature
        known = {spec.name for spec in signature.params} if signature and signature.params else set()
        inputs = set(signature.inputs.input_names()) if signature and signature.inputs else set()
        # OpenAI's clients send more than most agents know, `model` above all.
        data = {key: value for key, value in body.items() if key in inputs and value is not None}
        params = {key: value for key, value in body.items() if key in known}
        return _Asked({self._field: given, **data}, params or None, body.get("stream") is True)

    def _stream(self, call: Call, asked: _Asked, emit: Emit, started: float) -> Reply:
        """Until the first piece is there, an error still has a status of its own."""
        events = self._events(call, asked)
        first = next(events, b"")
        emit.head(call.id, 200, EVENTS)
        try:
            emit.part(call.id, first)
            for event in events:
                if self._cancelled[call.id].is_set():
                    break
                emit.part(call.id, event)
        except (Exception, SystemExit) as error:  # noqa: BLE001 — the user's code
            told = problem(call.kind, failure(error))
            emit.part(call.id, as_event(told.body))
            return told
        finally:
            events.close()
        return Reply(status=200, body=b"", content_type=EVENTS, rows=1, predict_s=clock.monotonic_s() - started)

    def _events(self, call: Call, asked: _Asked) -> Generator[bytes, None, None]:
        pieces = self._pieces(call, asked)
        for piece in pieces:
            yield as_event(encode_quickly(piece, unwrapped=True))
        yield DONE

    def _pieces(self, call: Call, asked: _Asked) -> Iterator[Any]:
        if call.kind == "invocations":
            if self._streams:
                yield from self._model.predict_stream(asked.data, params=asked.params)
            else:
                yield self._model.predict(asked.data, params=asked.params)
            return
        chunks = Chunks(self._name) if call.kind == "chat" else TextChunks(self._name)
        if not self._streams:
            yield from chunks.of_whole(self._model.predict(asked.data, params=asked.params), self._name)
            return
        for piece in self._model.predict_stream(asked.data, params=asked.params):
            yield from chunks.of(piece)
        yield from chunks.end()


def _messages(body: dict[str, Any]) -> list[Any]:
    messages = body.pop("messages", None)
    if not isinstance(messages, list) or not messages:
        raise BadPayload("messages: a list of at least one message is needed.")
    return messages


def _prompt(body: dict[str, Any]) -> str:
    prompt = body.pop(PROMPT, None)
    if isinstance(prompt, list) and len(prompt) == 1:
        prompt = prompt[0]
    if not isinstance(prompt, str):
        raise BadPayload("prompt: a text is needed; this model takes one at a time.")
    return prompt
