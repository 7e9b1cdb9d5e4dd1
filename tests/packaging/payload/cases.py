"""Requests to a scoring server, and a model that answers with what it got; for MLflow's interpreter and Headrace's."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pandas as pd

COLUMNS = [
    {"type": "double", "name": "d", "required": True},
    {"type": "long", "name": "l", "required": True},
    {"type": "string", "name": "s", "required": True},
    {"type": "boolean", "name": "b", "required": False},
]
SMALL = [{"type": "float", "name": "f", "required": True}, {"type": "integer", "name": "i", "required": True}]
BYTES = [{"type": "binary", "name": "raw", "required": True}]
TIMES = [{"type": "datetime", "name": "at", "required": True}]
ONE_TENSOR = [{"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 2]}}]
NAMED_TENSORS = [
    {"name": "x", "type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1, 2]}},
    {"name": "y", "type": "tensor", "tensor-spec": {"dtype": "int64", "shape": [-1]}},
]
LISTS = [
    {"type": "array", "items": {"type": "double"}, "name": "v", "required": True},
    {"type": "object", "properties": {"k": {"type": "string", "required": True}}, "name": "o", "required": False},
]
TEXT = [{"type": "string", "required": True}]
TEXT_COLUMN = [{"type": "string", "name": "t", "required": True}]
PROMPT = [{"type": "string", "name": "prompt", "required": True}]
PARAMS = [{"name": "k", "default": 1, "shape": None, "type": "long"}]

ROW = {"d": 1, "l": 2, "s": "a", "b": True}
SPLIT = {"columns": ["d", "l", "s", "b"], "data": [[1, 2, "a", True], [2.5, 3, "b", False]]}

# name → (inputs of the signature or None, content type, body)
CASES: dict[str, tuple[Any, str, Any]] = {
    "split": (COLUMNS, "application/json", {"dataframe_split": SPLIT}),
    "split, charset": (COLUMNS, "application/json; charset=utf-8", {"dataframe_split": SPLIT}),
    "split, other charset": (COLUMNS, "application/json; charset=latin-1", {"dataframe_split": SPLIT}),
    "split, other parameter": (COLUMNS, "application/json; version=2", {"dataframe_split": SPLIT}),
    "split without data": (COLUMNS, "application/json", {"dataframe_split": {"columns": ["d"]}}),
    "split, strange key": (COLUMNS, "application/json", {"dataframe_split": {**SPLIT, "rows": 1}}),
    "split of a list": (COLUMNS, "application/json", {"dataframe_split": [1]}),
    "split, no signature": (None, "application/json", {"dataframe_split": SPLIT}),
    "split, too few cells": (None, "application/json", {"dataframe_split": {"columns": ["a", "b"], "data": [[1]]}}),
    "records": (COLUMNS, "application/json", {"dataframe_records": [ROW, ROW]}),
    "records, order of the signature": (
        COLUMNS,
        "application/json",
        {"dataframe_records": [dict(reversed(ROW.items()))]},
    ),
    "records, optional one absent": (COLUMNS, "application/json", {"dataframe_records": [{"d": 1, "l": 2, "s": "a"}]}),
    "records, required one absent": (COLUMNS, "application/json", {"dataframe_records": [{"d": 1, "s": "a"}]}),
    "records, null double": (COLUMNS, "application/json", {"dataframe_records": [ROW, {**ROW, "d": None}]}),
    "records, null long": (COLUMNS, "application/json", {"dataframe_records": [ROW, {**ROW, "l": None}]}),
    "records, text for long": (COLUMNS, "application/json", {"dataframe_records": [{**ROW, "l": "seven"}]}),
    "records, digits for long": (COLUMNS, "application/json", {"dataframe_records": [{**ROW, "l": "7"}]}),
    "records of a dict": (COLUMNS, "application/json", {"dataframe_records": ROW}),
    "records, small types": (SMALL, "application/json", {"dataframe_records": [{"f": 1.5, "i": 7}]}),
    "records, base64": (BYTES, "application/json", {"dataframe_records": [{"raw": "aGVsbG8="}]}),
    "records, time": (TIMES, "application/json", {"dataframe_records": [{"at": "2024-05-31T12:00:00"}]}),
    "records, date": (TIMES, "application/json", {"dataframe_records": [{"at": "2024-05-31"}]}),
    "records, no time": (TIMES, "application/json", {"dataframe_records": [{"at": "tomorrow"}]}),
    "records, nested": (LISTS, "application/json", {"dataframe_records": [{"v": [1.5, 2.5], "o": {"k": "a"}}]}),
    "records, nested, unknown key": (LISTS, "application/json", {"dataframe_records": [{"v": [1.5], "o": {"z": "a"}}]}),
    "instances, tensor": (ONE_TENSOR, "application/json", {"instances": [[1, 2], [3, 4]]}),
    "instances, tensor of another shape": (ONE_TENSOR, "application/json", {"instances": [[1, 2, 3]]}),
    "instances, named tensors": (
        NAMED_TENSORS,
        "application/json",
        {"instances": [{"x": [1, 2], "y": 3}, {"x": [3, 4], "y": 5}]},
    ),
    "instances, a key absent": (
        NAMED_TENSORS,
        "application/json",
        {"instances": [{"x": [1, 2], "y": 3}, {"x": [3, 4]}]},
    ),
    "instances, no signature": (None, "application/json", {"instances": [[1, 2], [3, 4]]}),
    "instances of objects, no signature": (None, "application/json", {"instances": [{"a": 1}, {"a": 2}]}),
    "instances, columns": (COLUMNS, "application/json", {"instances": [ROW, ROW]}),
    "inputs, tensor": (ONE_TENSOR, "application/json", {"inputs": [[1, 2], [3, 4]]}),
    "inputs, named tensors": (NAMED_TENSORS, "application/json", {"inputs": {"x": [[1, 2]], "y": [3]}}),
    "inputs, tensor by name": (ONE_TENSOR, "application/json", {"inputs": {"x": [[1, 2]]}}),
    "inputs, text": (TEXT, "application/json", {"inputs": "hello"}),
    "inputs, list of text": (TEXT, "application/json", {"inputs": ["hello", "world"]}),
    "inputs, one column": (TEXT_COLUMN, "application/json", {"inputs": ["hello", "world"]}),
    "inputs, columns": (COLUMNS, "application/json", {"inputs": {"d": [1.5], "l": [2], "s": ["a"], "b": [True]}}),
    "inputs, one row": (COLUMNS, "application/json", {"inputs": {"d": 1.5, "l": 2, "s": "a", "b": True}}),
    "inputs, rows": (COLUMNS, "application/json", {"inputs": [ROW]}),
    "inputs, no signature, array": (None, "application/json", {"inputs": [1, 2]}),
    "inputs, no signature, names": (None, "application/json", {"inputs": {"a": [1, 2]}}),
    "two forms": (COLUMNS, "application/json", {"inputs": [1], "instances": [1]}),
    "no form": (COLUMNS, "application/json", {"data": [1]}),
    "a list": (COLUMNS, "application/json", [1, 2]),
    "no JSON": (COLUMNS, "application/json", "{"),
    "signature_name": (ONE_TENSOR, "application/json", {"signature_name": "s", "instances": [[1, 2]]}),
    "prompt": (PROMPT, "application/json", {"prompt": "hello"}),
    "prompt with a param": (PROMPT, "application/json", {"prompt": "hello", "k": 5}),
    "params": (TEXT, "application/json", {"inputs": "hello", "params": {"k": 5}}),
    "params of a wrong type": (TEXT, "application/json", {"inputs": "hello", "params": {"k": "x"}}),
    "extra key": (TEXT, "application/json", {"inputs": "hello", "note": 1}),
    "csv": (COLUMNS, "text/csv", "d,l,s,b\n1,2,007,True\n2.5,3,b,False\n"),
    "csv, text for long": (COLUMNS, "text/csv", "d,l,s,b\n1,x,a,True\n"),
    "csv, no signature": (None, "text/csv", "a,b\n1,x\n"),
    "another type": (None, "text/plain", "a"),
}


class Echo:
    """Answers with what it got."""

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        got = {"data": described(data), "params": params}
        return got if isinstance(data, dict) and "messages" in data else [got]


def described(data: Any) -> Any:
    if isinstance(data, pd.DataFrame):
        kinds = {"O": "text", "f": "float", "i": "int", "b": "bool", "M": "time"}
        return {
            "columns": {str(name): kinds.get(kind.kind, str(kind)) for name, kind in data.dtypes.items()},
            "rows": [[plain(cell) for cell in row] for row in data.to_numpy(dtype=object).tolist()],
        }
    if isinstance(data, np.ndarray):
        return {
            "array": data.dtype.kind if data.dtype.kind in "OUS" else data.dtype.name,
            "values": plain(data.tolist()),
        }
    if isinstance(data, dict):
        return {name: described(value) for name, value in data.items()}
    return plain(data)


def plain(value: Any) -> Any:
    if isinstance(value, (list, np.ndarray)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, np.generic):
        value = value.item()
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return None
    return value


def body_of(case: str) -> str:
    body = CASES[case][2]
    return body if isinstance(body, str) else json.dumps(body)
