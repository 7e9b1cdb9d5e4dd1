"""Columns or tensors of a dataset, in the JSON that MLflow's clients and UI read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

_KINDS = {"b": "boolean", "U": "string", "S": "binary", "M": "datetime", "T": "string"}


class Column(msgspec.Struct, frozen=True):
    """type: a column type of MLflow's schema language; "any" where it has none. required: no value is missing."""

    name: str
    type: str
    required: bool = True

    def to_dict(self) -> dict[str, Any]:
        return {"type": self.type, "name": self.name, "required": self.required}


class ColumnSchema(msgspec.Struct, frozen=True):
    columns: list[Column]

    def to_dict(self) -> dict[str, Any]:
        return {"mlflow_colspec": [column.to_dict() for column in self.columns]}


class Tensor(msgspec.Struct, frozen=True):
    """shape: the first dimension is -1, any number of rows. name: None for the only one."""

    dtype: str
    shape: tuple[int, ...]
    name: str | None = None

    @classmethod
    def of(cls, array: Array, name: str | None = None) -> Tensor:
        dtype = "str" if array.dtype.kind == "U" else array.dtype.name
        return cls(dtype, (-1, *array.shape[1:]) if array.ndim else (), name)

    def to_dict(self) -> dict[str, Any]:
        named = {} if self.name is None else {"name": self.name}
        return {**named, "type": "tensor", "tensor-spec": {"dtype": self.dtype, "shape": list(self.shape)}}


class TensorSchema(msgspec.Struct, frozen=True):
    features: list[Tensor]
    targets: list[Tensor] | None = None

    def to_dict(self) -> dict[str, Any]:
        return {
            "mlflow_tensorspec": {
                "features": _tensors_json(self.features),
                "targets": None if self.targets is None else _tensors_json(self.targets),
            }
        }


Schema = ColumnSchema | TensorSchema


def _tensors_json(tensors: list[Tensor]) -> str:
    return json.dumps([tensor.to_dict() for tensor in tensors])


def tensors_of(arrays: Array | Mapping[str, Array]) -> list[Tensor]:
    if isinstance(arrays, Mapping):
        return [Tensor.of(np.asarray(array), name) for name, array in arrays.items()]
    return [Tensor.of(np.asarray(arrays))]


def column_type(dtype: np.dtype[Any]) -> str:
    """Of a numpy type; "any" for objects, whose values have to be looked at."""
    if dtype.kind in "iu":
        # An unsigned type needs the next larger signed one.
        return "integer" if dtype.itemsize < 4 or (dtype.itemsize == 4 and dtype.kind == "i") else "long"
    if dtype.kind == "f":
        return "float" if dtype.itemsize <= 4 else "double"
    return _KINDS.get(dtype.kind, "any")


def value_type(value: object) -> str:
    if isinstance(value, str):
        return "string"
    if isinstance(value, (bytes, bytearray)):
        return "binary"
    if isinstance(value, (bool, np.bool_)):
        return "boolean"
    if isinstance(value, (int, np.integer)):
        return "long"
    if isinstance(value, (float, np.floating)):
        return "double"
    return "any"
