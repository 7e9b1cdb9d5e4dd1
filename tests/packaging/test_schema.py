from __future__ import annotations

import datetime as dt
import json
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.errors import InvalidValue
from headrace.packaging.schema import ColSpec, ParamSchema, ParamSpec, Schema, TensorSpec
from headrace.packaging.types import AnyType, Array, DataType, Object, Property, WrongType
from tests.packaging.test_types import NAMES, TYPES

DTYPES = st.sampled_from(["float32", "float64", "int64", "uint8", "bool", "str", "bytes", "object", "datetime64[ns]"])
SHAPES = st.lists(st.integers(-1, 9), max_size=3).map(tuple)
COLUMNS = st.lists(st.builds(ColSpec, TYPES, NAMES, st.booleans()), min_size=1, max_size=5)
TENSORS = st.lists(st.builds(TensorSpec, DTYPES.map(np.dtype), SHAPES, NAMES), min_size=1, max_size=3)
UNNAMED = st.lists(st.builds(ColSpec, TYPES), min_size=1, max_size=3)


@given(st.one_of(COLUMNS, TENSORS, UNNAMED).map(Schema))
def test_schema_comes_back_from_its_json(schema: Schema) -> None:
    found = Schema.from_json(schema.to_json())
    assert found == schema
    assert hash(found) == hash(schema)
    assert found.to_json() == schema.to_json()
    assert pickle.loads(pickle.dumps(schema)) == schema


def test_json_has_mlflows_keys_in_their_order() -> None:
    columns = Schema([ColSpec("long", "a"), ColSpec(Array("string"), "b", required=False)])
    assert columns.to_json() == (
        '[{"type": "long", "name": "a", "required": true}, '
        '{"type": "array", "items": {"type": "string"}, "name": "b", "required": false}]'
    )
    tensors = Schema([TensorSpec(np.dtype("float32"), (-1, 3), "x")])
    assert tensors.to_json() == (
        '[{"name": "x", "type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 3]}}]'
    )
    params = ParamSchema([ParamSpec("p", "long", 1), ParamSpec("o", Object([Property("a", "long")]), {"a": 1})])
    assert params.to_json() == (
        '[{"name": "p", "default": 1, "shape": null, "type": "long"}, {"name": "o", "default": {"a": 1}, '
        '"shape": null, "type": "object", "properties": {"a": {"type": "long", "required": true}}}]'
    )


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ('[{"type": "double", "name": "a"}]', ColSpec("double", "a")),  # 1.x
        ('[{"name": "a", "type": "double", "optional": true}]', ColSpec("double", "a", required=False)),  # 2.0 … 2.7
        ('[{"type": "double"}]', ColSpec("double")),
        ('[{"type": "any", "name": "a"}]', ColSpec(AnyType(), "a")),
        ('[{"type": "long", "name": 0, "required": true}]', ColSpec("long", 0)),
        ('[{"type": "tensor", "tensor-spec": {"dtype": "str", "shape": [-1]}}]', TensorSpec(np.dtype("str"), (-1,))),
    ],
)
def test_what_other_versions_of_mlflow_wrote_is_read(written: str, meant: Any) -> None:
    assert Schema.from_json(written) == Schema([meant])


def test_param_schema_of_early_mlflow_2_is_read() -> None:
    written = '[{"name": "p", "dtype": "long", "default": 1, "shape": null}]'
    assert ParamSchema.from_json(written) == ParamSchema([ParamSpec("p", "long", 1)])


def test_schema_prints_as_mlflows_users_know_it() -> None:
    assert str(Schema([ColSpec("string", "prompt")])) == "['prompt': string (required)]"
    assert str(Schema([ColSpec("double")])) == "[double (required)]"
    assert str(Schema([TensorSpec(np.dtype("float32"), (-1, 3))])) == "[Tensor('float32', (-1, 3))]"
    listed = ParamSpec("stop", "string", ["a"], (-1,))
    assert str(ParamSchema([listed])) == "['stop': string (default: ['a']) (shape: (-1,))]"


