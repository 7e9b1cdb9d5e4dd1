from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pandas as pd
import pytest
from onnx import TensorProto, helper, numpy_helper

from headrace import pyfunc
from headrace.errors import HeadraceError, InvalidValue
from headrace.onnx import FLAVOR, load_model, save_model
from headrace.packaging import manifest
from headrace.packaging.mlmodel import Model
from headrace.packaging.trust import UntrustedModel
from headrace.testing.flavors import FlavorCase, FlavorSuite

KEYS = frozenset({"onnx_version", "data", "providers", "onnx_session_options"})
WIDTH = 300  # wide enough for weights of 1,200 bytes, which move to a file of their own


def graph(nodes: list[Any], inputs: dict[str, list[Any]], outputs: dict[str, list[Any]], **tensors: Any) -> Any:
    def values(shapes: dict[str, list[Any]]) -> list[Any]:
        return [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()]

    initializers = [numpy_helper.from_array(value.astype("float32"), name) for name, value in tensors.items()]
    made = helper.make_graph(nodes, "graph", values(inputs), values(outputs), initializers)
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def linear() -> Any:
    nodes = [helper.make_node("MatMul", ["x", "w"], ["m"]), helper.make_node("Add", ["m", "b"], ["y"])]
    weights = np.random.default_rng(1).normal(size=(3, WIDTH))
    return graph(nodes, {"x": ["n", 3]}, {"y": ["n", WIDTH]}, w=weights, b=np.ones(WIDTH))


def adding() -> Any:
    nodes = [helper.make_node("Add", ["a", "b"], ["sum"]), helper.make_node("Sub", ["a", "b"], ["difference"])]
    return graph(nodes, {"a": ["n"], "b": ["n"]}, {"sum": ["n"], "difference": ["n"]})


def answer(model: Any, feeds: dict[str, Any]) -> dict[str, Any]:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_outputs()]
    return dict(zip(names, session.run(names, feeds), strict=True))


def array(rows: int = 4) -> Any:
    return np.random.default_rng(2).normal(size=(rows, 3)).astype("float32")


def case(model: Any, data: Any, feeds: dict[str, Any], **more: Any) -> FlavorCase:
    return FlavorCase(
        flavor=FLAVOR,
        model=model,
        data=data,
        expected=answer(model, feeds),
        predict=lambda loaded, _: answer(loaded, feeds),
        **{
            "keys": KEYS,
            "files": frozenset({"model.onnx"}),
            "needs": frozenset({"onnx", "onnxruntime"}),
            **more,
        },
    )


class TestWithWeightsBeside(FlavorSuite):
    @staticmethod
    def make() -> FlavorCase:
        return case(
            linear(), array(), {"x": array()}, files=frozenset({"model.onnx", "model.onnx.data"}), runs_on="onnxruntime"
        )


def test_named_inputs_in_one_file(tmp_path: Path) -> None:
    feeds = {"a": np.float32([1, 2]), "b": np.float32([3, 5])}
    save_model(adding(), tmp_path / "model", save_as_external_data=False, input_example=feeds)
    assert {"sum", "difference"} == set(Model.load(tmp_path / "model").signature.outputs.input_names())
    loaded = pyfunc.load_model(str(tmp_path / "model"))
    assert {name: value.tolist() for name, value in loaded.predict(feeds).items()} == {
        "sum": [4.0, 7.0],
        "difference": [-2.0, -3.0],
    }


def test_each_kind_of_input_is_fed_and_answered_in_its_way(tmp_path: Path) -> None:
    save_model(linear(), tmp_path / "one")
    save_model(adding(), tmp_path / "two")
    one, two = (pyfunc.load_model(str(tmp_path / name)) for name in ("one", "two"))
    expected = answer(linear(), {"x": array()})["y"]
    for given in (array(), array().astype("float64"), {"x": array()}, {"x": array().astype("float64")}):
        np.testing.assert_array_equal(one.predict(given)["y"], expected)
    frame = one.predict(pd.DataFrame(array(), columns=list("abc")))
    assert list(frame.columns) == ["y"]
    np.testing.assert_array_equal(frame["y"].to_numpy(), expected.reshape(-1))
    frame = two.predict(pd.DataFrame({"b": [1.0, 2.0], "a": [5.0, 5.0]}))
    assert frame.to_dict("list") == {"sum": [6.0, 7.0], "difference": [4.0, 3.0]}
    with pytest.raises(InvalidValue, match=r"inputs a, b; give a dict"):
        two.predict(array())
    with pytest.raises(TypeError, match="not a list"):
        one.predict([[1.0, 2.0, 3.0]])


