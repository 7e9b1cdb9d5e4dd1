"""Inputs that MLflow and Headrace are both fed, and how their answers are written down.

Imports neither: `record.py` runs them through genuine MLflow, the tests through Headrace. Every case is a name, the
schema as JSON and the data; data are built anew for each use, as either side may write to them.
"""

from __future__ import annotations

import copy
import datetime as dt
import decimal
import json
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse

Build = Callable[[], Any]
SCALARS = ("boolean", "integer", "long", "float", "double", "string", "binary", "datetime")
NAN = float("nan")
DAY = dt.date(2024, 5, 31)
NOON = dt.datetime(2024, 5, 31, 12)  # noqa: DTZ001 — columns of times have no zone


# ---- columns -----------------------------------------------------------------------------------------------------

INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
FLOATS = ("float16", "float32", "float64")
OBJECTS: dict[str, list[Any]] = {
    "strings": ["a", "b"],
    "strings and None": ["a", None],
    "digits": ["1", "2"],
    "numbers as text": ["1.5", "2"],
    "ISO dates": ["2024-05-31", "2024-06-01"],
    "bytes": [b"a", b"b"],
    "bytes and None": [b"a", None],
    "bools": [True, False],
    "bools and None": [True, None],
    "ints": [1, 2],
    "ints 0 and 1": [0, 1],
    "ints and None": [1, None],
    "floats": [1.5, 2.5],
    "floats and None": [1.5, None],
    "int and float": [1, 2.5],
    "int and text": [1, "a"],
    "bool and text": [True, "a"],
    "Decimals": [decimal.Decimal("1.5"), decimal.Decimal(2)],
    "Decimals and None": [decimal.Decimal("1.5"), None],
    "dates": [DAY, DAY],
    "dates and None": [DAY, None],
    "datetimes": [NOON, NOON],
    "Nones": [None, None],
    "lists": [[1], [2]],
    "dicts": [{"a": 1}, {"a": 2}],
    "huge ints": [2**70, 1],
}
EXTENSIONS: dict[str, tuple[str, list[Any]]] = {
    "Int64": ("Int64", [1, 2]),
    "Int64 with NA": ("Int64", [1, None]),
    "Int32": ("Int32", [1, 2]),
    "Int8": ("Int8", [1, 2]),
    "UInt8": ("UInt8", [1, 2]),
    "UInt64": ("UInt64", [1, 2]),
    "boolean": ("boolean", [True, False]),
    "boolean with NA": ("boolean", [True, None]),
    "Float64": ("Float64", [1.5, 2.5]),
    "Float64 with NA": ("Float64", [1.5, None]),
    "Float32": ("Float32", [1.5, 2.5]),
    "string": ("string", ["a", "b"]),
    "string with NA": ("string", ["a", None]),
    "category of text": ("category", ["a", "b"]),
    "category of ints": ("category", [1, 2]),
}


def columns() -> Iterator[tuple[str, Build]]:
    for name in INTEGERS:
        most = np.iinfo(name).max
        for what, values in {"0 and 1": [0, 1], "small": [2, 3], "largest": [most, 0]}.items():
            yield f"{name} {what}", lambda name=name, values=values: pd.Series(np.array(values, dtype=name))
    for name in FLOATS:
        for what, floats in {"0 and 1": [0.0, 1.0], "fraction": [1.5, 2.5], "whole and NaN": [2.0, NAN]}.items():
            yield f"{name} {what}", lambda name=name, floats=floats: pd.Series(np.array(floats, dtype=name))
    yield "float64 fraction and NaN", lambda: pd.Series([1.5, NAN])
    yield "float64 infinite", lambda: pd.Series([np.inf, 1.0])
    yield "bool", lambda: pd.Series([True, False])
    yield "complex64", lambda: pd.Series(np.array([1, 2], dtype="complex64"))
    yield "empty float64", lambda: pd.Series([], dtype="float64")
    yield "empty object", lambda: pd.Series([], dtype=object)
    for unit in ("s", "ms", "ns"):
        yield f"datetime64[{unit}]", lambda unit=unit: pd.Series(np.array(["2024-05-31"] * 2, dtype=f"M8[{unit}]"))
    yield "datetime64 with NaT", lambda: pd.Series(np.array(["2024-05-31", "NaT"], dtype="M8[ns]"))
    yield "datetime64 with zone", lambda: pd.Series(pd.date_range("2024-05-31", periods=2, tz="UTC"))
    yield "timedelta64", lambda: pd.Series(pd.to_timedelta([1, 2], unit="s"))
    for name, objects in OBJECTS.items():
        yield f"object: {name}", lambda objects=objects: pd.Series(objects, dtype=object)
    yield "str", lambda: pd.Series(["a", "b"])
    yield "str with null", lambda: pd.Series(["a", None])
    yield "str of digits", lambda: pd.Series(["1", "2"])
    yield "str of ISO dates", lambda: pd.Series(["2024-05-31", "2024-06-01"])
    for name, (dtype, values) in EXTENSIONS.items():
        yield f"extension: {name}", lambda dtype=dtype, values=values: pd.Series(pd.array(values, dtype=dtype))


