"""A signature as JSON Schema: what the model takes fits, what it doesn't take doesn't."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from headrace.serving.app import schemas

COLUMNS = [
    {"type": "string", "name": "maker", "required": True},
    {"type": "double", "name": "power", "required": True},
    {"type": "long", "name": "doors", "required": False},
    {"type": "array", "items": {"type": "float"}, "name": "wheels", "required": False},
    {
        "type": "object",
        "name": "owner",
        "required": False,
        "properties": {"name": {"type": "string", "required": True}, "age": {"type": "integer", "required": False}},
    },
    {"type": "map", "values": {"type": "boolean"}, "name": "extras", "required": False},
    {"type": "any", "name": "rest", "required": False},
]
TENSORS = [
    {"type": "tensor", "name": "image", "tensor-spec": {"dtype": "float32", "shape": [-1, 2, 2]}},
    {"type": "tensor", "name": "tag", "tensor-spec": {"dtype": "str", "shape": [-1]}},
]
UNNAMED = [{"type": "tensor", "tensor-spec": {"dtype": "int64", "shape": [-1, 3]}}]
ROW = {"maker": "saab", "power": 150, "doors": 5, "wheels": [1, 2.5], "owner": {"name": "Ada"}, "extras": {"abs": True}}


def fits(schema: dict[str, Any], value: object) -> bool:
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema).is_valid(value)


@pytest.mark.parametrize(
    ("inputs", "form", "good", "bad"),
    [
        (COLUMNS, "dataframe_records", [ROW, {"maker": "x", "power": 1.5}], [{"maker": "x"}]),
        (COLUMNS, "dataframe_records", [{**ROW, "doors": None}], [{**ROW, "doors": 4.5}]),
        (COLUMNS, "dataframe_records", [{**ROW, "rest": [1, "a"]}], [{**ROW, "owner": {"age": 3}}]),
        (COLUMNS, "dataframe_records", [ROW], [{**ROW, "extras": {"abs": "yes"}}]),
        (COLUMNS, "dataframe_split", {"columns": ["maker", "power"], "data": [["x", 1]]}, {"data": [["x", 1]]}),
        (COLUMNS, "inputs", {"maker": ["a", "b"], "power": [1, 2]}, {"maker": ["a"]}),
        (COLUMNS, "inputs", [ROW], "saab"),
        (TENSORS, "inputs", {"image": [[[1, 2], [3, 4]]], "tag": ["a"]}, {"image": [[1, 2]], "tag": ["a"]}),
        (TENSORS, "instances", [{"image": [[1, 2], [3, 4]], "tag": "a"}], [{"image": [[1, 2]], "tag": "a"}]),
        (UNNAMED, "inputs", [[1, 2, 3]], [[1, 2]]),
        (UNNAMED, "instances", [[1, 2, 3]], [[1, 2, "x"]]),
        (None, "inputs", {"anything": 1}, None),
    ],
)
def test_forms(inputs: list[dict[str, Any]] | None, form: str, good: object, bad: object) -> None:
    schema = schemas.forms(inputs)[form]
    assert fits(schema, good)
    assert bad is None or not fits(schema, bad)


def test_params_show_their_defaults() -> None:
    schema = schemas.params(
        [
            {"name": "heat", "type": "double", "default": 0.5, "shape": None},
            {"name": "stop", "type": "string", "default": ["a"], "shape": [-1]},
        ]
    )
    assert schema is not None
    assert schema["properties"]["heat"]["default"] == 0.5
    assert fits(schema, {"stop": ["x"]})
    assert not fits(schema, {"heat": "hot"})
    assert schemas.params([]) is None


def test_outputs() -> None:
    doubles = schemas.outputs([{"type": "double", "name": "p", "required": True}])
    assert fits(doubles, [{"p": 1.5}, {"p": None}])  # NaN, to most parsers
    assert not fits(doubles, [{"p": "x"}])
    assert fits(schemas.outputs([{"type": "long", "required": True}]), [1, 2])
    assert not fits(schemas.outputs(UNNAMED), [[1, 2, "x"]])
    assert fits(schemas.outputs(None), {"anything": 1})
