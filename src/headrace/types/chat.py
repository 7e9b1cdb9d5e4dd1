"""Chats as records: the names of `mlflow.types.chat`, which mean those of `headrace.types.llm`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headrace import lazy

__all__ = [
    "ChatChoice",
    "ChatChoiceDelta",
    "ChatChunkChoice",
    "ChatCompletionChunk",
    "ChatCompletionRequest",
    "ChatCompletionResponse",
    "ChatMessage",
    "ChatTool",
    "ChatUsage",
    "Function",
    "FunctionParams",
    "FunctionToolDefinition",
    "ParamProperty",
    "ParamType",
    "ToolCall",
]

if TYPE_CHECKING:
    from headrace.packaging.llm.chat import (
        ChatChoice,
        ChatChunkChoice,
        ChatCompletionChunk,
        ChatCompletionRequest,
        ChatCompletionResponse,
    )
    from headrace.packaging.llm.chat import TokenUsageStats as ChatUsage
    from headrace.packaging.llm.messages import (
        ChatChoiceDelta,
        ChatMessage,
        FunctionToolDefinition,
        ParamProperty,
        ParamType,
        ToolCall,
    )
    from headrace.packaging.llm.messages import FunctionToolCallArguments as Function
    from headrace.packaging.llm.messages import ToolDefinition as ChatTool
    from headrace.packaging.llm.messages import ToolParamsSchema as FunctionParams
else:
    __getattr__, __dir__ = lazy.door(
        __name__,
        {
            "ChatChoice": "headrace.packaging.llm.chat:ChatChoice",
            "ChatChoiceDelta": "headrace.packaging.llm.messages:ChatChoiceDelta",
            "ChatChunkChoice": "headrace.packaging.llm.chat:ChatChunkChoice",
            "ChatCompletionChunk": "headrace.packaging.llm.chat:ChatCompletionChunk",
            "ChatCompletionRequest": "headrace.packaging.llm.chat:ChatCompletionRequest",
            "ChatCompletionResponse": "headrace.packaging.llm.chat:ChatCompletionResponse",
            "ChatMessage": "headrace.packaging.llm.messages:ChatMessage",
            "ChatTool": "headrace.packaging.llm.messages:ToolDefinition",
            "ChatUsage": "headrace.packaging.llm.chat:TokenUsageStats",
            "Function": "headrace.packaging.llm.messages:FunctionToolCallArguments",
            "FunctionParams": "headrace.packaging.llm.messages:ToolParamsSchema",
            "FunctionToolDefinition": "headrace.packaging.llm.messages:FunctionToolDefinition",
            "ParamProperty": "headrace.packaging.llm.messages:ParamProperty",
            "ParamType": "headrace.packaging.llm.messages:ParamType",
            "ToolCall": "headrace.packaging.llm.messages:ToolCall",
        },
        otherwise="headrace.client.absent:lookup",
    )
