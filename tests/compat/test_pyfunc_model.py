from pathlib import Path

import mlflow
import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.models.model import ModelInfo


class Doubler(mlflow.pyfunc.PythonModel):
    def predict(self, context: object, model_input: pd.DataFrame, params: object = None) -> pd.DataFrame:
        return model_input * 2


@pytest.fixture
def logged(fluent: str) -> tuple[str, ModelInfo]:
    with mlflow.start_run() as run:
        mlflow.log_metric("acc", 0.5, step=0)
        info = mlflow.pyfunc.log_model(
            name="doubler", python_model=Doubler(), pip_requirements=["pandas"], params={"factor": "2"}
        )
    return run.info.run_id, info


def test_logged_model_is_ready_and_tied_to_its_run(fluent: str, logged: tuple[str, ModelInfo]) -> None:
    run_id, info = logged
    model = mlflow.get_logged_model(info.model_id)
    assert (model.name, str(model.status), model.source_run_id) == ("doubler", "READY", run_id)
    assert model.params == {"factor": "2"}
    run = mlflow.get_run(run_id)
    assert [m.model_id for m in run.outputs.model_outputs] == [info.model_id]
    assert [m.key for m in model.metrics] == ["acc"]
    files = {f.path for f in MlflowClient().list_logged_model_artifacts(info.model_id)}
    assert {"MLmodel", "requirements.txt"} <= files


@pytest.mark.parametrize("form", ["models:/{model_id}", "runs:/{run_id}/doubler"])
def test_model_is_loaded_by_uri(logged: tuple[str, ModelInfo], form: str) -> None:
    run_id, info = logged
    loaded = mlflow.pyfunc.load_model(form.format(model_id=info.model_id, run_id=run_id))
    assert loaded.predict(pd.DataFrame({"x": [1, 2]}))["x"].tolist() == [2, 4]


def test_model_files_are_downloaded_by_run_uri(logged: tuple[str, ModelInfo], tmp_path: Path) -> None:
    run_id, _ = logged
    got = mlflow.artifacts.download_artifacts(artifact_uri=f"runs:/{run_id}/doubler/MLmodel", dst_path=str(tmp_path))
    assert "flavors:" in Path(got).read_text()
