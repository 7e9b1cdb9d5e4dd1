"""Messages and tools of a chat, in OpenAI's shape and by the names of `mlflow.types.llm`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from headrace import clock
from headrace.packaging.llm.record import InvalidRecord, Record

JsonType = Literal["string", "number", "integer", "object", "array", "boolean", "null"]


def _call_id() -> str:
    return f"call_{clock.hex_id()}"


@dataclass
class FunctionToolCallArguments(Record):
    name: str
    arguments: str  # JSON, as the model wrote it

    def to_tool_call(self, id: str | None = None) -> ToolCall:
        return ToolCall(function=self, id=id or _call_id())


@dataclass
class ToolCall(Record):
    function: FunctionToolCallArguments
    id: str = field(default_factory=_call_id)
    type: str = "function"


@dataclass
class ChatMessage(Record):
    """content: text or OpenAI's content parts; it may be missing where `refusal` or `tool_calls` say something."""

    role: str
    content: str | list[dict[str, Any]] | None = None
    refusal: str | None = None
    name: str | None = None
    tool_calls: list[ToolCall] | None = None
    tool_call_id: str | None = None

    def check(self) -> None:
        _either_content_or_refusal(self.content, self.refusal)
        if self.content is None and not self.refusal and not self.tool_calls:
            raise InvalidRecord("content", None, "given where the message has neither `refusal` nor `tool_calls`")


@dataclass
class ChatChoiceDelta(Record):
    """What a piece of a stream adds to the message."""

    role: str | None = "assistant"
    content: str | None = None
    refusal: str | None = None
    name: str | None = None
    tool_calls: list[ToolCall] | None = None

    def check(self) -> None:
        _either_content_or_refusal(self.content, self.refusal)


def _either_content_or_refusal(content: object, refusal: str | None) -> None:
    if content and refusal:
        raise InvalidRecord("refusal", refusal, "left out where the message has `content`")


@dataclass
class ParamType(Record):
    type: JsonType


@dataclass
class ParamProperty(ParamType):
    description: str | None = None
    enum: list[str] | None = None
    items: ParamProperty | None = None


@dataclass
class ToolParamsSchema(Record):
    properties: dict[str, ParamProperty]
    type: Literal["object"] = "object"
    required: list[str] | None = None
    additionalProperties: bool | None = None  # noqa: N815 — JSON Schema's spelling


@dataclass
class FunctionToolDefinition(Record):
    name: str
    description: str | None = None
    parameters: ToolParamsSchema | None = None
    strict: bool = False

    def to_tool_definition(self) -> ToolDefinition:
        return ToolDefinition(function=self)


@dataclass
class ToolDefinition(Record):
    function: FunctionToolDefinition
    type: Literal["function"] = "function"
