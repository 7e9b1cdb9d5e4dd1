"""Predictions as MLflow's JSON: frames and series as records, arrays as nested lists, NaN as the bare token."""

from __future__ import annotations

import base64
import datetime as dt
import json
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

from headrace.errors import UserCodeError


def encode(predictions: Any, *, unwrapped: bool = False) -> str:
    """As the scoring server answers."""
    answer = jsonable(predictions)
    return to_json(answer if unwrapped else {"predictions": answer})


def to_json(value: Any) -> str:
    try:
        return json.dumps(value, default=plain_value)
    except (TypeError, ValueError, RecursionError) as error:
        raise UserCodeError(f"The model's answer can't become JSON: {error}.") from error


def jsonable(predictions: Any) -> Any:
    """What `to_json` can write."""
    if isinstance(predictions, np.ndarray):
        return predictions.tolist()
    pandas, polars = sys.modules.get("pandas"), sys.modules.get("polars")
    if pandas is not None and isinstance(predictions, pandas.Series):
        predictions = pandas.DataFrame(predictions)
    if pandas is not None and isinstance(predictions, pandas.DataFrame):
        return predictions.to_dict(orient="records")
    if polars is not None and isinstance(predictions, polars.Series):
        return predictions.to_list()
    if polars is not None and isinstance(predictions, polars.DataFrame):
        return predictions.to_dicts()
    if hasattr(predictions, "detach") and hasattr(predictions, "cpu"):
        return predictions.detach().cpu().tolist()
    return predictions


def as_rows(predictions: Any) -> list[Any] | None:
    """One item a row, or None where the answer isn't made of rows. Arrays by name become an object a row."""
    found = jsonable(predictions)
    if isinstance(found, tuple):
        return list(found)
    if isinstance(found, list):
        return found
    if isinstance(found, Mapping) and found:
        columns = {name: jsonable(value) for name, value in found.items()}
        lengths = {len(value) if isinstance(value, (list, tuple)) else -1 for value in columns.values()}
        if len(lengths) == 1 and -1 not in lengths:
            return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return None


def plain_value(value: Any) -> Any:
    """Of a value that JSON has no form for, one that is nearer to it. Raises TypeError."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.datetime64):
        return str(np.datetime_as_string(value))
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, (bytes, bytearray)):
        return base64.encodebytes(value).decode("ascii")
    if type(value).__name__ in ("NAType", "NaTType"):
        return None
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    dump = getattr(value, "model_dump", None)
    if callable(dump):
        return dump()
    as_plain = jsonable(value)
    if as_plain is not value:
        return as_plain
    raise TypeError(f"a {type(value).__name__} in it has no JSON form")