def test_the_feed_and_the_callers_model_are_left_as_they_were(tmp_path: Path) -> None:
    """onnx.save_model empties the tensors that it writes to another file."""
    model, before = linear(), linear().SerializeToString()
    save_model(model, tmp_path / "model")
    assert model.SerializeToString() == before
    feed = {"x": array().astype("float64")}
    pyfunc.load_model(str(tmp_path / "model")).predict(feed)
    assert feed["x"].dtype == np.float64


def test_a_path_is_copied_with_its_weights(tmp_path: Path) -> None:
    source = tmp_path / "exported"
    source.mkdir()
    onnx.save_model(linear(), str(source / "net.onnx"), save_as_external_data=True, location="net.weights")
    save_model(str(source / "net.onnx"), tmp_path / "model", input_example=array())
    assert (tmp_path / "model" / "net.weights").read_bytes() == (source / "net.weights").read_bytes()
    loaded = pyfunc.load_model(str(tmp_path / "model"))
    np.testing.assert_array_equal(loaded.predict(array())["y"], answer(linear(), {"x": array()})["y"])


@pytest.mark.parametrize("where", ["../secret.bin", "/etc/hostname"])
def test_weights_outside_the_model_are_refused(where: str, tmp_path: Path) -> None:
    save_model(linear(), tmp_path / "model")
    (tmp_path / "secret.bin").write_bytes((tmp_path / "model" / "model.onnx.data").read_bytes())
    path = tmp_path / "model" / "model.onnx"
    proto = onnx.load(str(path), load_external_data=False)
    for tensor in proto.graph.initializer:
        for entry in tensor.external_data:
            if entry.key == "location":
                entry.value = where
    path.write_bytes(proto.SerializeToString())
    (tmp_path / "model" / manifest.FILE_NAME).unlink()
    with pytest.raises(HeadraceError, match=r"secret|etc"):
        load_model(str(tmp_path / "model"))
    with pytest.raises(Exception, match=r"(?i)external data"):
        pyfunc.load_model(str(tmp_path / "model"))


def test_session_options_and_providers_are_used(tmp_path: Path) -> None:
    options = {
        "intra_op_num_threads": 1,
        "inter_op_num_threads": 1,
        "execution_mode": "sequential",
        "graph_optimization_level": 0,
        "extra_session_config": {"session.intra_op.allow_spinning": "0"},
    }
    save_model(
        linear(), tmp_path / "model", onnx_session_options=options, onnx_execution_providers=["CPUExecutionProvider"]
    )
    written = Model.load(tmp_path / "model").flavors["onnx"]
    assert (written["onnx_session_options"], written["providers"]) == (options, ["CPUExecutionProvider"])
    session = pyfunc.load_model(str(tmp_path / "model")).get_raw_model()
    used = session.get_session_options()
    assert (used.intra_op_num_threads, used.inter_op_num_threads) == (1, 1)
    assert used.get_session_config_entry("session.intra_op.allow_spinning") == "0"
    assert session.get_providers() == ["CPUExecutionProvider"]


def test_a_provider_that_isnt_there_is_told_and_passed_over(tmp_path: Path) -> None:
    save_model(linear(), tmp_path / "model", onnx_execution_providers=["MIGraphXExecutionProvider"])
    with pytest.warns(UserWarning, match="asks for MIGraphXExecutionProvider"):
        loaded = pyfunc.load_model(str(tmp_path / "model"))
    assert loaded.get_raw_model().get_providers() == ["CPUExecutionProvider"]


@pytest.mark.parametrize(
    "options",
    [{"threads": 1}, {"intra_op_num_threads": "2"}, {"execution_mode": "QUICK"}, {"extra_session_config": "x"}],
)
def test_wrong_session_options_are_refused(options: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match="onnx_session_options"):
        save_model(linear(), tmp_path / "model", onnx_session_options=options)


def test_a_strangers_options_of_providers_need_trust(tmp_path: Path) -> None:
    """They can name a library that is loaded."""
    provider = ["QNNExecutionProvider", {"backend_path": "/tmp/evil.so"}]
    save_model(linear(), tmp_path / "model", onnx_execution_providers=[provider])
    (tmp_path / "model" / manifest.FILE_NAME).unlink()
    with (tmp_path / "model" / "MLmodel").open("a") as file:
        file.write("made_by: a stranger\n")
    with pytest.raises(UntrustedModel, match="options of providers"):
        pyfunc.load_model(str(tmp_path / "model"))
    load_model(str(tmp_path / "model"))