def column_cases() -> Iterator[tuple[str, str, Build]]:
    for kind in SCALARS:
        for required in (True, False):
            schema = json.dumps([{"type": kind, "name": "a", "required": required}])
            for name, series in columns():
                needed = "required" if required else "optional"
                yield f"{kind} {needed} <- {name}", schema, lambda series=series: pd.DataFrame({"a": series()})


# ---- nested values -----------------------------------------------------------------------------------------------


def kind(name: str) -> dict[str, Any]:
    return {"type": name}


def array(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def mapping(values: dict[str, Any]) -> dict[str, Any]:
    return {"type": "map", "values": values}


def objekt(**properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": {name: {"required": True, **one} for name, one in properties.items()}}


def optional(spec: dict[str, Any]) -> dict[str, Any]:
    return {**spec, "required": False}


PERSON = objekt(name=kind("string"), age=optional(kind("long")))
NESTED: list[tuple[str, dict[str, Any], list[Any]]] = [
    (
        "array of long",
        array(kind("long")),
        [[1, 2], [], [1, None], [1.5], ["a"], None, 1, "a", [True], (1, 2), {"a": 1}],
    ),
    ("array of integer", array(kind("integer")), [[1, 2], []]),
    ("array of double", array(kind("double")), [[1.5, 2.5], [1, 2], [0, 1], [1, 2.5], [1.5, None], ["a"], [True]]),
    ("array of float", array(kind("float")), [[1.5], [0, 1], [1]]),
    ("array of boolean", array(kind("boolean")), [[True, False], [1, 0], ["a"]]),
    ("array of string", array(kind("string")), [["a", "b"], [], [1, 2], ["a", 1], [b"a"], [True, False]]),
    ("array of binary", array(kind("binary")), [[b"a", b"b"], [1]]),
    ("array of any", array(kind("any")), [[1, "a", None], None, [], "a", [[1]], 1]),
    ("array of arrays", array(array(kind("long"))), [[[1, 2], [3]], [[]], [], [1], [[1], None], [["a"]]]),
    (
        "object",
        PERSON,
        [
            {"name": "a", "age": 3},
            {"name": "a"},
            {"name": "a", "age": None},
            {"age": 3},
            {"name": None},
            {"name": 1},
            {"name": "a", "extra": 1},
            {"name": "a", "age": 1.5},
            {"name": "a", "age": "x"},
            {},
            None,
            "a",
            [1],
        ],
    ),
    ("array of objects", array(PERSON), [[{"name": "a"}, {"name": "b", "age": 3}], [{"age": 1}], [None], [], [{}], {}]),
    (
        "map of long",
        mapping(kind("long")),
        [{"a": 1, "b": 2}, {}, {1: 2}, {"a": "x"}, {"a": None}, None, [1], {"a": 1.5}],
    ),
    ("map of any", mapping(kind("any")), [{"a": 1, "b": "x"}, None, {}, 1]),
    ("map of arrays", mapping(array(kind("string"))), [{"a": ["x"]}, {"a": []}, {"a": "x"}, {"a": None}]),
    (
        "object in object",
        objekt(who=PERSON),
        [{"who": {"name": "a"}}, {"who": {}}, {"who": None}, {"who": {"name": 1}}],
    ),
    ("object with array", objekt(x=array(kind("double"))), [{"x": [1.5]}, {"x": []}, {"x": None}, {"x": [1]}]),
    ("any", kind("any"), [1, "a", None, [1, "a"], {"a": None}]),
    (
        "scalars in object",
        objekt(
            b=optional(kind("boolean")),
            i=optional(kind("integer")),
            l=optional(kind("long")),
            f=optional(kind("float")),
            d=optional(kind("double")),
            s=optional(kind("string")),
            x=optional(kind("binary")),
            t=optional(kind("datetime")),
        ),
        [
            {key: value}
            for key in "bilfdsxt"
            for value in (
                True,
                1,
                2,
                1.5,
                "a",
                b"a",
                NAN,
                np.int32(2),
                np.int64(2),
                np.int8(2),
                np.float32(1.5),
                np.float64(1.5),
                np.bool_(True),
                np.datetime64("2024-05-31"),
                2**63,
                "2024-05-31",
            )
        ],
    ),
]


def nested_cases() -> Iterator[tuple[str, str, Build]]:
    for name, spec, values in NESTED:
        for required in (True, False):
            schema = json.dumps([{**spec, "name": "a", "required": required}])
            for place, value in enumerate(values):
                needed = "required" if required else "optional"
                title = f"{name} {needed} <- {place}: {written(value)}"
                yield title, schema, lambda value=value: _one_cell(copy.deepcopy(value))  # MLflow writes to it
    arrays: list[tuple[str, str, Build]] = [
        ("long", "int64", lambda: np.array([1, 2])),
        ("long", "int32", lambda: np.array([1, 2], dtype="int32")),
        ("double", "float32", lambda: np.array([1.5], dtype="float32")),
        ("double", "int64", lambda: np.array([1, 2])),
        ("float", "float64", lambda: np.array([1.5])),
        ("string", "str", lambda: np.array(["a", "b"])),
        ("long", "empty", lambda: np.array([])),
        ("long", "2-D", lambda: np.array([[1, 2]])),
    ]
    for items, name, build in arrays:
        schema = json.dumps([{**array(kind(items)), "name": "a", "required": True}])
        yield f"array of {items} <- numpy {name}", schema, lambda build=build: _one_cell(build())


def _one_cell(value: Any) -> pd.DataFrame:
    column = np.empty(1, dtype=object)
    column[0] = value
    return pd.DataFrame({"a": pd.Series(column, dtype=object)})


# ---- forms of input ----------------------------------------------------------------------------------------------

COLUMN_SCHEMAS: dict[str, list[dict[str, Any]]] = {
    "two named": [{"type": "long", "name": "a", "required": True}, {"type": "string", "name": "b", "required": True}],
    "one optional": [
        {"type": "long", "name": "a", "required": True},
        {"type": "string", "name": "b", "required": False},
    ],
    "unnamed long": [{"type": "long", "required": True}],
    "unnamed string": [{"type": "string", "required": True}],
    "unnamed doubles": [{"type": "double", "required": True}] * 2,
    "prompt": [{"type": "string", "name": "prompt", "required": True}],
    "messages": [
        {**array(objekt(role=kind("string"), content=kind("string"))), "name": "messages", "required": True},
        {"type": "double", "name": "temperature", "required": False},
    ],
    "numbered": [{"type": "double", "name": 0, "required": True}, {"type": "double", "name": 1, "required": True}],
    "nested unnamed": [{**array(kind("long")), "required": True}],
    "any": [{"type": "any", "required": True}],
}
MESSAGE = {"role": "user", "content": "hi"}
FORMS: dict[str, Build] = {
    "frame": lambda: pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}),
    "frame in another order": lambda: pd.DataFrame({"b": ["x"], "a": [1]}),
    "frame with more": lambda: pd.DataFrame({"z": [0.5], "a": [1], "b": ["x"]}),
    "frame without b": lambda: pd.DataFrame({"a": [1]}),
    "frame without a": lambda: pd.DataFrame({"b": ["x"]}),
    "frame with index": lambda: pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}, index=[7, 9]),
    "frame of two doubles": lambda: pd.DataFrame([[1.5, 2.5], [3.5, 4.5]]),
    "frame of three doubles": lambda: pd.DataFrame([[1.5, 2.5, 3.5]]),
    "frame of named doubles": lambda: pd.DataFrame({"x": [1.5], "y": [2.5]}),
    "frame without rows": lambda: pd.DataFrame({"a": pd.Series([], dtype="int64"), "b": pd.Series([], dtype=object)}),
    "empty frame": pd.DataFrame,
    "series": lambda: pd.Series([1, 2]),
    "series named a": lambda: pd.Series([1, 2], name="a"),
    "series of text": lambda: pd.Series(["x", "y"]),
    "dict of scalars": lambda: {"a": 1, "b": "x"},
    "dict of lists": lambda: {"a": [1, 2], "b": ["x", "y"]},
    "dict of arrays": lambda: {"a": np.array([1, 2]), "b": np.array(["x", "y"])},
    "dict of 2-D array": lambda: {"a": np.array([[1], [2]]), "b": ["x", "y"]},
    "dict of uneven lists": lambda: {"a": [1, 2], "b": [0.5]},
    "dict with more": lambda: {"a": 1, "b": "x", "z": None},
    "dict without b": lambda: {"a": 1},
    "empty dict": dict,
    "prompt": lambda: {"prompt": "hi"},
    "prompts": lambda: {"prompt": ["hi", "ho"]},
    "prompt in numpy": lambda: {"prompt": np.array("hi")},
    "prompts in numpy": lambda: {"prompt": np.array(["hi", "ho"])},
    "messages": lambda: {"messages": [dict(MESSAGE)], "temperature": 0.5},
    "messages alone": lambda: {"messages": [dict(MESSAGE)]},
    "messages with int": lambda: {"messages": [dict(MESSAGE)], "temperature": 1},
    "messages with unknown key": lambda: {"messages": [{**MESSAGE, "x": 1}]},
    "list of dicts": lambda: [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}],
    "list of ints": lambda: [1, 2],
    "list of texts": lambda: ["x", "y"],
    "list of lists": lambda: [[1.5, 2.5], [3.5, 4.5]],
    "empty list": list,
    "int": lambda: 1,
    "float": lambda: 1.5,
    "text": lambda: "x",
    "bytes": lambda: b"x",
    "None": lambda: None,
    "numpy scalar": lambda: np.int64(1),
    "1-D array": lambda: np.array([1, 2]),
    "2-D array": lambda: np.array([[1.5, 2.5], [3.5, 4.5]]),
    "csr": lambda: scipy.sparse.csr_matrix(np.eye(2)),
    "set": lambda: {1},
}


