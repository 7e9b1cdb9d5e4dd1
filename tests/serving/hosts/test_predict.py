from __future__ import annotations

import io
import json
import logging
import sys
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.packaging.schema import ColSpec, ParamSchema, ParamSpec, Schema, TensorSpec
from headrace.packaging.types import Array, DataType, Map
from headrace.serving.call import Call
from headrace.serving.hosts import predict
from headrace.serving.workers.frames import Done, pack
from tests.serving.hosts.taking import ask, call, host_of, model_of, said

COLUMNS = Schema([ColSpec("double", "x"), ColSpec("long", "n"), ColSpec("string", "s", False)])
PARAMS = ParamSchema([ParamSpec("scale", "double", 1.0)])


class Scaled:
    """Row by row, but refuses a whole frame for one negative n. rows: of each call of predict."""

    def __init__(self) -> None:
        self.rows: list[int] = []

    def predict(self, data: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        self.rows.append(len(data))
        if (data["n"] < 0).any():
            raise ValueError("n is negative")
        scale = (params or {}).get("scale", 1.0)
        return pd.DataFrame({"y": data["x"] * scale + data["n"], "s": data.get("s")})


def split(*rows: list[Any], **beside: Any) -> dict[str, Any]:
    return {"dataframe_split": {"columns": ["x", "n", "s"], "data": list(rows)}, **beside}


def test_requests_share_a_predict_and_get_their_own_rows() -> None:
    impl = Scaled()
    replies = ask(host_of(model_of(impl, COLUMNS)), call(split([1, 2, "a"])), call(split([3, 4, "b"], [5, 6, "c"])))
    assert [said(reply) for reply in replies] == [
        (200, {"predictions": [{"y": 3.0, "s": "a"}]}),
        (200, {"predictions": [{"y": 7.0, "s": "b"}, {"y": 11.0, "s": "c"}]}),
    ]
    assert impl.rows == [3]
    assert [(reply.rows, reply.batch) for reply in replies] == [(1, 2), (2, 2)]


def test_many_rows_arent_put_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predict, "MOST_ROWS", 3)
    impl = Scaled()
    row = [1, 2, "a"]
    asked = [split(row), split(row, row), split(*[row] * 5), split(row), split(row)]
    replies = ask(host_of(model_of(impl, COLUMNS)), *map(call, asked))
    assert [len(json.loads(reply.body)["predictions"]) for reply in replies] == [1, 2, 5, 1, 1]
    assert impl.rows == [3, 5, 2]


def test_params_are_never_mixed() -> None:
    impl = Scaled()
    host = host_of(model_of(impl, COLUMNS, PARAMS))
    bodies = [split([1, 0, "a"], params={"scale": scale}) for scale in (2.0, 3.0, 2.0)]
    replies = ask(host, *map(call, bodies))
    assert [json.loads(reply.body)["predictions"][0]["y"] for reply in replies] == [2.0, 3.0, 2.0]
    assert sorted(impl.rows) == [1, 2]


def test_params_whose_keys_have_no_order_are_not_our_failure() -> None:
    body = msgspec.msgpack.encode(split([1.0, 1, "a"], params={"scale": {1: 1, "a": 2}}))
    (reply,) = ask(host_of(model_of(Scaled(), COLUMNS, PARAMS)), call(body, content_type="application/msgpack"))
    assert reply.status == 400, reply.body


def test_a_bad_row_fails_its_own_request_only(caplog: pytest.LogCaptureFixture) -> None:
    host = host_of(model_of(Scaled(), COLUMNS))
    with caplog.at_level(logging.ERROR, "headrace.serving"):
        replies = ask(host, *(call(split([1, n, "a"])) for n in (1, 2, -1, 3, 4)))
    assert [reply.status for reply in replies] == [200, 200, 400, 200, 200]
    assert replies[2].error == "BAD_REQUEST"
    message = json.loads(replies[2].body)["message"]
    assert message.startswith("Failed to predict data: ValueError: n is negative (incident ")
    assert b"Traceback" not in replies[2].body
    [record] = [record for record in caplog.records if record.exc_info]
    assert record.getMessage().split()[1].rstrip(":") in message
    assert ask(host, call(split([1, 2, "a"])), call(split([1, 2, "a"])))[0].batch == 2


