from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import headrace as mlflow
from headrace.deployments.edge.converted import NotConvertible
from headrace.deployments.edge.export import Disagrees, export
from headrace.deployments.edge.onnx_run import Model, differences
from headrace.environments import pip_settings
from headrace.environments.uv import find_uv
from headrace.errors import AlreadyExists, InvalidValue
from tests.support.phi3 import PHI3_ONNX

pytest.importorskip("skl2onnx")

FRAME = pd.DataFrame({"age": [20.0, 31, 42, 53], "height": [1.5, 1.6, 1.7, 1.8], "city": list("abab")})
NUMBERS = FRAME[["age", "height"]]
ARRAY = NUMBERS.to_numpy()
LABELS = ["low", "low", "high", "high"]


def sklearn(estimator: Any, example: Any, **options: Any) -> Callable[[Path], None]:
    def save(path: Path) -> None:
        labels = LABELS if hasattr(estimator, "predict_proba") else [1.0, 2, 3, 4]
        fitted = estimator.fit(example, labels)
        mlflow.sklearn.save_model(fitted, path, input_example=example, **options)

    return save


def pipeline() -> Any:
    chosen = make_column_transformer((StandardScaler(), ["age", "height"]), (OneHotEncoder(), ["city"]))
    return make_pipeline(chosen, LogisticRegression())


def xgboost(path: Path) -> None:
    library = pytest.importorskip("xgboost")
    matrix = library.DMatrix(NUMBERS, np.array([0, 0, 1, 1]))
    booster = library.train({"objective": "binary:logistic", "min_child_weight": 0}, matrix, 3)
    mlflow.xgboost.save_model(booster, path, input_example=NUMBERS)


def lightgbm(path: Path) -> None:
    library = pytest.importorskip("lightgbm")
    model = library.LGBMRegressor(n_estimators=3, min_child_samples=1, verbose=-1).fit(NUMBERS, [1.0, 2, 3, 4])
    mlflow.lightgbm.save_model(model, path, input_example=NUMBERS)


def catboost(path: Path) -> None:
    library = pytest.importorskip("catboost")
    model = library.CatBoostClassifier(iterations=3, verbose=0, allow_writing_files=False)
    mlflow.catboost.save_model(model.fit(NUMBERS, [0, 1, 2, 2]), path, input_example=NUMBERS)


def onnx(path: Path) -> None:
    from skl2onnx import to_onnx

    graph = to_onnx(Ridge().fit(ARRAY, [1.0, 2, 3, 4]), ARRAY.astype("float32"))
    mlflow.onnx.save_model(graph, path, input_example=ARRAY.astype("float32"))


MODELS: dict[str, Callable[[Path], None]] = {
    "a forest on a frame": sklearn(RandomForestClassifier(5), NUMBERS),
    "its probabilities": sklearn(RandomForestClassifier(5), NUMBERS, pyfunc_predict_fn="predict_proba"),
    "a line on an array": sklearn(make_pipeline(StandardScaler(), Ridge()), ARRAY),
    "texts among the columns": sklearn(pipeline(), FRAME),
    "XGBoost": xgboost,
    "LightGBM": lightgbm,
    "CatBoost": catboost,
    "ONNX": onnx,
}


@pytest.mark.parametrize("save", MODELS.values(), ids=MODELS.keys())
def test_graph_answers_as_the_model_does(save: Callable[[Path], None]) -> None:
    save(Path("model"))
    told: list[str] = []
    folder = export("model", "onnx", "device", progress=told.append)
    assert told == ["The input example is answered as by the model itself, within 0.0001."]
    recorded = json.loads((folder / "example.json").read_text())
    assert len(recorded["predictions"]) in (1, len(FRAME))
    assert Model(folder).predict(recorded["request"])["predictions"]
    assert (folder / "requirements.txt").read_text().startswith("numpy==")


def test_program_takes_every_form_of_request() -> None:
    sklearn(RandomForestClassifier(5, random_state=0), NUMBERS)(Path("model"))
    folder = export("model", "onnx", "device")
    rows = [{"height": 1.5, "age": 20}, {"height": 1.8, "age": 53}]
    forms = [
        {"dataframe_split": {"columns": ["height", "age"], "data": [[1.5, 20], [1.8, 53]]}},
        {"dataframe_records": rows},
        {"instances": rows},
        {"inputs": {"height": [1.5, 1.8], "age": [20, 53]}},
        {"inputs": [[20, 1.5], [53, 1.8]]},
    ]
    model = Model(folder)
    assert {str(model.predict(form)) for form in forms} == {"{'predictions': ['low', 'high']}"}


def run(
    folder: Path, *arguments: str, stdin: str = "", python: str = sys.executable
) -> subprocess.CompletedProcess[str]:
    command = [python, "-I", str(folder / "run.py"), *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, text=True)


def test_program_tells_what_is_wrong_with_a_request() -> None:
    sklearn(Ridge(), NUMBERS)(Path("model"))
    folder = export("model", "onnx", "device")
    ended = run(folder, stdin='{"dataframe_records": [{"age": 1}]}')
    assert (ended.returncode, ended.stderr) == (1, "The request is no good: The request lacks height; it has age.\n")
    assert run(folder, stdin='{"rows": 1}').stderr.startswith("The request is no good: A request is an object with")
    assert run(folder, stdin="{").returncode == 1
    assert run(folder, "--check").stdout == "The example is answered as recorded.\n"


