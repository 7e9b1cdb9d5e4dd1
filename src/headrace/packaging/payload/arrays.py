"""`instances` (row by row) and `inputs` (column by column): the two forms of TensorFlow Serving, brought to arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from headrace.errors import shown
from headrace.packaging.enforce.mismatch import Wrong
from headrace.packaging.enforce.values import enforce_nested
from headrace.packaging.payload.cells import widened
from headrace.packaging.payload.errors import BadPayload
from headrace.packaging.schema import ColSpec, Schema, TensorSpec
from headrace.packaging.types import AnyType, Array, DataType


def instances(rows: Any, schema: Schema | None) -> Any:
    """An array of rows, or, where rows are objects, name → array of that name's values."""
    if not (isinstance(rows, list) and rows and isinstance(rows[0], dict)):
        return inputs(rows, schema)
    specs = _specs(schema)
    columns: dict[str, list[Any]] = {}
    for number, row in enumerate(rows):
        if not isinstance(row, dict):
            raise BadPayload(f"instances: row {number} is {shown(row)}, but the rows before it are objects.")
        for name, value in row.items():
            columns.setdefault(name, []).append(_converted(value, specs.get(name), f"row {number}, {name!r}"))
    if uneven := [name for name, values in columns.items() if len(values) != len(rows) and _is_needed(specs, name)]:
        raise BadPayload(f"instances: not every row has {', '.join(map(repr, uneven))}; each must have the same keys.")
    return {name: _array(values) for name, values in columns.items()}


def _is_needed(specs: dict[Any, Any], name: str) -> bool:
    return name not in specs or specs[name].required


def inputs(value: Any, schema: Schema | None) -> Any:
    """Name → array, or one array, list of objects or scalar, as it stands."""
    specs = _specs(schema)
    plain_list = isinstance(value, list) and not any(isinstance(item, dict) for item in value)
    if len(specs) == 1 and plain_list:
        value = {next(iter(specs)): value}
    elif schema is not None and not schema.has_input_names() and isinstance(value, dict):
        first = schema.inputs[0]
        if not isinstance(first, ColSpec) or isinstance(first.type, DataType):
            raise BadPayload(
                "The model's signature names no inputs, so that it takes one array or one value; the request has an "
                f"object with {', '.join(map(repr, value)) or 'no keys'}."
            )
    if isinstance(value, dict):
        return {name: _converted(item, specs.get(name), repr(name)) for name, item in value.items()}
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in value) and specs:
        return [
            {name: _converted(item, specs.get(name), f"row {number}, {name!r}") for name, item in row.items()}
            for number, row in enumerate(value)
        ]
    first = schema.inputs[0] if schema else None
    if first is None and isinstance(value, list) and any(isinstance(item, dict) for item in value):
        return value
    return _converted(value, first, "inputs")


def _specs(schema: Schema | None) -> dict[Any, Any]:
    return schema.input_dict() if schema is not None and schema.has_input_names() else {}


def _converted(value: Any, spec: ColSpec | TensorSpec | None, place: str) -> Any:
    if spec is None:
        return _array(value) if isinstance(value, list) else value
    if isinstance(spec, TensorSpec):
        return _typed(value, spec.type, place)
    kind = spec.type
    if isinstance(kind, AnyType):
        return value
    if isinstance(kind, DataType):
        if kind is DataType.binary:
            return _decoded(value, place)
        made = _typed(value, kind.to_numpy(), place)
        return made if isinstance(value, list) else made[()]
    try:
        made = enforce_nested(widened(value, kind), kind, spec.required)
    except Wrong as wrong:
        mismatch = wrong.at(place)
        raise BadPayload.at(place, f"expected {mismatch.expected}, found {mismatch.found}.") from None
    return _array(made) if isinstance(kind, Array) and isinstance(made, list) else made


def _decoded(value: Any, place: str) -> Any:
    try:
        if isinstance(value, list):
            made = np.empty(len(value), dtype=object)
            made[:] = [widened(item, DataType.binary) for item in value]
            return made
        return widened(value, DataType.binary)
    except ValueError as error:
        raise BadPayload.at(place, f"expected base64 text, found {error}.") from None


def _typed(value: Any, dtype: np.dtype[Any], place: str) -> Any:
    """As the schema's type; rows of unequal length stay a list, which enforcement judges."""
    try:
        plain = np.array(value)
    except ValueError:
        return value
    try:
        made = plain if dtype.kind == "O" else plain.astype(dtype)
    except (ValueError, TypeError, OverflowError) as error:
        raise BadPayload.at(place, f"expected {dtype.name}, found {shown(value)} ({error}).") from None
    if dtype.kind in "iu" and plain.dtype.kind in "iuf" and plain.size and not np.array_equal(made, plain):
        odd = plain[made != plain]
        raise BadPayload.at(place, f"expected {dtype.name}, found {shown(odd.flat[0].item())}.")
    return made


def _array(value: Any) -> Any:
    try:
        return np.array(value)
    except ValueError:
        made = np.empty(len(value), dtype=object)
        made[:] = value
        return made
