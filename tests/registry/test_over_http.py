"""What the server's registry refuses reaches a client as what it is, and can be tried beforehand from there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

import headrace as mlflow
from headrace.client.artifact_uris import place_of
from headrace.client.open import registry_store, tracking_store
from headrace.client.version_checks import fetch
from headrace.client.version_files import ReachableFiles
from headrace.entities import Gate, MetricCheck, ModelPolicy, ModelVersion, SchemaCheck, TagCheck
from headrace.errors import Forbidden, GateRefused, InvalidValue
from headrace.packaging.schema import ColSpec, Schema
from headrace.registry import signatures
from headrace.registry.gates import check_gates
from headrace.registry.lineage import lineage_of, versions_from
from headrace.registry.policy import check_load
from tests.client.conftest import server_at
from tests.registry.workshop import mlmodel

OLD = Schema([ColSpec("double", "age"), ColSpec("double", "income")])
NARROW = Schema([ColSpec("double", "income")])


@pytest.fixture
def address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    (tmp_path / "server").mkdir()
    with server_at(tmp_path / "server", proxied=True) as address:
        mlflow.set_tracking_uri(address)
        yield address
        mlflow.set_tracking_uri(None)


def registered(schema: Schema, auc: float) -> ModelVersion:
    with mlflow.start_run() as run:
        mlflow.log_metric("auc", auc)
        mlflow.log_text(mlmodel(schema).decode(), "model/MLmodel")
        mlflow.log_text("weights", "model/weights")
    return mlflow.register_model(f"runs:/{run.info.run_id}/model", "m")


def test_refusals_and_dry_runs(address: str) -> None:
    registry = registry_store()
    registered(OLD, 0.8)
    registered(NARROW, 0.7)
    registry.set_registered_model_alias("m", "champion", "1")
    checks = (MetricCheck(metric="auc", better="higher"), SchemaCheck(), TagCheck(key="reviewed", value="yes"))
    registry.set_policy("m", ModelPolicy(gates=(Gate(alias="champion", checks=checks),)))

    with pytest.raises(GateRefused) as refused:
        registry.set_registered_model_alias("m", "champion", "2")
    said = refused.value.message
    results = check_gates(registry, tracking_store(), ReachableFiles(address), "m", "champion", "2")
    assert [result.passed for result in results] == [False, False, False]
    for result in results:
        assert str(result) in said
    assert "column 'age' is gone" in said
    assert registry.get_model_version_by_alias("m", "champion").version == "1"
    with pytest.raises(InvalidValue, match="one gate"):
        registry.set_policy("m", ModelPolicy(gates=(Gate(alias="a", checks=checks),) * 2))


def test_signed_from_afar(address: str, tmp_path: Path) -> None:
    registry = registry_store()
    version = registered(OLD, 0.8)
    key = ec.generate_private_key(ec.SECP256R1())
    (tmp_path / "key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    registry.set_policy("m", ModelPolicy(unsigned="no_load", keys=(public.decode(),)))
    with pytest.raises(Forbidden, match="nobody signed it"):
        check_load(registry, version)

    manifest = registry.get_version_manifest("m", "1")
    assert manifest is not None
    folder = fetch(place_of("models:/m/1", address), tmp_path / "downloaded")  # with what a download adds
    assert (folder / "registered_model_meta").exists()
    registry.add_version_signature("m", "1", signatures.sign(folder, manifest, tmp_path / "key"))

    check_load(registry, version)
    registry.set_registered_model_alias("m", "champion", "1")
    with pytest.raises(InvalidValue, match="doesn't count"):
        other = registered(OLD, 0.9)
        registry.add_version_signature("m", other.version, registry.get_version_signatures("m", "1")[0])


def test_lineage_from_afar(address: str) -> None:
    version = registered(OLD, 0.8)
    found = lineage_of(registry_store(), tracking_store(), "m", "1")
    assert (found.run_id, found.metrics) == (version.run_id, {"auc": 0.8})
    assert version.digest is not None
    back = versions_from(registry_store(), tracking_store(), digest=version.digest)
    assert [each.version for each in back] == ["1"]
