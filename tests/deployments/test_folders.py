"""Targets that take files. The shapes are those of the services' published schemas."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import Any

import pytest
import yaml

import headrace as mlflow
from headrace.deployments import get_deploy_client
from headrace.errors import AlreadyExists, InvalidValue, MissingValue, NotFound, NotSupported
from headrace.packaging.trust import UntrustedModel
from headrace.serving.image import context

ROLE = "arn:aws:iam::123456789012:role/sagemaker"
IMAGE = "registry.example.org/wine:1"


@pytest.fixture
def model() -> str:
    mlflow.pyfunc.save_model("model", python_model=lambda model_input: model_input, pip_requirements=["numpy"])
    return "model"


def kserve(model: str, name: str = "wine", **config: Any) -> dict[str, Any]:
    made = get_deploy_client("kserve").create_deployment(name, model, config=config)
    read: dict[str, Any] = yaml.safe_load(Path(made["folder"], "inferenceservice.yaml").read_text())
    return read


def test_kserve_gets_our_container(model: str) -> None:
    made = kserve(model, image=IMAGE, max_replicas="3", gpus="1", namespace="shop")
    assert (made["apiVersion"], made["kind"]) == ("serving.kserve.io/v1beta1", "InferenceService")
    assert made["metadata"] == {"name": "wine", "namespace": "shop"}
    predictor = made["spec"]["predictor"]
    assert (predictor["minReplicas"], predictor["maxReplicas"]) == (1, 3)
    [container] = predictor["containers"]
    assert container["name"] == "kserve-container"  # the name that KServe looks for
    assert container["image"] == IMAGE
    assert container["ports"] == [{"containerPort": 8080, "protocol": "TCP"}]
    assert container["resources"]["limits"] == {"memory": "2Gi", "nvidia.com/gpu": "1"}
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in predictor["volumes"]}
    assert "env" not in container


def test_kserve_fetches_a_model_for_a_general_image(model: str) -> None:
    made = kserve(model, image=IMAGE, storage_uri="s3://models/wine")
    env = {each["name"]: each["value"] for each in made["spec"]["predictor"]["containers"][0]["env"]}
    assert env == {
        "STORAGE_URI": "s3://models/wine",
        "HEADRACE_IMAGE_MODEL": "/mnt/models",
        "HEADRACE_ALLOW_PICKLE": "1",
    }


def test_kserve_has_a_runtime_of_its_own(model: str) -> None:
    made = kserve(model, storage_uri="gs://models/wine", service_account="reader")
    predictor = made["spec"]["predictor"]
    assert predictor["model"]["modelFormat"] == {"name": "mlflow"}
    assert predictor["model"]["protocolVersion"] == "v2"
    assert predictor["serviceAccountName"] == "reader"
    assert "containers" not in predictor


@pytest.mark.parametrize(
    ("name", "config", "why"),
    [
        ("Wine", {"image": IMAGE}, "lower-case letters"),
        ("wine", {"image": IMAGE, "cpu": "many"}, "a quantity such as"),
        ("wine", {"image": IMAGE, "max_replicas": "0"}, "no less than min_replicas"),
        ("wine", {"storage_uri": "wine"}, "an address that KServe fetches"),
        ("wine", {}, "-C image or -C storage_uri"),
    ],
)
def test_what_kserve_would_refuse_is_named(model: str, name: str, config: dict[str, Any], why: str) -> None:
    with pytest.raises(InvalidValue, match=why):
        kserve(model, name, **config)
    assert not list(Path().glob("deployments/**/*"))[2:]  # nothing but the target's folder


def test_kserve_applies_where_it_is_told_to(model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """kubectl, as far as it is asked here."""
    kubectl = tmp_path / "bin" / "kubectl"
    kubectl.parent.mkdir()
    status = {"status": {"url": "http://wine.example.org", "conditions": [{"type": "Ready", "status": "True"}]}}
    kubectl.write_text(f"#!/bin/sh\necho \"$@\" >> {tmp_path}/asked\necho '{json.dumps(status)}'\n")
    kubectl.chmod(0o755)
    monkeypatch.setenv("PATH", f"{kubectl.parent}:/usr/bin:/bin")
    client = get_deploy_client("kserve:/shop")
    made = client.create_deployment("wine", model, config={"image": IMAGE, "apply": "true", "context": "lab"})
    assert made["status"] == "applied"
    found = client.get_deployment("wine")
    assert (found["status"], found["url"]) == ("running", "http://wine.example.org")
    client.delete_deployment("wine")
    manifest = "deployments/kserve/wine/inferenceservice.yaml"
    assert (tmp_path / "asked").read_text().splitlines() == [
        f"--context lab apply --filename {manifest}",
        "--context lab get inferenceservice wine --namespace shop --output json",
        f"--context lab delete --ignore-not-found --filename {manifest}",
    ]
    assert not Path(manifest).exists()


def sagemaker(model: str, **config: Any) -> dict[str, dict[str, Any]]:
    given = {"image_url": IMAGE, "execution_role_arn": ROLE, **config}
    made = get_deploy_client("sagemaker").create_deployment("Wine 1", model, config=given)
    return {path.stem: json.loads(path.read_text()) for path in Path(made["folder"]).glob("create-*.json")}


def test_sagemaker_gets_the_requests_of_its_api(model: str) -> None:
    made = sagemaker(model, bucket_name="models")
    assert made["create-model"] == {
        "ModelName": "wine-1",
        "PrimaryContainer": {
            "Image": IMAGE,
            "ModelDataUrl": "s3://models/wine-1/model.tar.gz",
            "Environment": {"HEADRACE_ALLOW_PICKLE": "1"},
        },
        "ExecutionRoleArn": ROLE,
        "Tags": [],
    }
    [variant] = made["create-endpoint-config"]["ProductionVariants"]
    assert (variant["ModelName"], variant["InitialInstanceCount"]) == ("wine-1", 1)
    assert made["create-endpoint"]["EndpointConfigName"] == made["create-endpoint-config"]["EndpointConfigName"]
    with tarfile.open("deployments/sagemaker/Wine 1/model.tar.gz") as archive:
        assert {"MLmodel", "python_model.pkl", "requirements.txt", "model_manifest.json"} <= set(archive.getnames())
        assert {member.mode for member in archive.getmembers()} == {0o644}


def test_sagemaker_without_machines(model: str) -> None:
    made = sagemaker(model, serverless_memory_mb="2048")
    [variant] = made["create-endpoint-config"]["ProductionVariants"]
    assert variant["ServerlessConfig"] == {"MemorySizeInMB": 2048, "MaxConcurrency": 5}
    assert "InstanceType" not in variant
    assert "ModelDataUrl" not in made["create-model"]["PrimaryContainer"]
    with pytest.raises(InvalidValue, match="1024, 2048"):
        sagemaker(model, serverless_memory_mb="1000", directory="other")


def test_sagemakers_role_may_stand_in_the_target(model: str) -> None:
    client = get_deploy_client(f"sagemaker:/eu-central-1/{ROLE}")
    made = client.create_deployment("wine", model, config={"image_url": IMAGE})
    assert ROLE in Path(made["folder"], "create-model.json").read_text()
    assert "--region eu-central-1" in Path(made["folder"], "README.md").read_text()
    with pytest.raises(MissingValue, match="execution_role_arn"):
        get_deploy_client("sagemaker").create_deployment("other", model, config={"image_url": IMAGE})


def test_untrusted_model_is_not_sent_to_a_general_image(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_ALLOW_PICKLE", "0")
    with pytest.raises(UntrustedModel):
        sagemaker(model, bucket_name="models")
    assert sagemaker(model)  # an image with a model was judged when it was made


def test_azure_serves_the_folder_itself(model: str) -> None:
    made = get_deploy_client("azureml").create_deployment("wine", model, config={"instance_count": "2"})
    folder = Path(made["folder"])
    endpoint, deployment = (yaml.safe_load((folder / name).read_text()) for name in ("endpoint.yml", "deployment.yml"))
    assert (endpoint["name"], endpoint["auth_mode"]) == ("wine", "key")
    assert (deployment["endpoint_name"], deployment["instance_count"]) == ("wine", 2)
    assert deployment["model"] == {"name": "wine", "path": "./model", "type": "mlflow_model"}
    assert (folder / "model" / "MLmodel").is_file()


def test_azure_builds_our_image(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context, "_wheel", lambda folder, tell: None)
    made = get_deploy_client("azureml").create_deployment("wine", model, config={"mode": "container"})
    deployment = yaml.safe_load(Path(made["folder"], "deployment.yml").read_text())
    environment = deployment["environment"]
    assert Path(made["folder"], environment["build"]["path"], environment["build"]["dockerfile_path"]).is_file()
    assert environment["inference_config"]["scoring_route"] == {"port": 8080, "path": "/invocations"}
    assert "model" not in deployment
    with pytest.raises(InvalidValue, match="3 to 32"):
        get_deploy_client("azureml").create_deployment("w", model)


def test_folder_of_a_deployment_is_replaced_as_a_whole_and_left_when_that_fails(model: str) -> None:
    client = get_deploy_client("azureml")
    client.create_deployment("wine", model)
    with pytest.raises(AlreadyExists):
        client.create_deployment("wine", model)
    Path("a file").touch()
    with pytest.raises(AlreadyExists):
        client.create_deployment("other", model, config={"directory": "a file"})
    updated = client.update_deployment("wine", config={"instance_type": "Standard_F2s_v2"})
    assert "Standard_F2s_v2" in Path(updated["folder"], "deployment.yml").read_text()
    with pytest.raises(InvalidValue):
        client.update_deployment("wine", config={"deployment_name": "no good"})
    assert client.list_deployments()[0]["config"] == {"instance_type": "Standard_F2s_v2"}
    assert [path.name for path in Path("deployments/azureml").iterdir()] == ["wine"]
    with pytest.raises(NotSupported, match="doesn't speak to it"):
        client.predict("wine", {})
    client.delete_deployment("wine")
    client.delete_deployment("wine")
    with pytest.raises(NotFound):
        client.get_deployment("wine")


def test_folder_that_is_nobodys_deployment_is_not_deleted(model: str) -> None:
    Path("mine").mkdir()
    with pytest.raises(NotFound):
        get_deploy_client("azureml").delete_deployment("wine", config={"directory": "mine"})
    assert Path("mine").is_dir()
