"""A model's inputs and outputs as columns, the same ones at training and at serving, whatever form the data come in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np

from headrace.errors import InvalidValue
from headrace.packaging.payload.answer import as_rows
from headrace.packaging.profile.profile import Profile, profile_of
from headrace.packaging.profile.table import columns_of
from headrace.packaging.schema import Schema


def profile_by(schema: Schema | None, inputs: Any) -> Profile:
    """schema: of the inputs; columns that it doesn't name are left out. Raises InvalidValue for inputs that have none
    of its columns."""
    if schema is None or not schema.has_input_names():
        return profile_of(inputs.to_numpy() if schema is not None and _is_one_array(schema, inputs) else inputs)
    names = schema.input_names()
    named = _named(inputs, names)
    if schema.is_tensor_spec():
        return profile_of({name: named[name] for name in names if name in named})
    columns = {name: values for name, values in columns_of(named) if name in set(map(str, names))}
    if not columns:
        given = [name for name, _ in columns_of(named)]
        raise InvalidValue("training_data", given, f"none of these is a column of the model, which has {names}.")
    return profile_of(columns)


def with_outputs(profile: Profile, predictions: Any) -> Profile:
    """predictions: as the model answers."""
    outputs = profile_of(answers(predictions))
    return msgspec.structs.replace(profile, output_rows=outputs.rows, outputs=outputs.inputs)


def wanted(schema: Schema | None, inputs: Any) -> Any:
    """A frame without the columns that the schema doesn't name; other inputs as they are."""
    if schema is None or not schema.has_input_names() or not hasattr(inputs, "columns"):
        return inputs
    names = set(schema.input_names())
    return inputs[[name for name in inputs.columns if name in names]]


def fits(schema: Schema, inputs: Any) -> bool:
    """Whether the inputs have all columns that the schema requires."""
    if not schema.has_input_names():
        shape = schema.inputs[0].shape if schema.is_tensor_spec() else None
        return isinstance(inputs, np.ndarray) and shape is not None and inputs.shape[1:] == shape[1:]
    named = _named(inputs, schema.input_names())
    found = set(map(str, named)) if isinstance(named, Mapping) else {name for name, _ in columns_of(named)}
    return set(map(str, schema.required_input_names())) <= found


def _is_one_array(schema: Schema, inputs: Any) -> bool:
    return schema.is_tensor_spec() and hasattr(inputs, "columns") and hasattr(inputs, "to_numpy")


def _named(inputs: Any, names: list[Any]) -> Any:
    """Inputs that come without names get the schema's, by position."""
    if isinstance(inputs, np.ndarray) and inputs.ndim == 2 and inputs.shape[1] == len(names):
        return {name: inputs[:, place] for place, name in enumerate(names)}
    bare = isinstance(inputs, (list, tuple)) and not any(isinstance(row, Mapping) for row in inputs)
    if len(names) == 1 and (bare or isinstance(inputs, (str, int, float, np.ndarray))):
        return {names[0]: inputs if bare else np.atleast_1d(np.asarray(inputs))}
    return inputs


def answers(predictions: Any) -> Any:
    """Rows as a client gets them, so that a model's own types don't count."""
    rows = as_rows(predictions)
    if rows is None:
        return [predictions] if isinstance(predictions, (str, int, float)) else []
    if rows and all(isinstance(row, Mapping) and len(row) == 1 for row in rows):
        return [next(iter(row.values())) for row in rows]  # a series, whose name no answer needs
    if rows and all(isinstance(row, (list, tuple)) and len(row) == len(rows[0]) for row in rows):
        try:
            return np.asarray(rows, dtype=np.float64)
        except (TypeError, ValueError):
            return rows
    return rows
