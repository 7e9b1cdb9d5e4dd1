"""The schema that a dataclass states: one column a field, dataclasses inside it as objects."""

from __future__ import annotations

import dataclasses
import datetime as dt
import types
import typing
from typing import Any

from headrace.errors import InvalidValue
from headrace.packaging.schema import ColSpec, Schema
from headrace.packaging.types import Array, ColumnType, DataType, Object, Property

# float is the 32-bit type here and the 64-bit one elsewhere: signatures that MLflow made of dataclasses say so.
_SCALARS: dict[Any, DataType] = {
    bool: DataType.boolean,
    int: DataType.long,
    float: DataType.float,
    str: DataType.string,
    bytes: DataType.binary,
    dt.date: DataType.datetime,
    dt.datetime: DataType.datetime,
}


def schema_of_dataclass(dataclass: Any) -> Schema:
    """dataclass: a class or an instance; its fields' hints are what counts, not the values."""
    return Schema([ColSpec(kind, name, required) for name, kind, required in _fields(dataclass)])


def _fields(dataclass: Any) -> list[tuple[str, ColumnType, bool]]:
    kind = dataclass if isinstance(dataclass, type) else type(dataclass)
    hints = typing.get_type_hints(kind)
    return [(one.name, *_type_of(hints[one.name], f"{kind.__name__}.{one.name}")) for one in dataclasses.fields(kind)]


def _type_of(hint: Any, field: str) -> tuple[ColumnType, bool]:
    """The type, and whether it is required."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        inner = [one for one in typing.get_args(hint) if one is not type(None)]
        if len(inner) != 1 or len(typing.get_args(hint)) != 2:
            raise InvalidValue(field, hint, "of unions only Optional[…] can be told in a schema.")
        return _type_of(inner[0], field)[0], False
    if typing.get_origin(hint) is list:
        return Array(_type_of(typing.get_args(hint)[0], field)[0]), True
    if dataclasses.is_dataclass(hint):
        return Object([Property(*one) for one in _fields(hint)]), True
    if hint in _SCALARS:
        return _SCALARS[hint], True
    allowed = "bool, int, float, str, bytes, date, datetime, a dataclass, list[…] or Optional[…] of them."
    raise InvalidValue(field, hint, allowed)
