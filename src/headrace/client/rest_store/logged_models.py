from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from headrace.client.rest_store.session import Session
from headrace.entities import (
    DatasetFilter,
    LoggedModel,
    LoggedModelParameter,
    LoggedModelStatus,
    LoggedModelTag,
    ModelOrder,
    Page,
)
from headrace.stores.base import LoggedModelStore
from headrace.wire.convert.logged_models import (
    dataset_filter_fields,
    logged_model,
    model_fields,
    model_order_fields,
    status_name,
)
from headrace.wire.messages import logged_models as m
from headrace.wire.table import logged_models as t


class RestLoggedModels(LoggedModelStore):
    _session: Session

    def create_logged_model(
        self,
        experiment_id: str,
        name: str | None = None,
        source_run_id: str | None = None,
        tags: Sequence[LoggedModelTag] = (),
        params: Sequence[LoggedModelParameter] = (),
        model_type: str | None = None,
    ) -> LoggedModel:
        request = m.CreateLoggedModel(
            experiment_id=experiment_id,
            name=name,
            source_run_id=source_run_id,
            tags=model_fields(tags),
            params=model_fields(params),
            model_type=model_type,
        )
        return logged_model(self._session.call(t.CREATE_LOGGED_MODEL, request).model)

    def get_logged_model(self, model_id: str, allow_deleted: bool = False) -> LoggedModel:
        request = m.GetLoggedModel(model_id=model_id, allow_deleted=allow_deleted)
        return logged_model(self._session.call(t.GET_LOGGED_MODEL, request).model)

    def finalize_logged_model(self, model_id: str, status: LoggedModelStatus) -> LoggedModel:
        request = m.FinalizeLoggedModel(model_id=model_id, status=cast("Any", status_name(status)))
        return logged_model(self._session.call(t.FINALIZE_LOGGED_MODEL, request).model)

    def delete_logged_model(self, model_id: str) -> None:
        self._session.call(t.DELETE_LOGGED_MODEL, m.DeleteLoggedModel(model_id=model_id))

    def log_logged_model_params(self, model_id: str, params: Sequence[LoggedModelParameter]) -> None:
        request = m.LogLoggedModelParams(model_id=model_id, params=model_fields(params))
        self._session.call(t.LOG_LOGGED_MODEL_PARAMS, request)

    def set_logged_model_tags(self, model_id: str, tags: Sequence[LoggedModelTag]) -> None:
        request = m.SetLoggedModelTags(model_id=model_id, tags=model_fields(tags))
        self._session.call(t.SET_LOGGED_MODEL_TAGS, request)

    def delete_logged_model_tag(self, model_id: str, key: str) -> None:
        self._session.call(t.DELETE_LOGGED_MODEL_TAG, m.DeleteLoggedModelTag(model_id=model_id, tag_key=key))

    def search_logged_models(
        self,
        experiment_ids: Sequence[str],
        filter_string: str | None = None,
        datasets: Sequence[DatasetFilter] = (),
        max_results: int = 100,
        order_by: Sequence[ModelOrder] = (),
        page_token: str | None = None,
    ) -> Page[LoggedModel]:
        request = m.SearchLoggedModels(
            experiment_ids=list(experiment_ids),
            filter=filter_string,
            datasets=dataset_filter_fields(datasets),
            max_results=max_results,
            order_by=model_order_fields(order_by),
            page_token=page_token,
        )
        answer = self._session.call(t.SEARCH_LOGGED_MODELS, request)
        return Page(map(logged_model, answer.models), answer.next_page_token)
