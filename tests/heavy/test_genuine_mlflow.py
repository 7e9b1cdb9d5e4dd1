from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import headrace.keras
import headrace.spark
import headrace.tensorflow
from headrace import pyfunc
from headrace.models import infer_signature
from tests.heavy.test_keras import rows, sequential
from tests.heavy.test_spark_ml import fitted, frame

pytestmark = pytest.mark.filterwarnings("ignore")
ROOT = Path(__file__).resolve().parents[2]
PACKAGES = next((ROOT / ".venv-mlflow" / "lib").glob("python3*/site-packages"))


def genuine(action: str, flavor: str, folder: Path, data: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """What genuine MLflow predicts with the folder, which it saves first if asked."""
    array = folder.parent / "data.npy"
    np.save(array, data)
    done = subprocess.run(
        [
            sys.executable,
            str(Path(__file__).with_name("genuine.py")),
            str(PACKAGES),
            action,
            flavor,
            str(folder),
            str(array),
        ],
        capture_output=True,
        text=True,
        env={**os.environ, "MLFLOW_TRACKING_URI": f"sqlite:///{folder.parent}/genuine.db"},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    made: np.ndarray[Any, Any] = np.load(f"{array}.out.npy")
    return made


@pytest.mark.parametrize("flavor", ["keras", "tensorflow"])
def test_genuine_mlflow_loads_what_ours_saved(flavor: str, tmp_path: Path) -> None:
    model, data = sequential(), rows()
    door = getattr(headrace, flavor)
    door.save_model(model, tmp_path / "model", signature=infer_signature(data, model.predict(data, verbose=0)))
    np.testing.assert_allclose(
        genuine("load", flavor, tmp_path / "model", data), model.predict(data, verbose=0), rtol=1e-5
    )


@pytest.mark.parametrize("flavor", ["keras", "tensorflow"])
def test_ours_loads_what_genuine_mlflow_saved(flavor: str, tmp_path: Path) -> None:
    data = rows()
    expected = genuine("save", flavor, tmp_path / "model", data)
    np.testing.assert_allclose(pyfunc.load_model(str(tmp_path / "model")).predict(data), expected, rtol=1e-5)


def test_spark_models_load_on_either_side(spark: Any, tmp_path: Path) -> None:
    table = frame(20)[["a", "b"]]
    (tmp_path / "ours").mkdir()
    (tmp_path / "theirs").mkdir()
    headrace.spark.save_model(fitted(), tmp_path / "ours" / "model", signature=infer_signature(table, [0.0]))
    ours = pyfunc.load_model(str(tmp_path / "ours" / "model")).predict(table)
    assert genuine("load", "spark", tmp_path / "ours" / "model", table.to_numpy()).tolist() == ours
    theirs = genuine("save", "spark", tmp_path / "theirs" / "model", table.to_numpy())
    loaded = pyfunc.load_model(str(tmp_path / "theirs" / "model"))
    assert loaded.predict(pd.DataFrame(table)) == theirs.tolist()
