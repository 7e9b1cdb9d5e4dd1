"""The Open Inference Protocol, as a host answers it."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.packaging.schema import ColSpec, ParamSchema, ParamSpec, Schema, TensorSpec
from headrace.serving.call import Call
from headrace.serving.facts import Facts
from headrace.serving.oip import header_length, metadata, with_header_length
from tests.serving.hosts.taking import ask, call, host_of, model_of, said

COLUMNS = Schema([ColSpec("double", "x"), ColSpec("long", "n"), ColSpec("string", "s")])
ONE_TENSOR = Schema([TensorSpec(np.dtype("float32"), (-1, 2))])
TENSORS = Schema([TensorSpec(np.dtype("float64"), (-1,), "a"), TensorSpec(np.dtype("int64"), (-1,), "b")])


class Frame:
    def predict(self, data: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        return pd.DataFrame({"y": data["x"] * (params or {}).get("scale", 1.0) + data["n"], "s": data["s"]})


class Doubled:
    def predict(self, data: Any) -> Any:
        return data * 2 if isinstance(data, np.ndarray) else {name: value * 2 for name, value in data.items()}


def tensor(name: str, datatype: str, data: Any, shape: list[int] | None = None, **more: Any) -> dict[str, Any]:
    return {"name": name, "datatype": datatype, "shape": shape or [len(data)], "data": data, **more}


def infer(*inputs: dict[str, Any], **more: Any) -> Call:
    return call({"inputs": list(inputs), **more}, "infer")


ROWS = (tensor("x", "FP64", [1, 2.5]), tensor("n", "INT64", [3, 4]), tensor("s", "BYTES", ["a", "ü"]))


def test_columns_by_name_and_an_output_a_column() -> None:
    [reply] = ask(host_of(model_of(Frame(), COLUMNS)), infer(*ROWS, id="seven"))
    assert said(reply) == (
        200,
        {
            "model_name": "m",
            "id": "seven",
            "outputs": [
                {"name": "y", "datatype": "FP64", "shape": [2], "data": [4.0, 6.5]},
                {"name": "s", "datatype": "BYTES", "shape": [2], "data": ["a", "ü"]},
            ],
        },
    )


def test_columns_of_shape_rows_by_one_and_one_tensor_of_all_columns() -> None:
    class Sum:
        def predict(self, data: pd.DataFrame) -> Any:
            return data["a"] + data["b"]

    host = host_of(model_of(Sum(), Schema([ColSpec("double", "a"), ColSpec("double", "b")])))
    apart = infer(tensor("b", "FP64", [10, 20], [2, 1]), tensor("a", "FP32", [1, 2], [2, 1]))
    whole = infer(tensor("anything", "FP64", [[1, 10], [2, 20]], [2, 2]))
    for reply in ask(host, apart, whole):
        assert said(reply)[1]["outputs"] == [{"name": "output-0", "datatype": "FP64", "shape": [2], "data": [11, 22]}]


@pytest.mark.parametrize("datatype", ["FP64", "INT32"])
def test_numbers_of_the_columns_types_and_of_others(datatype: str) -> None:
    class Types:
        def predict(self, data: pd.DataFrame) -> Any:
            return [{"types": [str(dtype) for dtype in data.dtypes], "row": row} for row in data.to_numpy().tolist()]

    host = host_of(model_of(Types(), Schema([ColSpec("double", "a"), ColSpec("long", "b")])))
    asked = infer(tensor("b", "INT64", [3]), tensor("a", datatype, [1]))
    [output] = said(ask(host, asked)[0])[1]["outputs"]
    assert json.loads(output["data"][0]) == {"types": ["float64", "int64"], "row": [1.0, 3.0]}


def test_tensors_by_name_share_a_predict() -> None:
    host = host_of(model_of(Doubled(), TENSORS, flavor="onnx"))
    one = infer(tensor("a", "FP64", [1.5]), tensor("b", "INT64", [1]))
    two = infer(tensor("b", "INT64", [2, 3]), tensor("a", "FP32", [2, 3]))
    first, second = ask(host, one, two)
    assert [output["data"] for output in said(first)[1]["outputs"]] == [[3.0], [2]]
    assert [output["data"] for output in said(second)[1]["outputs"]] == [[4.0, 6.0], [4, 6]]
    assert first.batch == 2


def test_a_tensor_without_a_name_and_outputs_that_are_asked_for() -> None:
    host = host_of(model_of(Doubled(), ONE_TENSOR, flavor="onnx"))
    [reply] = ask(host, infer(tensor("whatever", "FP32", [[1, 2]], [1, 2]), outputs=[{"name": "output-0"}]))
    assert said(reply)[1]["outputs"][0]["data"] == [2.0, 4.0]
    named = host_of(model_of(Frame(), COLUMNS))
    [reply] = ask(named, infer(*ROWS, outputs=[{"name": "s"}]))
    assert [output["name"] for output in said(reply)[1]["outputs"]] == ["s"]
    [reply] = ask(named, infer(*ROWS, outputs=[{"name": "z"}]))
    assert said(reply) == (400, {"error": "outputs: the model has no 'z'; it has 'y', 's'."})


def test_without_a_signature_one_tensor_is_the_input() -> None:
    host = host_of(model_of(Doubled()))
    [reply] = ask(host, infer(tensor("x", "INT32", [1, 2, 3, 4], [2, 2])))
    assert said(reply)[1]["outputs"] == [
        {"name": "output-0", "datatype": "INT32", "shape": [2, 2], "data": [2, 4, 6, 8]}
    ]


def test_params_of_the_signature_among_the_parameters() -> None:
    params = ParamSchema([ParamSpec("scale", "double", 1.0)])
    host = host_of(model_of(Frame(), COLUMNS, params))
    [reply] = ask(host, infer(*ROWS, parameters={"scale": 2.0, "other": 1}))
    assert said(reply)[1]["outputs"][0]["data"] == [5.0, 9.0]


def test_numbers_that_json_has_no_form_for() -> None:
    host = host_of(model_of(Doubled(), ONE_TENSOR, flavor="onnx"))
    body = b'{"inputs": [{"name": "x", "datatype": "FP32", "shape": [1, 2], "data": [NaN, 1]}]}'
    [reply] = ask(host, call(body, "infer"))
    assert reply.status == 200
    assert b"NaN" in reply.body


def binary(*arrays: tuple[str, str, np.ndarray[Any, Any], bytes], **more: Any) -> Call:
    inputs = [
        {
            "name": name,
            "datatype": datatype,
            "shape": list(array.shape),
            "parameters": {"binary_data_size": len(data)},
        }
        for name, datatype, array, data in arrays
    ]
    header = json.dumps({"inputs": inputs, **more}).encode()
    tail = b"".join(data for *_, data in arrays)
    return call(header + tail, "infer", content_type=with_header_length(str(len(header))))


def of_array(name: str, datatype: str, array: np.ndarray[Any, Any]) -> tuple[str, str, np.ndarray[Any, Any], bytes]:
    return name, datatype, array, array.tobytes()


def test_tensors_as_bytes_both_ways() -> None:
    texts = b"".join(struct.pack("<I", len(text.encode())) + text.encode() for text in ("a", "ü"))
    asked = binary(
        of_array("x", "FP64", np.array([1.0, 2.5])),
        of_array("n", "INT64", np.array([3, 4])),
        ("s", "BYTES", np.array(["a", "ü"]), texts),
        parameters={"binary_data_output": True},
    )
    [reply] = ask(host_of(model_of(Frame(), COLUMNS)), asked)
    assert reply.status == 200, reply.body
    length = header_length(reply.content_type)
    assert length is not None
    header, tail = json.loads(reply.body[: int(length)]), reply.body[int(length) :]
    numbers, words = header["outputs"]
    assert numbers["parameters"] == {"binary_data_size": 16}
    assert "data" not in numbers
    assert np.frombuffer(tail[:16], "<f8").tolist() == [4.0, 6.5]
    assert tail[16:] == texts
    assert words["parameters"] == {"binary_data_size": len(texts)}


def test_bytes_for_one_output_only() -> None:
    outputs = [{"name": "y", "parameters": {"binary_data": True}}, {"name": "s"}]
    [reply] = ask(host_of(model_of(Frame(), COLUMNS)), infer(*ROWS, outputs=outputs))
    length = int(header_length(reply.content_type) or 0)
    assert json.loads(reply.body[:length])["outputs"][1]["data"] == ["a", "ü"]
    assert len(reply.body) == length + 16


BAD: dict[str, Call] = {
    "no JSON": call(b"{", "infer"),
    "deep": call(b"[" * 100_000, "infer"),
    "deep data": call(
        b'{"inputs": [{"name": "x", "datatype": "FP64", "shape": [1], "data": ' + b"[" * 500 + b"]" * 500 + b"}]}",
        "infer",
    ),
    "a list": call([], "infer"),
    "no inputs": call({}, "infer"),
    "empty inputs": infer(),
    "inputs that are none": call({"inputs": [1]}, "infer"),
    "a shape that doesn't fit": infer(tensor("x", "FP64", [1], [2])),
    "a negative shape": infer(tensor("x", "FP64", [1], [-1])),
    "a huge shape": infer(tensor("x", "FP64", [], [2**62, 2**62, 0])),
    "an unknown type": infer(tensor("x", "BF16", [1])),
    "text for a number": infer(tensor("x", "FP64", ["1"])),
    "a flag for a number": infer(tensor("x", "INT64", [True])),
    "a float for an integer": infer(tensor("x", "INT64", [1.5])),
    "beyond the type": infer(tensor("x", "UINT8", [256])),
    "far beyond": infer(tensor("x", "FP64", [10**400])),
    "no data": call({"inputs": [{"name": "x", "datatype": "FP64", "shape": [1]}]}, "infer"),
    "twice": infer(tensor("x", "FP64", [1]), tensor("x", "FP64", [1])),
    "another column": infer(tensor("z", "FP64", [1])),
    "columns of unequal length": infer(tensor("x", "FP64", [1]), tensor("n", "INT64", [1, 2])),
    "a cube": infer(tensor("x", "FP64", [1], [1, 1, 1])),
    "too few bytes": binary(("x", "FP64", np.zeros(2), b"1234")),
    "more bytes than there are": call(
        {"inputs": [{"name": "x", "datatype": "FP64", "shape": [1], "parameters": {"binary_data_size": 8}}]}, "infer"
    ),
    "odd size": call(
        {"inputs": [{"name": "x", "datatype": "FP64", "shape": [1], "parameters": {"binary_data_size": "8"}}]}, "infer"
    ),
    "text without an end": binary(("s", "BYTES", np.zeros(1), b"\x05\x00\x00\x00ab")),
    "text without a length": binary(("s", "BYTES", np.zeros(1), b"\x05\x00")),
    "text that is none": binary(("s", "BYTES", np.zeros(1), b"\x01\x00\x00\x00\xff")),
    "a header that is too long": call(b"{}", "infer", content_type=with_header_length("99")),
    "a header that is no number": call(b"{}", "infer", content_type=with_header_length("x")),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_no_request_is_refused(case: str) -> None:
    bad, good = ask(host_of(model_of(Frame(), COLUMNS)), BAD[case], infer(*ROWS))
    assert bad.status == 400, bad.body
    assert json.loads(bad.body).keys() == {"error"}
    assert good.status == 200


@pytest.mark.parametrize("schema", [ONE_TENSOR, TENSORS])
@pytest.mark.parametrize(
    "inputs", [[tensor("z", "FP64", [1.0, 2.0], [1, 2])], [tensor("a", "INT64", [1]), tensor("b", "BYTES", ["x"])]]
)
def test_tensors_that_the_model_doesnt_take(schema: Schema, inputs: list[Any]) -> None:
    [reply] = ask(host_of(model_of(Doubled(), schema)), infer(*inputs))
    assert reply.status == 400
    assert "input" in json.loads(reply.body)["error"]


@given(st.integers(0, 250), st.binary(min_size=1, max_size=3))
@pytest.mark.filterwarnings("ignore")
def test_damaged_bodies_are_never_our_failure(place: int, put: bytes) -> None:
    asked = binary(of_array("x", "FP64", np.array([1.0])), of_array("n", "INT64", np.array([3])))
    damaged = asked.body[:place] + put + asked.body[place + len(put) :]
    [reply] = ask(host_of(model_of(Frame(), COLUMNS)), call(damaged, "infer", content_type=asked.content_type))
    assert reply.status in (200, 400), reply.body


@pytest.mark.parametrize(
    ("predictions", "outputs"),
    [
        (np.array([[1, 2]], dtype=np.int32), [("output-0", "INT32", [1, 2], [1, 2])]),
        ([1.5, 2.0], [("output-0", "FP64", [2], [1.5, 2.0])]),
        (["a", "b"], [("output-0", "BYTES", [2], ["a", "b"])]),
        ([{"k": 1}], [("output-0", "BYTES", [1], ['{"k": 1}'])]),
        ([[1], [2, 3]], [("output-0", "BYTES", [2], ["[1]", "[2, 3]"])]),
        (pd.Series([True], name="yes"), [("yes", "BOOL", [1], [True])]),
        ("text", [("output-0", "BYTES", [1], ["text"])]),
        (7, [("output-0", "INT64", [1], [7])]),
        (b"\xff", [("output-0", "BYTES", [1], ["/w=="])]),
        (None, [("output-0", "BYTES", [1], ["null"])]),
    ],
)
def test_predictions_of_every_kind_become_tensors(predictions: Any, outputs: list[Any]) -> None:
    class Fixed:
        def predict(self, data: Any) -> Any:
            return predictions

    [reply] = ask(host_of(model_of(Fixed())), infer(tensor("x", "FP64", [1])))
    assert reply.status == 200, reply.body
    made = [(each["name"], each["datatype"], each["shape"], each["data"]) for each in said(reply)[1]["outputs"]]
    assert made == outputs


def test_what_a_model_says_of_itself() -> None:
    signature = {
        "inputs": COLUMNS.to_dict(),
        "outputs": [{"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 3]}}],
    }
    facts = Facts(model_id=None, flavors=["onnx"], kinds=["infer"], feeding="batches", signature=signature)
    assert metadata("m", ["3"], facts) == {
        "name": "m",
        "versions": ["3"],
        "platform": "mlflow_onnx",
        "inputs": [
            {"name": "x", "datatype": "FP64", "shape": [-1]},
            {"name": "n", "datatype": "INT64", "shape": [-1]},
            {"name": "s", "datatype": "BYTES", "shape": [-1]},
        ],
        "outputs": [{"name": "output-0", "datatype": "FP32", "shape": [-1, 3]}],
    }
    bare = Facts(model_id=None, flavors=[], kinds=["infer"], feeding="calls")
    assert metadata("m", [], bare)["inputs"] == []


@pytest.mark.parametrize(
    ("content_type", "length"),
    [(with_header_length("12"), "12"), (with_header_length(None), None), ("application/json", None)],
)
def test_the_length_of_the_header_travels_in_the_content_type(content_type: str, length: str | None) -> None:
    assert header_length(content_type) == length
