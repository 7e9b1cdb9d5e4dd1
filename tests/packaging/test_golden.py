"""Folders that older versions of MLflow wrote: described, loaded, and the predictions those versions made."""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest

import headrace as mlflow
from headrace.packaging.describe import describe
from headrace.packaging.inside import inside
from headrace.packaging.risks import Verdict
from headrace.packaging.trust import UntrustedModel

GOLDEN = Path(__file__).resolve().parent / "golden"
FOLDERS = sorted(place.parent for place in GOLDEN.glob("*/*/expected.json"))
CODE_FREE = {"xgboost", "lightgbm", "onnx"}
NEEDED = {"xgboost": "xgboost", "lightgbm": "lightgbm", "onnx": "onnxruntime", "pytorch": "torch", "sklearn": "sklearn"}


def version_and_kind(place: Path) -> str:
    return f"{place.parent.name}-{place.name}"


def version_of(place: Path) -> tuple[int, ...]:
    return tuple(int(part) for part in place.parent.name.split("."))


def expected(place: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((place / "expected.json").read_text())
    return found


def test_there_are_golden_folders_of_mlflow_1_2_and_3() -> None:
    assert {version_of(place)[0] for place in FOLDERS} == {1, 2, 3}
    assert {place.name for place in FOLDERS} >= {
        *NEEDED,
        "python_model",
        "python_model_by_value",
        "function",
        "from_code",
    }


@pytest.mark.parametrize("place", FOLDERS, ids=version_and_kind)
def test_golden_folder_is_described(place: Path) -> None:
    found = describe(place / "model")
    assert found.mlflow_version == place.parent.name
    assert found.verdict is (Verdict.NO_CODE if place.name in CODE_FREE else Verdict.RUNS_CODE)
    assert found.faults == []
    assert found.manifest == "none"
    assert found.signature is not None
    assert [column["name"] for column in found.signature["inputs"]] == ["a", "b"]
    assert found.example is not None
    assert found.example["content"] == expected(place)["input"]
    assert found.python == expected(place)["python"]
    assert found.requirements
    assert all(inside(place / "model", each.path).is_file() for each in found.biggest)


@pytest.mark.parametrize("place", FOLDERS, ids=version_and_kind)
def test_golden_folder_predicts_what_it_did(place: Path) -> None:
    import numpy as np
    import pandas as pd

    if place.name in NEEDED:
        pytest.importorskip(NEEDED[place.name])
    recorded = expected(place)
    if place.name in ("python_model_by_value", "function") and recorded["python"][:4] != sys.version[:4]:
        pytest.skip("bytecode of another Python")
    if any(path.read_bytes()[:4] == b"binf" for path in (place / "model").glob("model.xgb")):
        pytest.skip("a format that XGBoost no longer reads since 3.1")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of other versions of packages, which is the point here
        model = mlflow.pyfunc.load_model(str(place / "model"), allow_pickle=True)
        predicted = model.predict(pd.DataFrame(recorded["input"]["data"], columns=recorded["input"]["columns"]))
    if isinstance(predicted, dict) or isinstance(recorded["predictions"], dict):
        (values,) = dict(predicted).values()
        (wanted,) = recorded["predictions"].values()
    else:
        values, wanted = predicted, recorded["predictions"]
    np.testing.assert_allclose(np.asarray(values, dtype=float).ravel(), wanted, rtol=1e-5)


@pytest.mark.parametrize("place", FOLDERS, ids=version_and_kind)
def test_golden_folder_needs_trust_only_if_it_runs_code(place: Path) -> None:
    if place.name in CODE_FREE:
        return
    with warnings.catch_warnings(), pytest.raises(UntrustedModel):
        warnings.simplefilter("ignore")
        mlflow.pyfunc.load_model(str(place / "model"))