def form_cases() -> Iterator[tuple[str, str, Build]]:
    for name, schema in COLUMN_SCHEMAS.items():
        for form, build in FORMS.items():
            yield f"{name} <- {form}", json.dumps(schema), build


# ---- tensors -----------------------------------------------------------------------------------------------------


def tensor(dtype: str, shape: list[int], **name: str) -> dict[str, Any]:
    return {**name, "type": "tensor", "tensor-spec": {"dtype": dtype, "shape": shape}}


TENSOR_SCHEMAS: dict[str, list[dict[str, Any]]] = {
    "float64 (-1, 2)": [tensor("float64", [-1, 2])],
    "float32 (-1, 2)": [tensor("float32", [-1, 2])],
    "float64 (-1,)": [tensor("float64", [-1])],
    "float64 (-1, 1)": [tensor("float64", [-1, 1])],
    "int64 (-1, 2, 2)": [tensor("int64", [-1, 2, 2])],
    "float64 (-1, -1)": [tensor("float64", [-1, -1])],
    "float64 (2, 2)": [tensor("float64", [2, 2])],
    "object (-1,)": [tensor("object", [-1])],
    "str (-1,)": [tensor("str", [-1])],
    "named": [tensor("float64", [-1, 2], name="x"), tensor("int64", [-1], name="n")],
    "one named": [tensor("float64", [-1, 2], name="x")],
}
TENSORS: dict[str, Build] = {
    "float64 (2, 2)": lambda: np.array([[1.5, 2.5], [3.5, 4.5]]),
    "float32 (2, 2)": lambda: np.array([[1.5, 2.5], [3.5, 4.5]], dtype="float32"),
    "int64 (2, 2)": lambda: np.array([[1, 2], [3, 4]]),
    "float64 (3, 2)": lambda: np.zeros((3, 2)),
    "float64 (2, 3)": lambda: np.zeros((2, 3)),
    "float64 (2,)": lambda: np.array([1.5, 2.5]),
    "float64 ()": lambda: np.array(1.5),
    "float64 (0, 2)": lambda: np.zeros((0, 2)),
    "int64 (1, 2, 2)": lambda: np.array([[[1, 2], [3, 4]]]),
    "str (2,)": lambda: np.array(["a", "bc"]),
    "bytes (2,)": lambda: np.array([b"a", b"bc"]),
    "object (2,)": lambda: np.array(["a", 1], dtype=object),
    "ragged": lambda: _ragged([1.5], [2.5, 3.5]),
    "big-endian": lambda: np.array([[1.5, 2.5]], dtype=">f8"),
    "csr": lambda: scipy.sparse.csr_matrix(np.array([[1.5, 2.5], [0, 4.5]])),
    "csc float32": lambda: scipy.sparse.csc_matrix(np.eye(2, dtype="float32")),
    "dict": lambda: {"x": np.array([[1.5, 2.5]]), "n": np.array([3])},
    "dict with more": lambda: {"x": np.array([[1.5, 2.5]]), "n": np.array([3]), "z": np.array([1])},
    "dict without n": lambda: {"x": np.array([[1.5, 2.5]])},
    "dict of wrong type": lambda: {"x": np.array([[1, 2]]), "n": np.array([3])},
    "dict of lists": lambda: {"x": [[1.5, 2.5]], "n": [3]},
    "list": lambda: [[1.5, 2.5]],
    "text": lambda: "a",
    "frame of one column": lambda: pd.DataFrame({"x": [1.5, 2.5]}),
    "frame of two columns": lambda: pd.DataFrame({"x": [1.5, 2.5], "y": [3.5, 4.5]}),
    "frame of two int columns": lambda: pd.DataFrame({"x": [1, 2], "y": [3, 4]}),
    "frame of lists": lambda: pd.DataFrame({"x": [[1.5, 2.5], [3.5, 4.5]], "n": [1, 2]}),
    "frame of int lists": lambda: pd.DataFrame({"x": [[1, 2], [3, 4]], "n": [1, 2]}),
    "frame of uneven lists": lambda: pd.DataFrame({"x": [[1.5, 2.5], [3.5]], "n": [1, 2]}),
    "frame of one list column": lambda: pd.DataFrame({"x": [[1.5, 2.5], [3.5, 4.5]]}),
    "frame of flat lists of four": lambda: pd.DataFrame({"x": [[1, 2, 3, 4]]}),
    "frame of arrays": lambda: pd.DataFrame({"x": [np.array([1.5, 2.5]), np.array([3.5, 4.5])]}),
    "frame of int arrays": lambda: pd.DataFrame({"x": [np.array([1, 2]), np.array([3, 4])]}),
    "frame of dicts": lambda: pd.DataFrame({"x": [{"a": 1}]}),
    "empty frame": pd.DataFrame,
    "series": lambda: pd.Series([1.5, 2.5]),
}


