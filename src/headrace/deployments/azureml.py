"""Azure ML's managed online endpoints, by the files that `az ml online-… create --file` takes; nothing is sent.

Two ways: `mlflow`, where Azure serves the model's folder by its own MLflow server, and `container`, where it builds the
image of `headrace models generate-dockerfile`, so that chat, batching and streams are there, too. Fields: the schemas
managedOnlineEndpoint and managedOnlineDeployment.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal

from headrace.deployments.config import described
from headrace.deployments.fetched import Fetched
from headrace.deployments.folders import FOLDER_TEXT, FolderClient, FolderConfig, copy_model, write_yaml
from headrace.deployments.local import run_local
from headrace.deployments.progress import silent
from headrace.errors import InvalidValue
from headrace.serving.image import contents, context
from headrace.serving.image.dockerfile import PORT

__all__ = ["AzureMLDeploymentClient", "run_local", "target_help"]

_SCHEMAS = "https://azuremlschemas.azureedge.net/latest"
_NAME = re.compile(r"[a-z][a-z0-9-]{1,30}[a-z0-9]")


class AzureConfig(FolderConfig, frozen=True, kw_only=True):
    mode: Literal["mlflow", "container"] = "mlflow"
    deployment_name: str = "headrace"
    auth_mode: Literal["key", "aml_token", "aad_token"] = "key"
    instance_type: str = "Standard_DS3_v2"
    instance_count: int = 1
    timeout_ms: int = 60_000
    concurrency: int = 64
    allow_pickle: bool | None = None


_TEXTS = {
    **FOLDER_TEXT,
    "mode": "mlflow: Azure's own MLflow server; container: Headrace's image, built by Azure",
    "deployment_name": "of the deployment below the endpoint, which has the deployment's own name",
    "auth_mode": "key, aml_token or aad_token",
    "instance_type": "of the machines",
    "instance_count": "how many",
    "timeout_ms": "of a request",
    "concurrency": "requests that a machine gets at a time; batches are made of them",
    "allow_pickle": "container: let a model run the code that it brings, trusted here or not",
}


class AzureMLDeploymentClient(FolderClient):
    target = "azureml"
    config = AzureConfig

    def write(self, name: str, model: Fetched, config: AzureConfig, folder: Path) -> str:
        for field, value in (("name", name), ("deployment_name", config.deployment_name)):
            if not _NAME.fullmatch(value):
                raise InvalidValue(field, value, "3 to 32 lower-case letters, digits and -, a letter first.")
        write_yaml(
            folder / "endpoint.yml",
            {
                "$schema": f"{_SCHEMAS}/managedOnlineEndpoint.schema.json",
                "name": name,
                "auth_mode": config.auth_mode,
                "tags": _tags(model),
            },
        )
        write_yaml(
            folder / "deployment.yml",
            {
                "$schema": f"{_SCHEMAS}/managedOnlineDeployment.schema.json",
                "name": config.deployment_name,
                "endpoint_name": name,
                **self._model(name, model, config, folder),
                "instance_type": config.instance_type,
                "instance_count": config.instance_count,
                "request_settings": {
                    "request_timeout_ms": config.timeout_ms,
                    "max_concurrent_requests_per_instance": config.concurrency,
                },
            },
        )
        return _readme(name, config.deployment_name)

    def _model(self, name: str, model: Fetched, config: AzureConfig, folder: Path) -> dict[str, Any]:
        if config.mode == "mlflow":
            copy_model(model, folder / "model")
            return {"model": {"name": name, "path": "./model", "type": "mlflow_model"}}
        held = contents.of_model(
            model.path, model.origin, name=model.name, version=model.version, allow_pickle=config.allow_pickle
        )
        context.write(held, folder / "image", silent)
        route = {"port": PORT, "path": "/ping"}
        return {
            "environment": {
                "name": f"{name}-image",
                "build": {"path": "./image", "dockerfile_path": "Dockerfile"},
                "inference_config": {
                    "liveness_route": route,
                    "readiness_route": dict(route),
                    "scoring_route": {"port": PORT, "path": "/invocations"},
                },
            }
        }


def target_help() -> str:
    return (
        "azureml: endpoint.yml and deployment.yml for `az ml`, with the model's folder or an image's. Nothing is sent\n"
        "from here. run-local serves the model on this machine, with -C of the target local.\n\n"
        f"{described(AzureConfig, _TEXTS)}"
    )


def _tags(model: Fetched) -> dict[str, str]:
    return {"headrace-model": model.name, "headrace-version": model.version} if model.name else {}


def _readme(name: str, deployment: str) -> str:
    return (
        f"# {name} on Azure ML\n\n"
        "In a workspace that `az configure --defaults group=… workspace=…` names:\n\n"
        "    az ml online-endpoint create --file endpoint.yml\n"
        "    az ml online-deployment create --file deployment.yml --all-traffic\n"
        f"    az ml online-endpoint invoke --name {name} --deployment-name {deployment} --request-file request.json\n"
    )
