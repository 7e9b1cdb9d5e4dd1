from __future__ import annotations

import dataclasses
import json

import pytest

from headrace.errors import InvalidValue
from headrace.packaging.schema import ColSpec, ParamSchema, ParamSpec, Schema
from headrace.packaging.signature import ModelSignature
from headrace.packaging.types import Array, Object, Property

SIGNATURE = ModelSignature(
    Schema([ColSpec("string", "prompt")]),
    Schema([ColSpec("string")]),
    ParamSchema([ParamSpec("temperature", "double", 0.5)]),
)


@dataclasses.dataclass
class Message:
    role: str
    content: str | None = None


@dataclasses.dataclass
class Request:
    messages: list[Message]
    best: Message
    temperature: float = 0.5
    stop: list[str] | None = None


@dataclasses.dataclass
class Loose:
    anything: object


def test_signature_prints_as_mlflows_users_know_it() -> None:
    assert str(SIGNATURE) == (
        "inputs: \n  ['prompt': string (required)]\n"
        "outputs: \n  [string (required)]\n"
        "params: \n  ['temperature': double (default: 0.5)]\n"
    )


def test_signature_comes_back_from_the_mlmodel_form() -> None:
    written = SIGNATURE.to_dict()
    assert {key: json.loads(text) for key, text in written.items()} == {
        "inputs": [{"type": "string", "name": "prompt", "required": True}],
        "outputs": [{"type": "string", "required": True}],
        "params": [{"name": "temperature", "default": 0.5, "shape": None, "type": "double"}],
    }
    assert ModelSignature.from_dict(written) == SIGNATURE
    alone = ModelSignature(SIGNATURE.inputs)
    assert alone.to_dict() == {"inputs": written["inputs"], "outputs": None, "params": None}
    assert ModelSignature.from_dict({"inputs": written["inputs"]}) == alone != SIGNATURE


def test_dataclass_states_columns() -> None:
    message = Object([Property("role", "string"), Property("content", "string", required=False)])
    assert ModelSignature(Request).inputs == Schema(
        [
            ColSpec(Array(message), "messages"),
            ColSpec(message, "best"),
            ColSpec("float", "temperature"),
            ColSpec(Array("string"), "stop", required=False),
        ]
    )


def test_dataclass_with_a_field_that_no_type_holds_is_refused_by_name() -> None:
    with pytest.raises(InvalidValue, match=r"Loose\.anything"):
        ModelSignature(Loose)


def test_signature_states_something_of_the_right_class() -> None:
    with pytest.raises(ValueError, match="at least one"):
        ModelSignature()
    with pytest.raises(TypeError, match="Schema or a dataclass"):
        ModelSignature({"a": "long"})
    with pytest.raises(TypeError, match="ParamSchema"):
        ModelSignature(params={"a": 1})  # type: ignore[arg-type]
