from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pydantic
import pytest
import torch

from headrace.errors import InvalidValue
from headrace.packaging.schema import ColSpec, Schema, TensorSpec
from headrace.packaging.signature import infer_signature
from headrace.packaging.types import AnyType, Array, Object, Property


def inputs(data: Any) -> Any:
    return infer_signature(data).inputs


def test_signature_of_a_training_set_and_its_predictions() -> None:
    frame = pd.DataFrame({"size": [0.5, None], "city": ["Oslo", "Rome"]})
    signature = infer_signature(frame, np.array([1.5, 2.5]), {"temperature": 0.5, "stop": ["a"]})
    assert str(signature) == (
        "inputs: \n  ['size': double (optional), 'city': string (required)]\n"
        "outputs: \n  [Tensor('float64', (-1,))]\n"
        "params: \n  ['temperature': double (default: 0.5), "
        "'stop': string (default: ['a']) (shape: (-1,))]\n"
    )


def test_text_columns_are_strings_whatever_pandas_keeps_them_in() -> None:
    for dtype in (object, "str", "string", "category"):
        assert inputs(pd.DataFrame({"a": pd.Series(["x", "y"], dtype=dtype)})) == Schema([ColSpec("string", "a")])
        assert inputs(pd.DataFrame({"a": pd.Series(["x", None], dtype=dtype)})) == Schema(
            [ColSpec("string", "a", required=False)]
        )


def test_polars_frame_is_told_by_its_types() -> None:
    frame = pl.DataFrame(
        {
            "small": pl.Series([1, 2], dtype=pl.Int16),
            "wide": pl.Series([1, None], dtype=pl.Int64),
            "unsigned": pl.Series([1, 2], dtype=pl.UInt32),
            "half": pl.Series([0.5, 1.5], dtype=pl.Float32),
            "nan": [0.5, float("nan")],
            "flag": [True, False],
            "text": ["a", None],
            "kind": pl.Series(["a", "b"], dtype=pl.Categorical),
            "day": pl.Series(["2024-05-31", "2024-06-01"]).str.to_date(),
            "words": [["a"], ["b", "c"]],
            "who": [{"name": "a", "age": 1}, {"name": "b", "age": None}],
            "raw": [b"a", b"b"],
        }
    )
    expected = Schema(
        [
            ColSpec("integer", "small"),
            ColSpec("long", "wide", required=False),
            ColSpec("long", "unsigned"),
            ColSpec("float", "half"),
            ColSpec("double", "nan", required=False),
            ColSpec("boolean", "flag"),
            ColSpec("string", "text", required=False),
            ColSpec("string", "kind"),
            ColSpec("datetime", "day"),
            ColSpec(Array("string"), "words"),
            ColSpec(Object([Property("name", "string"), Property("age", "long", required=False)]), "who"),
            ColSpec("binary", "raw"),
        ]
    )
    with pytest.warns(UserWarning, match="integer columns"):
        assert inputs(frame) == expected
    with pytest.warns(UserWarning, match="integer columns"):
        assert inputs(frame.lazy()) == expected


def test_arrow_table_is_told_by_its_types() -> None:
    table = pa.table({"a": pa.array([0.5, None]), "b": pa.array(["x", "y"]), "c": pa.array([[1.5], [2.5]])})
    assert inputs(table) == Schema(
        [ColSpec("double", "a", required=False), ColSpec("string", "b"), ColSpec(Array("double"), "c")]
    )


def test_torch_tensors_are_tensors() -> None:
    assert inputs(torch.zeros(2, 3)) == Schema([TensorSpec(np.dtype("float32"), (-1, 3))])
    assert inputs({"ids": torch.zeros(2, 3, dtype=torch.int64)}) == Schema(
        [TensorSpec(np.dtype("int64"), (-1, 3), "ids")]
    )


def test_pydantic_objects_are_told_as_dicts() -> None:
    class Message(pydantic.BaseModel):
        role: str
        content: str | None = None

    expected = Schema([ColSpec("string", "role"), ColSpec(AnyType(), "content", required=False)])
    assert inputs(Message(role="user")) == expected
    assert inputs([Message(role="user")]) == expected


def test_integer_columns_are_warned_of_by_name() -> None:
    with pytest.warns(UserWarning, match=r"integer columns \(a\).*missing values"):
        infer_signature(pd.DataFrame({"a": [1, 2], "b": [0.5, 1.5]}))


def test_what_no_schema_tells_is_any_with_the_reason() -> None:
    with pytest.warns(UserWarning, match=r"schema Any.*several types") as caught:
        assert inputs(pd.DataFrame({"a": [1, "x"]})) == Schema([ColSpec(AnyType())])
    assert caught[0].filename == __file__
    with pytest.warns(UserWarning, match=r"Column 'a': No column type.*uint64"):
        assert inputs(pd.DataFrame({"a": np.array([1], dtype="uint64")})) == Schema([ColSpec(AnyType())])


def test_parameters_of_no_type_are_all_named() -> None:
    with pytest.raises(InvalidValue, match=r"'a'.*'b'"):
        infer_signature(params={"a": None, "b": [[1]], "c": 1})


def test_no_framework_is_imported_that_the_caller_has_not() -> None:
    code = (
        "import sys, numpy as np\n"
        "from headrace.packaging.signature import infer_signature\n"
        "infer_signature({'x': np.zeros(2)}, [{'a': 0.5}], {'p': 1})\n"
        "print(sorted({'pandas', 'polars', 'torch', 'scipy', 'pydantic', 'pyarrow', 'pyspark'} & set(sys.modules)))\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout == "[]\n"
