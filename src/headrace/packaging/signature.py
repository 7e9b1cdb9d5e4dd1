"""Signature of a model: schemas of its inputs, outputs and parameters, as the MLmodel file holds them."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Mapping
from typing import Any

from headrace.errors import HeadraceError, InvalidValue
from headrace.packaging import infer
from headrace.packaging.infer.dataclass_schema import schema_of_dataclass
from headrace.packaging.schema import ParamSchema, Schema
from headrace.packaging.types import DataType, WrongType

# Attributes under which pickles of MLflow's hold them.
_FROM_HINT = "_ModelSignature__is_signature_from_type_hint"
_FROM_EXAMPLE = "_ModelSignature__is_type_hint_from_example"


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

    def __getstate__(self) -> dict[str, Any]:
        return {
            "inputs": self.inputs,
            "outputs": self.outputs,
            "params": self.params,
            _FROM_HINT: self.from_type_hint,
            _FROM_EXAMPLE: self.hint_from_example,
        }

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        self.inputs, self.outputs, self.params = (state.get(key) for key in ("inputs", "outputs", "params"))
        self.from_type_hint = bool(state.get(_FROM_HINT))
        self.hint_from_example = bool(state.get(_FROM_EXAMPLE))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ModelSignature) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[Any, ...]:
        return (self.inputs, self.outputs, self.params)

    def __repr__(self) -> str:
        return f"inputs: \n  {self.inputs!r}\noutputs: \n  {self.outputs!r}\nparams: \n  {self.params!r}\n"


class _TypeHints:
    """In pickles of MLflow's, the hints of a model's predict."""

    input: Any = None
    output: Any = None


class NothingStated(InvalidValue, ValueError):
    """Neither inputs nor outputs nor params; a ValueError too, as MLflow raises there."""


def _schema(field: str, value: object) -> Schema | None:
    if value is None or isinstance(value, Schema):
        return value
    if dataclasses.is_dataclass(value):
        return schema_of_dataclass(value)
    raise WrongType(message=f"{field} must be a Schema or a dataclass; got {type(value).__name__}.")


def infer_signature(
    model_input: Any = None, model_output: Any = None, params: Mapping[str, Any] | None = None
) -> ModelSignature:
    """Signature of examples: what the model is fed, what it answers, what its parameters are by default.

    model_input, model_output: frame, series, array, sparse matrix, tensor, list, dict, scalar, dataclass. Where no
    schema can be told, the schema is one of Any, by which nothing is checked, and a warning says so.
    Raises InvalidValue for parameters whose type can't be told.
    """
    inputs, outputs = _inferred("input", model_input), _inferred("output", model_output)
    return ModelSignature(inputs, outputs, infer.infer_params(params) if params else None)


def _inferred(what: str, example: Any) -> Schema | None:
    if example is None:
        return None
    try:
        schema = infer.infer_schema(example)
    except Exception as error:  # noqa: BLE001 — whatever a framework makes of an odd example, the model is still logged
        reason = error.message if isinstance(error, HeadraceError) else f"{type(error).__name__}: {error}"
        warnings.warn(
            f"The model's {what} gets the schema Any, by which nothing is checked. {reason}",
            stacklevel=3,
        )
        return infer.anything()
    whole = [one.name for one in schema if one.type in (DataType.integer, DataType.long)]
    if whole and what == "input":  # outputs aren't enforced
        named = "" if whole[0] is None else f" ({', '.join(map(str, whole[:5]))}{', …' if len(whole) > 5 else ''})"
        warnings.warn(
            f"The model's input has integer columns{named}, which can't hold missing values: a frame that has some "
            "stores them as floats, which the signature will refuse. Where values may be missing, infer the signature "
            "from an example with missing values, or turn the columns into float64 before.",
            stacklevel=3,
        )
    return schema
