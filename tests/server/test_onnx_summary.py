from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from headrace.server import onnx_summary, protobuf
from headrace.server.onnx_summary import summary
from headrace.server.protobuf import Malformed, Wire
from headrace.wire.messages.artifacts import OnnxAnswer


def read(content: bytes) -> OnnxAnswer:
    return summary(Wire(lambda start, end: content[start:end], len(content)))


def value(name: str, kind: int, shape: list[int | str | None] | None) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, shape)


def model(*nodes: onnx.NodeProto, inputs: list[onnx.ValueInfoProto], **graph: object) -> onnx.ModelProto:
    outputs = [value("y", TensorProto.FLOAT, ["batch", 2])]
    made = helper.make_graph(list(nodes), "g", inputs, outputs, **graph)  # type: ignore[arg-type]
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(made, producer_name="test", producer_version="1.2", opset_imports=opsets, ir_version=8)


@pytest.fixture
def dense() -> onnx.ModelProto:
    weights = numpy_helper.from_array(np.ones((3, 2), np.float32), "w")
    offsets = numpy_helper.from_array(np.ones(2, np.float16), "b")
    return model(
        helper.make_node("MatMul", ["x", "w"], ["h"]),
        helper.make_node("Add", ["h", "b"], ["i"]),
        helper.make_node("Add", ["i", "b"], ["j"]),
        helper.make_node("FusedGelu", ["j"], ["y"], domain="com.microsoft"),
        inputs=[value("x", TensorProto.FLOAT, ["batch", None, 3]), value("mask", TensorProto.BOOL, None)],
        initializer=[weights, offsets],
    )


def test_what_a_model_holds(dense: onnx.ModelProto) -> None:
    found = read(dense.SerializeToString())
    assert (found.ir_version, found.producer) == (8, "test 1.2")
    assert [(each.domain, each.version) for each in found.opsets] == [("", 17), ("com.microsoft", 1)]
    assert [(each.name, each.type, each.shape) for each in found.inputs] == [
        ("x", "float32", ["batch", "?", "3"]),
        ("mask", "bool", ["…"]),
    ]
    assert [(each.name, each.type, each.shape) for each in found.outputs] == [("y", "float32", ["batch", "2"])]
    assert [(each.name, each.count) for each in found.operators] == [
        ("Add", 2),
        ("MatMul", 1),
        ("com.microsoft.FusedGelu", 1),
    ]
    assert (found.initializers, found.initializer_bytes) == (2, 3 * 2 * 4 + 2 * 2)


def test_constants_of_old_models_are_no_inputs(dense: onnx.ModelProto) -> None:
    dense.graph.input.append(value("w", TensorProto.FLOAT, [3, 2]))
    assert [each.name for each in read(dense.SerializeToString()).inputs] == ["x", "mask"]


def test_graphs_in_graphs_are_counted(dense: onnx.ModelProto) -> None:
    then, other = (
        helper.make_graph([helper.make_node(name, ["h"], ["y"])], name, [], [value("y", TensorProto.FLOAT, None)])
        for name in ("Relu", "Add")
    )
    dense.graph.node.append(helper.make_node("If", ["c"], ["y"], then_branch=then, else_branch=other))
    counts = {each.name: each.count for each in read(dense.SerializeToString()).operators}
    assert counts == {"MatMul": 1, "Add": 3, "com.microsoft.FusedGelu": 1, "If": 1, "Relu": 1}


@pytest.mark.parametrize(
    ("kind", "name", "shape"),
    [
        (helper.make_tensor_type_proto(TensorProto.BFLOAT16, [1]), "bfloat16", ["1"]),
        (helper.make_tensor_type_proto(TensorProto.STRING, []), "string", []),
        (helper.make_sparse_tensor_type_proto(TensorProto.DOUBLE, [4, 4]), "sparse(float64)", ["4", "4"]),
        (
            helper.make_sequence_type_proto(
                helper.make_map_type_proto(TensorProto.INT64, helper.make_tensor_type_proto(TensorProto.FLOAT, None))
            ),
            "sequence(map(int64, float32))",
            [],
        ),
        (
            helper.make_optional_type_proto(helper.make_tensor_type_proto(TensorProto.INT32, ["n"])),
            "optional(int32)",
            ["n"],
        ),
    ],
)
def test_types(kind: onnx.TypeProto, name: str, shape: list[str]) -> None:
    content = model(inputs=[helper.make_value_info("x", kind)]).SerializeToString()
    (found,) = read(content).inputs
    assert (found.type, found.shape) == (name, shape)


@pytest.mark.parametrize("number", sorted(onnx_summary.TYPES.keys() & set(onnx.TensorProto.DataType.values())))
def test_types_are_named_as_in_the_package(number: int) -> None:
    name, bits = onnx_summary.TYPES[number]
    known = onnx.TensorProto.DataType.Name(number).lower()
    assert name == {"float": "float32", "double": "float64"}.get(known, known)
    if number != TensorProto.STRING and bits >= 8:
        assert bits == 8 * helper.tensor_dtype_to_np_dtype(number).itemsize


def test_size_of_constants_counts_what_lies_in_another_file(dense: onnx.ModelProto, tmp_path: Path) -> None:
    before = read(dense.SerializeToString()).initializer_bytes
    onnx.save_model(
        dense, tmp_path / "m.onnx", save_as_external_data=True, all_tensors_to_one_file=True, size_threshold=0
    )
    assert read((tmp_path / "m.onnx").read_bytes()).initializer_bytes == before