def test_a_request_that_doesnt_fit_is_told_where() -> None:
    host = host_of(model_of(Scaled(), COLUMNS))
    replies = ask(host, call(split([1, 2.5, "a"])), call(split([1, 2, "a"])), call({"dataframe_split": {"data": []}}))
    assert replies[0].status == 400
    assert json.loads(replies[0].body)["message"] == "Row 0, column 'n': expected long, found 2.5."
    assert replies[1].status == 200
    assert replies[2].status == 400


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (split([1, 2.5, "a"]), "n"),
        ({"dataframe_records": [{"x": 1, "n": "z", "s": "a"}]}, "n"),
        ({"inputs": {"x": ["z"], "n": [1], "s": ["a"]}}, "x"),
        ({"instances": [{"x": 1, "n": 1, "s": "a"}, {"x": "z", "n": 1, "s": "a"}]}, "x"),
        ({"inputs": {"x": [1.0], "n": [[1]], "s": ["a"]}}, "n"),
        ({"dataframe_split": {}}, None),
    ],
)
def test_the_column_to_blame_is_the_field(body: Any, field: str | None) -> None:
    [reply] = ask(host_of(model_of(Scaled(), COLUMNS)), call(body))
    assert (reply.status, reply.field) == (400, field)


class Whole:
    def predict(self, data: Any) -> Any:
        return [{"rows": len(data)}]


class OnlyOne:
    def predict(self, data: pd.DataFrame) -> Any:
        if len(data) > 1:
            raise ValueError("one at a time")
        return [1]


@pytest.mark.parametrize(("impl", "expected"), [(Whole(), {"rows": 1}), (OnlyOne(), 1)])
def test_a_model_that_doesnt_answer_by_row_is_asked_alone_from_then_on(
    impl: Any, expected: Any, caplog: pytest.LogCaptureFixture
) -> None:
    host = host_of(model_of(impl, COLUMNS))
    assert host.facts.feeding == "batches"
    for _ in range(2):
        replies = ask(host, *(call(split([1, n, "a"])) for n in range(3)))
        assert [said(reply) for reply in replies] == [(200, {"predictions": [expected]})] * 3
    assert [reply.batch for reply in replies] == [1, 1, 1]
    assert sum("row by row" in record.getMessage() for record in caplog.records) == 1


def test_calls_past_their_deadline_dont_begin() -> None:
    impl = Scaled()
    late, early = ask(host_of(model_of(impl, COLUMNS)), call(split([1, 2, "a"]), in_s=-1), call(split([1, 2, "a"])))
    assert (late.status, late.error) == (504, "DEADLINE_EXCEEDED")
    assert early.status == 200
    assert impl.rows == [1]


