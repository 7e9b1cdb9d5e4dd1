"""SageMaker, by the files that `aws sagemaker … --cli-input-json` takes. Nothing is sent from here.

Fields: API reference of CreateModel, CreateEndpointConfig and CreateEndpoint. The container is an image of
`headrace models build-docker`: with the model in it, or a general one that finds the model's archive at /opt/ml/model.
"""

from __future__ import annotations

import re
import tarfile
from pathlib import Path
from typing import Any

from headrace.deployments.config import described
from headrace.deployments.fetched import Fetched, slug
from headrace.deployments.folders import FOLDER_TEXT, FolderClient, FolderConfig, write_json
from headrace.deployments.local import run_local
from headrace.errors import InvalidValue, MissingValue
from headrace.packaging import manifest
from headrace.serving.image import contents

__all__ = ["SageMakerDeploymentClient", "run_local", "target_help"]

_ARN = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/.+")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_VARIANT = "AllTraffic"


class SageMakerConfig(FolderConfig, frozen=True, kw_only=True):
    execution_role_arn: str | None = None
    image_url: str | None = None
    bucket_name: str | None = None
    region_name: str | None = None
    instance_type: str = "ml.m5.xlarge"
    instance_count: int = 1
    serverless_memory_mb: int | None = None
    serverless_concurrency: int = 5
    allow_pickle: bool | None = None


_TEXTS = {
    **FOLDER_TEXT,
    "execution_role_arn": "role that SageMaker takes on; needed, here or in the target's URI",
    "image_url": "image in ECR, pushed from `headrace models build-docker`; needed",
    "bucket_name": "S3 bucket for the model's archive; without it, the image has the model in it",
    "region_name": "of the endpoint, for the commands in README.md",
    "instance_type": "of the machines",
    "instance_count": "how many",
    "serverless_memory_mb": "an endpoint without machines, with so much memory: 1024, 2048 … 6144",
    "serverless_concurrency": "requests that it answers at a time",
    "allow_pickle": "let a model run the code that it brings, trusted here or not",
}


class SageMakerDeploymentClient(FolderClient):
    """target_uri: sagemaker[:/REGION[/ROLE_ARN]]."""

    target = "sagemaker"
    config = SageMakerConfig

    def __init__(self, target_uri: str) -> None:
        super().__init__(target_uri)
        self.region, _, self.role = target_uri.partition(":/")[2].strip("/").partition("/")

    def write(self, name: str, model: Fetched, config: SageMakerConfig, folder: Path) -> str:
        own = slug(name)
        container: dict[str, Any] = {"Image": _needed("image_url", config.image_url)}
        if config.bucket_name is not None:
            if not _BUCKET.fullmatch(config.bucket_name):
                raise InvalidValue("bucket_name", config.bucket_name, "the name of an S3 bucket.")
            held = contents.of_model(model.path, model.origin, allow_pickle=config.allow_pickle)
            _archive(model.path, folder / "model.tar.gz")
            container["ModelDataUrl"] = f"s3://{config.bucket_name}/{own}/model.tar.gz"
            container["Environment"] = {"HEADRACE_ALLOW_PICKLE": "1"} if held.runs_code else {}
        role = config.execution_role_arn or self.role or None
        if not _ARN.fullmatch(_needed("execution_role_arn", role)):
            raise InvalidValue("execution_role_arn", role, "such as arn:aws:iam::123456789012:role/sagemaker.")
        tags = [{"Key": "headrace-model", "Value": f"{model.name}/{model.version}"}] if model.name else []
        write_json(
            folder / "create-model.json",
            {"ModelName": own, "PrimaryContainer": container, "ExecutionRoleArn": role, "Tags": tags},
        )
        write_json(
            folder / "create-endpoint-config.json",
            {"EndpointConfigName": own, "ProductionVariants": [_variant(own, config)], "Tags": tags},
        )
        write_json(folder / "create-endpoint.json", {"EndpointName": own, "EndpointConfigName": own, "Tags": tags})
        return _readme(own, container.get("ModelDataUrl"), config.region_name or self.region)


def target_help() -> str:
    return (
        "sagemaker[:/REGION[/ROLE_ARN]]: the files that `aws sagemaker create-…` takes, and the commands in a README.\n"
        "Nothing is sent from here. run-local serves the model on this machine, with -C of the target local.\n\n"
        f"{described(SageMakerConfig, _TEXTS)}"
    )


def _variant(name: str, config: SageMakerConfig) -> dict[str, Any]:
    variant: dict[str, Any] = {"VariantName": _VARIANT, "ModelName": name}
    if config.serverless_memory_mb is None:
        return {
            **variant,
            "InstanceType": config.instance_type,
            "InitialInstanceCount": config.instance_count,
            "InitialVariantWeight": 1.0,
        }
    if config.serverless_memory_mb not in range(1024, 6145, 1024):
        raise InvalidValue("serverless_memory_mb", config.serverless_memory_mb, "1024, 2048, 3072, 4096, 5120 or 6144.")
    return {
        **variant,
        "ServerlessConfig": {
            "MemorySizeInMB": config.serverless_memory_mb,
            "MaxConcurrency": config.serverless_concurrency,
        },
    }


def _archive(folder: Path, target: Path) -> None:
    """Its files at the top, readable by every user, as SageMaker unpacks it."""

    def plain(info: tarfile.TarInfo) -> tarfile.TarInfo:
        info.uid = info.gid = 0
        info.uname = info.gname = ""
        info.mode = 0o755 if info.isdir() else 0o644
        return info

    with tarfile.open(target, "w:gz", dereference=True) as archive:
        names = [*manifest.files_of(folder), manifest.FILE_NAME]
        for name in sorted(name for name in names if (folder / name).is_file()):
            archive.add(folder / name, name, filter=plain)


def _needed(key: str, value: str | None) -> str:
    if not value:
        raise MissingValue(f"-C {key}")
    return value


def _readme(name: str, data_url: str | None, region: str | None) -> str:
    where = f" --region {region}" if region else ""
    upload = f"    aws s3 cp model.tar.gz {data_url}\n" if data_url else ""
    return (
        f"# {name} on SageMaker\n\n{upload}"
        f"    aws sagemaker create-model{where} --cli-input-json file://create-model.json\n"
        f"    aws sagemaker create-endpoint-config{where} --cli-input-json file://create-endpoint-config.json\n"
        f"    aws sagemaker create-endpoint{where} --cli-input-json file://create-endpoint.json\n"
        f"    aws sagemaker wait endpoint-in-service{where} --endpoint-name {name}\n\n"
        "It takes what `headrace models serve` takes at /invocations:\n\n"
        f"    aws sagemaker-runtime invoke-endpoint{where} --endpoint-name {name} --content-type application/json \\\n"
        "        --body fileb://request.json answer.json\n"
    )
