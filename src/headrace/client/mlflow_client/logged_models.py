from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from headrace.client.mlflow_client.target import Target
from headrace.client.values import as_key, as_text
from headrace.entities import (
    DatasetFilter,
    LoggedModel,
    LoggedModelParameter,
    LoggedModelStatus,
    LoggedModelTag,
    ModelOrder,
    Page,
)
from headrace.errors import InvalidValue

_FINAL = ("READY", "FAILED")


class LoggedModelCalls(Target):
    def create_logged_model(
        self,
        experiment_id: str,
        name: str | None = None,
        source_run_id: str | None = None,
        tags: Mapping[str, Any] | None = None,
        params: Mapping[str, Any] | None = None,
        model_type: str | None = None,
    ) -> LoggedModel:
        """A pending one."""
        return self._store.create_logged_model(
            str(experiment_id),
            name,
            source_run_id,
            [LoggedModelTag(as_key("tag name", key), as_text(value)) for key, value in (tags or {}).items()],
            [LoggedModelParameter(as_key("param name", key), as_text(value)) for key, value in (params or {}).items()],
            model_type,
        )

    def get_logged_model(self, model_id: str) -> LoggedModel:
        return self._store.get_logged_model(model_id)

    def finalize_logged_model(self, model_id: str, status: str | LoggedModelStatus) -> LoggedModel:
        """status: READY or FAILED."""
        return self._store.finalize_logged_model(model_id, status_of(status))

    def delete_logged_model(self, model_id: str) -> None:
        self._store.delete_logged_model(model_id)

    def log_model_params(self, model_id: str, params: Mapping[str, Any]) -> None:
        entries = [LoggedModelParameter(as_key("param name", key), as_text(value)) for key, value in params.items()]
        self._store.log_logged_model_params(model_id, entries)

    def set_logged_model_tags(self, model_id: str, tags: Mapping[str, Any]) -> None:
        entries = [LoggedModelTag(as_key("tag name", key), as_text(value)) for key, value in tags.items()]
        self._store.set_logged_model_tags(model_id, entries)

    def delete_logged_model_tag(self, model_id: str, key: str) -> None:
        self._store.delete_logged_model_tag(model_id, key)

    def search_logged_models(
        self,
        experiment_ids: Sequence[str],
        filter_string: str | None = None,
        datasets: Sequence[Mapping[str, Any]] | None = None,
        max_results: int | None = None,
        order_by: Sequence[Mapping[str, Any]] | None = None,
        page_token: str | None = None,
    ) -> Page[LoggedModel]:
        """datasets: {"dataset_name", "dataset_digest"?}; order_by: {"field_name", "ascending"?, "dataset_name"?,
        "dataset_digest"?}. One page; its `token` leads to the next."""
        return self._store.search_logged_models(
            [str(one) for one in experiment_ids],
            filter_string or None,
            [dataset_filter(one) for one in datasets or ()],
            100 if max_results is None else max_results,
            [model_order(one) for one in order_by or ()],
            page_token,
        )


def status_of(status: str | LoggedModelStatus) -> LoggedModelStatus:
    name = status.name if isinstance(status, LoggedModelStatus) else status
    if name not in _FINAL:
        raise InvalidValue("status", status, f"allowed are {' and '.join(_FINAL)}.")
    return LoggedModelStatus[name]


def dataset_filter(fields: Mapping[str, Any]) -> DatasetFilter:
    _known("datasets", fields, {"dataset_name", "dataset_digest"}, "dataset_name")
    return DatasetFilter(fields["dataset_name"], fields.get("dataset_digest"))


def model_order(fields: Mapping[str, Any]) -> ModelOrder:
    _known("order_by", fields, {"field_name", "ascending", "dataset_name", "dataset_digest"}, "field_name")
    return ModelOrder(
        fields["field_name"],
        bool(fields.get("ascending", True)),
        fields.get("dataset_name"),
        fields.get("dataset_digest"),
    )


def _known(field: str, given: Mapping[str, Any], allowed: set[str], needed: str) -> None:
    if needed not in given or set(given) - allowed:
        raise InvalidValue(field, given, f"each is a dict with {needed!r}, and of {sorted(allowed)} what is wanted.")