def test_what_is_cancelled_meanwhile_isnt_begun() -> None:
    class Cancels(Scaled):
        def predict(self, data: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
            host.cancel(1)
            return super().predict(data, params)

    impl = Cancels()
    host = host_of(model_of(impl, COLUMNS, PARAMS))
    ask(host, call(split([1, 2, "a"])), call(split([1, 2, "a"], params={"scale": 2.0})))
    assert impl.rows == [1]


def test_batching_can_be_switched_off() -> None:
    impl = Scaled()
    host = host_of(model_of(impl, COLUMNS), batching=False)
    assert (host.facts.feeding, host.facts.max_batch) == ("calls", 1)
    ask(host, call(split([1, 2, "a"])), call(split([1, 2, "a"])))
    assert impl.rows == [1, 1]


def test_a_model_that_exits_ends_its_request_only() -> None:
    class Exits:
        def predict(self, data: Any) -> Any:
            sys.exit(3)

    [reply] = ask(host_of(model_of(Exits())), call(split([1, 2, "a"])))
    assert reply.status == 400
    assert b"SystemExit: 3" in reply.body


class Repeats:
    def predict(self, data: Any, params: Any = None) -> Any:
        raise ValueError(f"there is no {data[0]}")


@pytest.mark.parametrize(
    ("inputs", "body"),
    [
        (None, {"inputs": ["\ud800"]}),
        (
            Schema([TensorSpec(np.dtype("float64"), (-1, 2))]),
            {"dataframe_split": {"columns": ["\ud800", 1], "data": [["x", 1]]}},
        ),
    ],
)
def test_errors_that_repeat_half_a_surrogate_pair_end_their_request_only(inputs: Schema | None, body: Any) -> None:
    reply, other = ask(host_of(model_of(Repeats(), inputs)), call(body), call({"inputs": ["Ulm"]}))
    assert (reply.status, other.status) == (400, 400)
    pack(Done(0, reply))  # it can travel


def test_an_answer_without_a_form_in_json_is_an_error() -> None:
    class Odd:
        def predict(self, data: Any) -> Any:
            return [object()]

    [reply] = ask(host_of(model_of(Odd())), call(split([1, 2, "a"])))
    assert reply.status >= 400
    assert b"can't become JSON" in reply.body


def test_a_dialect_that_it_doesnt_speak() -> None:
    [reply] = ask(host_of(model_of(Scaled(), COLUMNS)), call({"messages": []}, "chat"))
    assert reply.status == 501
    assert "error" in json.loads(reply.body)


FRAME = pd.DataFrame({"x": [1.5, 2.0], "n": [3, 4], "s": ["a", "ü"]})


def parquet() -> bytes:
    sink = io.BytesIO()
    FRAME.to_parquet(sink)
    return sink.getvalue()


def arrow(frame: pd.DataFrame = FRAME) -> bytes:
    table = pa.Table.from_pandas(frame)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return bytes(sink.getvalue())


FORMS = {
    "split": ("application/json", json.dumps(split([1.5, 3, "a"], [2, 4, "ü"])).encode()),
    "records": ("application/json", json.dumps({"dataframe_records": FRAME.to_dict(orient="records")}).encode()),
    "inputs": ("application/json; charset=utf-8", json.dumps({"inputs": FRAME.to_dict(orient="list")}).encode()),
    "instances": ("application/json", json.dumps({"instances": FRAME.to_dict(orient="records")}).encode()),
    "no type": ("", json.dumps(split([1.5, 3, "a"], [2, 4, "ü"])).encode()),
    "csv": ("text/csv", FRAME.to_csv(index=False).encode()),
    "parquet": ("application/vnd.apache.parquet", parquet()),
    "arrow": ("application/vnd.apache.arrow.stream", arrow()),
    "msgpack": ("application/msgpack", msgspec.msgpack.encode(split([1.5, 3, "a"], [2, 4, "ü"]))),
    "x-msgpack": ("application/x-msgpack", msgspec.msgpack.encode({"inputs": FRAME.to_dict(orient="list")})),
}
ANSWER = [{"y": 4.5, "s": "a"}, {"y": 6.0, "s": "ü"}]


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_request_has_the_same_answer(form: str) -> None:
    content_type, body = FORMS[form]
    [reply] = ask(host_of(model_of(Scaled(), COLUMNS)), call(body, content_type=content_type))
    assert said(reply) == (200, {"predictions": ANSWER})


def test_forms_share_a_predict_where_their_rows_are_of_one_kind() -> None:
    impl = Scaled()
    calls = [call(body, content_type=content_type) for content_type, body in FORMS.values()]
    replies = ask(host_of(model_of(impl, COLUMNS)), *calls)
    assert [said(reply) for reply in replies] == [(200, {"predictions": ANSWER})] * len(FORMS)
    assert len(impl.rows) < len(FORMS) / 2


def test_bytes_travel_in_msgpack_as_they_are() -> None:
    class Lengths:
        def predict(self, data: pd.DataFrame) -> Any:
            return data["raw"].map(len)

    model = model_of(Lengths(), Schema([ColSpec("binary", "raw")]))
    body = msgspec.msgpack.encode({"dataframe_records": [{"raw": b"\xff\x00"}]})
    [reply] = ask(host_of(model), call(body, content_type="application/msgpack"))
    assert said(reply) == (200, {"predictions": [{"raw": 2}]})


def test_answers_in_arrow_and_msgpack_when_asked() -> None:
    host = host_of(model_of(Scaled(), COLUMNS))
    body = split([1.5, 3, "a"], [2, 4, "ü"])
    in_arrow, in_msgpack, in_json = ask(
        host,
        call(body, accept="application/vnd.apache.arrow.stream, application/json;q=0.5"),
        call(body, accept="application/msgpack"),
        call(body, accept="text/html, */*"),
    )
    assert in_arrow.content_type == "application/vnd.apache.arrow.stream"
    with pa.ipc.open_stream(in_arrow.body) as stream:
        assert stream.read_all().to_pylist() == ANSWER
    assert in_msgpack.content_type == "application/msgpack"
    assert msgspec.msgpack.decode(in_msgpack.body) == {"predictions": ANSWER}
    assert said(in_json) == (200, {"predictions": ANSWER})


@pytest.mark.parametrize(
    ("predictions", "columns"),
    [
        (np.array([1, 2]), {"predictions": [1, 2]}),
        (np.array([[1.0, 2.0]]), {"predictions": [[1.0, 2.0]]}),
        (["a", "b"], {"predictions": ["a", "b"]}),
        ({"a": np.array([1]), "b": ["x"]}, {"a": [1], "b": ["x"]}),
        (pd.Series([1.5], name="p"), {"p": [1.5]}),
    ],
)
def test_predictions_of_every_kind_have_a_form_in_arrow(predictions: Any, columns: dict[str, Any]) -> None:
    class Fixed:
        def predict(self, data: Any) -> Any:
            return predictions

    [reply] = ask(host_of(model_of(Fixed())), call({"inputs": [1]}, accept="application/vnd.apache.arrow.stream"))
    assert reply.status == 200, reply.body
    with pa.ipc.open_stream(reply.body) as stream:
        assert stream.read_all().to_pydict() == columns


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("text/plain", b"x", 415),
        ("application/json; charset=latin-1", b"{}", 415),
        ("", b"x,n\n1,2\n", 415),
        ("application/json", b"", 400),
        ("application/json", b'{"inputs": [1', 400),
        ("application/json", b"[" * 200_000, 400),
        ("application/json", b'{"inputs": ' + b"[" * 500 + b"]" * 500 + b"}", 400),
        ("application/json", b'{"instances": ' + b'{"x":' * 900 + b"1" + b"}" * 900 + b"}", 400),
        ("application/json", b'{"dataframe_split": {"data": [[NaN, 1, "a"]], "columns": ["x", "n"]}}', 400),
        ("application/json", b'{"dataframe_records": [{"x": "\xff"}]}', 400),
        ("text/csv", b'"', 400),
        ("text/csv", b"\x00\xff\x00", 400),
        ("application/vnd.apache.parquet", b"PAR1", 400),
        ("application/vnd.apache.arrow.stream", arrow()[:60], 400),
        ("application/msgpack", b"\xc1", 400),
        ("application/msgpack", b"\x91" * 100_000, 400),
        ("application/msgpack", msgspec.msgpack.encode({1: 2}), 400),
    ],
)
def test_what_is_no_request_is_refused(content_type: str, body: bytes, status: int) -> None:
    bad, good = ask(
        host_of(model_of(Scaled(), COLUMNS)), call(body, content_type=content_type), call(split([1, 2, "a"]))
    )
    assert bad.status == status, bad.body
    assert json.loads(bad.body).keys() == {"error_code", "message"}
    assert good.status == 200


