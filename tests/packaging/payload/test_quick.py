"""The quick way of reading a request makes what the general way makes, or leaves the request to it."""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.errors import UserCodeError
from headrace.packaging.enforce import enforce_input
from headrace.packaging.mlmodel import Model
from headrace.packaging.payload import BadPayload, cast_frame, columnar, decode, encode
from headrace.packaging.payload.quick import QuickForms, Rows, frame_of_rows
from headrace.packaging.payload.quick_answer import encode_quickly
from headrace.packaging.schema import ColSpec, Schema, TensorSpec
from headrace.packaging.signature import ModelSignature
from headrace.packaging.types import DataType

NAMES = ["a", "b b", 'c"c', "é€", "0", "\\n"]
KINDS = [kind.name for kind in DataType]
# numpy's text, which the general way may take, loses a NUL at its end.
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=5)
CELLS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.sampled_from([2**31, -(2**31) - 1, 2**53 + 1, 2**63 - 1, 2**63, 2**64 + 1, -(2**70)]),
    st.floats(width=32),
    st.floats(),
    st.sampled_from([1e39, -1e39, 0.1, 1e-320, 16777217.0, 9007199254740993.0, -0.0]),
    TEXTS,
    st.sampled_from(["7", "nan", "2024-05-31", "aGk=", "\ud800", "\U0001f600"]),
    st.lists(st.integers(), max_size=2),
)
FITTING: dict[str, st.SearchStrategy[Any]] = {
    "double": st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.integers(-9, 9), st.none()),
    "float": st.one_of(st.floats(width=32, allow_nan=False, allow_infinity=False), st.integers(-9, 9)),
    "long": st.integers(-(2**63), 2**63 - 1),
    "integer": st.integers(-(2**31), 2**31 - 1),
    "boolean": st.booleans(),
    "string": TEXTS,
}


@st.composite
def requests(draw: st.DrawFn) -> tuple[Model, bytes]:
    """Such as fit the schema, or have one thing that doesn't."""
    odd = draw(st.sampled_from(["", "", "", "cell", "kind", "column", "index", "beside", "nothing"]))
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True))
    kinds = [draw(st.sampled_from(KINDS if odd == "kind" else list(FITTING))) for _ in names]
    if draw(st.booleans()):
        kinds = kinds[:1] * len(kinds)
    specs = [ColSpec(kind, name, draw(st.booleans())) for name, kind in zip(names, kinds, strict=True)]
    sent = draw(st.permutations(names))
    if odd == "column":
        sent = draw(st.sampled_from([sent[1:], [*sent, names[0]], [*sent, "extra"], ["extra", *sent]]))
    cells = [FITTING.get(dict(zip(names, kinds, strict=True)).get(name, ""), CELLS) for name in sent]
    if odd == "cell":
        cells[draw(st.integers(0, len(cells) - 1))] = CELLS
    rows = [[draw(cell) for cell in cells] for _ in range(0 if odd == "nothing" else draw(st.integers(1, 4)))]
    if draw(st.booleans()):
        form = draw(st.sampled_from(["dataframe_records", "instances"]))
        body: dict[str, Any] = {form: [dict(zip(sent, row, strict=True)) for row in rows]}
    else:
        index = {"index": list(range(5, 5 + len(rows)))} if odd == "index" else {}
        body = {"dataframe_split": {"columns": sent, "data": rows, **index}}
    body |= draw(st.sampled_from([{}, {"params": {"k": 1}}, {"params": None}, {"note": [1]}]))
    if odd == "beside":
        body |= draw(st.sampled_from([{"inputs": 1}, {"prompt": None}, {"params": 3}, {"messages": []}]))
    text = json.dumps(body, ensure_ascii=draw(st.booleans()))
    return Model(signature=ModelSignature(Schema(specs))), text.encode("utf-8", "surrogatepass")


def generally(model: Model, body: bytes, content_type: str) -> tuple[Any, Any]:
    request = decode(content_type, body, model)
    assert model.signature
    assert model.signature.inputs
    return enforce_input(request.data, model.signature.inputs), request.params