@pytest.mark.full
def test_torch_is_traced_for_any_number_of_rows() -> None:
    torch = pytest.importorskip("torch")
    pytest.importorskip("onnxscript")
    net = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU(), torch.nn.Linear(3, 1))
    mlflow.pytorch.save_model(net, "model", input_example=ARRAY.astype("float32")[:1])
    folder = export("model", "onnx", "device", allow_pickle=True)
    assert len(Model(folder).predict({"inputs": ARRAY.tolist()})["predictions"]) == len(ARRAY)


def test_answers_that_differ_leave_no_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    sklearn(Ridge(), NUMBERS)(Path("model"))
    with pytest.raises(Disagrees, match="numbers differ by up to"):
        export("model", "onnx", "device", tolerance=0)
    assert not Path("device").exists()
    assert [path.name for path in Path().iterdir()] == ["model"]


def test_model_without_example_is_not_compared() -> None:
    mlflow.sklearn.save_model(Ridge().fit(ARRAY, [1.0, 2, 3, 4]), "model")
    told: list[str] = []
    folder = export("model", "onnx", "device", progress=told.append)
    assert "could not be compared" in told[0]
    assert run(folder, "--check").returncode == 2


def test_what_can_not_be_converted_says_so() -> None:
    mlflow.pyfunc.save_model("python", python_model=lambda model_input: model_input, pip_requirements=[])
    with pytest.raises(NotConvertible, match="can become ONNX; this one has: python_function"):
        export("python", "onnx", "device", allow_pickle=True)
    with pytest.raises(NotConvertible, match="this one has none"):
        export("python", "bundle", "device")
    sklearn(pipeline(), FRAME.assign(city=pd.Timestamp("2026-01-01")))(Path("dates"))
    with pytest.raises(NotConvertible, match="column 'city' is of type datetime"):
        export("dates", "onnx", "device")
    with pytest.raises(InvalidValue, match="onnx, bundle"):
        export("python", "tflite", "device")
    Path("device").mkdir()
    Path("device", "mine").touch()
    with pytest.raises(AlreadyExists):
        export("python", "bundle", "device")


@pytest.mark.parametrize(
    ("expected", "got", "same"),
    [
        ([1, 2], [1, 2], True),
        ([1, 2], [1, 3], False),
        ([1.0, float("nan")], [1.00001, float("nan")], True),
        ([1.0], [1.1], False),
        ([[1.0]], [1.0], False),
        (["a"], ["b"], False),
        ([{"a": 1.0}], [{"a": 1.0}], True),
        ([{"a": 1.0}], [{"b": 1.0}], False),
    ],
)
def test_answers_are_compared_by_shape_type_and_value(expected: Any, got: Any, same: bool) -> None:
    assert bool(differences(expected, got, 1e-4)) is not same


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    pytest.importorskip("onnxruntime_genai")
    mlflow.onnxruntime_genai.save_model(PHI3_ONNX, "phi3", model_config={"max_tokens": 50})
    return export("phi3", "bundle", tmp_path / "device")


def test_bundle_answers_a_chat_request(bundle: Path) -> None:
    request = {"messages": [{"role": "user", "content": "What is the capital of Spain?"}], "max_tokens": 4}
    answer = json.loads(run(bundle, "--request", "-", stdin=json.dumps(request)).stdout)
    assert answer["choices"][0]["message"]["content"] == "The capital of Spain"
    assert answer["choices"][0]["finish_reason"] == "length"
    assert answer["usage"]["completion_tokens"] == 4
    request = {**request, "max_tokens": None, "stop": ["Madrid"]}
    answer = json.loads(run(bundle, "--request", "-", stdin=json.dumps(request)).stdout)
    assert answer["choices"][0]["message"]["content"] == "The capital of Spain is "


def test_bundle_holds_a_conversation(bundle: Path) -> None:
    said = run(bundle, stdin="What is the capital of Spain?\n\nWhat is the capital of Italy?\n").stdout.splitlines()
    assert said[0] == "The capital of Spain is Madrid."
    assert len(said) == 2


def test_bundle_is_made_of_a_wrapper_that_carries_one(tmp_path: Path) -> None:
    mlflow.pyfunc.save_model(
        "model", python_model=lambda model_input: "", artifacts={"phi3": str(PHI3_ONNX)}, pip_requirements=[]
    )
    folder = export("model", "bundle", tmp_path / "device")
    assert (folder / "model" / "genai_config.json").is_file()


@pytest.mark.full
@pytest.mark.parametrize("to", ["onnx", "bundle"])
def test_folder_runs_where_nothing_else_is(to: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    if to == "onnx":
        sklearn(RandomForestClassifier(5), NUMBERS)(Path("model"))
        folder = export("model", "onnx", tmp_path / "device")
    else:
        folder = request.getfixturevalue("bundle")
    uv, venv = str(find_uv()), tmp_path / "venv"
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, str(venv)], check=True)
    install = [uv, "pip", "install", "--quiet", "--python", str(venv / "bin" / "python")]
    subprocess.run([*install, "-r", str(folder / "requirements.txt")], check=True, env=variables())
    python = str(venv / "bin" / "python")
    assert subprocess.run([python, "-c", "import headrace"], capture_output=True).returncode == 1
    if to == "onnx":
        assert run(folder, "--check", python=python).stdout == "The example is answered as recorded.\n"
    else:
        asked = run(folder, "--ask", "What is the capital of Spain?", python=python)
        assert asked.stdout == "The capital of Spain is Madrid.\n"


def variables() -> dict[str, str]:
    return {**os.environ, **pip_settings.for_uv()}