@given(
    st.sampled_from([content_type for content_type, _ in FORMS.values()]),
    st.sampled_from([body for _, body in FORMS.values()]),
    st.integers(0, 400),
    st.binary(max_size=4),
)
@pytest.mark.filterwarnings("ignore")
def test_damaged_bodies_are_never_our_failure(content_type: str, body: bytes, place: int, put: bytes) -> None:
    damaged = body[:place] + put + body[place + len(put) :]
    for one in (damaged, body[:place]):
        [reply] = ask(host_of(model_of(Scaled(), COLUMNS)), call(one, content_type=content_type))
        assert reply.status in (200, 400, 415), reply.body


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.binary(max_size=3)
KEYS = st.sampled_from(["columns", "data", "index", "x", "n", "s", "", 1])
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4))
FORM_KEYS = ["dataframe_split", "dataframe_records", "instances", "inputs", "params", "signature_name", "prompt", 1]
MODELS = {
    "columns": (COLUMNS, {}),
    "one column": (Schema([ColSpec("binary", "x")]), {}),
    "nested": (Schema([ColSpec(Array(DataType.long), "x"), ColSpec(Map(DataType.string), "n", False)]), {}),
    "times": (Schema([ColSpec("datetime", "x"), ColSpec("boolean", "n", False)]), {}),
    "unnamed": (Schema([ColSpec("float"), ColSpec("integer")]), {}),
    "tensor": (Schema([TensorSpec(np.dtype("int32"), (-1, 2))]), {}),
    "tensors": (Schema([TensorSpec(np.dtype("float32"), (-1,), "x"), TensorSpec(np.dtype("str"), (-1,), "n")]), {}),
    "hint": (Schema([ColSpec("string")]), {"is_signature_from_type_hint": True}),
    "nothing": (None, {}),
}


class Tells:
    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        return [f"{type(data).__name__} {params}"]


@given(
    st.sampled_from(sorted(MODELS)),
    st.dictionaries(st.sampled_from(FORM_KEYS), VALUES, max_size=2),
    st.sampled_from(["application/json", "application/msgpack"]),
)
@settings(max_examples=200)
@pytest.mark.filterwarnings("ignore")
def test_odd_values_are_never_our_failure(name: str, body: dict[Any, Any], content_type: str) -> None:
    schema, keys = MODELS[name]
    try:
        data = json.dumps(body).encode() if content_type == "application/json" else msgspec.msgpack.encode(body)
    except (TypeError, OverflowError):
        return
    [reply] = ask(host_of(model_of(Tells(), schema, PARAMS, **keys)), call(data, content_type=content_type))
    assert reply.status in (200, 400), reply.body


