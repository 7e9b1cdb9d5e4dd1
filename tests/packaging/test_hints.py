from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
import pydantic
import pytest

from headrace.packaging import hints
from headrace.packaging.hints import HintMismatch, TypeFromExample, UnsupportedHint
from headrace.packaging.schema import ColSpec, Schema
from headrace.packaging.types import AnyType, Array, DataType, Map, Object, Property


class Message(pydantic.BaseModel):
    role: str
    tokens: int | None = None
    tags: list[str] = []


class Careless(pydantic.BaseModel):
    role: str | None


class Model:
    def predict(self, context: Any, model_input: list[Message], params: dict[str, Any] | None = None) -> list[str]:
        raise NotImplementedError


def hinted(hint: Any) -> Any:
    def predict(model_input: Any) -> Any:
        raise NotImplementedError

    predict.__annotations__ = {"model_input": hint}
    return predict


@pytest.mark.parametrize(
    ("hint", "kind"),
    [
        (int, DataType.long),
        (float, DataType.double),
        (bool, DataType.boolean),
        (str, DataType.string),
        (bytes, DataType.binary),
        (dt.datetime, DataType.datetime),
        (list[int], Array("long")),
        (dict[str, float], Map("double")),
        (dict[str, list[str]], Map(Array("string"))),
        (Any, AnyType()),
        (int | str, AnyType()),
        (
            Message,
            Object([Property("role", "string"), Property("tokens", "long", False), Property("tags", Array("string"))]),
        ),
    ],
)
def test_element_of_the_input_hint_is_the_schema(hint: Any, kind: Any) -> None:
    signature = hints.signature_from_hints(hinted(list[hint]))
    assert signature is not None
    assert signature.inputs == Schema([ColSpec(kind)])
    assert signature.outputs == Schema([ColSpec(AnyType())])
    assert signature.from_type_hint


def test_hints_of_a_method_are_found_beside_context_and_params() -> None:
    for method in (Model.predict, Model().predict):
        assert hints.input_hint(method) == list[Message]
        signature = hints.signature_from_hints(method)
        assert signature is not None
        assert signature.outputs == Schema([ColSpec("string")])


@pytest.mark.parametrize("hint", [None, str, dict[str, int], pd.DataFrame, list[str] | None, list[object]])
def test_other_hints_state_nothing(hint: Any) -> None:
    function = hinted(hint) if hint is not None else (lambda model_input: model_input)
    assert hints.signature_from_hints(function) is None
    assert hints.input_hint(function) is None


@pytest.mark.parametrize(
    ("hint", "says"),
    [
        (list, r"list\[str\]"),
        (list[dict], r"dict\[str, int\]"),
        (list[dict[int, str]], "str keys"),
        (list[str | None], "can't be Optional"),
        (list[Careless], "'role' is Optional and needs a default"),
    ],
)
def test_hint_that_is_spelled_wrongly_is_refused_with_what_is_right(hint: Any, says: str) -> None:
    with pytest.raises(UnsupportedHint, match=says):
        hints.signature_from_hints(hinted(hint))
    assert hints.input_hint(hinted(hint)) is None


def test_hint_whose_names_are_gone_is_read_as_text() -> None:
    assert hints.input_hint(hinted("List[str]")) == list[str]
    assert hints.input_hint(hinted("t.List[t.Dict[str, str]]")) == list[dict[str, str]]
    assert hints.input_hint(hinted("List[Gone]")) is None


def test_frame_becomes_a_list_of_its_first_text_column() -> None:
    frame = pd.DataFrame({"n": [1, 2], "text": ["a", "b"]})
    assert hints.convert(frame, list[str]) == ["a", "b"]
    assert hints.convert(frame[["n"]], list[int]) == [1, 2]


def test_frame_becomes_a_list_of_its_rows() -> None:
    frame = pd.DataFrame({"role": ["user", "system"], "tokens": [1.0, None]})
    assert hints.convert(frame[["role"]], list[dict[str, str]]) == [{"role": "user"}, {"role": "system"}]
    assert hints.convert(frame[["role"]], list[Message]) == [Message(role="user"), Message(role="system")]
    cells = pd.DataFrame({0: [{"role": "user"}]})
    assert hints.convert(cells, list[Message]) == [Message(role="user")]


def test_data_are_checked_by_the_hint_and_every_wrong_place_is_named() -> None:
    with pytest.raises(HintMismatch, match=r"\[1\] should be str and is 2.*\[2\]") as caught:
        hints.convert(["a", 2, None], list[str])
    assert len(caught.value.problems) == 2
    with pytest.raises(HintMismatch, match=r"\[0\]\['tokens'\].*integer"):
        hints.convert([{"role": "user", "tokens": "3"}], list[Message])
    with pytest.raises(HintMismatch, match=r"it should be a list"):
        hints.convert("a", list[str])
    with pytest.raises(HintMismatch, match=r"\[0\]\['k'\] should be int"):
        hints.convert([{"k": "x"}], list[dict[str, int]])
    with pytest.raises(HintMismatch, match="and 15 more"):
        hints.convert(list(range(20)), list[str])


def test_dicts_become_pydantic_objects_and_objects_stay() -> None:
    message = Message(role="user", tokens=3)
    converted = hints.convert([message, {"role": "system"}], list[Message])
    assert converted[0] is message
    assert converted[1] == Message(role="system")
    assert hints.convert([[None, 1]], list[list[int | None]]) == [[None, 1]]


def test_json_has_text_for_bytes_and_times() -> None:
    with pytest.raises(HintMismatch):
        hints.convert(["YQ=="], list[bytes])
    assert hints.convert(["YQ=="], list[bytes], from_json=True) == [b"a"]
    noon = dt.datetime(2024, 5, 31, 12)  # noqa: DTZ001 — as written below
    assert hints.convert(["2024-05-31T12:00:00"], list[dt.datetime], from_json=True) == [noon]
    assert hints.convert([{"role": "user"}], list[Message], from_json=True) == [Message(role="user")]


def test_frame_is_brought_to_the_form_of_the_example() -> None:
    frame = pd.DataFrame({"a": [1, 2]})
    assert hints.convert(frame, TypeFromExample, example=[3]) == [1, 2]
    assert hints.convert(frame, TypeFromExample, example=[{"a": 3}]) == [{"a": 1}, {"a": 2}]
    assert hints.convert(frame, TypeFromExample, example=frame) is frame
    assert hints.convert(frame, TypeFromExample, example=pd.Series([1], name="s")).name == "s"
    assert hints.input_hint(hinted(TypeFromExample)) is TypeFromExample
    assert hints.signature_from_hints(hinted(TypeFromExample)) is None
