"""Which storage types may stand for which column type: MLflow's rules as one cached table.

A wider number may stand for a narrower one's values, never the other way: int32 for long, float32 for double, int32 for
double (it holds every one), but neither int64 for double (2**53 + 1 has no double) nor float64 for float. int64 columns
of nothing but 0 and 1 may stand for float and double: flags are often written so.
"""

from __future__ import annotations

import enum
import functools
from typing import Any

import numpy as np

from headrace.packaging.types import DataType


class Rule(enum.Enum):
    KEEP = enum.auto()
    CAST = enum.auto()  # loses nothing
    ZERO_ONE = enum.auto()  # cast, if every value is 0, 1 or null
    LOOK = enum.auto()  # Python objects: the values have to be looked at
    REFUSE = enum.auto()


@functools.lru_cache(maxsize=1024)
def rule_for(kind: str, itemsize: int, wanted: DataType) -> Rule:
    """kind, itemsize: of a numpy dtype, or of a pandas extension type, which has both."""
    if kind == "O":
        return Rule.KEEP if wanted in (DataType.string, DataType.binary) else Rule.LOOK
    if wanted is DataType.string:
        return Rule.KEEP if kind in "UT" else Rule.REFUSE
    if wanted is DataType.binary:
        return Rule.KEEP if kind == "S" else Rule.REFUSE
    target = wanted.to_numpy()
    if kind == target.kind == "M":
        return Rule.CAST
    if kind == target.kind:
        return _width(itemsize < target.itemsize, itemsize == target.itemsize)
    if kind == "u" and target.kind == "i":
        return _width(itemsize < target.itemsize)
    if kind in "iu" and wanted is DataType.double and itemsize <= 4:
        return Rule.CAST
    if kind == "i" and itemsize == 8 and target.kind == "f":
        return Rule.ZERO_ONE
    return Rule.REFUSE


def _width(narrower: bool, same: bool = False) -> Rule:
    if same:
        return Rule.KEEP
    return Rule.CAST if narrower else Rule.REFUSE


@functools.lru_cache(maxsize=1024)
def rule_for_dtype(dtype: np.dtype[Any], wanted: DataType) -> Rule:
    rule = rule_for(dtype.kind, dtype.itemsize, wanted)
    if rule is Rule.CAST and dtype == wanted.to_numpy():
        return Rule.KEEP  # datetime64[ns] already
    if rule is Rule.KEEP and not dtype.isnative:
        return Rule.CAST
    return rule


def only_zero_one(values: np.ndarray[Any, np.dtype[Any]]) -> bool:
    return not values.size or (int(values.min()) >= 0 and int(values.max()) <= 1)
