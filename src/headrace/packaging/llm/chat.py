"""Requests and answers of a chat, in OpenAI's shape and by the names of `mlflow.types.llm`."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from headrace import clock
from headrace.packaging.llm.messages import ChatChoiceDelta, ChatMessage, ToolDefinition
from headrace.packaging.llm.record import Record


def _now_s() -> int:
    return clock.now_ms() // 1000


@dataclass
class ChatParams(Record):
    temperature: float = 1.0
    max_tokens: int | None = None
    stop: list[str] | None = None
    n: int = 1
    stream: bool = False
    top_p: float | None = None
    top_k: int | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    custom_inputs: dict[str, Any] | None = None
    tools: list[ToolDefinition] | None = None

    @classmethod
    def keys(cls) -> set[str]:
        return {each.name for each in dataclasses.fields(cls)}


@dataclass
class ChatCompletionRequest(ChatParams):
    messages: list[ChatMessage] = field(default_factory=list)


@dataclass
class TopTokenLogProb(Record):
    token: str
    logprob: float
    bytes: list[int] | None = None


@dataclass
class TokenLogProb(Record):
    token: str
    logprob: float
    top_logprobs: list[TopTokenLogProb]
    bytes: list[int] | None = None


@dataclass
class ChatChoiceLogProbs(Record):
    content: list[TokenLogProb] | None = None


@dataclass
class ChatChoice(Record):
    message: ChatMessage
    index: int = 0
    finish_reason: str = "stop"
    logprobs: ChatChoiceLogProbs | None = None


@dataclass
class ChatChunkChoice(Record):
    delta: ChatChoiceDelta
    index: int = 0
    finish_reason: str | None = None
    logprobs: ChatChoiceLogProbs | None = None


@dataclass
class TokenUsageStats(Record):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None


@dataclass
class ChatCompletionResponse(Record):
    choices: list[ChatChoice]
    usage: TokenUsageStats | None = None
    id: str | None = None
    model: str | None = None
    object: str = "chat.completion"
    created: int = field(default_factory=_now_s)
    custom_outputs: dict[str, Any] | None = None


@dataclass
class ChatCompletionChunk(Record):
    choices: list[ChatChunkChoice]
    usage: TokenUsageStats | None = None
    id: str | None = None
    model: str | None = None
    object: str = "chat.completion.chunk"
    created: int = field(default_factory=_now_s)
    custom_outputs: dict[str, Any] | None = None
