"""PythonModels that speak a protocol of chats: their loaders, signatures and wrappers."""

from __future__ import annotations

from typing import Any

from headrace.packaging.draft import Draft
from headrace.packaging.pyfunc.model import PythonModel, PythonModelContext
from headrace.packaging.pyfunc.wrapper import PythonModelWrapper

PLAIN_LOADER = "mlflow.pyfunc.model"


def loader_module_of(model: PythonModel) -> str:  # noqa: ARG001
    return PLAIN_LOADER


def prepare_agent(model: PythonModel, draft: Draft) -> None:
    """Signature, example and metadata that the protocol fixes."""


def as_python_model(model: Any) -> Any:
    """What set_model gave: functions are models, too."""
    from headrace.packaging.pyfunc.model import FunctionModel

    return FunctionModel(model) if callable(model) and not isinstance(model, PythonModel) else model


def wrapper_for(model: PythonModel, context: PythonModelContext) -> Any:
    return PythonModelWrapper(model, context)