def _ragged(*rows: list[float]) -> Any:
    made = np.empty(len(rows), dtype=object)
    made[:] = [np.array(row) for row in rows]
    return made


def tensor_cases() -> Iterator[tuple[str, str, Build]]:
    for name, schema in TENSOR_SCHEMAS.items():
        for form, build in TENSORS.items():
            yield f"{name} <- {form}", json.dumps(schema), build


# ---- parameters --------------------------------------------------------------------------------------------------

PARAM_DEFAULTS: dict[str, Any] = {
    "boolean": True,
    "integer": 1,
    "long": 1,
    "float": 0.5,
    "double": 0.5,
    "string": "a",
    "datetime": "2024-05-31T12:00:00",
}
PARAM_VALUES: dict[str, Any] = {
    "bool": True,
    "int": 7,
    "large int": 2**40,
    "float": 2.5,
    "whole float": 2.0,
    "NaN": NAN,
    "text": "x",
    "digits": "3",
    "ISO date": "2024-05-31",
    "bytes": b"x",
    "None": None,
    "list": [1, 2],
    "floats": [1.5, 2.5],
    "mixed": [1, "a"],
    "empty list": [],
    "nested list": [[1]],
    "tuple": (1, 2),
    "dict": {"a": 1},
    "int32": np.int32(7),
    "int64": np.int64(7),
    "int8": np.int8(7),
    "float32": np.float32(2.5),
    "float64": np.float64(2.5),
    "bool_": np.bool_(True),
    "str_": np.str_("x"),
    "array": np.array([1, 2]),
    "2-D array": np.array([[1, 2]]),
    "date": DAY,
    "datetime": NOON,
    "datetime64": np.datetime64("2024-05-31T12"),
}