def test_names_and_types_can_be_asked_for() -> None:
    schema = Schema([ColSpec("long", "a"), ColSpec("string", "b", required=False)])
    assert schema.input_names() == ["a", "b"]
    assert (schema.required_input_names(), schema.optional_input_names()) == (["a"], ["b"])
    assert schema.input_types_dict() == {"a": DataType.long, "b": DataType.string}
    assert schema.numpy_types() == [np.dtype("int64"), np.dtype("str")]
    assert schema.pandas_types() == [np.dtype("int64"), object]
    assert (schema.has_input_names(), schema.is_tensor_spec(), len(schema)) == (True, False, 2)
    numbered = Schema([ColSpec("long", 1), ColSpec("long", 0)])
    assert numbered.input_names() == [1, 0]
    unnamed = Schema([ColSpec("long"), ColSpec("long")])
    assert unnamed.input_names() == [0, 1]
    with pytest.raises(InvalidValue, match="no names"):
        unnamed.input_dict()
    with pytest.raises(InvalidValue, match="no numpy or pandas type"):
        Schema([ColSpec(Array("long"), "a")]).numpy_types()


@pytest.mark.parametrize(
    ("inputs", "says"),
    [
        ([], "at least one"),
        ({"a": "long"}, "a list of ColSpec"),
        ([ColSpec("long", "a"), ColSpec("long")], "name all of them or none"),
        ([ColSpec("long", "a"), TensorSpec(np.dtype("int64"), (-1,), "b")], "ColSpec, TensorSpec"),
        ([TensorSpec(np.dtype("int64"), (-1,))] * 2, "several tensors need names"),
        ([ColSpec("long", required=False)], "an optional column needs a name"),
    ],
)
def test_schema_that_breaks_the_rules_is_refused(inputs: Any, says: str) -> None:
    with pytest.raises(InvalidValue, match=says):
        Schema(inputs)


def test_text_in_tensors_has_no_length() -> None:
    with pytest.raises(InvalidValue, match=r"np\.dtype\('str'\)"):
        TensorSpec(np.dtype("U5"), (-1,))


def test_tensor_type_that_numpy_lacks_is_told_with_where_it_comes_from() -> None:
    with pytest.raises(InvalidValue, match=r"nosuch16.*ml_dtypes"):
        Schema.from_json('[{"type": "tensor", "tensor-spec": {"dtype": "nosuch16", "shape": [-1]}}]')


@pytest.mark.parametrize("broken", ["{", "{}", "[1]", '"text"'])
def test_broken_json_is_refused(broken: str) -> None:
    with pytest.raises(InvalidValue, match="schema"):
        Schema.from_json(broken)


def test_default_of_a_parameter_is_brought_to_its_type() -> None:
    assert ParamSpec("p", "double", 1).default == 1.0
    assert type(ParamSpec("p", "long", np.int64(3)).default) is int
    assert ParamSpec("p", "datetime", "2024-05-31T12:00:00").default == dt.datetime(2024, 5, 31, 12)  # noqa: DTZ001
    assert json.loads(ParamSchema([ParamSpec("p", "datetime", dt.date(2024, 5, 31))]).to_json()) == [
        {"name": "p", "default": "2024-05-31", "shape": None, "type": "datetime"}
    ]
    with pytest.raises(InvalidValue, match=r"'p'.*long, integer is expected"):
        ParamSpec("p", "long", "x")
    with pytest.raises(InvalidValue, match=r"p\[1\]"):
        ParamSpec("p", "long", [1, "x"], (-1,))


def test_parameters_that_break_the_rules_are_refused() -> None:
    with pytest.raises(InvalidValue, match="only once"):
        ParamSchema([ParamSpec("p", "long", 1), ParamSpec("p", "long", 2)])
    with pytest.raises(InvalidValue, match="bytes"):
        ParamSpec("p", "binary", b"x")
    with pytest.raises(WrongType, match="scalar or an Object"):
        ParamSpec("p", Array("long"), [1])  # type: ignore[arg-type]
    with pytest.raises(InvalidValue, match=r"\(-1,\)"):
        ParamSpec("p", "long", [1], (2,))
