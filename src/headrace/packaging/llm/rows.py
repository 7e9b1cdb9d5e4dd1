"""The forms in which pyfunc hands a request over: a mapping, a list of them, a frame, bare text. One row, one request.

Frames say "not given" by NaN or None and hold arrays where lists were; both are undone here. numpy and pandas are
recognised by what they can do and never imported.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from headrace.errors import InvalidValue


def rows_of(model_input: object, text_field: str) -> list[dict[str, Any]]:
    """Requests, one a row. text_field: the field that bare text means: messages, prompt or input."""
    if isinstance(model_input, Mapping):
        return [_row(model_input)]
    if isinstance(model_input, str):
        return [{text_field: _text(model_input, text_field)}]
    records: Sequence[Any] | None = _records(model_input)
    if records is None and isinstance(model_input, Sequence):
        records = model_input
    if records is None:
        raise InvalidValue(
            message=f"A request is a mapping with {text_field!r}, a list of such mappings or a frame of them, "
            f"not {type(model_input).__name__}."
        )
    if text_field == "messages" and records and all(_is_message(record) for record in records):
        return [{"messages": _lists(list(records))}]
    return [_row(record) if isinstance(record, Mapping) else _bare(record, text_field) for record in records]


def _bare(value: object, text_field: str) -> dict[str, Any]:
    if isinstance(value, str):
        return {text_field: _text(value, text_field)}
    to_dict = getattr(value, "to_dict", None)
    if callable(to_dict):
        return _row(to_dict())
    if text_field == "messages" and isinstance(value, Sequence) and value and all(map(_is_message, value)):
        return {"messages": _lists(list(value))}
    raise InvalidValue("rows", value, f"each row is a mapping with {text_field!r}")


def _text(text: str, text_field: str) -> object:
    return [{"role": "user", "content": text}] if text_field == "messages" else text


def _is_message(record: object) -> bool:
    return "role" in record if isinstance(record, Mapping) else hasattr(record, "role")


def _records(frame: object) -> list[dict[str, Any]] | None:
    """Rows of a pandas or polars frame, or of an array."""
    if hasattr(frame, "to_dicts"):
        return [_without_nan(row) for row in frame.to_dicts()]
    if hasattr(frame, "columns") and hasattr(frame, "to_dict"):
        return [_without_nan(row) for row in frame.to_dict(orient="records")]
    if hasattr(frame, "tolist"):  # numpy, pandas.Series
        values = frame.tolist()
        return values if isinstance(values, list) else [values]
    to_dict = getattr(frame, "to_dict", None)
    return [to_dict()] if callable(to_dict) else None


def _row(fields: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(name): _lists(value) for name, value in fields.items() if value is not None}


def _without_nan(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Frames write "not given" so; in a mapping, NaN is a value and refused by whoever reads it."""
    return {
        str(name): value
        for name, value in row.items()
        if type(value).__name__ != "NAType" and not (isinstance(value, float) and math.isnan(value))
    }


def _lists(value: Any) -> Any:
    """Arrays as lists, at any depth; numpy's scalars are left, their parsers read them."""
    if isinstance(value, Mapping):
        return {name: _lists(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_lists(item) for item in value]
    if hasattr(value, "tolist") and value.ndim > 0:
        return _lists(value.tolist())
    return value
