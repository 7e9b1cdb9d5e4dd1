"""Requests and answers of language models, as records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headrace import lazy

__all__ = [
    "CHAT_MODEL_INPUT_EXAMPLE",
    "CHAT_MODEL_INPUT_SCHEMA",
    "CHAT_MODEL_OUTPUT_SCHEMA",
    "COMPLETIONS_MODEL_INPUT_SCHEMA",
    "COMPLETIONS_MODEL_OUTPUT_SCHEMA",
    "EMBEDDING_MODEL_INPUT_SCHEMA",
    "EMBEDDING_MODEL_OUTPUT_SCHEMA",
    "ChatChoice",
    "ChatChoiceDelta",
    "ChatChoiceLogProbs",
    "ChatChunkChoice",
    "ChatCompletionChunk",
    "ChatCompletionRequest",
    "ChatCompletionResponse",
    "ChatMessage",
    "ChatParams",
    "FunctionToolCallArguments",
    "FunctionToolDefinition",
    "ParamProperty",
    "ParamType",
    "TokenLogProb",
    "TokenUsageStats",
    "ToolCall",
    "ToolDefinition",
    "ToolParamsSchema",
    "TopTokenLogProb",
]

if TYPE_CHECKING:
    from headrace.packaging.llm.chat import (
        ChatChoice,
        ChatChoiceLogProbs,
        ChatChunkChoice,
        ChatCompletionChunk,
        ChatCompletionRequest,
        ChatCompletionResponse,
        ChatParams,
        TokenLogProb,
        TokenUsageStats,
        TopTokenLogProb,
    )
    from headrace.packaging.llm.messages import (
        ChatChoiceDelta,
        ChatMessage,
        FunctionToolCallArguments,
        FunctionToolDefinition,
        ParamProperty,
        ParamType,
        ToolCall,
        ToolDefinition,
        ToolParamsSchema,
    )
    from headrace.packaging.llm.signatures import (
        CHAT_MODEL_INPUT_EXAMPLE,
        CHAT_MODEL_INPUT_SCHEMA,
        CHAT_MODEL_OUTPUT_SCHEMA,
        COMPLETIONS_MODEL_INPUT_SCHEMA,
        COMPLETIONS_MODEL_OUTPUT_SCHEMA,
        EMBEDDING_MODEL_INPUT_SCHEMA,
        EMBEDDING_MODEL_OUTPUT_SCHEMA,
    )
else:
    __getattr__, __dir__ = lazy.door(
        __name__,
        {
            "CHAT_MODEL_INPUT_EXAMPLE": "headrace.packaging.llm.signatures:CHAT_MODEL_INPUT_EXAMPLE",
            "CHAT_MODEL_INPUT_SCHEMA": "headrace.packaging.llm.signatures:CHAT_MODEL_INPUT_SCHEMA",
            "CHAT_MODEL_OUTPUT_SCHEMA": "headrace.packaging.llm.signatures:CHAT_MODEL_OUTPUT_SCHEMA",
            "COMPLETIONS_MODEL_INPUT_SCHEMA": "headrace.packaging.llm.signatures:COMPLETIONS_MODEL_INPUT_SCHEMA",
            "COMPLETIONS_MODEL_OUTPUT_SCHEMA": "headrace.packaging.llm.signatures:COMPLETIONS_MODEL_OUTPUT_SCHEMA",
            "EMBEDDING_MODEL_INPUT_SCHEMA": "headrace.packaging.llm.signatures:EMBEDDING_MODEL_INPUT_SCHEMA",
            "EMBEDDING_MODEL_OUTPUT_SCHEMA": "headrace.packaging.llm.signatures:EMBEDDING_MODEL_OUTPUT_SCHEMA",
            "ChatChoice": "headrace.packaging.llm.chat:ChatChoice",
            "ChatChoiceDelta": "headrace.packaging.llm.messages:ChatChoiceDelta",
            "ChatChoiceLogProbs": "headrace.packaging.llm.chat:ChatChoiceLogProbs",
            "ChatChunkChoice": "headrace.packaging.llm.chat:ChatChunkChoice",
            "ChatCompletionChunk": "headrace.packaging.llm.chat:ChatCompletionChunk",
            "ChatCompletionRequest": "headrace.packaging.llm.chat:ChatCompletionRequest",
            "ChatCompletionResponse": "headrace.packaging.llm.chat:ChatCompletionResponse",
            "ChatMessage": "headrace.packaging.llm.messages:ChatMessage",
            "ChatParams": "headrace.packaging.llm.chat:ChatParams",
            "FunctionToolCallArguments": "headrace.packaging.llm.messages:FunctionToolCallArguments",
            "FunctionToolDefinition": "headrace.packaging.llm.messages:FunctionToolDefinition",
            "ParamProperty": "headrace.packaging.llm.messages:ParamProperty",
            "ParamType": "headrace.packaging.llm.messages:ParamType",
            "TokenLogProb": "headrace.packaging.llm.chat:TokenLogProb",
            "TokenUsageStats": "headrace.packaging.llm.chat:TokenUsageStats",
            "ToolCall": "headrace.packaging.llm.messages:ToolCall",
            "ToolDefinition": "headrace.packaging.llm.messages:ToolDefinition",
            "ToolParamsSchema": "headrace.packaging.llm.messages:ToolParamsSchema",
            "TopTokenLogProb": "headrace.packaging.llm.chat:TopTokenLogProb",
        },
        otherwise="headrace.client.absent:lookup",
    )
