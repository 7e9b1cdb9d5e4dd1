"""A PythonModel that has been loaded, behind the face that every pyfunc model has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from headrace.packaging import hints
from headrace.packaging.pyfunc.model import PythonModel, PythonModelContext, streams, takes, user_function


class PythonModelWrapper:
    """hint: of the model's input, checked and converted to before each call; None without one."""

    def __init__(self, python_model: PythonModel, context: PythonModelContext) -> None:
        self.python_model, self.context = python_model, context
        self._hint = hints.input_hint(user_function(python_model))
        self._predict = _call(python_model.predict, context)
        if streams(python_model):
            self._predict_stream = _call(python_model.predict_stream, context)
            self.predict_stream = self._stream

    def predict(self, model_input: Any, params: dict[str, Any] | None = None) -> Any:
        return self._predict(self._converted(model_input), params)

    def _stream(self, model_input: Any, params: dict[str, Any] | None = None) -> Iterator[Any]:
        answer: Iterator[Any] = self._predict_stream(self._converted(model_input), params)
        return answer

    def _converted(self, model_input: Any) -> Any:
        if self._hint is not None:
            return hints.convert(model_input, self._hint)
        # What the user's code does to its input mustn't reach the caller's frame, which may come through as it was.
        return model_input.copy(deep=False) if hasattr(model_input, "iloc") else model_input


def _call(method: Callable[..., Any], context: PythonModelContext) -> Callable[[Any, Any], Any]:
    """The method with its own selection of context, input and params."""
    with_context, with_params = takes(method, "context"), takes(method, "params")
    if with_context and with_params:
        return lambda model_input, params: method(context, model_input, params=params)
    if with_context:
        return lambda model_input, _: method(context, model_input)
    if with_params:
        return lambda model_input, params: method(model_input, params=params)
    return lambda model_input, _: method(model_input)
