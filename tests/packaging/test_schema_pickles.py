"""Signatures inside pickled models, from genuine MLflow to us and back."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from headrace.packaging.pyfunc import pickling

MLFLOW = Path(__file__).resolve().parents[2] / ".venv-mlflow" / "bin" / "python"
MADE = """
import json, numpy, sys
from mlflow.models.signature import ModelSignature
from mlflow.types.schema import *

kinds = [DataType.long, Array(DataType.double), Map(DataType.string), AnyType(), SparkMLVector()]
kinds.append(Object([Property("x", Array(Object([Property("y", DataType.binary, required=False)])))]))
columns = Schema([ColSpec(kind, f"c{number}", required=number % 2 == 0) for number, kind in enumerate(kinds)])
tensors = Schema([TensorSpec(numpy.dtype("float32"), (-1, 3), "t")])
params = ParamSchema([ParamSpec("p", "long", 1), ParamSpec("q", "double", [0.5], (-1,))])
made = ModelSignature(columns, tensors, params)
"""


def genuine(script: str, folder: Path) -> str:
    return subprocess.run([MLFLOW, "-c", script], cwd=folder, capture_output=True, text=True, check=True).stdout


@pytest.mark.full
@pytest.mark.skipif(not MLFLOW.exists(), reason="needs the environment with genuine MLflow")
def test_signatures_survive_pickles_of_either_side(tmp_path: Path) -> None:
    dump = "import cloudpickle\ncloudpickle.dump(made, open('theirs.pkl', 'wb'))\nprint(json.dumps(made.to_dict()))"
    told = genuine(f"{MADE}\n{dump}", tmp_path)
    loaded = pickling.load(tmp_path / "theirs.pkl")
    assert loaded.to_dict() == json.loads(told)
    assert not loaded.from_type_hint
    pickling.dump(loaded, tmp_path / "ours.pkl")
    assert pickling.load(tmp_path / "ours.pkl") == loaded
    equal = "import pickle\nprint(pickle.load(open('ours.pkl', 'rb')) == made)"
    assert genuine(f"{MADE}\n{equal}", tmp_path).strip() == "True"
