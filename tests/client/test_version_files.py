"""A version's files are those that were registered, wherever they are used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

import headrace as mlflow
from headrace.client.artifact_roots import model_root
from headrace.client.resolve import resolve_model
from headrace.client.rest_store import RestStore
from headrace.entities import ModelPolicy
from headrace.errors import Conflict, Corrupt, Forbidden, InvalidState, NotSupported
from headrace.packaging.info import ModelInfo
from headrace.registry import GuardedRegistry

X = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": [0.0, 1.0, 0.0]})
Y = [1.0, 2.0, 3.0]


@pytest.fixture(scope="module")
def fitted() -> LinearRegression:
    return LinearRegression().fit(X, Y)


@pytest.fixture
def registered(registry_place: str, fitted: LinearRegression) -> ModelInfo:
    return mlflow.sklearn.log_model(fitted, name="line", registered_model_name="wine")


def folder_of(info: ModelInfo, tmp_path: Path) -> Path:
    """Where the files really lie, for whoever goes there behind the registry's back."""
    (found,) = [path.parent for path in tmp_path.rglob("MLmodel") if str(info.model_id) in str(path)]
    return found


def flip(path: Path, at: int = 100) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("name", ["model.skops", "MLmodel", "requirements.txt"])
def test_a_flipped_byte_is_refused_with_its_file(registered: ModelInfo, tmp_path: Path, name: str) -> None:
    mlflow.MlflowClient().set_registered_model_alias("wine", "champion", "1")
    flip(folder_of(registered, tmp_path) / name, at=20)
    # A server holds back what isn't what it registered; without one, the client finds it.
    refused = rf"(?i)version 1 of model 'wine'.*{name} has changed|'{name}' isn't what version 1 of model 'wine' was"
    for call in (mlflow.pyfunc.load_model, mlflow.sklearn.load_model, mlflow.artifacts.download_artifacts):
        with pytest.raises(Corrupt, match=refused):
            call("models:/wine/1")
        with pytest.raises(Corrupt, match=refused):
            call("models:/wine@champion")
    with pytest.raises(Corrupt, match=refused):
        mlflow.artifacts.download_artifacts(f"models:/wine/1/{name}")
    with pytest.raises(Corrupt, match=refused):
        mlflow.artifacts.load_text(f"models:/wine/1/{name}")
    if name == "MLmodel":
        with pytest.raises(Corrupt, match=refused):
            mlflow.models.get_model_info("models:/wine/1")
        with pytest.raises(Corrupt, match=refused):
            mlflow.models.set_signature("models:/wine/1", mlflow.models.infer_signature(X, Y))


def test_a_missing_file_and_a_truncated_one_are_named(registered: ModelInfo, tmp_path: Path) -> None:
    folder = folder_of(registered, tmp_path)
    (folder / "requirements.txt").unlink()
    (folder / "model.skops").write_bytes((folder / "model.skops").read_bytes()[:50])
    refused = r"model.skops is truncated: 50 bytes .*requirements.txt is missing|'model.skops' isn't .*it has 50 bytes"
    with pytest.raises(Corrupt, match=refused):
        mlflow.pyfunc.load_model("models:/wine/1")
    (folder / "model.skops").unlink()
    with pytest.raises(Corrupt, match=r"model.skops is missing; requirements.txt is missing"):
        mlflow.pyfunc.load_model("models:/wine/1")


def test_a_file_that_was_added_is_no_part_of_the_version(registered: ModelInfo, tmp_path: Path) -> None:
    folder = folder_of(registered, tmp_path)
    (folder / "evil.py").write_text("print()")
    (folder / "plots" / "deep").mkdir(parents=True)
    (folder / "plots" / "deep" / "roc.html").write_text("<p>")
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "evil.cpython-311.pyc").write_text("")
    downloaded = Path(mlflow.artifacts.download_artifacts("models:/wine/1", dst_path=str(tmp_path / "to")))
    assert {path.name for path in downloaded.iterdir()} & {"evil.py", "plots", "__pycache__"} == set()
    assert (downloaded / "model.skops").exists()
    np.testing.assert_allclose(mlflow.pyfunc.load_model("models:/wine/1").predict(X), Y)
    assert not (resolve_model("models:/wine/1").path / "evil.py").exists()
    flip(folder / "model.skops")
    with pytest.raises(Corrupt, match=r"model\.skops"):
        mlflow.pyfunc.load_model("models:/wine/1")


def test_what_a_client_of_mlflow_leaves_in_a_download_changes_nothing(registered: ModelInfo, tmp_path: Path) -> None:
    (folder_of(registered, tmp_path) / "registered_model_meta").write_text("model_name: wine\n")
    np.testing.assert_allclose(mlflow.pyfunc.load_model("models:/wine/1").predict(X), Y)


def test_signature_of_a_logged_model_is_that_of_its_versions(registered: ModelInfo) -> None:
    client = mlflow.MlflowClient()
    client.copy_model_version("models:/wine/1", "beer")
    before = client.get_model_version("wine", 1).digest
    mlflow.models.set_signature(registered.model_uri, mlflow.models.infer_signature(X, Y), comment="was forgotten")
    for name in ("wine", "beer"):
        assert mlflow.models.get_model_info(f"models:/{name}/1").signature is not None
        np.testing.assert_allclose(mlflow.pyfunc.load_model(f"models:/{name}/1").predict(X), Y)
        event = client.get_model_version_history(name)[0]
        assert (event.kind, event.comment) == ("manifest_amended", "was forgotten")
        after = client.get_model_version(name, 1).digest
        assert after == event.digest != before


