"""Classes of Python models, under the names that pickles give them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headrace import lazy

__all__ = ["PythonModel", "PythonModelContext"]

if TYPE_CHECKING:
    from headrace.packaging.pyfunc.model import PythonModel, PythonModelContext
else:
    __getattr__, __dir__ = lazy.door(
        __name__,
        {
            "PythonModel": "headrace.packaging.pyfunc.model:PythonModel",
            "PythonModelContext": "headrace.packaging.pyfunc.model:PythonModelContext",
            "_FunctionPythonModel": "headrace.packaging.pyfunc.model:_FunctionPythonModel",
        },
        otherwise="headrace.client.absent:lookup",
    )
