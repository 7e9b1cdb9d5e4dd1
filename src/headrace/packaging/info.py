"""What a saved or logged model is, in short: what `log_model` and `get_model_info` return."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from headrace.entities import LoggedModel, Metric
from headrace.packaging.mlmodel import Model
from headrace.packaging.signature import ModelSignature


@dataclass(frozen=True, kw_only=True)
class ModelInfo:
    """Times in ms since the epoch. What only a logged model has (name, params, metrics …) is None for others."""

    artifact_path: str | None
    flavors: dict[str, Any]
    model_uri: str
    model_uuid: str
    run_id: str | None
    saved_input_example_info: dict[str, Any] | None
    signature: ModelSignature | None
    utc_time_created: str | None
    mlflow_version: str | None
    metadata: dict[str, Any] | None = None
    prompts: list[str] | None = None
    registered_model_version: str | None = None
    model_id: str | None = None
    name: str | None = None
    model_type: str | None = None
    metrics: list[Metric] | None = None
    params: dict[str, str] | None = None
    tags: dict[str, str] | None = None
    creation_timestamp: int | None = None
    env_vars: list[str] | None = None

    @property
    def signature_dict(self) -> dict[str, Any] | None:
        return self.signature.to_dict() if self.signature else None


def info_of(model: Model, uri: str, logged: LoggedModel | None = None) -> ModelInfo:
    return ModelInfo(
        artifact_path=model.artifact_path,
        flavors=model.flavors,
        model_uri=uri,
        model_uuid=model.model_uuid,
        run_id=model.run_id,
        saved_input_example_info=model.saved_input_example_info,
        signature=model.signature,
        utc_time_created=model.utc_time_created,
        mlflow_version=model.mlflow_version,
        metadata=model.metadata,
        prompts=model.prompts,
        model_id=model.model_id,
        name=logged.name if logged else None,
        model_type=logged.model_type if logged else None,
        metrics=logged.metrics if logged else None,
        params=logged.params if logged else None,
        tags=logged.tags if logged else None,
        creation_timestamp=logged.creation_timestamp if logged else None,
        env_vars=model.env_vars,
    )
