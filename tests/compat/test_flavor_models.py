"""Models of every framework here, saved by ours and loaded by the genuine MLflow, and the other way round."""

import json
import os
import subprocess
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import flavor_models
import mlflow
import numpy as np
import pytest
from servers import BIN, TARGET, Server
from sklearn.linear_model import LinearRegression

pytestmark = pytest.mark.skipif(TARGET != "headrace", reason="our own environment is needed")


def ours(what: str, folder: Path) -> dict[str, Any]:
    """Ours judges the other's folders as a stranger's, so that it is told to trust them."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
    environment = {**kept, "HEADRACE_ALLOW_PICKLE": "1", "OMP_NUM_THREADS": "1"}
    script = [str(BIN / "python"), flavor_models.__file__, what, str(folder)]
    done = subprocess.run(script, env=environment, capture_output=True, text=True, check=False, cwd=folder.parent)
    assert done.returncode == 0, done.stderr
    answers: dict[str, Any] = json.loads(folder.with_suffix(".json").read_text())
    return answers


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.fixture(scope="module")
def written_by_ours(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("ours") / "models"
    folder.mkdir()
    return folder, ours("save", folder)


def assert_close(answers: dict[str, Any], expected: dict[str, Any]) -> None:
    assert set(answers) == set(expected) == set(flavor_models.CASES)
    for name, value in expected.items():
        if isinstance(value, dict):
            assert set(answers[name]) == set(value), name
            pairs = [(answers[name][key], value[key]) for key in value]
        else:
            pairs = [(answers[name], value)]
        for got, wanted in pairs:
            if wanted and isinstance(wanted[0], str | dict):
                assert got == wanted, name
            else:
                np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-6, err_msg=name)


def test_genuine_mlflow_predicts_with_what_ours_saved(written_by_ours: tuple[Path, dict[str, Any]]) -> None:
    folder, expected = written_by_ours
    answers = flavor_models.predict(mlflow, folder)
    assert_close(answers, expected)


def test_genuine_mlflow_reads_our_mlmodel_files_and_requirements(
    written_by_ours: tuple[Path, dict[str, Any]],
) -> None:
    folder, _ = written_by_ours
    for name in flavor_models.CASES:
        info = mlflow.models.get_model_info(str(folder / name))
        assert "python_function" in info.flavors
        assert info.mlflow_version == mlflow.__version__
        requirements = Path(mlflow.pyfunc.get_model_dependencies(str(folder / name))).read_text().splitlines()
        assert requirements == [f"mlflow=={mlflow.__version__}", "numpy"]
        if name not in ("onnx", "pyfunc-code"):
            assert info.signature.inputs is not None, name
            model = mlflow.models.Model.load(str(folder / name))
            assert model.load_input_example(str(folder / name)) is not None, name


def test_ours_predicts_with_what_the_genuine_mlflow_saved(tmp_path: Path) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    expected = flavor_models.save(mlflow, folder)
    assert_close(ours("predict", folder), expected)


LOG = """
import headrace as mlflow, numpy as np
from sklearn.linear_model import LinearRegression
mlflow.set_experiment("models of headrace")
x = np.arange(6.0).reshape(3, 2)
with mlflow.start_run() as run:
    info = mlflow.sklearn.log_model(LinearRegression().fit(x, x.sum(1)), name="sums", input_example=x)
print(run.info.run_id, info.model_id)
"""
LOAD = """
import sys, headrace as mlflow, numpy as np
for uri in sys.argv[1:]:
    answer = mlflow.pyfunc.load_model(uri).predict(np.array([[3.0, 4.0]]))[0]
    print(answer, mlflow.sklearn.load_model(uri).n_features_in_)
"""


@pytest.mark.parametrize("server", ["sqlite"], indirect=True)  # files don't pass through the database
def test_models_logged_to_a_server_by_one_are_loaded_by_the_other(server: Server, fluent: str) -> None:
    def run(script: str, *arguments: str) -> list[str]:
        environment = {**os.environ, "MLFLOW_TRACKING_URI": server.url}
        command = [str(BIN / "python"), "-W", "ignore", "-c", script, *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip().splitlines()

    run_id, model_id = run(LOG)[-1].split()
    for uri in (f"models:/{model_id}", f"runs:/{run_id}/sums"):
        assert mlflow.pyfunc.load_model(uri).predict(np.array([[3.0, 4.0]]))[0] == pytest.approx(7.0)
        assert mlflow.sklearn.load_model(uri).n_features_in_ == 2

    x = np.arange(6.0).reshape(3, 2)
    with mlflow.start_run() as active:
        model = LinearRegression().fit(x, x.sum(1))
        info = mlflow.sklearn.log_model(model, name="sums", input_example=x, pip_requirements=["scikit-learn"])
    for line in run(LOAD, info.model_uri, f"runs:/{active.info.run_id}/sums"):
        answer, features = line.split()
        assert float(answer) == pytest.approx(7.0)
        assert features == "2"
