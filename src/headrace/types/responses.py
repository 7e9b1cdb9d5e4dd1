"""Requests and answers of a ResponsesAgent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headrace import lazy

__all__ = [
    "ResponsesAgentRequest",
    "ResponsesAgentResponse",
    "ResponsesAgentStreamEvent",
]

if TYPE_CHECKING:
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
        },
        otherwise="headrace.client.absent:lookup",
    )
