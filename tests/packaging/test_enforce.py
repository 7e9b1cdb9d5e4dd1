from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pydantic
import pytest
import scipy.sparse
import torch

from headrace.errors import InvalidValue
from headrace.packaging.enforce import SchemaMismatch, enforce_input, enforce_params
from headrace.packaging.schema import ColSpec, ParamSchema, ParamSpec, Schema, TensorSpec
from headrace.packaging.types import AnyType, Array, Map, Object, Property

PEOPLE = Schema([ColSpec("long", "age"), ColSpec("string", "name"), ColSpec("double", "size", required=False)])
MESSAGES = Schema([ColSpec(Array(Object([Property("role", "string"), Property("content", "string")])), "messages")])


def refused(data: Any, schema: Schema) -> str:
    with pytest.raises(SchemaMismatch) as caught:
        enforce_input(data, schema)
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
    assert json.loads(caught.value.serialize_as_json())["error_class"] == "SCHEMA_ENFORCEMENT_FAILED"
    assert caught.value.message.startswith("Failed to enforce schema of data")
    return caught.value.message


def test_frame_that_fits_is_handed_on_itself() -> None:
    frame = pd.DataFrame({"age": [1], "name": ["Ada"], "size": [1.5]})
    assert enforce_input(frame, PEOPLE) is frame


def test_number_that_no_cast_could_save_is_named() -> None:
    small = Schema([ColSpec("integer", "age")])
    assert "Row 1 holds 1099511627776; integer takes whole numbers from -2147483648 to" in refused(
        pd.DataFrame({"age": [1, 2**40]}), small
    )
    assert "Row 2 holds 0.5;" in refused(pd.DataFrame({"age": [1.0, np.nan, 0.5]}), small)
    assert "data['age'].astype('int32')" in refused(pd.DataFrame({"age": [1, 2]}), small)
    assert "Row 0 holds 18446744073709551615;" in refused(
        pd.DataFrame({"age": np.array([2**64 - 1], dtype="uint64")}), Schema([ColSpec("long", "age")])
    )


def test_missing_column_is_named_and_so_are_strangers() -> None:
    message = refused(pd.DataFrame({"age": [1], "nome": ["Ada"]}), PEOPLE)
    assert "'name'" in message
    assert "'nome'" in message
    message = refused(pd.DataFrame({"a": [1]}), PEOPLE)
    assert "the required columns 'age', 'name'" in message


def test_stranger_is_left_out_with_a_warning_and_order_is_the_schemas() -> None:
    frame = pd.DataFrame({"x": [0], "name": ["Ada"], "age": [1]}, index=[7])
    with pytest.warns(UserWarning, match="left out: 'x'"):
        found = enforce_input(frame, PEOPLE)
    assert list(found.columns) == ["age", "name"]
    assert list(found.index) == [7]
    assert list(frame.columns) == ["x", "name", "age"]


def test_column_that_stands_twice_is_refused_by_name() -> None:
    frame = pd.DataFrame([[1, 2, "Ada"]], columns=["age", "age", "name"])
    assert "column 'age': expected one column of that name, found 2" in refused(frame, PEOPLE)


@pytest.mark.parametrize(
    ("ages", "says"),
    [
        ([1.0, None, 3.0], ["column 'age'", "long (int64)", "float64", "1 missing values (the first in row 1)"]),
        ([1.5, 2.5, 3.5], ["column 'age'", "found float64", "Row 0 holds 1.5; long takes whole numbers"]),
        (["1", "x", "2"], ["column 'age', row 0", "'1'"]),
        ([None, None, 3], ["column 'age'", "float64"]),
        (pd.array([1, None, 3], dtype="Int64"), ["column 'age', row 1", "a missing value in Int64"]),
        (np.array([1, 2, 3], dtype="uint64"), ["found uint64"]),
    ],
)
def test_column_of_a_wrong_type_is_told_with_place_and_way_out(ages: Any, says: list[str]) -> None:
    message = refused(pd.DataFrame({"age": ages, "name": ["a", "b", "c"]}), PEOPLE)
    for part in says:
        assert part in message