ROWS = st.tuples(
    st.floats(-1e6, 1e6) | st.integers(-9, 9) | st.none(),
    st.integers(0, 9) | st.sampled_from([-1, 2.0, "7", None, 2**63]),
    st.text(max_size=2) | st.sampled_from([None, 3]),
)


@st.composite
def calls(draw: st.DrawFn) -> Call:
    rows = [list(row) for row in draw(st.lists(ROWS, min_size=1, max_size=3))]
    width = draw(st.sampled_from([3, 3, 3, 2]))
    names = draw(st.permutations(["x", "n", "s"][:width]))
    cells = [dict(zip(["x", "n", "s"], row, strict=True)) for row in rows]
    form = draw(st.sampled_from(["split", "records", "inputs", "csv"]))
    if form == "csv":
        frame = pd.DataFrame(cells)[list(names)]
        return call(frame.to_csv(index=False).encode("utf-8", "replace"), content_type="text/csv")
    if form == "split":
        body: dict[str, Any] = {
            "dataframe_split": {"columns": names, "data": [[row[name] for name in names] for row in cells]}
        }
    elif form == "records":
        body = {"dataframe_records": [{name: row[name] for name in names} for row in cells]}
    else:
        body = {"inputs": {name: [row[name] for row in cells] for name in names}}
    params = draw(st.sampled_from([{}, {}, {"params": {"scale": 2.0}}, {"params": {"scale": "x"}}]))
    return call({**body, **params})


@given(st.lists(calls(), min_size=1, max_size=8))
@settings(max_examples=60)
@pytest.mark.filterwarnings("ignore")
def test_answers_are_those_that_each_request_would_get_alone(asked: list[Call]) -> None:
    model = model_of(Scaled(), COLUMNS, PARAMS)
    together = ask(host_of(model), *asked)
    for reply, one in zip(together, asked, strict=True):
        [alone] = ask(host_of(model), one)
        assert repr(said(reply)) == repr(said(alone))


class Doubled:
    def predict(self, data: Any) -> Any:
        return data * 2 if isinstance(data, np.ndarray) else {name: value * 2 for name, value in data.items()}


@pytest.mark.parametrize(
    ("schema", "inputs", "answers"),
    [
        (
            Schema([TensorSpec(np.dtype("float32"), (-1, 2))]),
            [[[1, 2]], [[3, 4], [5, 6]]],
            [[[2, 4]], [[6, 8], [10, 12]]],
        ),
        (
            Schema([TensorSpec(np.dtype("int64"), (-1,), "a"), TensorSpec(np.dtype("int64"), (-1, 1), "b")]),
            [{"a": [1], "b": [[2]]}, {"a": [3, 4], "b": [[5], [6]]}],
            [{"a": [2], "b": [[4]]}, {"a": [6, 8], "b": [[10], [12]]}],
        ),
    ],
)
def test_tensors_share_a_predict(schema: Schema, inputs: list[Any], answers: list[Any]) -> None:
    replies = ask(host_of(model_of(Doubled(), schema, flavor="onnx")), *(call({"inputs": each}) for each in inputs))
    assert [said(reply) for reply in replies] == [(200, {"predictions": each}) for each in answers]
    assert [reply.batch for reply in replies] == [2, 2]


def test_tensors_of_other_shapes_dont() -> None:
    schema = Schema([TensorSpec(np.dtype("float32"), (-1, -1))])
    replies = ask(
        host_of(model_of(Doubled(), schema, flavor="onnx")), call({"inputs": [[1, 2]]}), call({"inputs": [[1, 2, 3]]})
    )
    assert [reply.batch for reply in replies] == [1, 1]
    assert said(replies[1]) == (200, {"predictions": [[2, 4, 6]]})


def test_facts_show_signature_and_example(tmp_path: Path) -> None:
    (tmp_path / "serving_input_example.json").write_text('{"inputs": [1]}')
    info = {"artifact_path": "input_example.json", "serving_input_path": "serving_input_example.json"}
    model = model_of(Scaled(), COLUMNS, PARAMS, saved_input_example_info=info)
    model.metadata.folder = tmp_path
    facts = host_of(model).facts
    assert facts.kinds == ["invocations", "infer"]
    assert facts.example == '{"inputs": [1]}'
    assert facts.flavors == ["sklearn"]
    assert facts.signature is not None
    assert [spec["name"] for spec in facts.signature["inputs"]] == ["x", "n", "s"]
    assert facts.signature["params"][0]["name"] == "scale"
