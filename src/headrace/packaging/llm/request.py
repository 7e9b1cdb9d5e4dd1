"""Requests in OpenAI's shape, parsed and checked: what is asked, how, and nothing that would be ignored in silence.

A field is honoured, accepted because it only labels the request (`model`, `user`, `metadata` …), or refused by name:
with the nearest known name for a slip of the pen, with the reason for what can't be done here. Whatever the form of the
request, its messages come out as plain dicts with `role` and text `content`.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from headrace.errors import InvalidValue, MissingValue, shown
from headrace.packaging.llm.options import OPTION_NAMES, GenerationOptions, flag, parse_options, whole

ROLES = ("system", "developer", "user", "assistant", "tool", "function")
LABELS = frozenset(
    "model user metadata store service_tier safety_identifier prompt_cache_key prompt_cache_retention "
    "parallel_tool_calls custom_inputs".split()
)
MAX_INPUTS = 2048  # OpenAI's bound on the texts of one request
MAX_TOP_LOGPROBS = 20  # OpenAI's bound
# Fields that would change the answer and can't be honoured, with the values that ask for nothing.
_WITHOUT_EFFECT: dict[str, tuple[Any, ...]] = {
    "logit_bias": ({},),
    "tool_choice": ("auto", "none"),
    "functions": ([],),
    "function_call": ("auto", "none"),
    "modalities": (["text"],),
    "audio": (),
    "prediction": (),
    "reasoning_effort": (),
    "verbosity": (),
    "web_search_options": (),
    "echo": (False,),
    "best_of": (1,),
    "suffix": ("",),
}
_SHARED = OPTION_NAMES | LABELS | {"stream", "stream_options", "logprobs", "response_format"}


@dataclass(frozen=True, kw_only=True)
class TextRequest:
    """What chats and completions have in common. custom_inputs: the caller's own, as they came."""

    options: GenerationOptions
    stream: bool = False
    include_usage: bool = False
    custom_inputs: dict[str, Any] = field(default_factory=dict)

    @property
    def prompt_count(self) -> int:
        return 1


@dataclass(frozen=True, kw_only=True)
class ChatRequest(TextRequest):
    messages: list[dict[str, Any]]
    tools: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class CompletionRequest(TextRequest):
    prompts: list[str]

    @property
    def prompt_count(self) -> int:
        return len(self.prompts)


@dataclass(frozen=True, kw_only=True)
class EmbeddingRequest:
    inputs: list[str]
    dimensions: int | None = None
    base64: bool = False


def parse_chat(fields: Mapping[str, Any]) -> ChatRequest:
    _check_names(fields, _SHARED | {"messages", "tools", "top_logprobs"})
    shared = _shared(fields, _chat_logprobs(fields))
    return ChatRequest(messages=parse_messages(fields.get("messages")), tools=_tools(fields.get("tools")), **shared)


def parse_completion(fields: Mapping[str, Any]) -> CompletionRequest:
    _check_names(fields, _SHARED | {"prompt"})
    wanted = fields.get("logprobs")
    logprobs = None if wanted in (None, False) else whole("logprobs", wanted, 0, MAX_TOP_LOGPROBS)
    return CompletionRequest(prompts=_texts("prompt", fields.get("prompt")), **_shared(fields, logprobs))


def parse_embedding(fields: Mapping[str, Any]) -> EmbeddingRequest:
    _check_names(fields, LABELS | {"input", "dimensions", "encoding_format"})
    form = fields.get("encoding_format") or "float"
    if form not in ("float", "base64"):
        raise InvalidValue("encoding_format", form, "'float' or 'base64' is needed")
    dimensions = fields.get("dimensions")
    return EmbeddingRequest(
        inputs=_texts("input", fields.get("input")),
        dimensions=None if dimensions is None else whole("dimensions", dimensions, 1),
        base64=form == "base64",
    )


def parse_messages(messages: object) -> list[dict[str, Any]]:
    """Messages as chat templates take them: `role`, text `content` and whatever else the sender put in."""
    if messages is None:
        raise MissingValue("messages")
    if isinstance(messages, Mapping | str) or not isinstance(messages, Sequence):
        raise InvalidValue("messages", messages, "a list of messages is needed, each with 'role' and 'content'")
    if not messages:
        raise InvalidValue("messages", messages, "at least one message is needed")
    return [_message(message, f"messages[{position}]") for position, message in enumerate(messages)]


def _message(message: object, where: str) -> dict[str, Any]:
    if not isinstance(message, Mapping):
        to_dict = getattr(message, "to_dict", None)  # records, and the like
        message = to_dict() if callable(to_dict) else message
    if not isinstance(message, Mapping):
        raise InvalidValue(where, message, "a message with 'role' and 'content' is needed")
    fields = {name: value for name, value in message.items() if value is not None}
    role = fields.get("role")
    if role is None:
        raise MissingValue(f"{where}.role")
    if role not in ROLES:
        raise InvalidValue(f"{where}.role", role, f"known roles are {', '.join(ROLES)}")
    if "content" in fields:
        fields["content"] = _content(fields["content"], f"{where}.content")
    elif fields.get("tool_calls") or fields.get("function_call") or fields.get("refusal"):
        fields["content"] = str(fields.get("refusal") or "")
    else:
        raise MissingValue(f"{where}.content")
    return fields


