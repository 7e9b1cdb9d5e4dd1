"""A model's input example: what it looks like in the folder, and what `predict` is given.

| given | input_example.json | serving_input_example.json |
| --- | --- | --- |
| DataFrame | {"columns", "data"}; without columns where they are 0 … n-1 | {"dataframe_split": …} |
| array, dict of arrays | nested lists | {"inputs": …} |
| csr, csc matrix | {"data", "indices", "indptr", "shape"} | {"inputs": dense} |
| dict, list, scalar | the value | {"inputs": …}; as it is with `messages`, `prompt` or `input` |
| (example, params) | {"inputs": …, "params": …} | … with "params" beside |
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headrace.errors import Corrupt, InvalidValue, NotFound
from headrace.lazy import optional_import
from headrace.packaging.inside import inside

if TYPE_CHECKING:
    from headrace.packaging.schema import Schema

FILE_NAME = "input_example.json"
SERVING_FILE_NAME = "serving_input_example.json"
LLM_KEYS = ("messages", "prompt", "input")
_INPUTS, _PARAMS, _SPLIT = "inputs", "params", "dataframe_split"


@dataclass(frozen=True, kw_only=True)
class Example:
    """data: what predict gets. info: how MLmodel records it. content, serving: of the two files."""

    data: Any
    params: dict[str, Any] | None
    info: dict[str, Any]
    content: Any
    serving: dict[str, Any]

    def write(self, folder: Path) -> None:
        (folder / FILE_NAME).write_text(json.dumps(self.content, default=encoded), encoding="utf-8")
        (folder / SERVING_FILE_NAME).write_text(json.dumps(self.serving, indent=2, default=encoded), encoding="utf-8")


def example_of(given: Any) -> Example:
    """Of what a caller gave as input_example."""
    data, params = given, None
    if isinstance(given, tuple):
        if len(given) != 2 or not isinstance(given[1], dict | None):
            raise InvalidValue("input_example", given, "a tuple is (example, params), with params a dict.")
        data, params = given
    data = _plain(data)
    kind, content, serving = _forms(data)
    info: dict[str, Any] = {"artifact_path": FILE_NAME, "serving_input_path": SERVING_FILE_NAME, **kind}
    if params:
        info["params"] = "true"
        content = {_INPUTS: content, _PARAMS: params}
        # A request of LLM style has its parameters beside the rest, others below "params".
        serving = {**serving, **params} if _is_llm(data) else {**serving, _PARAMS: params}
    return Example(data=data, params=params or None, info=info, content=content, serving=serving)


def _plain(data: Any) -> Any:
    """pydantic objects as dicts; polars frames as pandas; tensors as arrays."""
    if isinstance(data, list):
        return [_plain(item) for item in data]
    if hasattr(data, "model_dump") and hasattr(data, "model_fields_set"):
        return data.model_dump(exclude_unset=True)
    if _is(data, "polars", "DataFrame"):
        return data.to_pandas()
    if _is(data, "torch", "Tensor"):
        return data.detach().cpu().numpy()
    return data


def _is(value: Any, package: str, *names: str) -> bool:
    module = sys.modules.get(package)
    return module is not None and any(isinstance(value, getattr(module, name)) for name in names)


def _is_array(value: Any) -> bool:
    return _is(value, "numpy", "ndarray")


def _is_llm(data: Any) -> bool:
    return isinstance(data, dict) and any(key in data for key in LLM_KEYS)


def _forms(data: Any) -> tuple[dict[str, Any], Any, dict[str, Any]]:
    """What MLmodel says of it, the content of the file, and that of the serving file."""
    if _is(data, "pandas", "DataFrame"):
        return _frame_forms(data)
    if _is(data, "pandas", "Series"):
        raise InvalidValue("input_example", type(data).__name__, "give a DataFrame: series.to_frame().")
    if _is_array(data):
        return {"type": "ndarray"}, data.tolist(), {_INPUTS: data.tolist()}
    if isinstance(data, dict) and any(_is_array(value) for value in data.values()):
        if not all(_is_array(value) for value in data.values()):
            raise InvalidValue(
                "input_example", sorted(map(str, data)), "in a dict with arrays, every value is an array."
            )
        lists = {key: value.tolist() for key, value in data.items()}
        return {"type": "ndarray"}, lists, {_INPUTS: lists}
    if isinstance(data, list) and any(_is_array(item) for item in data):
        raise InvalidValue("input_example", "a list of arrays", "stack them into one array, or give a dict of arrays.")
    for name in ("csr", "csc"):
        if type(data).__name__ in (f"{name}_matrix", f"{name}_array"):
            parts = {part: getattr(data, part).tolist() for part in ("data", "indices", "indptr")}
            content = {**parts, "shape": list(data.shape)}
            return {"type": f"sparse_matrix_{name}"}, content, {_INPUTS: data.toarray().tolist()}
    _check_json(data)
    return {"type": "json_object"}, data, data if _is_llm(data) else {_INPUTS: data}


def _frame_forms(frame: Any) -> tuple[dict[str, Any], Any, dict[str, Any]]:
    numbered = list(frame.columns) == list(range(frame.shape[1]))
    columns = [list(_cells(frame.iloc[:, at])) for at in range(frame.shape[1])]
    rows = [list(row) for row in zip(*columns, strict=True)]
    content = {"data": rows} if numbered else {"columns": list(frame.columns), "data": rows}
    orient = "values" if numbered else "split"
    return {"type": "dataframe", "pandas_orient": orient}, content, {_SPLIT: content}


def _cells(column: Any) -> list[Any]:
    """A missing number is NaN, any other missing value null."""
    numeric = column.dtype.kind in "iufc"
    return [value if numeric or not _missing(value) else None for value in column.tolist()]


def _missing(value: Any) -> bool:
    if value is None or type(value).__name__ in ("NaTType", "NAType"):
        return True
    return isinstance(value, float) and math.isnan(value)


def _check_json(data: Any) -> None:
    try:
        json.dumps(data, default=encoded)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidValue(
            "input_example",
            type(data).__name__,
            "allowed are a DataFrame, an array or dict of arrays, a csr or csc matrix, and what JSON can say "
            f"(dict, list, text, number, bytes, datetime): {error}.",
        ) from error


def encoded(value: Any) -> Any:
    if isinstance(value, bytes | bytearray):
        return base64.encodebytes(bytes(value)).decode()
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if hasattr(value, "tolist"):  # numpy's scalars and arrays within lists
        return value.tolist()
    if hasattr(value, "model_dump"):
        return value.model_dump(exclude_unset=True)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def read(folder: Path, info: Mapping[str, Any]) -> tuple[Any, dict[str, Any] | None]:
    """The example and its params, as `predict` takes them; columns and types as JSON could keep them."""
    content = _load(inside(folder, str(info.get("artifact_path", FILE_NAME))))
    params = None
    if str(info.get("params", "")).lower() == "true":
        content, params = content[_INPUTS], content.get(_PARAMS)
    kind = info.get("type")
    if kind == "dataframe":
        pandas = optional_import("pandas", extra="pandas", why="the input example is a DataFrame")
        if isinstance(content, dict) and "data" in content:
            return pandas.DataFrame(content["data"], columns=content.get("columns")), params
        return pandas.DataFrame(content), params
    if kind == "ndarray":
        import numpy as np

        if isinstance(content, dict):
            return {key: np.asarray(value) for key, value in content.items()}, params
        return np.asarray(content), params
    if kind in ("sparse_matrix_csr", "sparse_matrix_csc"):
        sparse = optional_import("scipy.sparse", why="the input example is a sparse matrix")
        make = sparse.csr_matrix if kind.endswith("csr") else sparse.csc_matrix
        return make((content["data"], content["indices"], content["indptr"]), shape=tuple(content["shape"])), params
    return content, params


def typed(data: Any, schema: Schema | None) -> Any:
    """Frames and arrays with the types that the signature names, which JSON couldn't keep: times, bytes, float32."""
    if schema is None:
        return data
    if _is(data, "pandas", "DataFrame"):
        from headrace.packaging.payload import cast_frame

        cast, bad = cast_frame(data, schema)
        return data if bad else cast
    if not schema.is_tensor_spec():
        return data
    if isinstance(data, dict):
        specs = schema.input_dict() if schema.has_input_names() else {}
        return {name: _as(value, specs[name]) if name in specs else value for name, value in data.items()}
    return _as(data, schema.inputs[0]) if len(schema.inputs) == 1 else data


def _as(value: Any, spec: Any) -> Any:
    return value.astype(spec.type) if _is_array(value) and spec.type.kind in "iufb" else value


def _load(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NotFound("input example", str(path), by="path") from None
    except ValueError as error:
        raise Corrupt(f"The input example {path} isn't JSON: {error}.") from error
