"""Reads what MLflow's servers accept, and says what is wrong with the rest in the words that clients look for.

The fast decoder takes well-formed requests; whatever it refuses comes here: lowerCamelCase names, unknown fields,
numbers as text, names of enums that nobody knows, JSON in JSON. A `Shape` is built once per message type.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from msgspec import inspect

from headrace.errors import InvalidValue, MissingValue

Read = Callable[[object, str], object]  # (value, its path) -> the value of the declared type, or UNSET

UNSET = object()
_SHOWN_CHARS = 200


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    camel: str
    required: bool
    repeated: bool
    read: Read


@dataclass(frozen=True, slots=True)
class Shape:
    kind: type[Any]
    fields: tuple[Field, ...]

    def build(self, values: Mapping[str, object], path: str = "") -> Any:
        known: dict[str, object] = {}
        for field in self.fields:
            where = path + field.name
            value = values.get(field.name)
            if field.camel != field.name and field.camel in values:
                if field.name in values:
                    raise InvalidValue(
                        where,
                        message=f"Parameter '{where}' is given twice, as '{field.name}' and '{field.camel}'; "
                        "send one of them.",
                    )
                value = values[field.camel]
            read = UNSET if value is None else field.read(value, where)
            if read is not UNSET:
                known[field.name] = read
            elif field.required:
                raise MissingValue(where)
        return self.kind(**known)


@cache
def shape(kind: type[Any]) -> Shape:
    described = inspect.type_info(kind)
    assert isinstance(described, inspect.StructType)
    return _shape(described)


def _shape(described: inspect.StructType) -> Shape:
    return Shape(
        described.cls,
        tuple(
            Field(
                field.name,
                _camel(field.name),
                field.required,
                _is_repeated(field.type),
                _reader(field.type),
            )
            for field in described.fields
        ),
    )


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def _plain(described: inspect.Type) -> tuple[inspect.Type, dict[str, Any]]:
    """Without `| None` and metadata; what the metadata said."""
    extra: dict[str, Any] = {}
    while True:
        if isinstance(described, inspect.Metadata):
            extra |= described.extra or {}
            described = described.type
        elif isinstance(described, inspect.UnionType):
            (described,) = (one for one in described.types if not isinstance(one, inspect.NoneType))
        else:
            return described, extra


def _is_repeated(described: inspect.Type) -> bool:
    return isinstance(_plain(described)[0], inspect.ListType)


def _reader(described: inspect.Type) -> Read:
    plain, extra = _plain(described)
    match plain:
        case inspect.StrType(min_length=shortest):
            return _required_text if shortest else _text
        case inspect.IntType(ge=least, le=most):
            return _integer(least, most)
        case inspect.FloatType():
            return _number
        case inspect.BoolType():
            return _boolean
        case inspect.LiteralType(values=names):
            return _name(tuple(str(name) for name in names), extra.get("numbers"))
        case inspect.ListType(item_type=item):
            return _list(_reader(item), drops_strangers=bool(extra.get("drops_strangers")))
        case inspect.StructType():
            return _struct(_shape(plain))
    raise TypeError(f"requests can't hold {plain}")


def _refused(value: object, path: str, needed: str) -> InvalidValue:
    text = json.dumps(value)
    if len(text) > _SHOWN_CHARS:
        text = f"{text[:_SHOWN_CHARS]}… ({len(text)} characters)"
    return InvalidValue(
        path, value, message=f"Invalid value {text} for parameter '{path}' supplied: {needed} is needed."
    )


def _text(value: object, path: str) -> object:
    if isinstance(value, str):
        return value
    raise _refused(value, path, "a string")


def _required_text(value: object, path: str) -> object:
    if value == "":
        raise MissingValue(path)
    return _text(value, path)


def _integer(least: int | None, most: int | None) -> Read:
    low, high = -(1 << 63) if least is None else least, (1 << 63) - 1 if most is None else most
    needed = "a 64-bit integer" if low < -(1 << 62) else f"an integer from {low} to {high}"

    def read(value: object, path: str) -> object:
        number = _whole(value)
        if number is None or not low <= number <= high:
            raise _refused(value, path, needed)
        return number

    return read


def _whole(value: object) -> int | None:
    if isinstance(value, str):
        if "_" in value:
            return None
        try:
            return int(value)
        except ValueError:
            pass
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _number(value: object, path: str) -> object:
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            pass
    elif isinstance(value, str) and "_" not in value:
        try:
            return float(value)  # also NaN, Infinity, -Infinity
        except ValueError:
            pass
    raise _refused(value, path, 'a number, "NaN", "Infinity" or "-Infinity"')


def _boolean(value: object, path: str) -> object:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise _refused(value, path, "true or false")


def _name(names: tuple[str, ...], numbers: Mapping[int, str] | None) -> Read:
    """An unknown name of one of MLflow's enums (those with numbers) counts as unset; of our own it is refused."""

    def read(value: object, path: str) -> object:
        if value in names:
            return value
        if numbers is None:
            raise _refused(value, path, f"one of {', '.join(names)}")
        number = _whole(value)
        return UNSET if number is None else numbers.get(number, UNSET)

    return read


def _list(item: Read, *, drops_strangers: bool) -> Read:
    def read(value: object, path: str) -> object:
        if not isinstance(value, list):
            raise _refused(value, path, "an array")
        if drops_strangers:
            return [one for one in value if isinstance(one, str)]
        return [_present(item(one, f"{path}[{at}]"), f"{path}[{at}]") for at, one in enumerate(value)]

    return read


def _present(value: object, path: str) -> object:
    if value is UNSET:
        raise MissingValue(path)
    return value


def _struct(inner: Shape) -> Read:
    def read(value: object, path: str) -> object:
        if not isinstance(value, dict):
            raise _refused(value, path, "an object")
        return inner.build(value, f"{path}.")

    return read
