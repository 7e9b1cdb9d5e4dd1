from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from headrace.packaging.schema import ColSpec, ParamSchema, ParamSpec, Schema, TensorSpec
from headrace.packaging.signature import ModelSignature
from headrace.packaging.types import AnyType, Array, Map, Object, Property
from headrace.registry.schema_check import breaks


def columns(*specs: tuple[Any, ...], **named: Any) -> ModelSignature:
    return ModelSignature(
        Schema([ColSpec(kind, name) for name, kind in named.items()] + [ColSpec(*each) for each in specs])
    )


def tensor(dtype: str, *shape: int, name: str | None = None) -> ModelSignature:
    return ModelSignature(Schema([TensorSpec(np.dtype(dtype), shape, name)]))


def params(*specs: ParamSpec) -> ModelSignature:
    return ModelSignature(Schema([ColSpec("double", "a")]), params=ParamSchema(specs))


TWO = columns(age="long", name="string")


def test_the_same_takes_the_same() -> None:
    assert breaks(TWO, TWO) == []


def test_which_columns_break_and_how() -> None:
    wanted = columns(("string", "city"), ("double", "weight", False), ("integer", "age"))
    assert breaks(TWO, wanted) == [
        "column 'age' has the type integer instead of long",
        "column 'name' is gone",
        "column 'city' (string) is required and wasn't there",
    ]


def test_optional_column_that_becomes_required() -> None:
    held = columns(("long", "age", False))
    assert breaks(held, columns(age="long")) == ["column 'age' is required and was optional"]
    assert breaks(columns(age="long"), held) == []


@pytest.mark.parametrize(
    ("held", "wanted", "takes"),
    [
        ("integer", "long", True),
        ("integer", "double", True),
        ("float", "double", True),
        ("long", "integer", False),
        ("long", "double", False),  # 2**53 + 1 has no double
        ("double", "float", False),
        ("boolean", "long", False),
        ("string", "long", False),
        ("string", "binary", False),
        ("long", AnyType(), True),
        (AnyType(), "long", False),
        (Array("integer"), Array("long"), True),
        (Array("long"), Array("integer"), False),
        (Array("long"), "long", False),
        (Map("integer"), Map("double"), True),
        (Map("string"), Map("double"), False),
        (Object([Property("a", "integer")]), Object([Property("a", "long")]), True),
        (Object([Property("a", "long")]), Object([Property("a", "long"), Property("b", "long", False)]), True),
        (Object([Property("a", "long")]), Object([Property("a", "long"), Property("b", "long")]), False),
        (Object([Property("a", "long"), Property("b", "long")]), Object([Property("a", "long")]), False),
        (Object([Property("a", "long", False)]), Object([Property("a", "long")]), False),
    ],
)
def test_types_widen_and_never_narrow(held: Any, wanted: Any, takes: bool) -> None:
    assert (breaks(columns(x=held), columns(x=wanted)) == []) is takes


def test_columns_without_names_go_by_place() -> None:
    held = ModelSignature(Schema([ColSpec("long"), ColSpec("string")]))
    assert breaks(held, ModelSignature(Schema([ColSpec("long")]))) == ["column 1 is gone"]
    assert breaks(held, columns(a="long")) == ["it names its inputs"]


def test_tensors_keep_their_type_and_what_varied_goes_on_varying() -> None:
    held = tensor("float32", -1, 3)
    assert breaks(held, tensor("float32", -1, -1)) == []
    assert breaks(held, tensor("float32", 8, 3)) == ["tensor 0 has the shape (8, 3) instead of (-1, 3)"]
    assert breaks(held, tensor("float64", -1, 3)) == ["tensor 0 has the type float64 instead of float32"]
    assert breaks(held, tensor("float32", -1, 3, 1)) == ["tensor 0 has the shape (-1, 3, 1) instead of (-1, 3)"]
    assert breaks(held, TWO) == ["it takes columns instead of tensors"]
    assert breaks(TWO, held) == ["it takes tensors instead of columns"]
    assert breaks(tensor("float32", -1, name="x"), tensor("float32", -1, name="y")) == [
        "tensor 'x' is gone",
        "tensor 'y' (float32 (-1,)) is required and wasn't there",
    ]


def test_parameters() -> None:
    held = params(ParamSpec("top", "long", 3), ParamSpec("words", "string", ["a"], (-1,)))
    wanted = params(ParamSpec("top", "string", "3"), ParamSpec("words", "string", "a"), ParamSpec("more", "long", 1))
    assert breaks(held, wanted) == [
        "parameter 'top' has the type string instead of long",
        "parameter 'words' takes one value instead of a list",
    ]
    assert breaks(held, columns(a="double")) == ["parameter 'top' is gone", "parameter 'words' is gone"]


def test_model_that_states_no_inputs() -> None:
    outputs = ModelSignature(outputs=Schema([ColSpec("double")]))
    assert breaks(TWO, outputs) == ["it states no inputs"]
    assert breaks(outputs, TWO) == []
