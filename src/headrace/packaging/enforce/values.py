"""Nested values (arrays, objects, maps) against their types.

The caller's values are never changed: where a part has to be converted, the containers around it are built anew, and
where none has, the very value comes back. A mismatch says its path: `['choices'][2]['text']`.
"""

from __future__ import annotations

import decimal
from collections.abc import Iterable
from typing import Any

import numpy as np

from headrace.errors import shown
from headrace.packaging.enforce.mismatch import Wrong
from headrace.packaging.enforce.rules import Rule, only_zero_one, rule_for_dtype
from headrace.packaging.enforce.scalars import enforce_scalar, is_null
from headrace.packaging.types import AnyType, Array, ColumnType, DataType, Map, Object, SparkMLVector


def enforce_value(value: Any, wanted: ColumnType, required: bool = True, *, place: str = "") -> Any:
    """The value as the type wants it. place: where the value stands, for messages. Raises SchemaMismatch."""
    try:
        return enforce_nested(value, wanted, required)
    except Wrong as wrong:
        raise wrong.at(place) from None


def enforce_nested(value: Any, wanted: ColumnType, required: bool = True) -> Any:
    """As enforce_value, but raises Wrong, to which the places around it can be added."""
    if isinstance(wanted, DataType):
        return enforce_scalar(value, wanted, required)
    if isinstance(wanted, Object):
        return _enforce_object(value, wanted, required)
    if isinstance(wanted, SparkMLVector) and hasattr(value, "toArray"):
        return value
    if isinstance(wanted, Array):
        return _enforce_array(value, wanted, required)
    if isinstance(wanted, Map):
        return _enforce_map(value, wanted, required)
    return value


def _each(items: Iterable[tuple[Any, Any]], wanted: ColumnType, required: bool) -> Iterable[tuple[Any, Any]]:
    for key, item in items:
        try:
            yield key, enforce_nested(item, wanted, required)
        except Wrong as wrong:
            wrong.path.append(f"[{key!r}]")
            raise


def _enforce_map(value: Any, wanted: Map, required: bool) -> Any:
    if (not required or isinstance(wanted.value_type, AnyType)) and (value is None or value == {}):
        return value
    if not isinstance(value, dict):
        raise Wrong("a dict", f"{shown(value)} of class {type(value).__name__}")
    for key in value:
        if not isinstance(key, str):
            raise Wrong("a dict whose keys are strings", f"the key {shown(key)}")
    return _same_or(value, dict(_each(value.items(), wanted.value_type, required)))


def _same_or(old: dict[Any, Any], made: dict[Any, Any]) -> dict[Any, Any]:
    return old if all(made[key] is item for key, item in old.items()) else made


def _enforce_object(value: Any, wanted: Object, required: bool) -> Any:
    if not isinstance(value, dict) and hasattr(value, "asDict"):  # Spark's Row
        value = value.asDict(True) or None
    if not required and (value is None or value == {}):
        return value
    if not isinstance(value, dict):
        raise Wrong("a dict", f"{shown(value)} of class {type(value).__name__}")
    made: dict[Any, Any] = {}
    known = wanted.by_name
    for key, item in value.items():
        one = known.get(key)
        if one is None:
            raise Wrong(f"the keys {', '.join(known)}", f"the unknown key {shown(key)}", "Leave it out.")
        try:
            made[key] = enforce_nested(item, one.dtype, one.required)
        except Wrong as wrong:
            wrong.path.append(f"[{key!r}]")
            raise
    if missing := [one.name for one in known.values() if one.required and one.name not in value]:
        raise Wrong(f"the key {missing[0]!r}", f"only the keys {', '.join(map(repr, value)) or '(none)'}")
    return _same_or(value, made)


def _enforce_array(value: Any, wanted: Array, required: bool) -> Any:
    if (not required or isinstance(wanted.dtype, AnyType)) and value is None:
        return value
    if not isinstance(value, (list, np.ndarray)) or (isinstance(value, np.ndarray) and not value.ndim):
        raise Wrong("a list or a numpy array", f"{shown(value)} of class {type(value).__name__}")
    if not len(value) or isinstance(wanted.dtype, AnyType):
        return value
    if isinstance(wanted.dtype, DataType):
        if isinstance(value, list):
            return _enforce_scalars(value, wanted.dtype)
        return _enforce_flat_array(value, wanted.dtype)
    made = [item for _, item in _each(enumerate(value), wanted.dtype, required)]
    if all(new is old for new, old in zip(made, value, strict=True)):
        return value
    return np.array(made) if isinstance(value, np.ndarray) else made


def _enforce_flat_array(value: np.ndarray[Any, Any], wanted: DataType) -> np.ndarray[Any, Any]:
    if value.ndim != 1:
        raise Wrong(f"a flat array of {wanted.name}", f"an array of shape {value.shape}")
    if value.dtype.kind == "O":
        listed = value.tolist()
        made = _enforce_scalars(listed, wanted)
        return value if made is listed else np.array(made, dtype=object)
    rule = rule_for_dtype(value.dtype, wanted)
    if rule is Rule.KEEP:
        return value
    if rule is Rule.CAST or (rule is Rule.ZERO_ONE and only_zero_one(value)):
        return value.astype(wanted.to_numpy())
    raise Wrong(f"an array of {wanted.name} ({wanted.to_numpy()})", f"an array of {value.dtype}")


_KINDS = {
    DataType.boolean: (bool, np.bool_),
    DataType.string: (str,),
    DataType.binary: (bytes, bytearray),
}


def _enforce_scalars(values: list[Any], wanted: DataType) -> list[Any]:
    """A list of scalars, taken as one column: integers beside floats are floats, a null makes integers floats."""
    kinds = set(map(type, values))
    if wanted in _KINDS:
        kinds -= {type(None)}
        if all(issubclass(kind, _KINDS[wanted]) for kind in kinds):
            return values
        if wanted is DataType.string and not all(issubclass(kind, (int, float, np.generic)) for kind in kinds):
            return [_as_text(one, place) for place, one in enumerate(values)]
    elif (wanted is DataType.double and kinds == {float}) or (wanted is DataType.long and kinds == {int}):
        if kinds == {float} or (min(values) >= -(2**63) and max(values) < 2**63):
            return values
    elif wanted is DataType.double and any(issubclass(kind, (float, decimal.Decimal)) for kind in kinds):
        return [_as_float(one, place) for place, one in enumerate(values)]
    return [_in_list(one, wanted, place) for place, one in enumerate(values)]


def _in_list(value: Any, wanted: DataType, place: int) -> Any:
    try:
        if wanted is DataType.datetime and is_null(value):
            return value
        return enforce_scalar(value, wanted)
    except Wrong as wrong:
        wrong.path.append(f"[{place}]")
        raise


def _as_text(value: Any, place: int) -> str | None:
    if isinstance(value, (bytes, bytearray)):
        try:
            return value.decode("ascii")
        except UnicodeDecodeError:
            return _in_list(value, DataType.string, place)  # type: ignore[no-any-return]
    return None if value is None else str(value)


def _as_float(value: Any, place: int) -> float:
    if is_null(value):
        return float("nan")
    if isinstance(value, (int, float, decimal.Decimal, np.integer, np.floating)) and not isinstance(value, bool):
        return float(value)
    return _in_list(value, DataType.double, place)  # type: ignore[no-any-return]
