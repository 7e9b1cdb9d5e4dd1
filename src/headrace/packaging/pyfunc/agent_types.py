"""Messages of a ChatAgent, as `mlflow.types.agent` names them. Needs pydantic."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator


class Function(BaseModel):
    name: str
    arguments: str


class ToolCall(BaseModel):
    id: str
    type: str = "function"
    function: Function


class ChatUsage(BaseModel):
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class ChatAgentMessage(BaseModel):
    """content or tool_calls, or both; a tool's message names itself and the call that it answers."""

    role: str
    content: str | None = None
    name: str | None = None
    id: str | None = None
    tool_calls: list[ToolCall] | None = None
    tool_call_id: str | None = None
    attachments: dict[str, str] | None = None

    @model_validator(mode="after")
    def _says_something(self) -> ChatAgentMessage:
        if self.content is None and not self.tool_calls:
            raise ValueError("a message needs content or tool_calls.")
        if self.role == "tool" and not (self.name and self.tool_call_id):
            raise ValueError("a message of role 'tool' needs name and tool_call_id.")
        return self


class ChatContext(BaseModel):
    conversation_id: str | None = None
    user_id: str | None = None


class ChatAgentRequest(BaseModel):
    messages: list[ChatAgentMessage]
    context: ChatContext | None = None
    custom_inputs: dict[str, Any] | None = None
    stream: bool | None = False


def _need_ids(messages: list[ChatAgentMessage]) -> None:
    ids = [message.id for message in messages]
    if None in ids or len(set(ids)) != len(ids):
        raise ValueError("each message of an answer needs an id of its own.")


class ChatAgentResponse(BaseModel):
    model_config = ConfigDict(validate_assignment=True)

    messages: list[ChatAgentMessage]
    finish_reason: str | None = None
    custom_outputs: dict[str, Any] | None = None
    usage: ChatUsage | None = None

    @model_validator(mode="after")
    def _ids_differ(self) -> ChatAgentResponse:
        _need_ids(self.messages)
        return self


class ChatAgentChunk(BaseModel):
    """delta: a piece of the message that has its id."""

    model_config = ConfigDict(validate_assignment=True)

    delta: ChatAgentMessage
    finish_reason: str | None = None
    custom_outputs: dict[str, Any] | None = None
    usage: ChatUsage | None = None

    @model_validator(mode="after")
    def _has_id(self) -> ChatAgentChunk:
        _need_ids([self.delta])
        return self
