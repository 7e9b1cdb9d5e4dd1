"""Examples and schemas, by the place where MLflow has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headrace import lazy

__all__ = [
    "convert_input_example_to_serving_input",
    "load_serving_example",
    "validate_schema",
    "validate_serving_input",
]

if TYPE_CHECKING:
    from headrace.client.model_files import load_serving_example
    from headrace.client.python_models import validate_serving_input
    from headrace.packaging.enforce import validate_schema
    from headrace.packaging.serving_input import serving_input_of as convert_input_example_to_serving_input
else:
    __getattr__, __dir__ = lazy.door(
        __name__,
        {
            "convert_input_example_to_serving_input": "headrace.packaging.serving_input:serving_input_of",
            "load_serving_example": "headrace.client.model_files:load_serving_example",
            "validate_schema": "headrace.packaging.enforce:validate_schema",
            "validate_serving_input": "headrace.client.python_models:validate_serving_input",
        },
        otherwise="headrace.client.absent:lookup",
    )
