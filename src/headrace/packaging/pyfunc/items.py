"""Items and events of the Responses API, as dicts: made from plain values, and translated from and to chat completions,
which most models speak behind a ResponsesAgent."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from headrace.packaging.pyfunc.responses import ResponsesAgentStreamEvent

Item = dict[str, Any]

_OF_CHAT = ("role", "content", "name", "tool_calls", "tool_call_id")


def create_text_output_item(text: str, id: str, annotations: list[Item] | None = None) -> Item:
    content = {"type": "output_text", "text": text, "annotations": annotations or []}
    return {"type": "message", "role": "assistant", "id": id, "content": [content]}


def create_text_delta(delta: str, item_id: str) -> Item:
    return {"type": "response.output_text.delta", "item_id": item_id, "delta": delta}


def create_annotation_added(item_id: str, annotation: Item, annotation_index: int | None = 0) -> Item:
    kind = "response.output_text.annotation.added"
    return {"type": kind, "item_id": item_id, "annotation_index": annotation_index, "annotation": annotation}


def create_reasoning_item(id: str, reasoning_text: str) -> Item:
    return {"type": "reasoning", "id": id, "summary": [{"type": "summary_text", "text": reasoning_text}]}


def create_function_call_item(id: str, call_id: str, name: str, arguments: str) -> Item:
    return {"type": "function_call", "id": id, "call_id": call_id, "name": name, "arguments": arguments}


def create_function_call_output_item(call_id: str, output: str) -> Item:
    return {"type": "function_call_output", "call_id": call_id, "output": output}


def to_chat_completions_input(responses_input: Iterable[Any]) -> list[Item]:
    """Messages for a chat model, of a request's `input`: dicts or the objects of a ResponsesAgentRequest."""
    return [message for item in responses_input for message in responses_to_cc(item)]


def responses_to_cc(message: Any) -> list[Item]:
    """Of one item. Kinds that a chat can't have are left out."""
    item = message if isinstance(message, dict) else message.model_dump(exclude_none=True)
    match item.get("type"):
        case "function_call":
            return [_tool_call("tool call", item["call_id"], item["name"], item["arguments"])]
        case "mcp_approval_request":
            return [_tool_call("mcp approval request", item["id"], item["name"], item["arguments"])]
        case "function_call_output":
            return [{"role": "tool", "content": item["output"], "tool_call_id": item["call_id"]}]
        case "mcp_approval_response":
            approved = str(item["approve"])
            return [{"role": "tool", "content": approved, "tool_call_id": item["approval_request_id"]}]
        case "reasoning":
            return [{"role": "assistant", "content": json.dumps(item["summary"])}]
        case "message" if isinstance(item.get("content"), list):
            texts = [part.get("text", part.get("refusal")) for part in item["content"]]
            return [{"role": item["role"], "content": text} for text in texts if text is not None]
        case _:
            return [{key: item[key] for key in _OF_CHAT if key in item}] if "role" in item else []


def _tool_call(content: str, id: str, name: str, arguments: str) -> Item:
    call = {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}
    return {"role": "assistant", "content": content, "tool_calls": [call]}


def output_to_responses_items_stream(
    chunks: Iterable[Any], aggregator: list[Item] | None = None
) -> Iterator[ResponsesAgentStreamEvent]:
    """The events of an answer that a chat model streams. chunks: of one choice, dicts or the objects of a client.
    aggregator: gets the whole items."""
    from headrace.packaging.pyfunc.responses import ResponsesAgentStreamEvent

    text, item_id, calls = "", "", dict[int, Item]()
    for chunk in chunks:
        said: Mapping[str, Any] = chunk if isinstance(chunk, Mapping) else chunk.model_dump(exclude_none=True)
        item_id = said.get("id") or item_id
        delta = (said.get("choices") or [{}])[0].get("delta") or {}
        content = delta.get("content") or ""
        if isinstance(content, list):  # in parts, of which some models make their thoughts
            done = [{**part, "id": part.get("id") or item_id} for part in content if part.get("type") == "reasoning"]
            content = "".join(part.get("text") or "" for part in content if part.get("type") != "reasoning")
            yield from _finished(done, aggregator)
        if content:
            text += content
            yield ResponsesAgentStreamEvent(**create_text_delta(content, item_id))
        for place, call in enumerate(delta.get("tool_calls") or []):
            _add(calls, call.get("index", place), call)
    if text:
        yield from _finished([create_text_output_item(text, item_id)], aggregator)
    made = [create_function_call_item(item_id, call["id"], call["name"], call["arguments"]) for call in calls.values()]
    yield from _finished(made, aggregator)


def responses_agent_output_reducer(chunks: Iterable[Any]) -> Item:
    """The whole answer, of the events that were streamed."""
    said = [chunk if isinstance(chunk, dict) else chunk.model_dump(exclude_none=True) for chunk in chunks]
    return {"output": [event["item"] for event in said if event.get("type") == "response.output_item.done"]}


def _add(calls: dict[int, Item], index: int, part: Mapping[str, Any]) -> None:
    call = calls.setdefault(index, {"id": "", "name": "", "arguments": ""})
    function = part.get("function") or {}
    call["id"] = part.get("id") or call["id"]
    call["name"] += function.get("name") or ""
    call["arguments"] += function.get("arguments") or ""


def _finished(items: list[Item], aggregator: list[Item] | None) -> Iterator[ResponsesAgentStreamEvent]:
    from headrace.packaging.pyfunc.responses import ResponsesAgentStreamEvent

    for item in items:
        if aggregator is not None:
            aggregator.append(item)
        yield ResponsesAgentStreamEvent(type="response.output_item.done", item=item)  # type: ignore[call-arg]
