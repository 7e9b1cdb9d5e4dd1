"""`mlflow.models.Model`: an MLmodel that can also be logged by a flavor module of MLflow's kind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from headrace.client.log_model import Logging, log
from headrace.packaging import example, mlmodel
from headrace.packaging.draft import Draft
from headrace.packaging.info import ModelInfo, info_of
from headrace.packaging.save import Common, Written


class Model(mlmodel.Model):
    def get_model_info(self) -> ModelInfo:
        return info_of(self, f"models:/{self.model_id}" if self.model_id else str(self.artifact_path))

    def load_input_example(self, path: str | Path) -> Any:
        """Of the model's folder; None where it has none."""
        info = self.saved_input_example_info
        return None if info is None else example.read(Path(path), info)[0]

    def load_input_example_params(self, path: str | Path) -> dict[str, Any] | None:
        info = self.saved_input_example_info
        return None if info is None else example.read(Path(path), info)[1]

    def get_serving_input(self, path: str | Path) -> str | None:
        """The JSON that a scoring server takes for the example."""
        info = self.saved_input_example_info
        name = (info or {}).get("serving_input_path")
        return (Path(path) / str(name)).read_text(encoding="utf-8") if name else None

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
