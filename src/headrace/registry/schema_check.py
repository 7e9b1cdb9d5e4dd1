"""Whether a model takes whatever another one takes: what a caller of the one may send when the other stands there.

Widening is fine, as far as loading enforces it: int32 may come where long or double is stated, not the other way.
Tensors are never cast, so their types must be the same, and a dimension that varied must go on varying.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from headrace.packaging.enforce.rules import Rule, rule_for_dtype
from headrace.packaging.schema import ColSpec, ParamSchema, Schema, TensorSpec
from headrace.packaging.signature import ModelSignature
from headrace.packaging.types import AnyType, Array, ColumnType, DataType, Map, Object, SparkMLVector


def breaks(held: ModelSignature, wanted: ModelSignature) -> list[str]:
    """What callers of `held` could send and `wanted` wouldn't take: a sentence a column, tensor or parameter."""
    found: list[str] = []
    if held.inputs is not None:
        if wanted.inputs is None:
            found.append("it states no inputs")
        else:
            found += _inputs(held.inputs, wanted.inputs)
    if held.params is not None:
        found += _params(held.params, wanted.params)
    return found


def _inputs(held: Schema, wanted: Schema) -> Iterator[str]:
    if held.is_tensor_spec() != wanted.is_tensor_spec():
        forms = ("tensors", "columns")
        yield f"it takes {forms[not wanted.is_tensor_spec()]} instead of {forms[not held.is_tensor_spec()]}"
        return
    if held.has_input_names() != wanted.has_input_names():
        yield "it names its inputs" if wanted.has_input_names() else "its inputs have no names any more"
        return
    what = "tensor" if held.is_tensor_spec() else "column"
    before, after = _by_name(held), _by_name(wanted)
    for name, old in before.items():
        label = f"{what} {name!r}"
        if name not in after:
            yield f"{label} is gone"
        elif isinstance(old, TensorSpec):
            yield from _tensor(label, old, after[name])
        else:
            yield from _column(label, old, after[name])
    for name, spec in after.items():
        if name not in before and spec.required:
            yield f"{what} {name!r} ({_type(spec)}) is required and wasn't there"


def _by_name(schema: Schema) -> dict[Any, Any]:
    """Unnamed inputs by their place."""
    return (
        dict(zip(schema.input_names(), schema.inputs, strict=True))
        if schema.has_input_names()
        else dict(enumerate(schema.inputs))
    )


def _type(spec: Any) -> str:
    return repr(spec.type) if isinstance(spec, ColSpec) else f"{spec.type.name} {spec.shape}"


def _tensor(label: str, old: TensorSpec, new: TensorSpec) -> Iterator[str]:
    if old.type != new.type:
        yield f"{label} has the type {new.type.name} instead of {old.type.name}"
    if len(old.shape) != len(new.shape) or any(
        after not in (-1, before) for before, after in zip(old.shape, new.shape, strict=True)
    ):
        yield f"{label} has the shape {new.shape} instead of {old.shape}"


def _column(label: str, old: ColSpec, new: ColSpec) -> Iterator[str]:
    if not _takes(old.type, new.type):
        yield f"{label} has the type {new.type!r} instead of {old.type!r}"
    if new.required and not old.required:
        yield f"{label} is required and was optional"


def _takes(old: ColumnType, new: ColumnType) -> bool:
    """Whether every value of the one type is welcome as the other."""
    if isinstance(new, AnyType) or old == new:
        return True
    if isinstance(old, DataType) and isinstance(new, DataType):
        return rule_for_dtype(old.to_numpy(), new) in (Rule.KEEP, Rule.CAST)
    if isinstance(old, SparkMLVector) or isinstance(new, SparkMLVector):
        return False
    if isinstance(old, Array) and isinstance(new, Array):
        return _takes(old.dtype, new.dtype)
    if isinstance(old, Map) and isinstance(new, Map):
        return _takes(old.value_type, new.value_type)
    if isinstance(old, Object) and isinstance(new, Object):
        return _object_takes(old, new)
    return False


def _object_takes(old: Object, new: Object) -> bool:
    for name, before in old.by_name.items():
        after = new.by_name.get(name)
        if after is None or not _takes(before.dtype, after.dtype) or (after.required and not before.required):
            return False
    return not any(each.required for name, each in new.by_name.items() if name not in old.by_name)


def _params(held: ParamSchema, wanted: ParamSchema | None) -> Iterator[str]:
    """A parameter that came anew has a default, so that nobody has to send it."""
    after = {spec.name: spec for spec in wanted or ()}
    for old in held:
        new = after.get(old.name)
        if new is None:
            yield f"parameter {old.name!r} is gone"
        elif not _takes(old.dtype, new.dtype):
            yield f"parameter {old.name!r} has the type {new.dtype!r} instead of {old.dtype!r}"
        elif old.shape != new.shape:
            one, many = "one value", "a list"
            yield f"parameter {old.name!r} takes {many if new.shape else one} instead of {many if old.shape else one}"
