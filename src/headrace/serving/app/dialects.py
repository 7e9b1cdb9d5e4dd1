"""OpenAI's dialect and the Open Inference Protocol, for the OpenAPI document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from headrace.serving.call import JSON, PATHS, Kind
from headrace.serving.facts import Facts

Schema = dict[str, Any]

_MESSAGE: Schema = {
    "type": "object",
    "required": ["role", "content"],
    "properties": {
        "role": {"type": "string", "enum": ["system", "user", "assistant", "tool"]},
        "content": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "object"}}]},
    },
}
_STOP: Schema = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
_SAMPLING: dict[str, Schema] = {
    "model": {"type": "string"},
    "max_tokens": {"type": "integer", "minimum": 1},
    "temperature": {"type": "number", "minimum": 0, "maximum": 2},
    "top_p": {"type": "number", "minimum": 0, "maximum": 1},
    "n": {"type": "integer", "minimum": 1},
    "stop": _STOP,
    "seed": {"type": "integer"},
    "stream": {"type": "boolean", "description": "Answer piece by piece, as server-sent events."},
}
_TENSOR: Schema = {
    "type": "object",
    "required": ["name", "shape", "datatype", "data"],
    "properties": {
        "name": {"type": "string"},
        "shape": {"type": "array", "items": {"type": "integer"}},
        "datatype": {"type": "string", "examples": ["FP64", "INT64", "BYTES"]},
        "data": {"type": "array"},
    },
}
COMPONENTS: dict[str, Schema] = {
    "ChatRequest": {
        "type": "object",
        "required": ["messages"],
        "properties": {"messages": {"type": "array", "items": _MESSAGE}, **_SAMPLING},
    },
    "CompletionRequest": {
        "type": "object",
        "required": ["prompt"],
        "properties": {"prompt": _STOP, **_SAMPLING},
    },
    "EmbeddingsRequest": {
        "type": "object",
        "required": ["input"],
        "properties": {"model": {"type": "string"}, "input": _STOP},
    },
    "InferRequest": {
        "type": "object",
        "required": ["inputs"],
        "properties": {
            "id": {"type": "string"},
            "parameters": {"type": "object"},
            "inputs": {"type": "array", "items": _TENSOR},
        },
    },
    "OpenAIError": {
        "type": "object",
        "properties": {
            "error": {
                "type": "object",
                "properties": {
                    "message": {"type": "string"},
                    "type": {"type": "string"},
                    "param": {"type": ["string", "null"]},
                    "code": {"type": ["string", "null"]},
                },
            }
        },
    },
    "InferError": {"type": "object", "properties": {"error": {"type": "string"}}},
}
_EVENTS = "text/event-stream"
_CHAT_EXAMPLE = {"messages": [{"role": "user", "content": "What is the capital of Spain?"}], "max_tokens": 64}
_ROWS: dict[Kind, tuple[str, str, Any]] = {
    "chat": ("ChatRequest", "Chat, in OpenAI's dialect.", _CHAT_EXAMPLE),
    "completions": ("CompletionRequest", "Go on with a text, in OpenAI's dialect.", None),
    "embeddings": ("EmbeddingsRequest", "Embed texts, in OpenAI's dialect.", None),
}


def operations(models: Sequence[tuple[str, Facts]]) -> dict[str, Any]:
    """models: name and facts of each. Only what one of them answers."""
    paths: dict[str, Any] = {}
    for kind, (request, summary, example) in _ROWS.items():
        answering = [(name, facts) for name, facts in models if kind in facts.kinds]
        if answering:
            named = None if example is None else {"model": answering[0][0], **example}
            streams = kind != "embeddings" and any(facts.streams for _, facts in answering)
            paths[PATHS[kind]] = {"post": _operation(kind, summary, request, "OpenAIError", named, streams=streams)}
    for name, facts in models:
        if "infer" in facts.kinds:
            summary = f"Ask {name}, in the Open Inference Protocol."
            post = _operation(f"infer.{name}", summary, "InferRequest", "InferError", None)
            paths[PATHS["infer"].format(name=name)] = {"post": post}
    return paths


def _operation(
    name: str, summary: str, request: str, error: str, example: Any, *, streams: bool = False
) -> dict[str, Any]:
    body: dict[str, Any] = {"schema": {"$ref": f"#/components/schemas/{request}"}}
    if example is not None:
        body["example"] = example
    failed = {JSON: {"schema": {"$ref": f"#/components/schemas/{error}"}}}
    return {
        "operationId": name,
        "summary": summary,
        "tags": ["infer" if request == "InferRequest" else "openai"],
        "requestBody": {"required": True, "content": {JSON: body}},
        "responses": {
            "200": {"description": "The answer.", "content": {JSON: {}, **({_EVENTS: {}} if streams else {})}},
            "4XX": {"description": "The request is wrong.", "content": failed},
            "5XX": {"description": "The server can't answer.", "content": failed},
        },
    }
