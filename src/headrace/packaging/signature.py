"""Signature of a model: schemas of its inputs, outputs and parameters, as the MLmodel file holds them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from headrace.errors import InvalidValue
from headrace.packaging.infer.dataclass_schema import schema_of_dataclass
from headrace.packaging.schema import ParamSchema, Schema
from headrace.packaging.types import WrongType


class ModelSignature:
    """inputs, outputs: a Schema, or a dataclass whose fields are the columns. At least one of the three is needed.

    from_type_hint: the inputs come from the hints of `predict`, by which data are checked then, not by the schema.
    hint_from_example: the hint was TypeFromExample.
    """

    def __init__(
        self,
        inputs: Any = None,
        outputs: Any = None,
        params: ParamSchema | None = None,
        *,
        from_type_hint: bool = False,
        hint_from_example: bool = False,
    ) -> None:
        if inputs is None and outputs is None and params is None:
            raise NothingStated(message="A signature needs at least one of inputs, outputs and params.")
        if params is not None and not isinstance(params, ParamSchema):
            raise WrongType(message=f"params must be a ParamSchema; got {type(params).__name__}.")
        self.inputs = _schema("inputs", inputs)
        self.outputs = _schema("outputs", outputs)
        self.params = params
        self.from_type_hint = from_type_hint
        self.hint_from_example = hint_from_example

    def to_dict(self) -> dict[str, Any]:
        """As in the MLmodel file: each schema is a JSON text, or None."""
        return {
            "inputs": self.inputs.to_json() if self.inputs else None,
            "outputs": self.outputs.to_json() if self.outputs else None,
            "params": self.params.to_json() if self.params else None,
        }

    @classmethod
    def from_dict(cls, signature_dict: Mapping[str, Any]) -> ModelSignature:
        inputs, outputs, params = (signature_dict.get(key) for key in ("inputs", "outputs", "params"))
        return cls(
            Schema.from_json(inputs) if inputs else None,
            Schema.from_json(outputs) if outputs else None,
            ParamSchema.from_json(params) if params else None,
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ModelSignature) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[Any, ...]:
        return (self.inputs, self.outputs, self.params)

    def __repr__(self) -> str:
        return f"inputs: \n  {self.inputs!r}\noutputs: \n  {self.outputs!r}\nparams: \n  {self.params!r}\n"


class NothingStated(InvalidValue, ValueError):
    """Neither inputs nor outputs nor params; a ValueError too, as MLflow raises there."""


def _schema(field: str, value: object) -> Schema | None:
    if value is None or isinstance(value, Schema):
        return value
    if dataclasses.is_dataclass(value):
        return schema_of_dataclass(value)
    raise WrongType(message=f"{field} must be a Schema or a dataclass; got {type(value).__name__}.")
