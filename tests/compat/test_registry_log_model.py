"""From a logged model to a version, and back to its files by every form of address."""

import json
from collections.abc import Callable
from pathlib import Path

import mlflow
import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.pyfunc import PythonModel

Unique = Callable[[str], str]


class Doubled(PythonModel):
    def predict(self, model_input: list[float]) -> list[float]:
        return [2 * value for value in model_input]


def predicted(uri: str) -> list[float]:
    return list(mlflow.pyfunc.load_model(uri).predict([1.0, 2.5]))


@pytest.fixture
def name(unique: Unique) -> str:
    return unique("model")


@pytest.fixture
def logged(fluent: str, name: str) -> "mlflow.models.model.ModelInfo":
    """A model that was registered as it was logged: version 1 of `name`."""
    with mlflow.start_run():
        return mlflow.pyfunc.log_model(
            name="net", python_model=Doubled(), registered_model_name=name, pip_requirements=[]
        )


def test_a_model_is_registered_as_it_is_logged(
    client: MlflowClient, name: str, logged: "mlflow.models.model.ModelInfo"
) -> None:
    assert int(logged.registered_model_version) == 1
    version = client.get_model_version(name, "1")
    assert (version.run_id, version.status, version.current_stage) == (logged.run_id, "READY", "None")
    assert logged.model_id in version.source
    listed = json.loads(client.get_logged_model(logged.model_id).tags["mlflow.modelVersions"])
    assert {(each["name"], int(each["version"])) for each in listed} == {(name, 1)}


@pytest.mark.parametrize("form", ["{name}/1", "{name}@best", "{name}/latest", "{name}/Production", "{name}/production"])
def test_a_version_is_loaded_by_every_form_of_address(
    client: MlflowClient, name: str, logged: "mlflow.models.model.ModelInfo", form: str
) -> None:
    client.set_registered_model_alias(name, "best", "1")
    client.transition_model_version_stage(name, "1", "Production")
    assert predicted(f"models:/{form.format(name=name)}") == [2.0, 5.0]


def test_a_logged_model_is_loaded_and_registered_by_its_id(
    client: MlflowClient, name: str, logged: "mlflow.models.model.ModelInfo"
) -> None:
    assert predicted(f"models:/{logged.model_id}") == [2.0, 5.0]
    made = mlflow.register_model(f"models:/{logged.model_id}", name, tags={"by": "id"})
    assert (int(made.version), made.tags) == (2, {"by": "id"})
    assert predicted(f"models:/{name}/2") == [2.0, 5.0]


def test_a_model_is_registered_by_the_path_in_its_run(
    client: MlflowClient, name: str, logged: "mlflow.models.model.ModelInfo"
) -> None:
    made = mlflow.register_model(f"runs:/{logged.run_id}/net", name)
    assert int(made.version) == 2
    assert client.get_model_version(name, "2").run_id == logged.run_id
    assert predicted(f"models:/{name}/2") == [2.0, 5.0]


def test_a_version_is_made_by_the_client_with_source_and_id(
    client: MlflowClient, name: str, logged: "mlflow.models.model.ModelInfo"
) -> None:
    location = client.get_logged_model(logged.model_id).artifact_location
    client.create_model_version(name, location, logged.run_id, model_id=logged.model_id)
    assert client.get_model_version_download_uri(name, "2") == location
    assert predicted(f"models:/{name}/2") == [2.0, 5.0]


def test_a_folder_of_a_run_is_registered(client: MlflowClient, fluent: str, name: str, tmp_path: Path) -> None:
    mlflow.pyfunc.save_model(str(tmp_path / "net"), python_model=Doubled(), pip_requirements=[])
    with mlflow.start_run() as run:
        mlflow.log_artifacts(str(tmp_path / "net"), "saved")
    mlflow.register_model(f"runs:/{run.info.run_id}/saved", name)
    assert predicted(f"models:/{name}/1") == [2.0, 5.0]
    assert client.get_model_version_download_uri(name, "1") == f"{run.info.artifact_uri}/saved"


def test_a_copied_version_is_loaded(client: MlflowClient, unique: Unique, name: str, logged: object) -> None:
    target = unique("target")
    copied = client.copy_model_version(f"models:/{name}/1", target)
    assert copied.run_id == client.get_model_version(name, "1").run_id
    assert predicted(f"models:/{target}/1") == [2.0, 5.0]


def test_files_of_a_version_are_downloaded(name: str, logged: object, tmp_path: Path) -> None:
    folder = Path(mlflow.artifacts.download_artifacts(f"models:/{name}/1", dst_path=str(tmp_path / "all")))
    assert {"MLmodel", "python_model.pkl", "requirements.txt"} <= {file.name for file in folder.iterdir()}
    text = Path(mlflow.artifacts.download_artifacts(f"models:/{name}/1/MLmodel", dst_path=str(tmp_path / "one")))
    assert "python_function" in text.read_text()


def test_a_version_that_is_not_there_is_not_loaded(client: MlflowClient, name: str, logged: object) -> None:
    for uri in (f"models:/{name}/9", f"models:/{name}@nobody", f"models:/{name}/Staging", f"models:/{name}-x/1"):
        with pytest.raises(MlflowException):
            mlflow.pyfunc.load_model(uri)


def test_a_signature_set_later_is_loaded_with_the_version(
    client: MlflowClient, name: str, logged: "mlflow.models.model.ModelInfo"
) -> None:
    frame = pd.DataFrame({"x": [1.0, 2.5]})
    mlflow.models.set_signature(f"models:/{logged.model_id}", mlflow.models.infer_signature(frame))
    info = mlflow.models.get_model_info(f"models:/{name}/1")
    assert info.signature.inputs.input_names() == ["x"]


def test_searches_of_the_fluent_api(name: str, logged: object) -> None:
    assert [found.name for found in mlflow.search_registered_models(filter_string=f"name = '{name}'")] == [name]
    assert [found.version for found in mlflow.search_model_versions(filter_string=f"name = '{name}'")] in (["1"], [1])
    mlflow.set_model_version_tag(name, "1", "checked", "yes")
    found = mlflow.search_model_versions(filter_string="tags.checked = 'yes'")
    assert name in [each.name for each in found]