@given(requests(), st.sampled_from(["json", "msgpack"]))
@pytest.mark.filterwarnings("ignore:The signature doesn't know these inputs")
def test_what_is_read_quickly_is_what_the_general_way_makes(request: tuple[Model, bytes], content_type: str) -> None:
    model, body = request
    if content_type == "msgpack":
        try:
            body = msgspec.msgpack.encode(json.loads(body))
        except (UnicodeEncodeError, OverflowError):  # halves of pairs, integers of more than 64 bits
            return
    found = QuickForms(model, getattr(msgspec, content_type)).read(body)
    if found is None:
        return
    rows, params = found
    expected, expected_params = generally(model, body, content_type)
    assert isinstance(rows, Rows)
    frame = frame_of_rows(*rows)
    pd.testing.assert_frame_equal(frame, expected, check_exact=True)
    for name in frame.columns:
        if frame[name].dtype.kind == "f":
            assert np.array_equal(np.signbit(frame[name]), np.signbit(expected[name]))
    assert params == expected_params


@pytest.mark.parametrize(
    "data",
    [
        {"columns": ["x", "n", "s"], "data": [[1, 2, "a"], [2.5, 3, "b"]]},
        {"columns": ["s", "n", "x"], "data": [["a", 2, 1]]},
        {"columns": ["s", "more", "n", "x"], "data": [["a", {"k": [1]}, 2, None]]},
    ],
)
def test_plain_requests_are_read_quickly(data: dict[str, Any]) -> None:
    schema = Schema([ColSpec("double", "x"), ColSpec("long", "n"), ColSpec("string", "s")])
    quick = QuickForms(Model(signature=ModelSignature(schema)))
    records = [dict(zip(data["columns"], row, strict=True)) for row in data["data"]]
    by_split = quick.read(json.dumps({"dataframe_split": data}).encode())
    by_record = quick.read(json.dumps({"dataframe_records": records}).encode())
    assert by_split is not None
    assert by_split == by_record
    packed = msgspec.msgpack.encode({"dataframe_split": data})
    assert QuickForms(Model(signature=ModelSignature(schema)), msgspec.msgpack).read(packed) == by_split


NUMBERS = st.one_of(
    st.integers(-5, 5),
    st.floats(allow_nan=False),
    st.sampled_from([2**31, 2**53 + 1, 2**63, 1e39, -0.0, None, "1", True]),
)
DIMENSIONS = st.integers(0, 3)


@given(
    dtype=st.sampled_from(["float32", "float64", "int32", "int64", "bool", "str"]),
    shape=st.lists(DIMENSIONS, min_size=1, max_size=3),
    name=st.sampled_from([None, "x"]),
    form=st.sampled_from(["inputs", "instances"]),
    data=st.data(),
)
def test_tensors_read_quickly_are_those_of_the_general_way(
    dtype: str, shape: list[int], name: str | None, form: str, data: st.DataObject
) -> None:
    cells = data.draw(st.sampled_from([st.integers(-5, 5), st.floats(-1e6, 1e6), NUMBERS]))

    def nested(lengths: list[int]) -> Any:
        return [nested(lengths[1:]) for _ in range(lengths[0])] if lengths else data.draw(cells)

    model = Model(signature=ModelSignature(Schema([TensorSpec(np.dtype(dtype), (-1, *shape[1:]), name)])))
    body = json.dumps({form: nested(shape)}).encode()
    found = QuickForms(model).read(body)
    if found is None:
        return
    with np.errstate(over="ignore"):
        expected = decode("json", body, model).data
    array, wanted = (found[0], expected) if name is None else (found[0][name], expected[name])
    assert array.dtype == wanted.dtype
    np.testing.assert_array_equal(array, wanted)
    assert np.array_equal(np.signbit(array), np.signbit(wanted))


def test_a_tensor_of_floats_is_read_quickly() -> None:
    model = Model(signature=ModelSignature(Schema([TensorSpec(np.dtype("float32"), (-1, 2))])))
    found = QuickForms(model).read(b'{"instances": [[1, 2.5]], "params": {"k": 1}}')
    assert found is not None
    assert found[0].tolist() == [[1.0, 2.5]]
    assert found[1] == {"k": 1}


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_what_is_no_request_is_left_alone(body: bytes) -> None:
    model = Model(signature=ModelSignature(Schema([ColSpec("double", "x")])))
    assert QuickForms(model).read(body) is None