def param_cases() -> Iterator[tuple[str, str, Build]]:
    for name, default in PARAM_DEFAULTS.items():
        for shape in (None, [-1]):
            spec = {"name": "p", "type": name, "default": default if shape is None else [default], "shape": shape}
            for what, value in PARAM_VALUES.items():
                title = f"{name}{'' if shape is None else ' list'} <- {what}"
                yield title, json.dumps([spec]), lambda value=value: {"p": value}
    inner = {"name": "p", "default": {"a": 1}, "shape": None, **objekt(a=kind("long"))}
    for what, value in {"dict": {"a": 2}, "wrong": {"a": "x"}, "more": {"a": 1, "b": 2}, "none": {}, "int": 1}.items():
        yield f"object <- {what}", json.dumps([inner]), lambda value=value: {"p": value}
    two = json.dumps([{"name": name, "type": "long", "default": 1, "shape": None} for name in "pq"])
    others = {"one": {"p": 2}, "none": {}, "None": None, "unknown": {"z": 1}, "list": [1], "int key": {1: 2}}
    for what, given in others.items():
        yield f"two <- {what}", two, lambda given=given: given


# ---- inference ---------------------------------------------------------------------------------------------------

INFERRED_VALUES: dict[str, list[Any]] = {
    **OBJECTS,
    "NaN and float": [NAN, 1.0],
    "Timestamps": [pd.Timestamp("2024-05-31")] * 2,
    "datetime64s": [np.datetime64("2024-05-31")] * 2,
    "int32s": [np.int32(1)] * 2,
    "float32s": [np.float32(1)] * 2,
    "int8s": [np.int8(1)] * 2,
    "lists of text": [["a", "b"], ["c"]],
    "list and None": [[1], None],
    "empty and full list": [[], [1]],
    "empty lists": [[], []],
    "lists in lists": [[[1], [2]], [[3]]],
    "mixed lists": [[1, "a"]],
    "list with None": [["a", None]],
    "arrays": [np.array([1.0]), np.array([2.0])],
    "empty arrays": [np.array([]), np.array([])],
    "dicts with more": [{"a": 1}, {"a": 2, "b": "x"}],
    "dict and None": [{"a": 1}, None],
    "dicts in dicts": [{"a": {"b": [1, 2]}}, {"a": {"c": 1.0}}],
    "empty and full dict": [{}, {"a": 1}],
    "dicts of two types": [{"a": 1}, {"a": "x"}],
    "null in first dict": [{"a": None}, {"a": 1}],
    "null in second dict": [{"a": 1}, {"a": None}],
    "tuples": [(1, 2)],
    "sets": [{1}],
    "timedeltas": [dt.timedelta(1)],
    "bytearrays": [bytearray(b"x")],
}
INFERRED: dict[str, Build] = {
    "frame without columns": pd.DataFrame,
    "frame of numbered columns": lambda: pd.DataFrame([[1.5, 2.5]]),
    "frame with a name twice": lambda: pd.DataFrame([[1.5, 2.5]], columns=["a", "a"]),
    "csr": lambda: scipy.sparse.csr_matrix(np.eye(3)),
    "csc": lambda: scipy.sparse.csc_matrix(np.eye(3, dtype="float32")),
    "dict of arrays": lambda: {"x": np.zeros((2, 2)), "y": np.array(["a"])},
    "dict of array and text": lambda: {"x": np.zeros(2), "y": "s"},
    "dict with int key": lambda: {1: "a"},
    "dicts with other keys": lambda: [{"a": 1}, {"b": "x"}],
    "dicts with null": lambda: [{"a": None}, {"a": "x"}],
    "empty dict": dict,
    "list of empty dict": lambda: [{}],
    "empty list": list,
    "messages": lambda: {"messages": [dict(MESSAGE), {**MESSAGE, "name": "x"}], "t": 0.1, "stop": None, "tools": []},
    "tuple": lambda: (1, 2),
    **{f"array: {name}": build for name, build in TENSORS.items()},
}


