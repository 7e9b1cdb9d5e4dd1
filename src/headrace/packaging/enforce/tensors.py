"""Arrays against a schema of tensors. Shapes must match except where the schema says -1; types must be equal.

Arrays are never cast: a model of float32 that is fed float64 has been fed something else than it was trained on. Lists
and cells of frames are built into arrays of the schema's type.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from headrace.errors import InvalidValue
from headrace.packaging.enforce.columns import warn_of_extra
from headrace.packaging.enforce.mismatch import SchemaMismatch
from headrace.packaging.infer.tensors import dtype_of, is_sparse, is_torch
from headrace.packaging.schema import Schema, TensorSpec


def enforce_tensors(data: Any, schema: Schema) -> Any:
    """An array, or a dict of arrays where the schema's tensors have names."""
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(data, pandas.Series):
        data = data.to_frame()
    is_frame = pandas is not None and isinstance(data, pandas.DataFrame)
    if not schema.has_input_names():
        return _enforce_unnamed(data, schema.inputs[0], is_frame)
    specs: dict[Any, TensorSpec] = schema.input_dict()
    if len(specs) == 1 and not is_frame and not isinstance(data, dict):
        data = {next(iter(specs)): data}
    if not is_frame and not isinstance(data, dict):
        raise SchemaMismatch("", f"a dict of the tensors {_names(specs)}, or a frame", f"a {type(data).__name__}")
    given = list(data.columns) if is_frame else list(data)
    if missing := [name for name in specs if name not in given]:
        raise SchemaMismatch("", f"the tensors {_names(missing)}", _names(given) or "none", "Add what is missing.")
    warn_of_extra([name for name in given if name not in specs])
    convert = _from_column if is_frame else _enforce_array
    return {name: convert(data[name], spec, f"tensor {name!r}") for name, spec in specs.items()}


def _names(names: Any) -> str:
    return ", ".join(map(repr, names))


def _enforce_unnamed(data: Any, spec: TensorSpec, is_frame: bool) -> Any:
    if not is_frame:
        return _enforce_array(data, spec, "")
    if data.empty:
        raise SchemaMismatch("", repr(spec), "a DataFrame without values")
    count = data.shape[1]
    if count == 1:
        return _from_column(data.iloc[:, 0], spec, f"column {data.columns[0]!r}")
    if spec.shape != (-1, count):
        mend = f"A frame of {count} columns stands for a tensor of shape (-1, {count}) only."
        raise SchemaMismatch("", repr(spec), f"a DataFrame of shape {data.shape}", mend)
    return _enforce_array(data.to_numpy(), spec, "")


def _enforce_array(data: Any, spec: TensorSpec, place: str) -> Any:
    if isinstance(data, list):
        data = _built(data, spec, place)
    elif not isinstance(data, np.ndarray) and not is_sparse(data) and not is_torch(data):
        raise SchemaMismatch(place, repr(spec), f"a {type(data).__name__}", "Give a numpy array.")
    shape, expected = tuple(data.shape), spec.shape
    if expected == (-1,) and spec.type.kind == "O":
        return data
    if -1 in expected[1:] and len(shape) == 1 and data.dtype == np.dtype(object):
        return data  # rows of unequal length
    if len(shape) != len(expected) or any(want not in (-1, got) for want, got in zip(expected, shape, strict=True)):
        raise SchemaMismatch(place, f"the shape {expected}", f"{shape}", "-1 stands for any length.")
    try:
        dtype = dtype_of(data)
    except InvalidValue:  # a torch type that numpy lacks
        dtype = None
    if dtype != spec.type:
        mend = f"If it loses nothing, convert it: data.astype('{spec.type}')."
        raise SchemaMismatch(place, f"the type {spec.type.name}", f"{data.dtype}", mend)
    return data


def _built(data: list[Any], spec: TensorSpec, place: str) -> Any:
    try:
        plain = np.array(data)
    except ValueError as error:
        if -1 in spec.shape[1:] or spec.type.kind == "O":
            ragged = np.empty(len(data), dtype=object)
            ragged[:] = [np.array(row, dtype=spec.type) for row in data]
            return ragged
        raise SchemaMismatch(place, repr(spec), "rows of unequal length", "Pad them to one length.") from error
    if not plain.size or np.can_cast(plain.dtype, spec.type, "same_kind"):
        return plain.astype(spec.type)
    raise SchemaMismatch(place, f"values of {spec.type.name}", f"a list of {plain.dtype}")


def _from_column(series: Any, spec: TensorSpec, place: str) -> Any:
    """A tensor of one row per row of the frame, whose cells hold scalars, flat lists or arrays."""
    if spec.shape[:1] != (-1,) or -1 in spec.shape[1:]:
        mend = "Give the array itself."
        raise SchemaMismatch(
            place, f"a tensor of shape {spec.shape}", "a column of a frame, which has no such shape", mend
        )
    cells = series.tolist()
    first = cells[0] if cells else None
    if first is None or np.isscalar(first):
        if spec.shape not in ((-1,), (-1, 1)):
            raise SchemaMismatch(place, f"cells that hold arrays of shape {spec.shape[1:]}", "scalars")
        return _shaped(cells, spec, place, spec.type)
    if not isinstance(first, (list, np.ndarray)):
        mend = "Cells must hold scalars, flat lists or arrays."
        raise SchemaMismatch(f"{place}, row 0", repr(spec), f"a {type(first).__name__}", mend)
    return _shaped(cells, spec, place, spec.type)


def _shaped(cells: list[Any], spec: TensorSpec, place: str, dtype: Any) -> Any:
    try:
        made = np.array(cells, dtype=dtype).reshape(len(cells), *spec.shape[1:])
    except (ValueError, TypeError) as error:
        row = _odd_row(cells, spec)
        where = place if row is None else f"{place}, row {row}"
        found = "what can't be shaped so" if row is None else f"{np.size(cells[row])} values"
        raise SchemaMismatch(where, f"{spec.type.name} of shape {spec.shape[1:]} in each cell", found) from error
    return made


def _odd_row(cells: list[Any], spec: TensorSpec) -> int | None:
    size = int(np.prod(spec.shape[1:]))
    return next((row for row, cell in enumerate(cells) if _size(cell) != size), None)


def _size(cell: Any) -> int:
    try:
        return int(np.size(cell))
    except ValueError:
        return -1
