"""Messages of a ChatAgent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headrace import lazy

__all__ = [
    "ChatAgentChunk",
    "ChatAgentMessage",
    "ChatAgentRequest",
    "ChatAgentResponse",
    "ChatContext",
]

if TYPE_CHECKING:
    from headrace.packaging.pyfunc.agent_types import (
        ChatAgentChunk,
        ChatAgentMessage,
        ChatAgentRequest,
        ChatAgentResponse,
        ChatContext,
    )
else:
    __getattr__, __dir__ = lazy.door(
        __name__,
        {
            "ChatAgentChunk": "headrace.packaging.pyfunc.agent_types:ChatAgentChunk",
            "ChatAgentMessage": "headrace.packaging.pyfunc.agent_types:ChatAgentMessage",
            "ChatAgentRequest": "headrace.packaging.pyfunc.agent_types:ChatAgentRequest",
            "ChatAgentResponse": "headrace.packaging.pyfunc.agent_types:ChatAgentResponse",
            "ChatContext": "headrace.packaging.pyfunc.agent_types:ChatContext",
        },
        otherwise="headrace.client.absent:lookup",
    )
