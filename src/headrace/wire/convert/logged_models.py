from __future__ import annotations

from collections.abc import Iterable

from headrace.entities import (
    DatasetFilter,
    LoggedModel,
    LoggedModelParameter,
    LoggedModelStatus,
    LoggedModelTag,
    ModelOrder,
)
from headrace.wire.convert.experiments import mapping, pairs
from headrace.wire.convert.metrics import metric_messages, metrics
from headrace.wire.messages.fields import KeyValue
from headrace.wire.messages.logged_models import (
    DatasetFilterIn,
    LoggedModelDataMessage,
    LoggedModelInfoMessage,
    LoggedModelMessage,
    ModelOrderIn,
)

_UNSPECIFIED = "LOGGED_MODEL_STATUS_UNSPECIFIED"
_STATUS_NAMES = {
    status: _UNSPECIFIED if status is LoggedModelStatus.UNSPECIFIED else status.wire_name
    for status in LoggedModelStatus
}
_STATUSES: dict[object, LoggedModelStatus] = {
    **{name: status for status, name in _STATUS_NAMES.items()},
    **{int(status): status for status in LoggedModelStatus},
}


def status_name(status: LoggedModelStatus) -> str:
    return _STATUS_NAMES[status]


def status(name: str | int | None) -> LoggedModelStatus:
    """UNSPECIFIED for a name that a newer server has and we don't know."""
    return _STATUSES.get(name, LoggedModelStatus.UNSPECIFIED)


def logged_model_message(model: LoggedModel) -> LoggedModelMessage:
    return LoggedModelMessage(
        info=LoggedModelInfoMessage(
            model_id=model.model_id,
            experiment_id=model.experiment_id,
            name=model.name,
            creation_timestamp_ms=model.creation_timestamp,
            last_updated_timestamp_ms=model.last_updated_timestamp,
            artifact_uri=model.artifact_location,
            status=_STATUS_NAMES[model.status],
            model_type=model.model_type,
            source_run_id=model.source_run_id,
            status_message=model.status_message,
            tags=pairs(model.tags),
        ),
        data=LoggedModelDataMessage(params=pairs(model.params), metrics=metric_messages(model.metrics or ())),
    )


def logged_model(message: LoggedModelMessage) -> LoggedModel:
    info, data = message.info, message.data or LoggedModelDataMessage()
    return LoggedModel(
        experiment_id=info.experiment_id or "",
        model_id=info.model_id,
        name=info.name or "",
        artifact_location=info.artifact_uri or "",
        creation_timestamp=info.creation_timestamp_ms or 0,
        last_updated_timestamp=info.last_updated_timestamp_ms or 0,
        model_type=info.model_type or None,
        source_run_id=info.source_run_id or None,
        status=status(info.status),
        status_message=info.status_message or None,
        tags=mapping(info.tags),
        params=mapping(data.params),
        metrics=metrics(data.metrics),
    )


def model_params(items: Iterable[KeyValue]) -> list[LoggedModelParameter]:
    return [LoggedModelParameter(item.key, item.value) for item in items]


def model_tags(items: Iterable[KeyValue]) -> list[LoggedModelTag]:
    return [LoggedModelTag(item.key, item.value) for item in items]


def model_fields(items: Iterable[LoggedModelParameter | LoggedModelTag]) -> list[KeyValue]:
    return [KeyValue(key=item.key, value=item.value) for item in items]


def model_orders(items: Iterable[ModelOrderIn]) -> list[ModelOrder]:
    return [ModelOrder(item.field_name, item.ascending, item.dataset_name, item.dataset_digest) for item in items]


def model_order_fields(items: Iterable[ModelOrder]) -> list[ModelOrderIn]:
    return [
        ModelOrderIn(
            field_name=item.field_name,
            ascending=item.ascending,
            dataset_name=item.dataset_name,
            dataset_digest=item.dataset_digest,
        )
        for item in items
    ]


def dataset_filters(items: Iterable[DatasetFilterIn]) -> list[DatasetFilter]:
    return [DatasetFilter(item.dataset_name, item.dataset_digest) for item in items]


def dataset_filter_fields(items: Iterable[DatasetFilter]) -> list[DatasetFilterIn]:
    return [DatasetFilterIn(dataset_name=item.dataset_name, dataset_digest=item.dataset_digest) for item in items]
