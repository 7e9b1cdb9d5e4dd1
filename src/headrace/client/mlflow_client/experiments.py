from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from headrace.client.mlflow_client.target import Target
from headrace.client.values import as_key, as_text
from headrace.entities import Experiment, ExperimentTag, Page, ViewType


class ExperimentCalls(Target):
    def create_experiment(
        self, name: str, artifact_location: str | None = None, tags: Mapping[str, Any] | None = None
    ) -> str:
        """The new id."""
        entries = [ExperimentTag(as_key("tag name", key), as_text(value)) for key, value in (tags or {}).items()]
        return self._store.create_experiment(name, artifact_location, entries)

    def get_experiment(self, experiment_id: str) -> Experiment:
        return self._store.get_experiment(str(experiment_id))

    def get_experiment_by_name(self, name: str) -> Experiment | None:
        return self._store.get_experiment_by_name(name)

    def search_experiments(
        self,
        view_type: int = ViewType.ACTIVE_ONLY,
        max_results: int | None = 1000,
        filter_string: str | None = None,
        order_by: Sequence[str] | None = None,
        page_token: str | None = None,
    ) -> Page[Experiment]:
        """One page; its `token` leads to the next."""
        size = 1000 if max_results is None else max_results
        return self._store.search_experiments(
            ViewType(view_type), size, filter_string, tuple(order_by or ()), page_token
        )

    def rename_experiment(self, experiment_id: str, new_name: str) -> None:
        self._store.rename_experiment(str(experiment_id), new_name)

    def delete_experiment(self, experiment_id: str) -> None:
        self._store.delete_experiment(str(experiment_id))

    def restore_experiment(self, experiment_id: str) -> None:
        self._store.restore_experiment(str(experiment_id))

    def set_experiment_tag(self, experiment_id: str, key: str, value: Any) -> None:
        self._store.set_experiment_tag(str(experiment_id), as_key("tag name", key), as_text(value))

    def delete_experiment_tag(self, experiment_id: str, key: str) -> None:
        self._store.delete_experiment_tag(str(experiment_id), key)