def test_a_deep_body_is_left_to_an_error_that_names_it() -> None:
    model = Model(signature=ModelSignature(Schema([ColSpec("double", "x")])))
    body = b'{"dataframe_split": ' + b"[" * 100_000
    assert QuickForms(model).read(body) is None
    with pytest.raises(BadPayload, match="isn't JSON"):
        decode("json", body, model)


PREDICTIONS = st.one_of(
    st.lists(st.floats(), max_size=4).map(np.array),
    st.lists(st.floats(width=32), min_size=2, max_size=4).map(lambda row: np.array([row, row], dtype=np.float32)),
    st.lists(st.integers(-(2**63), 2**63 - 1), max_size=4).map(lambda row: np.array(row, dtype=np.int64)),
    st.lists(st.booleans(), max_size=4).map(np.array),
    st.lists(st.text(max_size=3), max_size=4).map(np.array),
    st.just(np.array(3)),
    st.just(np.array([np.datetime64("2024-05-31", "ns")])),
    st.lists(st.tuples(st.text(max_size=3) | st.none(), st.floats(), st.integers(-9, 9)), max_size=3).map(
        lambda rows: pd.DataFrame(rows, columns=["a", 1, "é"])
    ),
    st.lists(st.floats(-9, 9) | st.none(), max_size=3).map(lambda row: pd.Series(row, name="p")),
    st.lists(st.integers(0, 9), min_size=1, max_size=3).map(lambda row: pd.Series(row, dtype="Int64")),
    st.just(pd.DataFrame({"t": pd.to_datetime(["2024-05-31"])})),
    st.lists(st.floats() | st.text(max_size=3), max_size=3),
    st.just("text"),
)


@given(PREDICTIONS, st.booleans())
def test_answers_written_quickly_say_the_same(predictions: Any, unwrapped: bool) -> None:
    try:
        expected = encode(predictions, unwrapped=unwrapped)
    except UserCodeError as error:
        with pytest.raises(UserCodeError, match=re.escape(error.message)):
            encode_quickly(predictions, unwrapped=unwrapped)
        return
    assert repr(json.loads(encode_quickly(predictions, unwrapped=unwrapped))) == repr(json.loads(expected))


def test_numbers_are_written_without_blanks() -> None:
    assert encode_quickly(np.array([[1.5, 2.0]])) == b'{"predictions":[[1.5,2.0]]}'


ARROW_TYPES = [pa.float64(), pa.float32(), pa.int64(), pa.int32(), pa.bool_(), pa.string(), pa.int16()]


@given(st.data())
@pytest.mark.filterwarnings("ignore:The signature doesn't know these inputs")
def test_tables_of_exact_types_are_what_the_general_way_makes(data: st.DataObject) -> None:
    names = data.draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True))
    exact = dict(zip(["double", "float", "long", "integer", "boolean", "string"], ARROW_TYPES, strict=False))
    kinds = [data.draw(st.sampled_from(list(exact))) for _ in names]
    types = [data.draw(st.sampled_from([exact[kind]] * 9 + ARROW_TYPES)) for kind in kinds]
    count = data.draw(st.integers(0, 3))
    missing = data.draw(st.sampled_from([False, False, True]))
    cells = {"bool": st.booleans(), "string": TEXTS}
    columns = {}
    for name, type_ in zip(names, types, strict=True):
        cell = cells.get(str(type_), st.integers(-9, 9))
        values = st.lists(cell | st.none() if missing else cell, min_size=count, max_size=count)
        columns[name] = pa.array(data.draw(values), type_)
    table = pa.table(columns).select(data.draw(st.permutations(names)))
    schema = Schema([ColSpec(kind, name) for kind, name in zip(kinds, names, strict=True)])
    frame = columnar._of_exact_types(table, schema)
    if frame is None:
        return
    general, bad = cast_frame(table.to_pandas(), schema)
    assert not bad
    pd.testing.assert_frame_equal(frame, enforce_input(general, schema), check_exact=True)


def test_an_arrow_table_of_exact_types_is_taken_as_it_is() -> None:
    schema = Schema([ColSpec("double", "x"), ColSpec("long", "n")])
    table = pa.table({"n": pa.array([1, 2]), "x": pa.array([0.5, 1.5]), "more": pa.array(["a", "b"])})
    frame = columnar._of_exact_types(table, schema)
    assert frame.to_dict(orient="list") == {"x": [0.5, 1.5], "n": [1, 2]}
