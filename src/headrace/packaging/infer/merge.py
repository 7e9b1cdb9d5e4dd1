"""The type that fits two examples: null fits everything, keys that only one has are optional."""

from __future__ import annotations

from headrace.errors import InvalidValue
from headrace.packaging.types import AnyType, Array, ColumnType, Map, Object, Property, SparkMLVector


class NoCommonType(InvalidValue):
    """Two examples of one list or column differ in type."""

    def __init__(self, first: ColumnType, second: ColumnType) -> None:
        super().__init__(
            message=f"The values are of several types, {first!r} and {second!r}: make them of one type, or state the "
            "type Array(AnyType()) in a signature of your own."
        )


def merge(first: ColumnType, second: ColumnType) -> ColumnType:
    if first == second:
        return first
    if isinstance(first, AnyType):
        return _beside_null(second)
    if isinstance(second, AnyType):
        return _beside_null(first)
    if isinstance(first, SparkMLVector) or isinstance(second, SparkMLVector):
        raise NoCommonType(first, second)
    if isinstance(first, Array) and isinstance(second, Array):
        return Array(merge(first.dtype, second.dtype))
    if isinstance(first, Map) and isinstance(second, Map):
        return Map(merge(first.value_type, second.value_type))
    if isinstance(first, Object) and isinstance(second, Object):
        return _merge_objects(first, second)
    raise NoCommonType(first, second)


def _beside_null(kind: ColumnType) -> ColumnType:
    """An object that may be null has no key that is sure to be there."""
    if isinstance(kind, Object):
        return Object([Property(one.name, one.dtype, required=False) for one in kind.properties])
    return kind


def _merge_objects(first: Object, second: Object) -> Object:
    merged = []
    for name in {**first.by_name, **second.by_name}:
        one, other = first.by_name.get(name), second.by_name.get(name)
        if one is not None and other is not None:
            merged.append(Property(name, merge(one.dtype, other.dtype), one.required and other.required))
        else:
            merged.append(Property(name, (one or other).dtype, required=False))  # type: ignore[union-attr]
    return Object(merged)