def infer_cases() -> Iterator[tuple[str, Build]]:
    for name, build in columns():
        yield f"frame: {name}", lambda build=build: pd.DataFrame({"a": build()})
    for name in (*INTEGERS, *FLOATS, "bool"):
        yield f"scalar: {name}", lambda name=name: np.dtype(name).type(1)
        yield f"list of {name}", lambda name=name: [np.dtype(name).type(1)] * 2
    for name, values in INFERRED_VALUES.items():
        yield f"objects: {name}", lambda values=values: pd.DataFrame({"a": pd.Series(values, dtype=object)})
        yield f"list: {name}", lambda values=values: list(values)
        yield f"dict: {name}", lambda values=values: {"a": list(values)}
        yield f"rows: {name}", lambda values=values: [{"a": value} for value in values]
        yield f"named series: {name}", lambda values=values: pd.Series(values, dtype=object, name="s")
        yield f"series: {name}", lambda values=values: pd.Series(values, dtype=object)
        if values[0] is not None:
            yield f"one: {name}", lambda values=values: values[0]
    yield from INFERRED.items()


def infer_param_cases() -> Iterator[tuple[str, Build]]:
    for name, value in PARAM_VALUES.items():
        yield name, lambda value=value: {"p": value}
    yield "bools", lambda: {"p": [True, False]}
    yield "bool and int", lambda: {"p": [True, 1]}
    yield "dates", lambda: {"p": [DAY]}
    yield "deep dict", lambda: {"p": {"a": {"b": [1]}}}
    yield "empty dict", lambda: {"p": {}}
    yield "uint64", lambda: {"p": np.uint64(1)}
    yield "huge int", lambda: {"p": 2**70}