def _content(content: object, where: str) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, Mapping) or not isinstance(content, Sequence) or not content:
        raise InvalidValue(where, content, "a string or a list of content parts is needed")
    return "\n".join(_part(part, f"{where}[{position}]") for position, part in enumerate(content))


def _part(part: object, where: str) -> str:
    if isinstance(part, str):
        return part
    if not isinstance(part, Mapping):
        raise InvalidValue(where, part, 'a content part is {"type": "text", "text": …}')
    if part.get("type", "text") != "text":
        raise InvalidValue(
            f"{where}.type", part["type"], "this model reads text only; parts of type 'text' are allowed"
        )
    if not isinstance(part.get("text"), str):
        raise InvalidValue(f"{where}.text", part.get("text"), "a string is needed")
    return str(part["text"])


def _texts(name: str, value: object) -> list[str]:
    if value is None:
        raise MissingValue(name)
    texts = [value] if isinstance(value, str) else value
    if isinstance(texts, Mapping) or not isinstance(texts, Sequence) or not texts:
        raise InvalidValue(name, value, "a string or a list of strings is needed")
    if not all(isinstance(text, str) for text in texts):
        raise InvalidValue(name, value, "a string or a list of strings is needed; token ids are not taken")
    if len(texts) > MAX_INPUTS:
        raise InvalidValue(message=f"Parameter {name!r} has {len(texts)} texts; at most {MAX_INPUTS} are allowed.")
    return list(texts)


def _chat_logprobs(fields: Mapping[str, Any]) -> int | None:
    """How many tokens are told beside each one; None where no chances are asked for."""
    wanted, top = fields.get("logprobs"), fields.get("top_logprobs")
    alternatives = 0 if top is None else whole("top_logprobs", top, 0, MAX_TOP_LOGPROBS)
    if wanted is not None and flag("logprobs", wanted):
        return alternatives
    if alternatives:
        raise InvalidValue("top_logprobs", top, "it needs 'logprobs': true beside it")
    return None


def _schema(value: object) -> str | None:
    """The JSON schema that the answer has to fit, as text."""
    allowed = '{"type": "text"}, {"type": "json_object"} or {"type": "json_schema", "json_schema": {"schema": …}}'
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise InvalidValue("response_format", value, f"{allowed} is needed")
    kind = value.get("type")
    if kind == "text":
        return None
    if kind == "json_object":
        return json.dumps({"type": "object"})
    if kind != "json_schema":
        raise InvalidValue("response_format.type", kind, f"{allowed} is needed")
    named = value.get("json_schema")
    schema = named.get("schema") if isinstance(named, Mapping) else None
    if not isinstance(schema, Mapping):
        raise InvalidValue("response_format.json_schema", named, '{"name": …, "schema": a JSON schema} is needed')
    return json.dumps(schema)


def _shared(fields: Mapping[str, Any], logprobs: int | None) -> dict[str, Any]:
    stream = fields.get("stream")
    schema = _schema(fields.get("response_format"))
    return {
        "options": replace(parse_options(fields), logprobs=logprobs, response_format=schema),
        "stream": stream is not None and flag("stream", stream),
        "include_usage": _include_usage(fields.get("stream_options")),
        "custom_inputs": _custom_inputs(fields.get("custom_inputs")),
    }


def _include_usage(options: object) -> bool:
    if options is None:
        return False
    if not isinstance(options, Mapping) or set(options) - {"include_usage", "include_obfuscation"}:
        raise InvalidValue("stream_options", options, '{"include_usage": true or false} is allowed')
    return flag("stream_options.include_usage", options.get("include_usage", False))


def _custom_inputs(value: object) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise InvalidValue("custom_inputs", value, "a mapping with strings as keys is needed")
    return dict(value)


def _tools(value: object) -> list[dict[str, Any]]:
    if value is None:
        return []
    allowed = 'a list of {"type": "function", "function": {"name": …, "parameters": …}} is needed'
    if isinstance(value, Mapping | str) or not isinstance(value, Sequence):
        raise InvalidValue("tools", value, allowed)
    for position, tool in enumerate(value):
        function = tool.get("function") if isinstance(tool, Mapping) else None
        if not isinstance(function, Mapping) or not isinstance(function.get("name"), str):
            raise InvalidValue(f"tools[{position}]", tool, allowed)
    return [dict(tool) for tool in value]


def _check_names(fields: Mapping[str, Any], known: frozenset[str] | set[str]) -> None:
    for name, value in fields.items():
        if name in known or value is None:
            continue
        if name in _WITHOUT_EFFECT:
            if value in _WITHOUT_EFFECT[name]:
                continue
            allowed = " or ".join(map(shown, _WITHOUT_EFFECT[name]))
            can = f"only {allowed} is allowed" if allowed else "leave it out"
            raise InvalidValue(name, value, f"this model can't honour it; {can}")
        near = difflib.get_close_matches(str(name), known, n=1)
        raise InvalidValue(
            message=f"Unknown parameter {name!r} in the request"
            + (f"; did you mean {near[0]!r}?" if near else f". Known are: {', '.join(sorted(known))}.")
        )
