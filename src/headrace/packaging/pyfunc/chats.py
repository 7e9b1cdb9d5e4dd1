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
from headrace.packaging.pyfunc import items
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

    create_text_output_item = staticmethod(items.create_text_output_item)
    create_text_delta = staticmethod(items.create_text_delta)
    create_annotation_added = staticmethod(items.create_annotation_added)
    create_reasoning_item = staticmethod(items.create_reasoning_item)
    create_function_call_item = staticmethod(items.create_function_call_item)
    create_function_call_output_item = staticmethod(items.create_function_call_output_item)
    output_to_responses_items_stream = staticmethod(items.output_to_responses_items_stream)
    responses_agent_output_reducer = staticmethod(items.responses_agent_output_reducer)
    prep_msgs_for_cc_llm = staticmethod(items.to_chat_completions_input)
