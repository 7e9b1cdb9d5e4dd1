"""What pickles of MLflow's hold around a `predict` with a type hint: a wrapper that checks the input by these names.

Ours are pickled without one, as whoever loads them checks by the hint itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from headrace.packaging import hints


class FuncInfo(NamedTuple):
    input_type_hint: Any
    input_param_name: str


def pyfunc(func: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator of a function that is a model; the hint of its input is checked at each prediction."""
    func._is_pyfunc = True  # type: ignore[attr-defined]
    return func


def model_validate(model: Any, values: Any) -> None:
    """pydantic's ValidationError where the values aren't exactly what the class asks for."""
    model.model_validate(values, strict=True)


def validate_model_input(
    args: tuple[Any, ...], kwargs: dict[str, Any], model_input_index: int, type_hint: Any, name: str
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments of a call, with the model's input as its hint wants it."""
    if name in kwargs:
        return args, {**kwargs, name: hints.convert(kwargs[name], type_hint)}
    if len(args) > model_input_index:
        data = hints.convert(args[model_input_index], type_hint)
        return (*args[:model_input_index], data, *args[model_input_index + 1 :]), kwargs
    return args, kwargs