def test_integers_stand_for_doubles_only_where_they_are_flags() -> None:
    schema = Schema([ColSpec("double", "a"), ColSpec("double", "b")])
    found = enforce_input(pd.DataFrame({"a": [0, 1], "b": [1, 0]}), schema)
    assert found.dtypes.tolist() == [np.dtype("float64")] * 2
    message = refused(pd.DataFrame({"a": [0, 1], "b": [1, 2]}), schema)
    assert "column 'b', row 1" in message
    assert "the value 2" in message
    assert "data['b'].astype('float64')" in message


def test_many_columns_are_cast_as_few_are() -> None:
    names = [f"c{place}" for place in range(40)]
    kinds = ["float64", "float32", "int32", "int8", "int64"]
    frame = pd.DataFrame({name: np.array([0, 1], dtype=kinds[place % 5]) for place, name in enumerate(names)})
    schema = Schema([ColSpec("double", name) for name in names])
    found = enforce_input(frame, schema)
    assert list(found.columns) == names
    assert set(found.dtypes) == {np.dtype("float64")}
    assert (found.to_numpy() == [[0.0], [1.0]]).all()
    halves = Schema([ColSpec("double" if place % 5 else "float", name) for place, name in enumerate(names)])
    assert "'c0'" in refused(frame, halves)


def test_times_are_nanoseconds_without_a_zone() -> None:
    schema = Schema([ColSpec("datetime", "t")])
    for values in (np.array(["2024-05-31"], dtype="M8[s]"), ["2024-05-31"], [pd.Timestamp("2024-05-31")]):
        found = enforce_input(pd.DataFrame({"t": values}), schema)
        assert found["t"].dtype == np.dtype("datetime64[ns]")
        assert found["t"][0] == pd.Timestamp("2024-05-31")
    zoned = pd.DataFrame({"t": pd.date_range("2024-05-31", periods=1, tz="Europe/Oslo")})
    assert "tz_localize(None)" in refused(zoned, schema)
    assert "row 1" in refused(pd.DataFrame({"t": ["2024-05-31", "soon"]}), schema)


def test_place_inside_a_nested_value_is_told() -> None:
    good = {"role": "user", "content": "hi"}
    assert enforce_input({"messages": [good]}, MESSAGES)["messages"][0] == [good]
    message = refused({"messages": [good, {"role": "user", "content": 3}]}, MESSAGES)
    assert "column 'messages', row 0[1]['content']: expected string, found 3 (int)" in message
    assert "the unknown key 'name'" in refused({"messages": [{**good, "name": "x"}]}, MESSAGES)
    assert "the key 'content'" in refused({"messages": [{"role": "user"}]}, MESSAGES)
    assert "[0]: expected a dict, found None" in refused({"messages": [None]}, MESSAGES)
    assert "a list or a numpy array" in refused({"messages": "hi"}, MESSAGES)


def test_nested_values_are_not_written_to() -> None:
    value = {"x": np.float32(1.5), "y": [1.5]}
    schema = Schema([ColSpec(Object([Property("x", "double"), Property("y", Array("double"))]), "a")])
    found = enforce_input({"a": value}, schema)
    assert found["a"][0] == {"x": 1.5, "y": [1.5]}
    assert type(found["a"][0]["x"]) is float
    assert type(value["x"]) is np.float32


def test_map_holds_one_type_under_any_names() -> None:
    schema = Schema([ColSpec(Map("long"), "counts")])
    assert enforce_input({"counts": {"a": 1, "b": 2}}, schema)["counts"][0] == {"a": 1, "b": 2}
    assert "['b']: expected long" in refused({"counts": {"a": 1, "b": "x"}}, schema)
    assert "the key 1" in refused({"counts": {1: 1}}, schema)


@pytest.mark.parametrize(
    "data",
    [
        pl.DataFrame({"age": [31, 36], "name": ["Ada", "Alan"], "size": [1.5, None]}),
        pl.DataFrame({"age": [31, 36], "name": ["Ada", "Alan"], "size": [1.5, None]}).lazy(),
        pa.table({"age": [31, 36], "name": ["Ada", "Alan"], "size": [1.5, None]}),
        [{"age": 31, "name": "Ada", "size": 1.5}, {"age": 36, "name": "Alan", "size": None}],
        {"age": np.array([31, 36]), "name": np.array(["Ada", "Alan"]), "size": np.array([1.5, np.nan])},
        {"age": [31, 36], "name": ["Ada", "Alan"], "size": [1.5, None]},
    ],
    ids=["polars", "lazy", "arrow", "rows", "arrays", "lists"],
)
def test_tables_of_other_kinds_become_frames(data: Any) -> None:
    expected = pd.DataFrame({"age": [31, 36], "name": ["Ada", "Alan"], "size": [1.5, None]})
    pd.testing.assert_frame_equal(enforce_input(data, PEOPLE), expected, check_dtype=False)


