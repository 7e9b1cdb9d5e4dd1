"""Tensors as the Open Inference Protocol writes them, in JSON and as bytes, and predictions as such tensors."""

from __future__ import annotations

import base64
import itertools
import json
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from headrace.errors import shown
from headrace.packaging.payload.answer import jsonable, plain_value
from headrace.packaging.payload.errors import BadPayload
from headrace.packaging.schema import Schema
from headrace.serving.oip import BYTES, DATATYPES

_DTYPES = {said: np.dtype(name).newbyteorder("<") for name, said in DATATYPES.items()}
_CLASSES: dict[str, tuple[type, ...]] = {"b": (bool,), "i": (int,), "u": (int,), "f": (int, float), "O": (str,)}
_MAX_DEPTH = 64


@dataclass(frozen=True, kw_only=True)
class Tensor:
    """values: flat, as JSON has them, except that BYTES may be bytes. array: of numbers, None for BYTES. finite: JSON
    has a form for each."""

    datatype: str
    shape: list[int]
    values: list[Any]
    array: np.ndarray[Any, Any] | None = None
    finite: bool = True


def _dtype(datatype: str, place: str) -> np.dtype[Any]:
    if datatype == BYTES:
        return np.dtype(object)
    if datatype not in _DTYPES:
        known = ", ".join([*_DTYPES, BYTES])
        raise BadPayload.at(place, f"the datatype {shown(datatype)} isn't known; there are {known}.")
    return _DTYPES[datatype]


def decoded(data: Any, datatype: str, shape: list[int], size: int, place: str) -> np.ndarray[Any, Any]:
    """data: nested or flat."""
    dtype = _dtype(datatype, place)
    if not isinstance(data, list):
        raise BadPayload.at(place, f"data must be a list; it is {shown(data)}.")
    flat = data if not any(isinstance(item, list) for item in data) else list(_flat(data, place))
    if len(flat) != size:
        raise BadPayload.at(place, f"the shape {shape} has {size} values; data has {len(flat)}.")
    allowed = _CLASSES[dtype.kind]
    if not set(map(type, flat)) <= set(allowed):
        at = next(at for at, item in enumerate(flat) if type(item) not in allowed)
        raise BadPayload.at(place, f"expected {datatype}, found {shown(flat[at])} at {at}.")
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        if flat and (min(flat) < limits.min or max(flat) > limits.max):
            at = next(at for at, item in enumerate(flat) if not limits.min <= item <= limits.max)
            raise BadPayload.at(place, f"{datatype} goes from {limits.min} to {limits.max}; found {flat[at]} at {at}.")
    try:
        return _shaped(np.array(flat, dtype=dtype), shape, place)
    except OverflowError:
        raise BadPayload.at(place, f"a number is beyond what {datatype} can hold.") from None


def _flat(data: list[Any], place: str, depth: int = 0) -> Iterator[Any]:
    if depth > _MAX_DEPTH:
        raise BadPayload.at(place, f"data is nested more than {_MAX_DEPTH} deep.")
    for item in data:
        if isinstance(item, list):
            yield from _flat(item, place, depth + 1)
        else:
            yield item


def _shaped(array: np.ndarray[Any, Any], shape: list[int], place: str) -> np.ndarray[Any, Any]:
    try:
        return array.reshape(shape)
    except ValueError as error:
        raise BadPayload.at(place, f"the shape {shown(shape)} can't be made ({error}).") from None


def unpacked(data: bytes, datatype: str, shape: list[int], size: int, place: str) -> np.ndarray[Any, Any]:
    """Of the binary extension: little-endian, row by row; BYTES have their length before them, in four bytes."""
    dtype = _dtype(datatype, place)
    if datatype != BYTES:
        if len(data) != size * dtype.itemsize:
            wanted = size * dtype.itemsize
            raise BadPayload.at(place, f"{datatype} of shape {shape} takes {wanted} bytes; there are {len(data)}.")
        return _shaped(np.frombuffer(data, dtype).astype(dtype.newbyteorder("=")), shape, place)
    texts, at = [], 0
    while at < len(data):
        if at + 4 > len(data):
            raise BadPayload.at(place, "the last of the BYTES has no length.")
        (length,) = struct.unpack_from("<I", data, at)
        if at + 4 + length > len(data):
            raise BadPayload.at(
                place, f"the last of the BYTES has {len(data) - at - 4} bytes and should have {length}."
            )
        texts.append(_text(data[at + 4 : at + 4 + length], place))
        at += 4 + length
    return decoded(texts, datatype, shape, size, place)


def _text(data: bytes, place: str) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise BadPayload.at(place, "BYTES must be UTF-8; send other bytes as base64 text.") from None


def packed(tensor: Tensor) -> bytes:
    if tensor.array is not None:
        return tensor.array.astype(tensor.array.dtype.newbyteorder("<")).tobytes()
    items = (item.encode() if isinstance(item, str) else item for item in tensor.values)
    return b"".join(itertools.chain.from_iterable((struct.pack("<I", len(item)), item) for item in items))


def as_tensors(predictions: Any, schema: Schema | None) -> dict[str, Tensor]:
    """By name: a frame's columns, a dict's keys, else the name of the signature's only output, or output-0."""
    if hasattr(predictions, "iloc") and hasattr(predictions, "columns"):
        return {str(name): _tensor(predictions.iloc[:, at]) for at, name in enumerate(predictions.columns)}
    if isinstance(predictions, Mapping):
        return {str(name): _tensor(value) for name, value in predictions.items()}
    only = schema.inputs[0].name if schema is not None and len(schema) == 1 else None
    named = only if only is not None else getattr(predictions, "name", None) if hasattr(predictions, "iloc") else None
    return {"output-0" if named is None else str(named): _tensor(predictions)}


def _tensor(value: Any) -> Tensor:
    array = value.to_numpy() if hasattr(value, "iloc") else _array(jsonable(value), value)
    datatype = DATATYPES.get(array.dtype.name, BYTES)
    shape = list(array.shape) or [1]
    if datatype == BYTES:
        return Tensor(datatype=datatype, shape=shape, values=[_as_text(item) for item in array.ravel().tolist()])
    finite = array.dtype.kind != "f" or bool(np.isfinite(array).all())
    return Tensor(datatype=datatype, shape=shape, values=array.ravel().tolist(), array=array, finite=finite)


def _array(plain: Any, value: Any) -> np.ndarray[Any, Any]:
    if isinstance(value, np.ndarray):
        return value
    rows = plain if isinstance(plain, list) else [plain]
    if any(isinstance(row, (dict, str, bytes)) or row is None for row in rows):
        made = np.empty(len(rows), dtype=object)
        made[:] = rows
        return made
    try:
        return np.array(rows)
    except ValueError:  # of unequal length
        made = np.empty(len(rows), dtype=object)
        made[:] = rows
        return made


def _as_text(item: Any) -> str:
    """Text as it is, bytes as base64, all else as JSON."""
    if isinstance(item, str):
        return item
    if isinstance(item, (bytes, bytearray)):
        return base64.b64encode(item).decode()
    return json.dumps(item, default=plain_value)
