"""Inputs of pyfunc as rows: a frame's records, a list's items, one value. Rows of one unnamed column are its values."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from typing import Any

from headrace.errors import InvalidValue, shown


def rows_of(model_input: Any) -> list[Any]:
    if isinstance(model_input, str | bytes | bytearray | Mapping):
        return [_plain(model_input)]
    if hasattr(model_input, "to_dicts"):  # polars
        return [_plain(row) for row in model_input.to_dicts()]
    if hasattr(model_input, "columns") and hasattr(model_input, "to_dict"):
        return [_unnamed(_plain(row)) for row in model_input.to_dict(orient="records")]
    if isinstance(model_input, list | tuple):
        return [_plain(item) for item in model_input]
    if hasattr(model_input, "to_list"):  # pandas.Series
        return [_plain(item) for item in model_input.to_list()]
    if hasattr(model_input, "tolist"):
        if model_input.dtype.kind in "fiu":
            return [model_input]  # samples of a sound
        listed = model_input.tolist()
        return [_plain(item) for item in (listed if isinstance(listed, list) else [listed])]
    raise InvalidValue(
        message=f"A pipeline takes a string, a dict, a list of either or a frame; not {type(model_input).__name__}."
    )


def is_chat(value: Any) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(item, Mapping) and {"role", "content"} <= set(item) for item in value)
    )


def json_value(value: Any) -> Any:
    """A list or dict that came as JSON, or as Python writes it; other text as it is."""
    if not isinstance(value, str):
        return value
    if not value.lstrip().startswith(("[", "{")):
        return value
    try:
        return json.loads(value)
    except ValueError:
        pass
    try:
        return ast.literal_eval(value)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        raise InvalidValue("inputs", shown(value), "it looks like JSON and isn't.") from None


def _unnamed(row: Any) -> Any:
    """A frame of one column without a name is what a bare value becomes under a signature."""
    if len(row) == 1:
        name, value = next(iter(row.items()))
        if not isinstance(name, str):
            return value
    return row


def _plain(value: Any) -> Any:
    """Arrays of text as lists, numpy's strings as Python's; sounds stay arrays."""
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    if hasattr(value, "tolist") and getattr(value, "dtype", None) is not None and value.dtype.kind not in "fiu":
        return value.tolist()
    return value
