"""PythonModels whose input and output are a chat's: what a user subclasses.

| class | predict takes | returns |
| --- | --- | --- |
| ChatModel | (context, messages, params) | ChatCompletionResponse |
| ChatAgent | (messages, context, custom_inputs) | ChatAgentResponse |
| ResponsesAgent | (request) | ResponsesAgentResponse |

`context` may be left out of a ChatModel's; a ChatAgent's is the conversation's. All may stream.
"""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from headrace.packaging.llm.chat import ChatCompletionChunk, ChatCompletionResponse, ChatParams
from headrace.packaging.llm.messages import ChatMessage
from headrace.packaging.pyfunc.model import PythonModel

if TYPE_CHECKING:
    from headrace.packaging.pyfunc.agent_types import ChatAgentChunk, ChatAgentMessage, ChatAgentResponse, ChatContext
    from headrace.packaging.pyfunc.responses import (
        ResponsesAgentRequest,
        ResponsesAgentResponse,
        ResponsesAgentStreamEvent,
    )


class ChatModel(PythonModel, metaclass=ABCMeta):
    """Speaks OpenAI's chat completions."""

    @abstractmethod
    def predict(  # type: ignore[override]
        self, context: Any, messages: list[ChatMessage], params: ChatParams
    ) -> ChatCompletionResponse: ...

    def predict_stream(  # type: ignore[override]
        self, context: Any, messages: list[ChatMessage], params: ChatParams
    ) -> Iterator[ChatCompletionChunk]:
        raise NotImplementedError(f"{type(self).__name__} defines no predict_stream.")


class ChatAgent(PythonModel, metaclass=ABCMeta):
    """Several messages may answer, tool calls among them."""

    @abstractmethod
    def predict(  # type: ignore[override]
        self,
        messages: list[ChatAgentMessage],
        context: ChatContext | None = None,
        custom_inputs: dict[str, Any] | None = None,
    ) -> ChatAgentResponse: ...

    def predict_stream(  # type: ignore[override]
        self,
        messages: list[ChatAgentMessage],
        context: ChatContext | None = None,
        custom_inputs: dict[str, Any] | None = None,
    ) -> Iterator[ChatAgentChunk]:
        raise NotImplementedError(f"{type(self).__name__} defines no predict_stream.")


class ResponsesAgent(PythonModel, metaclass=ABCMeta):
    """Speaks OpenAI's responses. The functions below make the items and events that answers consist of."""

    @abstractmethod
    def predict(self, request: ResponsesAgentRequest) -> ResponsesAgentResponse:  # type: ignore[override]
        ...

    def predict_stream(  # type: ignore[override]
        self, request: ResponsesAgentRequest
    ) -> Iterator[ResponsesAgentStreamEvent]:
        raise NotImplementedError(f"{type(self).__name__} defines no predict_stream.")

    @staticmethod
    def create_text_output_item(text: str, id: str, annotations: list[dict[str, Any]] | None = None) -> dict[str, Any]:
        content = {"type": "output_text", "text": text, "annotations": annotations or []}
        return {"type": "message", "role": "assistant", "id": id, "content": [content]}

    @staticmethod
    def create_text_delta(delta: str, item_id: str) -> dict[str, Any]:
        return {"type": "response.output_text.delta", "item_id": item_id, "delta": delta}

    @staticmethod
    def create_annotation_added(
        item_id: str, annotation: dict[str, Any], annotation_index: int | None = 0
    ) -> dict[str, Any]:
        kind = "response.output_text.annotation.added"
        return {"type": kind, "item_id": item_id, "annotation_index": annotation_index, "annotation": annotation}

    @staticmethod
    def create_reasoning_item(id: str, reasoning_text: str) -> dict[str, Any]:
        return {"type": "reasoning", "id": id, "summary": [{"type": "summary_text", "text": reasoning_text}]}

    @staticmethod
    def create_function_call_item(id: str, call_id: str, name: str, arguments: str) -> dict[str, Any]:
        return {"type": "function_call", "id": id, "call_id": call_id, "name": name, "arguments": arguments}

    @staticmethod
    def create_function_call_output_item(call_id: str, output: str) -> dict[str, Any]:
        return {"type": "function_call_output", "call_id": call_id, "output": output}
