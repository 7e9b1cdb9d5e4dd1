"""A model's signature as JSON Schema: what a request's body may hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Schema = dict[str, Any]
Spec = dict[str, Any]

_SCALARS: dict[str, Schema] = {
    "boolean": {"type": "boolean"},
    "integer": {"type": "integer", "format": "int32"},
    "long": {"type": "integer", "format": "int64"},
    "float": {"type": "number", "format": "float"},
    "double": {"type": "number", "format": "double"},
    "string": {"type": "string"},
    "binary": {"type": "string", "contentEncoding": "base64"},
    "datetime": {"type": "string", "format": "date-time"},
}
_INTEGERS, _FLOATS = ("int", "uint"), ("float", "double", "half", "bfloat")


def column(spec: Spec) -> Schema:
    """Of a column, parameter, or what is inside one, as MLmodel describes it. {} allows everything."""
    kind = spec.get("type")
    if kind == "tensor":
        inner = spec["tensor-spec"]
        return tensor(inner["dtype"], inner["shape"])
    if kind == "array":
        return {"type": "array", "items": column(spec["items"])}
    if kind == "map":
        return {"type": "object", "additionalProperties": column(spec["values"])}
    if kind == "object":
        parts: dict[str, Spec] = spec["properties"]
        required = [name for name, part in parts.items() if part.get("required", True)]
        return _object({name: column(part) for name, part in parts.items()}, required)
    return dict(_SCALARS.get(str(kind), {}))


def tensor(dtype: str, shape: Sequence[int]) -> Schema:
    """Lists in lists, down to one number."""
    found: Schema = {}
    if dtype == "bool":
        found = {"type": "boolean"}
    elif dtype.startswith(_INTEGERS):
        found = {"type": "integer"}
    elif dtype.startswith(_FLOATS):
        found = {"type": "number"}
    elif dtype in ("str", "bytes") or dtype.startswith("str"):
        found = {"type": "string"}
    for size in reversed(shape):
        found = {"type": "array", "items": found}
        if size >= 0:
            found |= {"minItems": size, "maxItems": size}
    return found


def forms(inputs: Sequence[Spec] | None) -> dict[str, Schema]:
    """Of /invocations: the key that holds the data → what it may hold."""
    if not inputs:
        anything: Schema = {}
        split = _object({"columns": {"type": "array"}, "index": {"type": "array"}, "data": _rows(anything)}, ["data"])
        records: Schema = {"type": "array", "items": {"type": "object"}}
        return {"dataframe_split": split, "dataframe_records": records, "instances": {"type": "array"}, "inputs": {}}
    named = all("name" in spec for spec in inputs)
    if any(spec.get("type") == "tensor" for spec in inputs):
        if not named:
            return {"inputs": column(inputs[0]), "instances": column(inputs[0])}
        whole = {str(spec["name"]): column(spec) for spec in inputs}
        rows = {name: schema.get("items", {}) for name, schema in whole.items()}
        return {
            "inputs": _object(whole, list(whole)),
            "instances": {"type": "array", "items": _object(rows, list(rows))},
        }
    if not named:
        row: Schema = {"type": "array", "prefixItems": [column(spec) for spec in inputs]}
        return {
            "dataframe_split": _object({"data": _rows(row)}, ["data"]),
            "inputs": _rows(row),
            "instances": _rows(row),
        }
    return _of_columns(inputs)


def _of_columns(inputs: Sequence[Spec]) -> dict[str, Schema]:
    cells = {str(spec["name"]): _optional(column(spec), spec) for spec in inputs}
    required = [str(spec["name"]) for spec in inputs if spec.get("required", True)]
    record = _object(cells, required)
    records: Schema = {"type": "array", "items": record}
    split = _object(
        {
            "columns": {"type": "array", "items": {"type": "string"}, "examples": [list(cells)]},
            "index": {"type": "array"},
            "data": {"type": "array", "items": {"type": "array", "prefixItems": list(cells.values())}},
        },
        ["columns", "data"],
    )
    by_name = _object({name: {"type": "array", "items": cell} for name, cell in cells.items()}, required)
    return {
        "dataframe_split": split,
        "dataframe_records": records,
        "instances": records,
        "inputs": {"anyOf": [by_name, records, record]},
    }


def params(specs: Sequence[Spec] | None) -> Schema | None:
    """None for a model without parameters."""
    if not specs:
        return None
    found = {}
    for spec in specs:
        one = column(spec)
        if spec.get("shape"):
            one = {"type": "array", "items": one}
        found[str(spec["name"])] = {**one, "default": spec.get("default")}
    return _object(found, [])


def outputs(specs: Sequence[Spec] | None) -> Schema:
    """What is in `predictions`, read by a parser that takes NaN for null: numbers may be missing in any answer."""
    found: Schema = _with_missing(_outputs(specs))
    return found


def _with_missing(part: Any) -> Any:
    if isinstance(part, list):
        return [_with_missing(each) for each in part]
    if not isinstance(part, dict):
        return part
    if part.get("type") == "number":
        return {**part, "type": ["number", "null"]}
    return {key: _with_missing(each) for key, each in part.items()}


def _outputs(specs: Sequence[Spec] | None) -> Schema:
    if not specs:
        return {}
    if any(spec.get("type") == "tensor" for spec in specs):
        if "name" not in specs[0]:
            return column(specs[0])
        return _object({str(spec["name"]): column(spec) for spec in specs}, [])
    if all("name" in spec for spec in specs):
        cells = {str(spec["name"]): _optional(column(spec), spec) for spec in specs}
        return {"type": "array", "items": _object(cells, [])}
    return _rows(column(specs[0]) if len(specs) == 1 else {})


def _optional(schema: Schema, spec: Spec) -> Schema:
    return schema if spec.get("required", True) or not schema else {"anyOf": [schema, {"type": "null"}]}


def _rows(row: Schema) -> Schema:
    return {"type": "array", "items": row}


def _object(properties: dict[str, Schema], required: list[str]) -> Schema:
    found: Schema = {"type": "object", "properties": properties}
    return {**found, "required": required} if required else found
