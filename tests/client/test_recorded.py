from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

import headrace as mlflow
from headrace.blobs.local import LocalBlobs
from headrace.client.mlflow_client import MlflowClient
from headrace.client.open import close_stores, tracking_store
from headrace.client.recorded import Recorded, recorded
from headrace.stores.base import ManifestStore
from headrace.stores.memory import MemoryStore
from headrace.testing.blobs import BlobSuite


class TestRecorded(BlobSuite):
    @pytest.fixture
    def blobs(self, tmp_path: Path) -> Recorded:
        store = MemoryStore(str(tmp_path))
        made = recorded(LocalBlobs(tmp_path / "root"), lambda: store, str(tmp_path / "root"))
        assert isinstance(made, Recorded)
        return made


def manifest_of(artifact_uri: str) -> dict[str, tuple[int, str]]:
    store = tracking_store()
    assert isinstance(store, ManifestStore)
    return {each.path: (each.size_bytes, each.sha256) for each in store.list_manifest(artifact_uri)}


def digest(content: bytes) -> tuple[int, str]:
    return len(content), hashlib.sha256(content).hexdigest()


@pytest.fixture(params=["folder", "database"])
def embedded(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    folder = str(tmp_path / "store")
    mlflow.set_tracking_uri(folder if request.param == "folder" else f"sqlite:///{folder}.db")
    mlflow.create_experiment("here", str(tmp_path / "artifacts"))
    mlflow.set_experiment("here")


@pytest.mark.usefixtures("embedded")
def test_files_written_without_a_server_are_in_the_manifest(tmp_path: Path) -> None:
    (tmp_path / "out/deep").mkdir(parents=True)
    (tmp_path / "out/deep/big.bin").write_bytes(bytes(range(256)) * 20_000)
    (tmp_path / "out/empty").write_bytes(b"")
    with mlflow.start_run() as run:
        mlflow.log_text("héllo", "notes/a.txt")
        mlflow.log_artifacts(str(tmp_path / "out"), "files")
    with (tmp_path / "out/empty").open("rb") as stream:
        MlflowClient().log_stream(run.info.run_id, stream, "streamed")
    assert manifest_of(run.info.artifact_uri) == {
        "notes/a.txt": digest("héllo".encode()),
        "files/deep/big.bin": digest(bytes(range(256)) * 20_000),
        "files/empty": digest(b""),
        "streamed": digest(b""),
    }
    mlflow.log_text("again", "notes/a.txt", run_id=run.info.run_id)
    close_stores()  # what is remembered of the run outlives its store
    mlflow.log_text("later", "notes/b.txt", run_id=run.info.run_id)
    found = manifest_of(run.info.artifact_uri)
    assert (found["notes/a.txt"], found["notes/b.txt"]) == (digest(b"again"), digest(b"later"))


@pytest.mark.usefixtures("embedded")
def test_files_of_a_model_written_without_a_server_are_in_the_manifest() -> None:
    class Doubler(mlflow.pyfunc.PythonModel):
        def predict(self, model_input: list[float]) -> list[float]:
            return [2 * each for each in model_input]

    with mlflow.start_run():
        logged = mlflow.pyfunc.log_model(name="doubler", python_model=Doubler())
    model = MlflowClient().get_logged_model(logged.model_id)
    folder = Path(model.artifact_location)
    on_disk = {str(path.relative_to(folder)): digest(path.read_bytes()) for path in folder.rglob("*") if path.is_file()}
    assert "MLmodel" in on_disk
    assert manifest_of(model.artifact_location) == on_disk


def test_a_file_that_is_deleted_leaves_the_manifest(tmp_path: Path) -> None:
    store = MemoryStore(str(tmp_path))
    blobs = recorded(LocalBlobs(tmp_path / "root"), lambda: store, "mlflow-artifacts:/7/run/artifacts")
    for path in ("a/x", "a/y", "b"):
        blobs.put_bytes(path, b"1")
    blobs.delete("a")
    assert [each.path for each in store.list_manifest("mlflow-artifacts:/")] == ["7/run/artifacts/b"]