def test_numbers_kept_as_numbers_and_texts_are_counted() -> None:
    tensors = [
        helper.make_tensor("t", TensorProto.STRING, [2], [b"abc", b"de"]),
        helper.make_tensor("i", TensorProto.INT64, [3], [1, 2, 3]),
        helper.make_tensor("q", TensorProto.INT4, [3], [1, 2, 3]),
    ]
    found = read(model(inputs=[], initializer=tensors).SerializeToString())
    assert (found.initializers, found.initializer_bytes) == (3, 5 + 24 + 2)


class Sparse:
    """A file of gigabytes, of which only the beginning and the end are there. read_bytes: as many were read."""

    def __init__(self, path: Path) -> None:
        self.path, self.read_bytes = path, 0

    def __call__(self, start: int, end: int) -> bytes:
        self.read_bytes += end - start
        with self.path.open("rb") as file:
            file.seek(start)
            return file.read(end - start)


def test_tensors_are_passed_over_unread(tmp_path: Path) -> None:
    def field(number: int, content: bytes) -> bytes:
        return varint(number << 3 | 2) + varint(len(content)) + content

    size = 2 << 30
    head = b"\x08\x02" + b"\x08\x80\x80\x80\x80\x02" + b"\x10\x01" + field(8, b"w")  # dims [2, 2^29], float32
    raw = varint(9 << 3 | 2) + varint(size)
    tensor = varint(5 << 3 | 2) + varint(len(head) + len(raw) + size) + head + raw
    node = field(1, field(4, b"MatMul"))
    graph = varint(7 << 3 | 2) + varint(len(tensor) + size + len(node))
    place = tmp_path / "large.onnx"
    with place.open("wb") as file:
        file.write(b"\x08\x08" + graph + tensor)
        file.seek(size, 1)
        file.write(node)
    source = Sparse(place)
    started = time.perf_counter()
    found = summary(Wire(source, place.stat().st_size))
    assert time.perf_counter() - started < 1
    assert (found.initializers, found.initializer_bytes) == (1, 4 << 30)
    assert [(each.name, each.count) for each in found.operators] == [("MatMul", 1)]
    assert source.read_bytes < 100_000


def varint(value: int) -> bytes:
    found = b""
    while value > 0x7F:
        found += bytes([value & 0x7F | 0x80])
        value >>= 7
    return found + bytes([value])


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello, I am a text and no model",
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        b"PK\x03\x04" + bytes(50),
        bytes(1000),
        b"\xff" * 1000,
        b"\x08\x08",  # a version alone
        b"\x3a\x00",  # a graph alone
        b"\x08\x08\x3a\xff\xff\xff\xff\xff\xff\xff\xff\x7f",  # a graph of 2^63 bytes
        b"\x08\x08\x3a\x02\x5a\x00\x0b",  # a group
    ],
)
def test_what_is_no_model_is_refused(content: bytes) -> None:
    with pytest.raises(Malformed):
        read(content)


def test_truncated_and_changed_models_are_refused_or_read(dense: onnx.ModelProto) -> None:
    content = dense.SerializeToString()
    for end in range(len(content)):
        try:
            read(content[:end])
        except Malformed:
            continue
        onnx.load_from_string(content[:end])  # the package takes it, too
    chance = random.Random(5)
    for _ in range(2000):
        changed = bytearray(content)
        for _ in range(chance.randrange(1, 4)):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
        try:
            read(bytes(changed))
        except Malformed:
            continue


def nested(content: bytes, field: int, times: int) -> bytes:
    for _ in range(times):
        content = varint(field << 3 | 2) + varint(len(content)) + content
    return content


def hostile_graphs(times: int) -> bytes:
    graph = b""
    for _ in range(times):
        graph = nested(nested(nested(graph, 6, 1), 5, 1), 1, 1)
    return b"\x08\x08" + nested(graph, 7, 1)


def hostile_types(times: int) -> bytes:
    kind = b""
    for _ in range(times):
        kind = nested(nested(kind, 1, 1), 4, 1)
    return b"\x08\x08" + nested(nested(nested(kind, 2, 1), 11, 1), 7, 1)


@pytest.mark.parametrize(
    "make",
    [
        lambda: hostile_graphs(5000),
        lambda: hostile_types(5000),
        lambda: b"\x08\x08" + nested(b"\x5a\x00" * 20_000, 7, 1),
        lambda: b"\x08\x08" + nested(b"".join(nested(nested(b"%d" % i, 4, 1), 1, 1) for i in range(11_000)), 7, 1),
        lambda: b"\x08\x08" + nested(nested(b"\x08\xff\xff\xff\xff\xff\xff\xff\x7f" * 3, 5, 1), 7, 1),
    ],
    ids=["graphs in graphs", "types in types", "many inputs", "many operators", "endless tensor"],
)
def test_hostile_files_are_refused_soon(make: Callable[[], bytes]) -> None:
    content = make()
    started = time.perf_counter()
    with pytest.raises(Malformed):
        read(content)
    assert time.perf_counter() - started < 5


def test_work_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protobuf, "MAX_FIELDS", 1000)
    with pytest.raises(Malformed, match="1000 fields"):
        read(b"\x08\x08" * 2000)
    monkeypatch.setattr(protobuf, "MAX_READS", 10)
    apart = b"".join(nested(bytes(300_000), 15 + i, 1) for i in range(20))
    with pytest.raises(Malformed, match="too much"):
        read(apart)


def test_long_names_are_cut() -> None:
    content = model(inputs=[value("x" * 100_000, TensorProto.FLOAT, [1])]).SerializeToString()
    assert len(read(content).inputs[0].name) <= protobuf.MAX_TEXT_BYTES + 1
