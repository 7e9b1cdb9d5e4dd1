from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from headrace.blobs.base import BlobStore, Stored
from headrace.client.artifact_roots import model_root, run_root
from headrace.client.artifacts import download_of_run, list_of_model, list_of_run
from headrace.client.async_log import RunOperations
from headrace.client.log_files import (
    log_artifact_to,
    log_artifacts_to,
    log_dict_to,
    log_stream_to,
    log_text_to,
    target_at,
)
from headrace.client.mlflow_client.target import Target
from headrace.client.open import flush_files
from headrace.entities import FileInfo


class ArtifactCalls(Target):
    """Files of runs and logged models."""

    def log_artifact(self, run_id: str, local_path: str | Path, artifact_path: str | None = None) -> None:
        log_artifact_to(self._files(run_id), local_path, artifact_path)

    def log_artifacts(self, run_id: str, local_dir: str | Path, artifact_path: str | None = None) -> None:
        log_artifacts_to(self._files(run_id), local_dir, artifact_path)

    def log_text(self, run_id: str, text: str, artifact_file: str) -> None:
        log_text_to(self._files(run_id), text, artifact_file)

    def log_dict(self, run_id: str, dictionary: Any, artifact_file: str) -> None:
        log_dict_to(self._files(run_id), dictionary, artifact_file)

    def log_stream(self, run_id: str, stream: IO[bytes], artifact_file: str) -> None:
        log_stream_to(self._files(run_id), stream, artifact_file)

    def log_figure(
        self, run_id: str, figure: Any, artifact_file: str, *, save_kwargs: Mapping[str, Any] | None = None
    ) -> None:
        from headrace.client.figures import log_figure_to

        log_figure_to(self._files(run_id), figure, artifact_file, save_kwargs)

    def log_image(
        self,
        run_id: str,
        image: Any,
        artifact_file: str | None = None,
        key: str | None = None,
        step: int | None = None,
        timestamp: int | None = None,
        synchronous: bool | None = None,
    ) -> RunOperations | None:
        from headrace.client.images import log_image_to

        target = target_at(run_id, self._tracking_uri)
        return log_image_to(target, image, artifact_file, key, step, timestamp, synchronous)

    def log_table(self, run_id: str, data: Any, artifact_file: str) -> None:
        from headrace.client.tables import log_table_to

        log_table_to(target_at(run_id, self._tracking_uri), data, artifact_file)

    def load_table(
        self,
        experiment_id: str,
        artifact_file: str,
        run_ids: Sequence[str] | None = None,
        extra_columns: Sequence[str] | None = None,
    ) -> Any:
        from headrace.client.tables import load_table_of

        return load_table_of(self._tracking_uri, experiment_id, artifact_file, run_ids, extra_columns)

    def list_artifacts(self, run_id: str, path: str | None = None) -> list[FileInfo]:
        return list_of_run(run_id, path, self._tracking_uri)

    def download_artifacts(self, run_id: str, path: str, dst_path: str | None = None) -> str:
        """The local path of the file or folder, below dst_path or a new temporary folder."""
        return download_of_run(run_id, path, dst_path, self._tracking_uri)

    def log_model_artifact(self, model_id: str, local_path: str | Path, artifact_path: str | None = None) -> None:
        blobs = model_root(model_id, self._tracking_uri)
        self._record(model_id, blobs, log_artifact_to(blobs, local_path, artifact_path))

    def log_model_artifacts(self, model_id: str, local_dir: str | Path, artifact_path: str | None = None) -> None:
        blobs = model_root(model_id, self._tracking_uri)
        self._record(model_id, blobs, log_artifacts_to(blobs, local_dir, artifact_path))

    def list_logged_model_artifacts(self, model_id: str, path: str | None = None) -> list[FileInfo]:
        return list_of_model(model_id, path, self._tracking_uri)

    def _files(self, run_id: str) -> BlobStore:
        """What the fluent calls have logged comes first."""
        flush_files(self._tracking_uri, run_id)
        return run_root(run_id, self._tracking_uri)

    def _record(self, model_id: str, blobs: BlobStore, added: list[Stored]) -> None:
        from headrace.client.model_files import record_added  # loads all of `packaging`

        record_added(blobs, added, model_id, self._tracking_uri)
