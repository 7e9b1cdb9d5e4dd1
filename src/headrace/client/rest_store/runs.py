from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from headrace import clock
from headrace.client.rest_store.projected import projected
from headrace.client.rest_store.session import Session
from headrace.client.rest_store.views import view_name
from headrace.entities import (
    DatasetInput,
    DatasetSummary,
    LoggedModelInput,
    LoggedModelOutput,
    Metric,
    Page,
    Param,
    Projection,
    Run,
    RunInfo,
    RunTag,
    ViewType,
)
from headrace.entities.limits import MAX_SEARCH_RESULTS
from headrace.stores import checks
from headrace.stores.base import RunStore
from headrace.wire.convert.experiments import dataset_summary
from headrace.wire.convert.inputs import inputs_request, outputs_request
from headrace.wire.convert.metrics import metric_request
from headrace.wire.convert.runs import batch_request, run, run_info, run_tag_fields
from headrace.wire.messages import runs as m
from headrace.wire.messages.experiments import SearchDatasets
from headrace.wire.table import runs as t
from headrace.wire.table.experiments import SEARCH_DATASETS


class RestRuns(RunStore):
    _session: Session

    def create_run(
        self,
        experiment_id: str,
        user_id: str = "",
        start_time: int = 0,
        tags: Sequence[RunTag] = (),
        run_name: str | None = None,
        run_id: str | None = None,
    ) -> Run:
        request = m.CreateRun(
            experiment_id=experiment_id,
            user_id=user_id,
            run_name=run_name,
            start_time=start_time,
            tags=run_tag_fields(tags),
            # The transport may send this twice; with an id of ours the second time makes no second run.
            run_id=run_id or (None if self._session.foreign else clock.hex_id()),
        )
        return run(self._session.call(t.CREATE_RUN, request).run)

    def update_run(
        self, run_id: str, status: str | None = None, end_time: int | None = None, run_name: str | None = None
    ) -> RunInfo:
        known = cast("Any", checks.run_status(status))  # servers ignore a status that they don't know
        request = m.UpdateRun(run_id=run_id, status=known, end_time=end_time, run_name=run_name)
        return run_info(self._session.call(t.UPDATE_RUN, request).run_info)

    def delete_run(self, run_id: str) -> None:
        self._session.call(t.DELETE_RUN, m.DeleteRun(run_id=run_id))

    def restore_run(self, run_id: str) -> None:
        self._session.call(t.RESTORE_RUN, m.RestoreRun(run_id=run_id))

    def get_run(self, run_id: str) -> Run:
        return run(self._session.call(t.GET_RUN, m.GetRun(run_id=run_id)).run)

    def search_runs(
        self,
        experiment_ids: Sequence[str],
        filter_string: str | None = None,
        view_type: ViewType = ViewType.ACTIVE_ONLY,
        max_results: int = 1000,
        order_by: Sequence[str] = (),
        page_token: str | None = None,
        projection: Projection | None = None,
    ) -> Page[Run]:
        fields: dict[str, Any] = {
            "experiment_ids": list(experiment_ids),
            "filter": filter_string,
            "run_view_type": view_name(view_type),
            "max_results": max_results,
            "order_by": list(order_by),
            "page_token": page_token,
        }
        if projection is not None:
            wanted: dict[str, Any] = {
                "metrics": projection.metrics,
                "params": projection.params,
                "tags": projection.tags,
                "inputs": projection.inputs,
            }
            answer = self._session.call_own(t.PROJECT_RUNS, m.ProjectRuns(**fields, **wanted))
            if answer is not None:
                return Page(map(run, answer.runs), answer.next_page_token)
        answer = self._session.call(t.SEARCH_RUNS, m.SearchRuns(**fields))
        found = map(run, answer.runs)
        return Page(
            found if projection is None else (projected(one, projection) for one in found), answer.next_page_token
        )

    def count_runs(
        self,
        experiment_ids: Sequence[str],
        filter_string: str | None = None,
        view_type: ViewType = ViewType.ACTIVE_ONLY,
    ) -> int:
        request = m.CountRuns(
            experiment_ids=list(experiment_ids), filter=filter_string, run_view_type=view_name(view_type)
        )
        answer = self._session.call_own(t.COUNT_RUNS, request)
        if answer is not None:
            return answer.count
        count, token = 0, None
        while True:
            page = self.search_runs(experiment_ids, filter_string, view_type, MAX_SEARCH_RESULTS, page_token=token)
            count, token = count + len(page), page.token
            if token is None:
                return count

    def log_batch(
        self,
        run_id: str,
        metrics: Sequence[Metric] = (),
        params: Sequence[Param] = (),
        tags: Sequence[RunTag] = (),
    ) -> None:
        self._session.call(t.LOG_BATCH, batch_request(run_id, metrics, params, tags))

    def log_metric(self, run_id: str, metric: Metric) -> None:
        self._session.call(t.LOG_METRIC, metric_request(run_id, metric))

    def log_param(self, run_id: str, param: Param) -> None:
        self._session.call(t.LOG_PARAM, m.LogParam(run_id=run_id, key=param.key, value=param.value))

    def set_tag(self, run_id: str, tag: RunTag) -> None:
        self._session.call(t.SET_TAG, m.SetTag(run_id=run_id, key=tag.key, value=tag.value))

    def delete_tag(self, run_id: str, key: str) -> None:
        self._session.call(t.DELETE_TAG, m.DeleteTag(run_id=run_id, key=key))

    def log_inputs(
        self, run_id: str, datasets: Sequence[DatasetInput] = (), models: Sequence[LoggedModelInput] = ()
    ) -> None:
        self._session.call(t.LOG_INPUTS, inputs_request(run_id, datasets, models))

    def log_outputs(self, run_id: str, models: Sequence[LoggedModelOutput]) -> None:
        self._session.call(t.LOG_OUTPUTS, outputs_request(run_id, models))

    def record_model(self, run_id: str, model_json: str) -> None:
        self._session.call(t.RECORD_MODEL, m.RecordModel(run_id=run_id, model_json=model_json))

    def search_datasets(self, experiment_ids: Sequence[str]) -> list[DatasetSummary]:
        answer = self._session.call(SEARCH_DATASETS, SearchDatasets(experiment_ids=list(experiment_ids)))
        return [dataset_summary(one) for one in answer.dataset_summaries]
