"""The schema of parameters, from the values that are to be their defaults."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Mapping
from typing import Any

import numpy as np

from headrace.errors import HeadraceError, InvalidValue, shown
from headrace.packaging.infer.frames import type_of_dtype
from headrace.packaging.infer.values import known_type
from headrace.packaging.schema import ParamSchema, ParamSpec
from headrace.packaging.types import DataType, Object


def infer_params(parameters: Any) -> ParamSchema:
    """parameters: dict of scalars, flat lists or arrays, or dicts. InvalidValue names every parameter that is none."""
    if not isinstance(parameters, Mapping):
        raise InvalidValue("params", parameters, "a dict of name and value is expected.")
    specs, wrong = [], []
    for name, value in parameters.items():
        try:
            kind, shape = _type_and_shape(value)
            specs.append(ParamSpec(name, kind, copy.deepcopy(value), shape))
        except HeadraceError as error:
            wrong.append(f"{name!r}: {error.message}")
    if wrong:
        raise InvalidValue(message="The type of these parameters can't be told. " + " ".join(wrong))
    return ParamSchema(specs)


def _type_and_shape(value: Any) -> tuple[DataType | Object, tuple[int, ...] | None]:
    if isinstance(value, (list, np.ndarray)):
        if _depth(value) != 1:
            raise InvalidValue(message=f"A list must be flat, but {shown(value)} has {_depth(value)} dimensions.")
        return _item_type(value), (-1,)
    if isinstance(value, dict):
        kind = known_type(value)
        if not isinstance(kind, Object):
            raise InvalidValue(message="An empty dict tells no type; give it the keys that callers may set.")
        return kind, None
    if not _is_moment(value) and not np.isscalar(value):
        raise InvalidValue(
            message=f"{shown(value)} is a {type(value).__name__}; a scalar, a flat list or a dict is expected."
        )
    return _item_type([value]), None


def _is_moment(value: object) -> bool:
    return isinstance(value, (dt.date, np.datetime64))


def _item_type(values: Any) -> DataType:
    if not len(values):
        return DataType.string  # as of an empty list of data
    if all(map(_is_moment, values)):
        return DataType.datetime
    return type_of_dtype(np.array(values).dtype)


def _depth(value: Any) -> int:
    if isinstance(value, np.ndarray):
        return value.ndim
    if isinstance(value, list):
        return 1 + max(map(_depth, value), default=0)
    return 0
