"""A guarded registry as a server builds it, over SQLite and artifacts on disk, and hands that put models in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from headrace import clock
from headrace.client.recorded import recorded
from headrace.entities import LoggedModel, Metric, ModelVersion, RunTag
from headrace.packaging.mlmodel import Model
from headrace.packaging.schema import Schema
from headrace.packaging.signature import ModelSignature
from headrace.registry import GuardedRegistry
from headrace.server.artifacts import ServedArtifacts
from headrace.stores.sql import SqlStore

FILES: Mapping[str, bytes] = {
    "MLmodel": b"flavors: {}\n",
    "requirements.txt": b"numpy==1.26\n",
    "data/weights.bin": bytes(range(256)) * 40,
}


class Workshop:
    def __init__(self, store: SqlStore, folder: Path) -> None:
        self.store, self.folder = store, folder
        self.files = ServedArtifacts(str(folder))
        self.registry = GuardedRegistry(store, store, self.files)

    def close(self) -> None:
        self.files.close()

    def model(self, name: str = "m") -> None:
        self.registry.create_registered_model(name)

    def run(self, metrics: Mapping[str, float] = {}, tags: Mapping[str, str] = {}) -> str:
        run_id = self.store.create_run("0", tags=[RunTag(key, value) for key, value in tags.items()]).info.run_id
        for key, value in metrics.items():
            self.store.log_metric(run_id, Metric(key, value, clock.now_ms()))
        return run_id

    def put(self, location: str, files: Mapping[str, bytes] = FILES, below: str = "") -> None:
        """As a server takes uploads: with their digests."""
        blobs = recorded(self.files.open(location).blobs, lambda: self.store, location)
        for name, content in files.items():
            blobs.put_bytes(f"{below}/{name}" if below else name, content)

    def place(self, location: str) -> Path:
        """Of an address, on this disk."""
        return self.folder / location.removeprefix("mlflow-artifacts:/")

    def logged(self, run_id: str | None = None, files: Mapping[str, bytes] = FILES, name: str = "model") -> LoggedModel:
        model = self.store.create_logged_model("0", name, source_run_id=run_id)
        self.put(model.artifact_location, files)
        return model

    def version(
        self,
        name: str = "m",
        *,
        files: Mapping[str, bytes] = FILES,
        metrics: Mapping[str, float] = {},
        schema: Schema | None = None,
    ) -> ModelVersion:
        """Of a logged model of a run of its own; the model is made if it is missing."""
        if not any(each.name == name for each in self.store.search_registered_models(f"name = '{name}'")):
            self.model(name)
        if schema is not None:
            files = {**files, "MLmodel": mlmodel(schema)}
        run_id = self.run(metrics)
        model = self.logged(run_id, files)
        return self.registry.create_model_version(name, f"models:/{model.model_id}", model_id=model.model_id)


def mlmodel(schema: Schema) -> bytes:
    return Model(signature=ModelSignature(schema)).to_yaml().encode()