# ---- answers -----------------------------------------------------------------------------------------------------


def written(value: Any) -> Any:
    """An answer in JSON, the same for equal answers: whether numpy's or Python's scalar holds a number is no matter."""
    if isinstance(value, pd.DataFrame):
        cells = {str(name): _column(value.iloc[:, place]) for place, name in enumerate(value.columns)}
        return {"frame": cells, "index": [written(one) for one in value.index]}
    if isinstance(value, np.ndarray):
        return {"array": written(value.tolist()), "dtype": _dtype(value.dtype), "shape": list(value.shape)}
    if scipy.sparse.issparse(value):
        return {"sparse": written(value.toarray())}
    if isinstance(value, dict):
        return {str(key): written(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [written(inner) for inner in value]
    return _scalar(value)


def _column(series: pd.Series[Any]) -> list[Any]:
    return [_dtype(series.dtype), *(written(value) for value in series.tolist())]


def _dtype(dtype: Any) -> str:
    if dtype.kind in "OUT":
        return "text or object"  # pandas 2 has objects where pandas 3 has text
    return "datetime64" if dtype.kind == "M" else str(dtype)


def _scalar(value: Any) -> Any:
    if isinstance(value, np.datetime64):
        value = pd.Timestamp(value)
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(value, bool | int | float | str):
        return value if not isinstance(value, float) or np.isfinite(value) else str(value)
    if isinstance(value, dt.date):
        return f"time {pd.Timestamp(value)}"
    return f"{type(value).__name__} {value!r}"
