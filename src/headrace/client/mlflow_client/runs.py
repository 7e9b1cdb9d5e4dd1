from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from headrace import clock
from headrace.client.mlflow_client.target import Target
from headrace.client.tags import MLFLOW_PARENT_RUN_ID, MLFLOW_USER
from headrace.client.values import as_integer, as_key, as_text
from headrace.entities import Page, Run, RunStatus, RunTag, ViewType


class RunCalls(Target):
    def create_run(
        self,
        experiment_id: str,
        start_time: int | None = None,
        tags: Mapping[str, Any] | None = None,
        run_name: str | None = None,
    ) -> Run:
        """start_time: ms since the epoch, now if None. No tags are added."""
        given = {as_key("tag name", key): as_text(value) for key, value in (tags or {}).items()}
        return self._store.create_run(
            str(experiment_id),
            given.get(MLFLOW_USER, "unknown"),
            clock.now_ms() if start_time is None else as_integer("start_time", start_time),
            [RunTag(key, value) for key, value in given.items()],
            run_name,
        )

    def get_run(self, run_id: str) -> Run:
        return self._store.get_run(run_id)

    def get_parent_run(self, run_id: str) -> Run | None:
        parent = self._store.get_run(run_id).data.tags.get(MLFLOW_PARENT_RUN_ID)
        return None if parent is None else self._store.get_run(parent)

    def search_runs(
        self,
        experiment_ids: Sequence[str],
        filter_string: str = "",
        run_view_type: int = ViewType.ACTIVE_ONLY,
        max_results: int = 1000,
        order_by: Sequence[str] | None = None,
        page_token: str | None = None,
    ) -> Page[Run]:
        """One page; its `token` leads to the next."""
        ids = [experiment_ids] if isinstance(experiment_ids, str | int) else experiment_ids
        return self._store.search_runs(
            [str(one) for one in ids],
            filter_string or None,
            ViewType(run_view_type),
            max_results,
            tuple(order_by or ()),
            page_token,
        )

    def update_run(self, run_id: str, status: str | None = None, name: str | None = None) -> None:
        self._store.update_run(run_id, status, None, name)

    def set_terminated(self, run_id: str, status: str | None = None, end_time: int | None = None) -> None:
        """status FINISHED and end_time now, unless given."""
        at = clock.now_ms() if end_time is None else as_integer("end_time", end_time)
        self._store.update_run(run_id, status or RunStatus.FINISHED.name, at)

    def delete_run(self, run_id: str) -> None:
        self._store.delete_run(run_id)

    def restore_run(self, run_id: str) -> None:
        self._store.restore_run(run_id)