def test_one_version_is_amended_by_its_own_address(registered: ModelInfo) -> None:
    mlflow.MlflowClient().set_registered_model_alias("wine", "champion", "1")
    mlflow.models.set_signature("models:/wine@champion", mlflow.models.infer_signature(X, Y))
    mlflow.models.update_model_requirements("models:/wine/1", "add", ["rich==15.0.0"])
    model = mlflow.pyfunc.load_model("models:/wine/1")
    assert model.metadata.signature is not None
    assert "rich==15.0.0" in mlflow.artifacts.load_text("models:/wine/1/requirements.txt")
    kinds = [event.kind for event in mlflow.MlflowClient().get_model_version_history("wine", version=1)]
    assert kinds[:2] == ["manifest_amended", "manifest_amended"]


def test_a_version_that_shares_its_files_isnt_changed_by_anothers_address(registered: ModelInfo) -> None:
    mlflow.MlflowClient().copy_model_version("models:/wine/1", "beer")
    with pytest.raises(InvalidState, match=rf"shares its files with models:/beer/1.*models:/{registered.model_id}"):
        mlflow.models.set_signature("models:/wine/1", mlflow.models.infer_signature(X, Y))
    assert mlflow.models.get_model_info("models:/wine/1").signature is None


def test_edit_that_cant_be_journalled_is_taken_back(
    fitted: LinearRegression, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = mlflow.sklearn.log_model(fitted, name="line", registered_model_name="wine")
    mlflow.MlflowClient().copy_model_version("models:/wine/1", "beer")
    real = GuardedRegistry.amend_version_manifest

    def only_wine(self: GuardedRegistry, name: str, *given: Any, **more: Any) -> Any:
        if name == "beer":
            raise Conflict("somebody else was first")
        return real(self, name, *given, **more)

    monkeypatch.setattr(GuardedRegistry, "amend_version_manifest", only_wine)
    with pytest.raises(Conflict):
        mlflow.models.set_signature(info.model_uri, mlflow.models.infer_signature(X, Y))
    for uri in (info.model_uri, "models:/wine/1", "models:/beer/1"):
        assert mlflow.pyfunc.load_model(uri).metadata.signature is None
    assert "taken back" in mlflow.MlflowClient().get_model_version_history("wine")[0].comment


def test_a_registered_folder_of_ones_own_is_amended_by_its_path(fitted: LinearRegression) -> None:
    mlflow.sklearn.save_model(fitted, "saved")
    mlflow.register_model("saved", "wine")
    mlflow.models.set_signature("saved", mlflow.models.infer_signature(X, Y))
    assert mlflow.pyfunc.load_model("models:/wine/1").metadata.signature is not None


def test_amending_a_saved_folder_makes_no_store(fitted: LinearRegression) -> None:
    mlflow.sklearn.save_model(fitted, "saved")
    mlflow.models.set_signature("saved", mlflow.models.infer_signature(X, Y))
    assert not Path(".headrace").exists()


def test_policy_keeps_unsigned_versions_from_loading(registered: ModelInfo) -> None:
    pytest.importorskip("model_signing")
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    pem = key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
    client = mlflow.MlflowClient()
    client.set_model_policy("wine", ModelPolicy(unsigned="no_load", keys=(pem,)))
    assert client.get_model_policy("wine").unsigned == "no_load"
    with pytest.raises(Forbidden, match="nobody signed it"):
        mlflow.pyfunc.load_model("models:/wine/1")
    mlflow.artifacts.download_artifacts("models:/wine/1")  # to be looked at
    assert resolve_model("models:/wine/1", loads=False).path.is_dir()
    mlflow.pyfunc.load_model(registered.model_uri)  # the logged model is no version


@pytest.mark.parametrize("registry_place", ["server"], indirect=True)
def test_versions_of_a_registry_without_manifests_load(registered: ModelInfo, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> Any:
        raise NotSupported("not Headrace's")

    for name in ("get_version_manifest", "get_policy", "search_history"):
        monkeypatch.setattr(RestStore, name, refuse)
    np.testing.assert_allclose(mlflow.pyfunc.load_model("models:/wine/1").predict(X), Y)


def test_metadata_put_into_a_logged_model_is_an_edit_of_its_versions(registered: ModelInfo) -> None:
    Path("requirements.txt").write_text("scikit-learn\nrich\n")
    client = mlflow.MlflowClient()
    client.log_model_artifact(str(registered.model_id), "requirements.txt")
    assert mlflow.artifacts.load_text("models:/wine/1/requirements.txt") == "scikit-learn\nrich\n"
    assert client.get_model_version_history("wine")[0].kind == "manifest_amended"
    np.testing.assert_allclose(mlflow.pyfunc.load_model("models:/wine/1").predict(X), Y)


def test_edit_that_stopped_half_way_is_finished_by_putting_the_file_again(registered: ModelInfo) -> None:
    model_root(str(registered.model_id), mlflow.get_tracking_uri()).put_bytes("requirements.txt", b"scikit-learn")
    with pytest.raises(Corrupt, match=r"requirements\.txt"):
        mlflow.pyfunc.load_model("models:/wine/1")
    Path("requirements.txt").write_text("scikit-learn")
    mlflow.MlflowClient().log_model_artifact(str(registered.model_id), "requirements.txt")
    np.testing.assert_allclose(mlflow.pyfunc.load_model("models:/wine/1").predict(X), Y)