def test_missing_integers_of_polars_and_arrow_stay_integers_where_they_are_optional() -> None:
    schema = Schema([ColSpec("long", "a", required=False), ColSpec("boolean", "b", required=False)])
    for data in (pl.DataFrame({"a": [1, None], "b": [True, None]}), pa.table({"a": [1, None], "b": [True, None]})):
        found = enforce_input(data, schema)
        assert [str(dtype) for dtype in found.dtypes] == ["Int64", "boolean"]
        assert found["a"][0] == 1
        assert found["a"].isna()[1]


def test_one_value_is_one_row() -> None:
    assert enforce_input("hi", Schema([ColSpec("string")]))[0].tolist() == ["hi"]
    assert enforce_input({"prompt": "hi"}, Schema([ColSpec("string", "prompt")]))["prompt"].tolist() == ["hi"]
    assert enforce_input(1.5, Schema([ColSpec("double")]))[0].tolist() == [1.5]


def test_pydantic_object_is_one_row() -> None:
    class Person(pydantic.BaseModel):
        age: int
        name: str

    found = enforce_input([Person(age=31, name="Ada"), Person(age=36, name="Alan")], PEOPLE)
    assert found.to_dict("list") == {"age": [31, 36], "name": ["Ada", "Alan"]}


def test_what_no_frame_can_be_made_of_is_refused_with_the_way_out() -> None:
    assert ".toarray()" in refused(scipy.sparse.csr_matrix(np.eye(2)), PEOPLE)
    assert "same number of values" in refused({"age": [1, 2], "name": ["Ada"], "size": [0.5]}, PEOPLE)
    assert "found a set" in refused({1}, PEOPLE)


def test_unnamed_columns_are_counted() -> None:
    schema = Schema([ColSpec("double"), ColSpec("double")])
    assert enforce_input(np.eye(2), schema).shape == (2, 2)
    assert enforce_input(np.eye(3), schema).shape == (3, 2)
    assert "expected 2 columns, found 1" in refused(np.zeros((3, 1)), schema)


TENSOR = Schema([TensorSpec(np.dtype("float32"), (-1, 3))])
PAIR = Schema([TensorSpec(np.dtype("float32"), (-1, 2), "x"), TensorSpec(np.dtype("int64"), (-1,), "n")])


def test_arrays_are_never_cast() -> None:
    array = np.zeros((2, 3), dtype="float32")
    assert enforce_input(array, TENSOR) is array
    assert "expected the type float32, found float64" in refused(np.zeros((2, 3)), TENSOR)
    assert "expected the shape (-1, 3), found (2, 4)" in refused(np.zeros((2, 4), dtype="float32"), TENSOR)


def test_sparse_matrices_and_torch_tensors_count_as_arrays() -> None:
    sparse, tensor = scipy.sparse.csr_matrix(np.eye(3, dtype="float32")), torch.zeros(2, 3)
    assert enforce_input(sparse, TENSOR) is sparse
    assert enforce_input(tensor, TENSOR) is tensor
    assert "torch.float64" in refused(tensor.double(), TENSOR)
    assert "torch.bfloat16" in refused(tensor.bfloat16(), TENSOR)


def test_lists_become_arrays_of_the_schemas_type() -> None:
    found = enforce_input([[1, 2, 3]], TENSOR)
    assert (found.dtype, found.shape) == (np.dtype("float32"), (1, 3))
    found = enforce_input({"x": [[1.5, 2.5]], "n": [3]}, PAIR)
    assert {name: (str(array.dtype), array.shape) for name, array in found.items()} == {
        "x": ("float32", (1, 2)),
        "n": ("int64", (1,)),
    }
    assert "tensor 'n'" in refused({"x": [[1.5, 2.5]], "n": [3.5]}, PAIR)
    assert "unequal length" in refused([[1, 2, 3], [1]], TENSOR)
    assert "'n'" in refused({"x": [[1.5, 2.5]]}, PAIR)


