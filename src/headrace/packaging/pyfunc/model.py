"""Models as Python classes and functions: what a user writes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any


class PythonModelContext:
    """What a PythonModel is given. artifacts: name → absolute local path. model_config: as saved, with what the loader
    overrode; {} where there is none."""

    def __init__(self, artifacts: dict[str, str] | None = None, model_config: dict[str, Any] | None = None) -> None:
        self._artifacts = artifacts or {}
        self._model_config = model_config or {}

    @property
    def artifacts(self) -> dict[str, str]:
        return self._artifacts

    @property
    def model_config(self) -> dict[str, Any]:
        return self._model_config


class PythonModel:
    """To be subclassed. `predict` may leave out `context`, `params`, or both; if it names `params`, it gets those of
    the call, checked against the signature. `load_context` runs once, when the model is loaded.

    A type hint `list[...]` on `model_input` becomes the signature and is what inputs are checked against.
    """

    def load_context(self, context: PythonModelContext) -> None:
        """Reads artifacts. Objects that can't be pickled are made here."""

    def predict(self, context: Any, model_input: Any, params: dict[str, Any] | None = None) -> Any:
        raise NotImplementedError(f"{type(self).__name__} defines no predict.")

    def predict_stream(self, context: Any, model_input: Any, params: dict[str, Any] | None = None) -> Iterator[Any]:
        """Of one input, part by part."""
        raise NotImplementedError(f"{type(self).__name__} defines no predict_stream.")


class _FunctionPythonModel(PythonModel):
    """A function as a model. MLflow's name: pickles of both sides hold it."""

    def __init__(self, func: Callable[..., Any], signature: Any = None) -> None:
        self.func = func
        if signature is not None:
            self.signature = signature

    def predict(self, model_input: Any, params: dict[str, Any] | None = None) -> Any:  # type: ignore[override]
        if takes(self.func, "params"):
            return self.func(model_input, params=params)
        return self.func(model_input)


FunctionModel = _FunctionPythonModel


def user_function(model: PythonModel) -> Callable[..., Any]:
    """What the user wrote as predict: the function of a function model, the method of others."""
    return model.func if isinstance(model, FunctionModel) else model.predict


def streams(model: PythonModel) -> bool:
    """Whether a class of the user's defines predict_stream; those to be subclassed only name it."""
    owner = next(one for one in type(model).__mro__ if "predict_stream" in vars(one))
    return not owner.__module__.startswith(__package__ + ".")


def takes(function: Callable[..., Any], name: str) -> bool:
    """Whether it has an argument of that name; `**name` isn't one."""
    try:
        parameter = inspect.signature(function).parameters.get(name)
    except (TypeError, ValueError):  # of an extension type, which shows none
        return False
    return parameter is not None and parameter.kind is not inspect.Parameter.VAR_KEYWORD
