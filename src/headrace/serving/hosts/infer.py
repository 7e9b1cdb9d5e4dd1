"""The Open Inference Protocol's requests and answers for one model.

Tensors are given to the model by the names of its signature: as they are where it has tensors, as columns of a frame
where it has columns. Without a signature one tensor is the input, and several are a dict by name.
"""

from __future__ import annotations

import functools
import json
import math
from typing import Any

import msgspec
import numpy as np

from headrace.errors import shown
from headrace.lazy import optional_import
from headrace.packaging.mlmodel import Model
from headrace.packaging.payload.columns import cast_or_refuse
from headrace.packaging.payload.errors import BadPayload
from headrace.packaging.payload.quick import frame_of_columns
from headrace.packaging.schema import Schema, TensorSpec
from headrace.packaging.types import DataType
from headrace.serving.call import JSON, Call
from headrace.serving.hosts.joining import mould_of
from headrace.serving.hosts.tensors import as_tensors, decoded, packed, unpacked
from headrace.serving.hosts.work import Work, Written
from headrace.serving.oip import BINARY, header_length, with_header_length

_PLAIN = (DataType.boolean, DataType.integer, DataType.long, DataType.float, DataType.double)


class _Input(msgspec.Struct):
    name: str
    shape: list[int]
    datatype: str
    data: Any = None
    parameters: dict[str, Any] | None = None


class _Output(msgspec.Struct):
    name: str
    parameters: dict[str, Any] | None = None


class _Request(msgspec.Struct):
    inputs: list[_Input]
    id: str | None = None
    outputs: list[_Output] | None = None
    parameters: dict[str, Any] | None = None


class Infer:
    """name: that answers give the model."""

    def __init__(self, model: Model, name: str) -> None:
        self._name = name
        signature = model.signature
        self._inputs = signature.inputs if signature and not model.is_signature_from_type_hint else None
        self._outputs = signature.outputs if signature else None
        self._params = {spec.name for spec in signature.params} if signature and signature.params else set()

    def read(self, call: Call) -> Work:
        """Raises BadPayload."""
        header, rest = _split(call)
        request = _parsed(header)
        if not request.inputs:
            raise BadPayload("inputs: at least one tensor is needed.")
        tensors: dict[str, np.ndarray[Any, Any]] = {}
        for given in request.inputs:
            if given.name in tensors:
                raise BadPayload(f"inputs: {given.name!r} is there twice.")
            tensors[given.name], rest = _array(given, rest)
        if rest:
            raise BadPayload(f"The body has {len(rest)} bytes more than the tensors' binary_data_size say.")
        said = request.parameters or {}
        params = {key: value for key, value in said.items() if key in self._params} or None
        data = self._data(tensors, as_frame=said.get("content_type") == "pd")
        return Work(
            call=call,
            data=data,
            params=params,
            write=functools.partial(self._write, request),
            mould=mould_of(data),
        )

    def _data(self, tensors: dict[str, np.ndarray[Any, Any]], *, as_frame: bool) -> Any:
        schema = self._inputs
        if schema is not None and schema.is_tensor_spec():
            return _as_tensors(tensors, schema)
        if schema is not None and _is_exact(tensors, schema):
            return frame_of_columns(list(schema.input_names()), [tensors[name] for name in schema.input_names()])
        if schema is not None or as_frame:
            return cast_or_refuse(_as_frame(tensors, schema), schema)
        return next(iter(tensors.values())) if len(tensors) == 1 else tensors

    def _write(self, request: _Request, predictions: Any) -> Written:
        made = as_tensors(predictions, self._outputs)
        asked = {output.name: output.parameters or {} for output in request.outputs or ()}
        if unknown := [name for name in asked if name not in made]:
            raise BadPayload(f"outputs: the model has no {shown(unknown[0])}; it has {', '.join(map(repr, made))}.")
        in_bytes = bool((request.parameters or {}).get("binary_data_output"))
        said: dict[str, Any] = {"model_name": self._name}
        if request.id is not None:
            said["id"] = request.id
        outputs, tail = [], []
        for name, tensor in made.items():
            if asked and name not in asked:
                continue
            stated: dict[str, Any] = {"name": name, "datatype": tensor.datatype, "shape": tensor.shape}
            if asked.get(name, {}).get("binary_data", in_bytes):
                tail.append(packed(tensor))
                stated["parameters"] = {"binary_data_size": len(tail[-1])}
            else:
                stated["data"] = tensor.values
            outputs.append(stated)
        header = _json({**said, "outputs": outputs}, finite=all(tensor.finite for tensor in made.values()))
        if not tail:
            return header, JSON
        return b"".join([header, *tail]), with_header_length(str(len(header)))


def _split(call: Call) -> tuple[bytes, bytes]:
    """The JSON and what comes after it."""
    if call.content_type.partition(";")[0].strip().lower() != BINARY:
        return call.body, b""
    said = header_length(call.content_type)
    if said is None:
        return call.body, b""
    if not said.isdecimal() or int(said) > len(call.body):
        raise BadPayload(f"Inference-Header-Content-Length: at most {len(call.body)}, the body's; it is {shown(said)}.")
    return call.body[: int(said)], call.body[int(said) :]


