"""Models of real frameworks: what requests get together is what each gets alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import pandas as pd
import pytest
from onnx import TensorProto, helper
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import headrace
from headrace.models import infer_signature
from headrace.serving.hosts.open import open_host
from headrace.serving.hosts.rowwise import agree
from headrace.serving.spec import ModelSpec
from tests.serving.hosts.taking import ask, call

DRAWN = np.random.default_rng(7)
ROWS = pd.DataFrame(DRAWN.normal(size=(40, 4)), columns=["a", "b", "c", "d"])
TARGET = (ROWS["a"] + ROWS["b"] > 0).astype(int)


def forest() -> None:
    model = RandomForestClassifier(n_estimators=5, random_state=1).fit(ROWS, TARGET)
    signature = infer_signature(ROWS, model.predict(ROWS))
    headrace.sklearn.save_model(model, "m", signature=signature, input_example=ROWS[:2])


def pipeline() -> None:
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(ROWS, TARGET)
    headrace.sklearn.save_model(model, "m", signature=infer_signature(ROWS), pyfunc_predict_fn="predict_proba")


def without_signature() -> None:
    headrace.sklearn.save_model(LogisticRegression().fit(ROWS, TARGET), "m")


def xgboost() -> None:
    library = pytest.importorskip("xgboost")
    model = library.XGBClassifier(n_estimators=3, n_jobs=1).fit(ROWS, TARGET)
    headrace.xgboost.save_model(model, "m", signature=infer_signature(ROWS))


def lightgbm() -> None:
    library = pytest.importorskip("lightgbm")
    model = library.LGBMRegressor(n_estimators=3, n_jobs=1, verbose=-1, min_child_samples=2).fit(ROWS, TARGET)
    headrace.lightgbm.save_model(model, "m", signature=infer_signature(ROWS))


def graph(first: str | int) -> Any:
    weights = helper.make_tensor("w", TensorProto.FLOAT, [4, 2], [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8])
    value = helper.make_tensor_value_info
    made = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "graph",
        [value("x", TensorProto.FLOAT, [first, 4])],
        [value("y", TensorProto.FLOAT, [first, 2])],
        [weights],
    )
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def onnx_graph() -> None:
    model = graph("n")
    onnx.checker.check_model(model)
    headrace.onnx.save_model(model, "m", signature=infer_signature(ROWS.to_numpy(dtype=np.float32)))


def onnx_of_one_row() -> None:
    headrace.onnx.save_model(graph(1), "m", signature=infer_signature(ROWS[:1].to_numpy(dtype=np.float32)))


def frames(start: int, end: int) -> dict[str, Any]:
    part = ROWS[start:end]
    return {"dataframe_split": {"columns": list(part.columns), "data": part.to_numpy().tolist()}}


def arrays(start: int, end: int) -> dict[str, Any]:
    return {"inputs": ROWS[start:end].to_numpy().tolist()}


CASES: list[tuple[Callable[[], None], Callable[[int, int], dict[str, Any]]]] = [
    (forest, frames),
    (pipeline, frames),
    (without_signature, frames),
    (without_signature, arrays),
    (xgboost, frames),
    (lightgbm, frames),
    (onnx_graph, arrays),
]
PARTS = [(0, 1), (1, 2), (2, 5), (5, 6), (6, 14)]


@pytest.mark.parametrize(("save", "body"), CASES)
@pytest.mark.filterwarnings("ignore")
def test_together_is_as_alone(save: Callable[[], None], body: Callable[[int, int], dict[str, Any]]) -> None:
    save()
    host = open_host(ModelSpec(path="m", name="m", allow_pickle=True))
    assert host.facts.feeding == "batches"
    calls = [call(body(start, end)) for start, end in PARTS]
    together = ask(host, *calls)
    assert [reply.status for reply in together] == [200] * len(PARTS)
    assert {reply.batch for reply in together} == {len(PARTS)}
    for reply, one, (start, end) in zip(together, calls, PARTS, strict=True):
        [alone] = ask(host, one)
        expected, found = json.loads(alone.body)["predictions"], json.loads(reply.body)["predictions"]
        assert agree(found, expected)
        rows = next(iter(found.values())) if isinstance(found, dict) else found
        assert len(rows) == end - start
    host.close()


@pytest.mark.filterwarnings("ignore")
def test_a_graph_of_one_row_gets_one_request_at_a_time() -> None:
    onnx_of_one_row()
    host = open_host(ModelSpec(path="m", name="m"))
    replies = ask(host, call(arrays(0, 1)), call(arrays(1, 2)), call(arrays(0, 2)))
    assert [reply.status for reply in replies] == [200, 200, 400]
    replies = ask(host, call(arrays(0, 1)), call(arrays(1, 2)))
    assert [(reply.status, reply.batch) for reply in replies] == [(200, 1)] * 2
