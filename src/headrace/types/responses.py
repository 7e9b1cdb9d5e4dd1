"""Requests and answers of a ResponsesAgent, and what makes and translates their items."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headrace import lazy

__all__ = [
    "ResponsesAgentRequest",
    "ResponsesAgentResponse",
    "ResponsesAgentStreamEvent",
    "create_annotation_added",
    "create_function_call_item",
    "create_function_call_output_item",
    "create_reasoning_item",
    "create_text_delta",
    "create_text_output_item",
    "output_to_responses_items_stream",
    "responses_to_cc",
    "to_chat_completions_input",
]

if TYPE_CHECKING:
    from headrace.packaging.pyfunc.items import (
        create_annotation_added,
        create_function_call_item,
        create_function_call_output_item,
        create_reasoning_item,
        create_text_delta,
        create_text_output_item,
        output_to_responses_items_stream,
        responses_to_cc,
        to_chat_completions_input,
    )
    from headrace.packaging.pyfunc.responses import (
        ResponsesAgentRequest,
        ResponsesAgentResponse,
        ResponsesAgentStreamEvent,
    )
else:
    __getattr__, __dir__ = lazy.door(
        __name__,
        {
            "ResponsesAgentRequest": "headrace.packaging.pyfunc.responses:ResponsesAgentRequest",
            "ResponsesAgentResponse": "headrace.packaging.pyfunc.responses:ResponsesAgentResponse",
            "ResponsesAgentStreamEvent": "headrace.packaging.pyfunc.responses:ResponsesAgentStreamEvent",
            "create_annotation_added": "headrace.packaging.pyfunc.items:create_annotation_added",
            "create_function_call_item": "headrace.packaging.pyfunc.items:create_function_call_item",
            "create_function_call_output_item": "headrace.packaging.pyfunc.items:create_function_call_output_item",
            "create_reasoning_item": "headrace.packaging.pyfunc.items:create_reasoning_item",
            "create_text_delta": "headrace.packaging.pyfunc.items:create_text_delta",
            "create_text_output_item": "headrace.packaging.pyfunc.items:create_text_output_item",
            "output_to_responses_items_stream": "headrace.packaging.pyfunc.items:output_to_responses_items_stream",
            "responses_to_cc": "headrace.packaging.pyfunc.items:responses_to_cc",
            "to_chat_completions_input": "headrace.packaging.pyfunc.items:to_chat_completions_input",
        },
        otherwise="headrace.client.absent:lookup",
    )