def _parsed(header: bytes) -> _Request:
    try:
        return msgspec.json.decode(header, type=_Request)
    except msgspec.ValidationError as error:
        problem = error
    except (msgspec.DecodeError, ValueError, RecursionError):
        problem = None
    try:
        found = json.loads(header)  # which reads NaN
    except (ValueError, RecursionError) as error:
        raise BadPayload(f"The body isn't JSON: {error}.") from None
    try:
        return msgspec.convert(found, _Request)
    except msgspec.ValidationError as error:
        raise BadPayload(f"The body isn't a request of the Open Inference Protocol: {problem or error}.") from None


def _array(given: _Input, rest: bytes) -> tuple[np.ndarray[Any, Any], bytes]:
    place = f"input {given.name!r}"
    if any(length < 0 for length in given.shape):
        raise BadPayload.at(place, f"shape must have no negative length; it is {given.shape}.")
    size = math.prod(given.shape)
    count = (given.parameters or {}).get("binary_data_size")
    if count is None:
        return decoded(given.data, given.datatype, given.shape, size, place), rest
    if not isinstance(count, int) or not 0 <= count <= len(rest):
        raise BadPayload.at(place, f"binary_data_size is {shown(count)}, but {len(rest)} bytes are left in the body.")
    return unpacked(rest[:count], given.datatype, given.shape, size, place), rest[count:]


def _as_tensors(tensors: dict[str, np.ndarray[Any, Any]], schema: Schema) -> Any:
    if not schema.has_input_names():
        if len(tensors) != 1:
            raise BadPayload(f"inputs: the model takes one tensor; there are {', '.join(map(repr, tensors))}.")
        name, array = next(iter(tensors.items()))
        return _typed(array, schema.inputs[0], name)
    specs = schema.input_dict()
    if set(specs) != set(tensors):
        wants, has = ", ".join(map(repr, specs)), ", ".join(map(repr, tensors))
        raise BadPayload(f"inputs: the model takes {wants}; there are {has}.")
    return {name: _typed(tensors[name], spec, name) for name, spec in specs.items()}


def _typed(array: np.ndarray[Any, Any], spec: TensorSpec, name: str) -> np.ndarray[Any, Any]:
    if array.dtype == spec.type:
        return array
    text_for_text = array.dtype.kind == "O" and spec.type.kind in "OUS"
    if text_for_text or (array.dtype.kind != "O" and np.can_cast(array.dtype, spec.type, "safe")):
        return array.astype(spec.type)
    raise BadPayload.at(f"input {name!r}", f"expected {spec.type.name}, found {array.dtype.name}.")


def _is_exact(tensors: dict[str, np.ndarray[Any, Any]], schema: Schema) -> bool:
    """A flat tensor for each column, of just its type."""
    if not schema.has_input_names() or set(tensors) != set(schema.input_names()):
        return False
    if len({array.shape for array in tensors.values()}) != 1 or next(iter(tensors.values())).ndim != 1:
        return False
    return all(
        isinstance(spec.type, DataType) and spec.type in _PLAIN and tensors[spec.name].dtype == spec.type.to_numpy()
        for spec in schema.inputs
    )


def _as_frame(tensors: dict[str, np.ndarray[Any, Any]], schema: Schema | None) -> Any:
    """A column a tensor; or one tensor of two dimensions, whose columns are the schema's in their order."""
    pandas = optional_import("pandas", extra="pandas", why="the model takes columns")
    if schema is not None and len(tensors) == 1:
        name, array = next(iter(tensors.items()))
        names = schema.input_names()
        if array.ndim == 2 and array.shape[1] == len(names) and (len(names) > 1 or name not in names):
            return pandas.DataFrame({label: _listed(array[:, at]) for at, label in enumerate(names)})
    columns = {}
    for name, array in tensors.items():
        if array.ndim == 2 and array.shape[1] == 1:
            array = array[:, 0]  # noqa: PLW2901 — a column is often sent so
        if array.ndim != 1:
            raise BadPayload.at(
                f"input {name!r}", f"a column has the shape [rows] or [rows, 1], not {list(array.shape)}."
            )
        columns[name] = _listed(array)
    if len({len(column) for column in columns.values()}) > 1:
        lengths = ", ".join(f"{name!r} has {len(column)}" for name, column in columns.items())
        raise BadPayload(f"inputs: all columns need as many rows: {lengths}.")
    return pandas.DataFrame(columns)


def _listed(column: np.ndarray[Any, Any]) -> Any:
    """Text becomes what pandas makes of text."""
    return column.tolist() if column.dtype.kind == "O" else column


def _json(value: dict[str, Any], *, finite: bool) -> bytes:
    return msgspec.json.encode(value) if finite else json.dumps(value).encode()