def test_cells_of_a_frame_become_rows_of_a_tensor() -> None:
    found = enforce_input(pd.DataFrame({"x": [[1, 2], [3, 4]], "n": [5, 6]}, index=[7, 8]), PAIR)
    assert found["x"].tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert found["n"].tolist() == [5, 6]
    uneven = pd.DataFrame({"x": [[1, 2], [3]], "n": [5, 6]})
    assert "tensor 'x', row 1" in refused(uneven, PAIR)
    assert "of shape (-1, 2) only" in refused(pd.DataFrame({"a": [1], "b": [2]}), TENSOR)


def test_rows_of_unequal_length_pass_where_the_schema_lets_them_vary() -> None:
    ragged = np.empty(2, dtype=object)
    ragged[:] = [np.zeros(2), np.zeros(3)]
    assert enforce_input(ragged, Schema([TensorSpec(np.dtype("float64"), (-1, -1))])) is ragged


PARAMS = ParamSchema([ParamSpec("temperature", "double", 0.5), ParamSpec("stop", "string", ["a"], (-1,))])


def test_params_are_filled_in_and_brought_to_their_types() -> None:
    assert enforce_params(None, PARAMS) == {"temperature": 0.5, "stop": ["a"]}
    found = enforce_params({"temperature": 1}, PARAMS)
    assert found == {"temperature": 1.0, "stop": ["a"]}
    assert type(found["temperature"]) is float


def test_defaults_are_not_shared_between_calls() -> None:
    first = enforce_params(None, PARAMS)
    assert first is not None
    first["stop"].append("b")
    assert enforce_params(None, PARAMS) == {"temperature": 0.5, "stop": ["a"]}


def test_every_wrong_param_is_named() -> None:
    with pytest.raises(SchemaMismatch, match=r"'hot' for parameter 'temperature'.*'a' for parameter 'stop'") as caught:
        enforce_params({"temperature": "hot", "stop": "a"}, PARAMS)
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"


def test_params_that_nobody_knows_are_left_out_with_a_warning() -> None:
    with pytest.warns(UserWarning, match=r"'top'.*'temperature', 'stop'"):
        assert enforce_params({"top": 1}, PARAMS) == {"temperature": 0.5, "stop": ["a"]}
    with pytest.warns(UserWarning, match="no params"):
        assert enforce_params({"top": 1}, None) == {}
    assert enforce_params(None, None) is None
    with pytest.raises(InvalidValue, match="dict"):
        enforce_params([1], PARAMS)


def test_any_is_not_checked() -> None:
    frame = pd.DataFrame({"a": [1, "x", None, {}]})
    assert enforce_input(frame, Schema([ColSpec(AnyType(), "a")])) is frame


def test_tensors_are_enforced_without_pandas() -> None:
    code = (
        "import sys\n"
        "sys.modules['pandas'] = None\n"
        "import numpy as np\n"
        "from headrace.packaging.enforce import enforce_input\n"
        "from headrace.packaging.schema import ColSpec, Schema, TensorSpec\n"
        "schema = Schema([TensorSpec(np.dtype('float32'), (-1, 2), 'x')])\n"
        "print(enforce_input({'x': [[1, 2]]}, schema)['x'].dtype)\n"
        "try:\n    enforce_input({'x': 1}, Schema([ColSpec('long', 'x')]))\n"
        "except ImportError as error:\n    print(error)\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.startswith("float32\n")
    assert "pip install 'headrace[pandas]'" in ended.stdout


def best(call: Any, rounds: int) -> float:
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)


def test_six_hundred_columns_take_less_than_two_milliseconds() -> None:
    names = [f"c{place}" for place in range(600)]
    schema = Schema([ColSpec("double", name) for name in names])
    frame = pd.DataFrame(np.zeros((100, 600)), columns=names)
    assert best(lambda: enforce_input(frame, schema), 20) < 0.002
    narrow = frame.astype("float32")
    assert best(lambda: enforce_input(narrow, schema), 20) < 0.004
