"""A file of a version that changes behind the server's back doesn't reach anybody, the genuine client included."""

from collections.abc import Callable
from pathlib import Path

import mlflow
import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.pyfunc import PythonModel
from rest import Api, error
from servers import TARGET, Server

pytestmark = pytest.mark.skipif(TARGET != "headrace", reason="MLflow's servers keep no digests")

CHANGED = (409, "RESOURCE_CONFLICT")
LARGE_BYTES = 5 << 20  # sent in several chunks


class Weighed(PythonModel):
    def predict(self, model_input: list[float]) -> list[float]:
        return model_input


class Registered:
    """A version of a model with a large file, and its folder on the server's disk."""

    def __init__(self, name: str, model_id: str, folder: Path, address: str) -> None:
        self.name, self.model_id, self.folder, self.address = name, model_id, folder, address

    @property
    def uri(self) -> str:
        return f"models:/{self.name}/1"

    def flip(self, path: str) -> None:
        file = self.folder / path
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes(content)


@pytest.fixture
def version(
    client: MlflowClient, server: Server, fluent: str, unique: Callable[[str], str], tmp_path: Path
) -> Registered:
    name = unique("model")
    weights = tmp_path / "weights.bin"
    weights.write_bytes(bytes(range(256)) * (LARGE_BYTES // 256))
    with mlflow.start_run():
        info = mlflow.pyfunc.log_model(
            name="net",
            python_model=Weighed(),
            artifacts={"weights": str(weights)},
            pip_requirements=[],
            registered_model_name=name,
        )
    address = client.get_logged_model(info.model_id).artifact_location.removeprefix("mlflow-artifacts:/")
    return Registered(name, info.model_id, server.artifacts / address, address)


def test_an_unchanged_version_is_downloaded(version: Registered, tmp_path: Path) -> None:
    folder = Path(mlflow.artifacts.download_artifacts(version.uri, dst_path=str(tmp_path / "there")))
    assert (folder / "artifacts" / "weights.bin").stat().st_size == LARGE_BYTES


@pytest.mark.parametrize("path", ["python_model.pkl", "requirements.txt", "MLmodel"])
@pytest.mark.parametrize("form", ["models:/{name}/1", "models:/{model_id}"])
def test_a_flipped_byte_is_refused_with_the_file(version: Registered, tmp_path: Path, path: str, form: str) -> None:
    version.flip(path)
    uri = form.format(name=version.name, model_id=version.model_id)
    with pytest.raises(Exception, match=path):
        mlflow.artifacts.download_artifacts(uri, dst_path=str(tmp_path / "there"))


def test_a_flipped_byte_in_a_large_file_breaks_its_download_off(version: Registered, tmp_path: Path) -> None:
    version.flip("artifacts/weights.bin")
    with pytest.raises(Exception, match=r"weights\.bin"):
        mlflow.artifacts.download_artifacts(version.uri, dst_path=str(tmp_path / "there"))


def test_a_file_of_another_size_is_refused_at_once(api: Api, version: Registered) -> None:
    with (version.folder / "artifacts" / "weights.bin").open("ab") as file:
        file.write(b"!")
    answer = api.send("GET", f"/api/2.0/mlflow-artifacts/artifacts/{version.address}/artifacts/weights.bin")
    assert error(answer) == CHANGED
    message = answer.json()["message"]
    assert f"artifacts/weights.bin' isn't what version 1 of model '{version.name}'" in message
    assert "/work" not in message


def test_every_way_to_a_file_is_guarded(api: Api, version: Registered) -> None:
    ways = [
        (f"/api/2.0/mlflow-artifacts/artifacts/{version.address}/python_model.pkl", {}),
        ("/model-versions/get-artifact", {"name": version.name, "version": "1", "path": "python_model.pkl"}),
        (
            f"/ajax-api/2.0/mlflow/logged-models/{version.model_id}/artifacts/files",
            {"artifact_file_path": "python_model.pkl"},
        ),
    ]
    for path, query in ways:
        assert api.send("GET", path, params=query).status_code == 200
    version.flip("python_model.pkl")
    for path, query in ways:
        assert error(api.send("GET", path, params=query)) == CHANGED


def test_a_file_of_a_run_that_no_version_holds_is_not_held_against_anything(
    client: MlflowClient, server: Server, run_id: str, tmp_path: Path
) -> None:
    client.log_text(run_id, "as it was", "note.txt")
    place = server.artifacts / client.get_run(run_id).info.artifact_uri.removeprefix("mlflow-artifacts:/")
    (place / "note.txt").write_text("as it is")
    assert Path(client.download_artifacts(run_id, "note.txt", str(tmp_path))).read_text() == "as it is"


def test_weights_overwritten_over_the_api_are_refused(client: MlflowClient, api: Api, version: Registered) -> None:
    at = f"/api/2.0/mlflow-artifacts/artifacts/{version.address}/python_model.pkl"
    assert api.send("PUT", at, data=b"another pickle").status_code == 200
    assert error(api.send("GET", at)) == CHANGED


def test_a_signature_set_later_is_an_edit_that_history_tells(
    client: MlflowClient, api: Api, version: Registered
) -> None:
    before = api.get("model-versions/get", name=version.name, version="1")["model_version"]["digest"]
    mlflow.models.set_signature(
        f"models:/{version.model_id}", mlflow.models.infer_signature(pd.DataFrame({"x": [1.0]}))
    )
    assert mlflow.models.get_model_info(version.uri).signature.inputs.input_names() == ["x"]
    after = api.get("model-versions/get", name=version.name, version="1")["model_version"]["digest"]
    assert after != before
    events = api.get("/api/1.0/headrace/registered-models/history", name=version.name, kinds="manifest_amended")
    (event,) = events["events"]
    assert (event["version"], event["before"], event["after"]) == ("1", before, after)
    assert event["who"] == "unverified:anonymous"
    assert "MLmodel" in event["comment"]


def test_requirements_updated_later_are_an_edit_too(version: Registered, tmp_path: Path) -> None:
    mlflow.pyfunc.save_model(str(tmp_path / "net"), python_model=Weighed(), pip_requirements=["numpy"])
    with mlflow.start_run() as run:
        mlflow.log_artifacts(str(tmp_path / "net"), "saved")
    made = mlflow.register_model(f"runs:/{run.info.run_id}/saved", version.name)
    mlflow.models.update_model_requirements(f"runs:/{run.info.run_id}/saved", "add", ["coolpackage==1.2.3"])
    uri = f"models:/{version.name}/{made.version}"
    folder = Path(mlflow.artifacts.download_artifacts(uri, dst_path=str(tmp_path / "there")))
    assert "coolpackage==1.2.3" in (folder / "requirements.txt").read_text()
