"""Records that check themselves: dataclasses whose annotations are held to when one is made.

A mapping becomes the record that its field asks for, a whole float an int, an int a float. What doesn't fit is refused
with the field, the value and what is allowed. `None` stands for "not given" and is left out of `to_dict`.
Known shapes of annotation: plain types, records, `X | None`, `list[X]`, `dict[str, X]`, `Literal[…]`, `Any`.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from typing import Any, Literal, Self, Union, get_args, get_origin

from headrace.errors import InvalidValue, shown


class InvalidRecord(InvalidValue, ValueError):
    """`InvalidRecord("role", 5, "a string")`; a ValueError too, as whoever knows MLflow's records expects."""

    def __init__(self, field: str, value: object, allowed: str) -> None:
        super().__init__(field, value, message=f"`{field}` must be {allowed}, got {shown(value)}")
        self.allowed = allowed


class Record:
    """Base of dataclasses; a subclass may add rules between fields in `check`."""

    def __post_init__(self) -> None:
        for name, hint in _hints(type(self)).items():
            setattr(self, name, _fitted(getattr(self, name), hint, name))
        self.check()

    def check(self) -> None:
        """Raises InvalidRecord where fields contradict each other."""

    def to_dict(self) -> dict[str, Any]:
        return {name: _plain(value) for name in _hints(type(self)) if (value := getattr(self, name)) is not None}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The record; keys that it has no field for are left out."""
        missing = [name for name in required(cls) if name not in data]
        if missing:
            raise InvalidRecord(missing[0], None, f"given in a {cls.__name__}")
        return cls(**{name: data[name] for name in _hints(cls) if name in data})


def required(cls: type[Record]) -> list[str]:
    return [
        field.name
        for field in dataclasses.fields(cls)  # type: ignore[arg-type] # every subclass is a dataclass
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    ]


_known_hints: dict[type[Record], dict[str, Any]] = {}


def _hints(cls: type[Record]) -> dict[str, Any]:
    found = _known_hints.get(cls)
    if found is None:
        hints = typing.get_type_hints(cls)
        found = {field.name: hints[field.name] for field in dataclasses.fields(cls)}  # type: ignore[arg-type]
        _known_hints[cls] = found
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, Record):
        return value.to_dict()
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return value


def _fitted(value: Any, hint: Any, where: str) -> Any:
    origin, arguments = get_origin(hint), get_args(hint)
    if hint is Any:
        return value
    if origin in (Union, types.UnionType):
        return _one_of(value, arguments, where)
    if origin is Literal:
        if value not in arguments:
            raise InvalidRecord(where, value, f"one of {', '.join(map(repr, arguments))}")
        return value
    if origin is list:
        if not isinstance(value, list | tuple):
            raise InvalidRecord(where, value, "a list")
        return [_fitted(item, arguments[0], f"{where}[{position}]") for position, item in enumerate(value)]
    if origin is dict:
        if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
            raise InvalidRecord(where, value, "a mapping with strings as keys")
        return {key: _fitted(item, arguments[1], f"{where}.{key}") for key, item in value.items()}
    return _of_type(value, hint, where)


def _one_of(value: Any, choices: tuple[Any, ...], where: str) -> Any:
    if value is None and type(None) in choices:
        return None
    refused: InvalidRecord | None = None
    for choice in choices:
        if choice is type(None):
            continue
        try:
            return _fitted(value, choice, where)
        except InvalidRecord as error:
            refused = error
    assert refused is not None
    raise refused


_IN_WORDS = {str: "a string", int: "an integer", float: "a number", bool: "true or false"}


def _of_type(value: Any, kind: type[Any], where: str) -> Any:
    if issubclass(kind, Record):
        if isinstance(value, kind):
            return value
        if isinstance(value, Mapping):
            return kind.from_dict(value)
        raise InvalidRecord(where, value, f"a {kind.__name__} or a mapping with its fields")
    if isinstance(value, kind) and not (kind is int and isinstance(value, bool)):
        return value
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if kind is int and isinstance(value, float) and value.is_integer():
        return int(value)
    raise InvalidRecord(where, value, _IN_WORDS.get(kind, kind.__name__))
