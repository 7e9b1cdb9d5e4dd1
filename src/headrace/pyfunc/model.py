"""Classes of Python models, under the names that pickles give them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headrace import lazy

__all__ = ["ChatAgent", "ChatModel", "PythonModel", "PythonModelContext", "ResponsesAgent"]

if TYPE_CHECKING:
    from headrace.packaging.pyfunc.chats import ChatAgent, ChatModel, ResponsesAgent
    from headrace.packaging.pyfunc.model import PythonModel, PythonModelContext
else:
    __getattr__, __dir__ = lazy.door(
        __name__,
        {
            "ChatAgent": "headrace.packaging.pyfunc.chats:ChatAgent",
            "ChatModel": "headrace.packaging.pyfunc.chats:ChatModel",
            "PythonModel": "headrace.packaging.pyfunc.model:PythonModel",
            "PythonModelContext": "headrace.packaging.pyfunc.model:PythonModelContext",
            "ResponsesAgent": "headrace.packaging.pyfunc.chats:ResponsesAgent",
            "_FunctionPythonModel": "headrace.packaging.pyfunc.model:_FunctionPythonModel",
        },
        otherwise="headrace.client.absent:lookup",
    )
