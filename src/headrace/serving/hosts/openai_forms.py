"""What Python models answer with, in OpenAI's shapes. Agents' own are a completion, a ChatAgent's messages, a
ResponsesAgent's items and events, bare text, or whatever else a Python function returns; of a prompt, text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from headrace import clock
from headrace.packaging.payload.answer import jsonable, plain_value
from headrace.serving.call import Usage

Answer = dict[str, Any]


def completion(answer: Any, model_name: str) -> Answer:
    """Of what `predict` returned for one request."""
    said = _one(answer)
    if not isinstance(said, Mapping):
        return {**_head("chat.completion", model_name), "choices": [_choice({"content": _text(said)})]}
    head = _head("chat.completion", model_name)
    if "choices" in said:
        return {**head, **{key: value for key, value in said.items() if value is not None}}
    if "messages" in said or "output" in said:
        message = _last_message(said["messages"]) if "messages" in said else _message_of_items(said["output"])
        made = {**head, "choices": [_choice(message, said.get("finish_reason"))]}
        return {**made, "usage": _counts(said["usage"])} if said.get("usage") else made
    message = dict(said) if "content" in said else {"content": _text(said)}
    return {**head, "choices": [_choice(message)]}


def text_completion(answer: Any, model_name: str) -> Answer:
    """Of what `predict` returned for one prompt."""
    said = _one(answer)
    head = {**_head("text_completion", model_name), "id": f"cmpl-{clock.hex_id()}"}
    if isinstance(said, Mapping) and "choices" in said:
        return {**head, **{key: value for key, value in said.items() if value is not None}}
    return {**head, "choices": [{"index": 0, "text": _text(said), "finish_reason": "stop"}]}


class TextChunks:
    """Of one stream: pieces of text that `predict_stream` yields."""

    def __init__(self, model_name: str) -> None:
        self._head = {**_head("text_completion", model_name), "id": f"cmpl-{clock.hex_id()}"}

    def of(self, piece: Any) -> list[Answer]:
        return [self._chunk(_text(_one(piece)), None)]

    def of_whole(self, answer: Any, model_name: str) -> list[Answer]:
        choice = text_completion(answer, model_name)["choices"][0]
        return [self._chunk(choice.get("text", ""), choice.get("finish_reason"))]

    def end(self) -> list[Answer]:
        return [self._chunk("", "stop")]

    def _chunk(self, text: str, reason: str | None) -> Answer:
        return {**self._head, "choices": [{"index": 0, "text": text, "finish_reason": reason}]}


def usage_of(answer: Any) -> Usage | None:
    said = _one(answer)
    counts = _counts(said["usage"]) if isinstance(said, Mapping) and isinstance(said.get("usage"), Mapping) else {}
    if not isinstance(counts.get("prompt_tokens"), int) or not isinstance(counts.get("completion_tokens"), int):
        return None
    return Usage(prompt=counts["prompt_tokens"], completion=counts["completion_tokens"])


class Chunks:
    """Of one stream: pieces of `predict_stream` become chunks of one id."""

    def __init__(self, model_name: str) -> None:
        self._base = _head("chat.completion.chunk", model_name)
        self._role_said = self._finished = self._text_said = False

    def of(self, piece: Any) -> list[Answer]:
        said = _one(piece)
        if not isinstance(said, Mapping):
            return [self._chunk({"content": _text(said)})]
        if "choices" in said:
            self._finished = self._finished or any(choice.get("finish_reason") for choice in said["choices"])
            self._role_said = True
            given = {key: value for key, value in said.items() if value is not None}
            return [{**self._base, **given, "id": self._base["id"]}]
        if "type" in said:
            return self._of_event(said)
        delta = said.get("delta", said)
        if isinstance(delta, Mapping):
            known = {key: delta[key] for key in ("content", "tool_calls") if delta.get(key) is not None}
            return [self._chunk(known or {"content": _text(said)}, said.get("finish_reason"))]
        return [self._chunk({"content": _text(delta)})]

    def of_whole(self, answer: Any, model_name: str) -> list[Answer]:
        """Of a model that doesn't stream."""
        choices = completion(answer, model_name)["choices"]
        message = choices[0].get("message", {})
        delta = {key: message[key] for key in ("content", "tool_calls") if message.get(key) is not None}
        return [self._chunk(delta), *self.end(choices[0].get("finish_reason"))]

    def end(self, reason: str | None = None) -> list[Answer]:
        return [] if self._finished else [self._chunk({}, reason or "stop")]

    def _of_event(self, event: Mapping[str, Any]) -> list[Answer]:
        """Text comes in deltas, in the end as a whole item, or both; it is said once."""
        if event["type"] == "response.output_text.delta":
            self._text_said = True
            return [self._chunk({"content": _text(event.get("delta", ""))})]
        if event["type"] == "response.output_item.done":
            message = _message_of_items([event.get("item", {})])
            if self._text_said:
                self._text_said = False
                message.pop("content", None)
            known = {key: value for key, value in message.items() if value and key != "role"}
            return [self._chunk(known)] if known else []
        return []

    def _chunk(self, delta: Answer, reason: str | None = None) -> Answer:
        if not self._role_said:
            self._role_said = True
            delta = {"role": "assistant", **delta}
        self._finished = self._finished or reason is not None
        return {**self._base, "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}


def _one(answer: Any) -> Any:
    """The answer to the one request that was asked, as plain values."""
    plain = jsonable(answer)
    if isinstance(plain, (list, tuple)) and len(plain) == 1:
        plain = plain[0]
    for name in ("to_dict", "model_dump"):
        dump = getattr(plain, name, None)
        if callable(dump):
            return dump()
    return plain


def _head(kind: str, model_name: str) -> Answer:
    return {
        "id": f"chatcmpl-{clock.hex_id()}",
        "object": kind,
        "created": clock.now_ms() // 1000,
        "model": model_name,
    }


def _choice(message: Mapping[str, Any], reason: str | None = None) -> Answer:
    return {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": reason or "stop"}


def _last_message(messages: list[Any]) -> Answer:
    """The last word; tools' messages before it are the agent's own business."""
    last = _one(messages[-1]) if messages else {}
    kept = ("role", "content", "tool_calls", "name")
    return {key: last[key] for key in kept if last.get(key) is not None} if isinstance(last, Mapping) else {}


def _message_of_items(items: list[Any]) -> Answer:
    texts, calls = [], []
    for item in items:
        if item.get("type") == "message":
            texts += [part.get("text", "") for part in item.get("content", ()) if part.get("type") == "output_text"]
        elif item.get("type") == "function_call":
            function = {"name": item.get("name"), "arguments": item.get("arguments")}
            calls.append({"id": item.get("call_id"), "type": "function", "function": function})
    message: Answer = {"content": "".join(texts)}
    return {**message, "tool_calls": calls} if calls else message


def _counts(usage: Mapping[str, Any]) -> Answer:
    """A ResponsesAgent counts input and output."""
    if "input_tokens" not in usage:
        return dict(usage)
    prompt, made = usage["input_tokens"], usage.get("output_tokens", 0)
    return {
        "prompt_tokens": prompt,
        "completion_tokens": made,
        "total_tokens": usage.get("total_tokens", prompt + made),
    }


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=plain_value, ensure_ascii=False)
