"""Makes the golden folders of one version of MLflow: tiny models as that version saves them, with what they predict.

Run with an interpreter that has that version, from this folder:

    uv venv --python 3.11 /tmp/old && uv pip install --python /tmp/old/bin/python 'mlflow==1.30.1' 'setuptools<81' \
        'numpy<1.24' 'pandas<2' 'scikit-learn<1.3' 'xgboost<2' 'lightgbm<4' 'onnx<1.15' 'protobuf<4' onnxruntime
    /tmp/old/bin/python make.py                  # or: make.py xgboost onnx

For the PyTorch models, torch of today was put on PYTHONPATH.

Each version's folders lie in a folder of its name; expected.json beside a model holds its input and predictions, and
which packages made them. Nothing here is random, but times, ids and paths of the machine differ from run to run.
"""

from __future__ import annotations

import importlib.metadata
import json
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow
import mlflow.pyfunc
import numpy as np
import pandas as pd
from mlflow.models import infer_signature

HERE = Path(__file__).resolve().parent
FRAME = pd.DataFrame({"a": [1.0, 2.0, 3.0, 4.0], "b": [0.5, -0.5, 1.5, 0.0]})
TARGET = (2 * FRAME["a"] + FRAME["b"]).to_numpy()
VERSION = tuple(int(part) for part in mlflow.__version__.split(".")[:2])

MODULE = """from pathlib import Path

import mlflow.pyfunc


class Scale(mlflow.pyfunc.PythonModel):
    def __init__(self, factor):
        self.factor = factor

    def load_context(self, context):
        self.offset = float(Path(context.artifacts["offset"]).read_text())

    def predict(self, context, model_input, params=None):
        return model_input["a"] * self.factor + self.offset
"""

SCRIPT = """import mlflow.models
import mlflow.pyfunc


class Difference(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return model_input["a"] - model_input["b"]


mlflow.models.set_model(Difference())
"""


class Sum(mlflow.pyfunc.PythonModel):
    """Pickled by value, as a class of a notebook is."""

    def predict(self, context, model_input, params=None):
        return model_input["a"] + model_input["b"]


def product(model_input):
    return model_input["a"] * model_input["b"]


def python_model(place: str, work: Path) -> None:
    (work / "offset.txt").write_text("0.25")
    (work / "golden_scale.py").write_text(MODULE)
    sys.path.insert(0, str(work))
    from golden_scale import Scale

    code = {"code_paths" if VERSION >= (2, 13) else "code_path": [str(work / "golden_scale.py")]}
    mlflow.pyfunc.save_model(
        path=place, python_model=Scale(3.0), artifacts={"offset": str(work / "offset.txt")}, **code, **common("mlflow")
    )


def python_model_by_value(place: str, _: Path) -> None:
    mlflow.pyfunc.save_model(path=place, python_model=Sum(), **common("mlflow"))


def function(place: str, _: Path) -> None:
    mlflow.pyfunc.save_model(path=place, python_model=product, **common("mlflow"))


def from_code(place: str, work: Path) -> None:
    (work / "golden_script.py").write_text(SCRIPT)
    mlflow.pyfunc.save_model(path=place, python_model=str(work / "golden_script.py"), **common("mlflow"))


def sklearn(place: str, _: Path) -> None:
    import mlflow.sklearn
    from sklearn.linear_model import LinearRegression

    mlflow.sklearn.save_model(LinearRegression().fit(FRAME, TARGET), place, **common("scikit-learn"))


def xgboost(place: str, _: Path) -> None:
    import mlflow.xgboost
    import xgboost as library

    data = library.DMatrix(FRAME, label=TARGET)
    booster = library.train({"max_depth": 2, "base_score": 0.0, "seed": 0}, data, num_boost_round=2)
    mlflow.xgboost.save_model(booster, place, **common("xgboost"))


def lightgbm(place: str, _: Path) -> None:
    import lightgbm as library
    import mlflow.lightgbm

    data = library.Dataset(FRAME, label=TARGET)
    options = {"min_data_in_leaf": 1, "min_data_in_bin": 1, "verbose": -1, "num_leaves": 3, "seed": 0}
    mlflow.lightgbm.save_model(library.train(options, data, num_boost_round=2), place, **common("lightgbm"))


def onnx(place: str, _: Path) -> None:
    import mlflow.onnx
    from onnx import TensorProto, helper, numpy_helper

    weights = numpy_helper.from_array(np.array([[2.0], [1.0]], dtype=np.float32), "weights")
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "weights"], ["y"])],
        "linear",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 2])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 1])],
        [weights],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    mlflow.onnx.save_model(model, place, **common("onnx", "onnxruntime"))


def pytorch(place: str, _: Path) -> None:
    import mlflow.pytorch
    import torch

    model = torch.nn.Linear(2, 1)
    with torch.no_grad():
        model.weight.copy_(torch.tensor([[2.0, 1.0]]))
        model.bias.zero_()
    mlflow.pytorch.save_model(model, place, **common("torch"))


def common(*packages: str) -> dict[str, Any]:
    return {
        "signature": infer_signature(FRAME, TARGET),
        "input_example": FRAME,
        "pip_requirements": [f"{name}=={importlib.metadata.version(name)}" for name in packages],
    }


def plain(predicted: Any) -> Any:
    if isinstance(predicted, dict):
        return {name: np.asarray(value).ravel().tolist() for name, value in predicted.items()}
    return np.asarray(predicted).ravel().tolist()


def make(kind: Callable[[str, Path], None]) -> None:
    place = HERE / mlflow.__version__ / kind.__name__
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as work:
        kind(str(place / "model"), Path(work))
    predicted = mlflow.pyfunc.load_model(str(place / "model")).predict(FRAME)
    packages = ["mlflow", "cloudpickle", "numpy", "pandas", "scikit-learn", "xgboost", "lightgbm", "onnx", "torch"]
    expected = {
        "input": {"columns": list(FRAME.columns), "data": FRAME.to_numpy().tolist()},
        "predictions": plain(predicted),
        "python": platform.python_version(),
        "packages": {name: version for name in packages if (version := installed(name))},
    }
    (place / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
    print(place.relative_to(HERE), sum(path.stat().st_size for path in place.rglob("*")))


def installed(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


SINCE = {
    python_model: (1, 0),
    python_model_by_value: (1, 0),
    function: (2, 1),
    from_code: (2, 13),
    sklearn: (1, 0),
    xgboost: (1, 0),
    lightgbm: (1, 0),
    onnx: (1, 0),
    pytorch: (1, 0),
}

if __name__ == "__main__":
    sys.dont_write_bytecode = True
    wanted = sys.argv[1:] or [kind.__name__ for kind, since in SINCE.items() if since <= VERSION]
    for kind in SINCE:
        if kind.__name__ in wanted:
            make(kind)
