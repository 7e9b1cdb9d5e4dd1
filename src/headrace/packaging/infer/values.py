"""The type of one Python value: dicts are objects, lists and arrays are arrays, null is anything."""

from __future__ import annotations

import datetime as dt
import math
import sys
from collections.abc import Iterable
from typing import Any

import numpy as np

from headrace.errors import InvalidValue, shown
from headrace.packaging.infer.merge import merge
from headrace.packaging.types import AnyType, Array, ColumnType, DataType, Object, Property

_SCALARS: dict[type, DataType] = {
    bool: DataType.boolean,
    np.bool_: DataType.boolean,
    int: DataType.long,
    np.int64: DataType.long,
    np.int32: DataType.integer,
    float: DataType.double,
    np.float64: DataType.double,
    np.float32: DataType.float,
    str: DataType.string,
    np.str_: DataType.string,
    bytes: DataType.binary,
    np.bytes_: DataType.binary,
    bytearray: DataType.binary,
}
_PLAIN = (bool, int, str, bytes, float, type(None))


def is_null(value: object) -> bool:
    if isinstance(value, float):
        return math.isnan(value)
    return value is None or type(value).__name__ in ("NAType", "NaTType")


def plain(value: Any) -> Any:
    """A pydantic object as the dict that it is made of; anything else as it is."""
    pydantic = sys.modules.get("pydantic")
    if pydantic is not None and isinstance(value, pydantic.BaseModel):
        return value.model_dump()
    return value


def type_of(value: Any) -> ColumnType | None:
    """None: undetermined, as of an empty array. Raises InvalidValue for what has no type."""
    found = _SCALARS.get(type(value))
    if found is not None and not (isinstance(value, float) and math.isnan(value)):
        return found
    value = plain(value)
    if is_null(value) or (isinstance(value, (list, dict)) and not value):
        return AnyType()
    if isinstance(value, dict):
        return _type_of_dict(value)
    if isinstance(value, (list, np.ndarray)):
        inner = item_type(value)
        return None if inner is None else Array(inner)
    return _type_of_scalar(value)


def _type_of_scalar(value: Any) -> DataType:
    for kind in type(value).__mro__:
        if kind in _SCALARS and not isinstance(value, np.generic):
            return _SCALARS[kind]
    if isinstance(value, (dt.date, np.datetime64)):
        return DataType.datetime
    raise InvalidValue(message=f"No column type stands for {shown(value)} of class {type(value).__name__}.")


def known_type(value: Any) -> ColumnType:
    found = type_of(value)
    if found is None:
        raise InvalidValue(message=f"An empty array tells no type: {shown(value)}. Give at least one item.")
    return found


def _type_of_dict(value: dict[Any, Any]) -> Object:
    properties = []
    for name, inner in value.items():
        kind = known_type(inner)
        properties.append(Property(name, kind, required=not isinstance(kind, AnyType)))
    return Object(properties)


def item_type(items: Iterable[Any]) -> ColumnType | None:
    """The one type of all items. None if no item tells one."""
    if isinstance(items, np.ndarray) and items.ndim == 1 and items.dtype.kind in "bifUS":
        items = items[:1]  # all are of one type
    quick = _type_of_plain_list(items) if isinstance(items, list) else None
    if quick is not None:
        return quick
    found: ColumnType | None = None
    for item in items:
        kind = type_of(item)
        if kind is not None:
            found = kind if found is None else merge(found, kind)
    return found


def _type_of_plain_list(items: list[Any]) -> ColumnType | None:
    """Of many scalars of one class, which need no look at each."""
    kinds = set(map(type, items))
    if not kinds or not kinds.issubset(_PLAIN):
        return None
    if float in kinds and all(math.isnan(item) for item in items if type(item) is float):
        kinds.discard(float)
    kinds.discard(type(None))
    if len(kinds) > 1:
        return None
    return _SCALARS[kinds.pop()] if kinds else AnyType()
