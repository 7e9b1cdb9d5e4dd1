"""`mlflow.models.Model`: an MLmodel that can also be logged by a flavor module of MLflow's kind."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

from headrace.blobs.paths import scheme
from headrace.client.log_model import Logging, log
from headrace.client.model_files import read_mlmodel
from headrace.packaging import mlmodel
from headrace.packaging.draft import Draft
from headrace.packaging.info import ModelInfo
from headrace.packaging.save import Common, Written


class Model(mlmodel.Model):
    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Of the file, of the folder that holds one, or of an address such as models:/… and runs:/…."""
        if Path(path).exists() or not scheme(str(path)):
            return super().load(path)
        return cls.from_yaml(read_mlmodel(str(path)), str(path))

    @classmethod
    def log(
        cls,
        artifact_path: str | None = None,
        flavor: Any = None,
        registered_model_name: str | None = None,
        await_registration_for: int | None = 300,
        metadata: dict[str, Any] | None = None,
        run_id: str | None = None,
        name: str | None = None,
        model_type: str | None = None,
        params: dict[str, Any] | None = None,
        tags: dict[str, Any] | None = None,
        step: int = 0,
        model_id: str | None = None,
        **save_arguments: Any,
    ) -> ModelInfo:
        """flavor: a module with `save_model(path=…, mlflow_model=…, **save_arguments)`, as plugins of MLflow have."""

        def write_to(folder: Path, _: Common) -> Written:
            flavor.save_model(path=str(folder), mlflow_model=cls(metadata=metadata), **save_arguments)
            draft = Draft(path=folder, model=cls.load(folder), flavor_name=flavor.__name__.rpartition(".")[2])
            return Written(draft=draft, common=Common())

        given = Logging(
            name=name,
            artifact_path=artifact_path,
            registered_model_name=registered_model_name,
            await_registration_for=await_registration_for,
            run_id=run_id,
            params=params,
            tags=tags,
            model_type=model_type,
            step=step,
            model_id=model_id,
        )
        return log(write_to, Common(), given)
