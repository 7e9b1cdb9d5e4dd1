"""The fluent calls for logged models (MLflow 3's entity), and the one that is active in this thread."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any

from headrace.client import frames
from headrace.client.active_model import exchange, get_active_model_id
from headrace.client.active_run import active_run
from headrace.client.experiments import current_experiment_id
from headrace.client.mlflow_client.logged_models import dataset_filter, model_order, status_of
from headrace.client.open import tracking_store
from headrace.client.tags import MLFLOW_MODEL_IS_EXTERNAL
from headrace.client.values import as_key, as_text
from headrace.entities import LoggedModel, LoggedModelParameter, LoggedModelStatus, LoggedModelTag
from headrace.errors import InvalidValue

_PAGE = 100


class _Thread(threading.local):
    def __init__(self) -> None:
        self.last: str | None = None


_thread = _Thread()


class ActiveModel(LoggedModel, frozen=True):
    """The logged model that set_active_model chose; as context manager it gives way to the one before."""

    previous_id: str | None = None

    def __enter__(self) -> ActiveModel:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        exchange(self.previous_id)


def initialize_logged_model(
    name: str | None = None,
    source_run_id: str | None = None,
    tags: Mapping[str, Any] | None = None,
    params: Mapping[str, Any] | None = None,
    model_type: str | None = None,
    experiment_id: str | None = None,
) -> LoggedModel:
    """A pending one, of the open run unless source_run_id says another."""
    run = active_run()
    if source_run_id is None and run is not None:
        source_run_id = run.info.run_id
    if experiment_id is None:
        experiment_id = run.info.experiment_id if run is not None else current_experiment_id()
    model = tracking_store().create_logged_model(
        experiment_id,
        name,
        source_run_id,
        [LoggedModelTag(as_key("tag name", key), as_text(value)) for key, value in (tags or {}).items()],
        [LoggedModelParameter(as_key("param name", key), as_text(value)) for key, value in (params or {}).items()],
        model_type,
    )
    remember_last(model.model_id)
    return model


def remember_last(model_id: str) -> None:
    """What `last_logged_model` answers in this thread."""
    _thread.last = model_id


def create_external_model(
    name: str | None = None,
    source_run_id: str | None = None,
    tags: Mapping[str, Any] | None = None,
    params: Mapping[str, Any] | None = None,
    model_type: str | None = None,
    experiment_id: str | None = None,
) -> LoggedModel:
    """A model whose files are kept elsewhere: ready at once."""
    tags = {**(tags or {}), MLFLOW_MODEL_IS_EXTERNAL: "true"}
    model = initialize_logged_model(name, source_run_id, tags, params, model_type, experiment_id)
    return finalize_logged_model(model.model_id, LoggedModelStatus.READY)


def finalize_logged_model(model_id: str, status: str | LoggedModelStatus) -> LoggedModel:
    """status: READY or FAILED."""
    return tracking_store().finalize_logged_model(model_id, status_of(status))


def get_logged_model(model_id: str) -> LoggedModel:
    return tracking_store().get_logged_model(model_id)


def last_logged_model() -> LoggedModel | None:
    """The one that this thread made last."""
    return None if _thread.last is None else get_logged_model(_thread.last)


def search_logged_models(
    experiment_ids: Sequence[str] | None = None,
    filter_string: str | None = None,
    datasets: Sequence[Mapping[str, str]] | None = None,
    max_results: int | None = None,
    order_by: Sequence[Mapping[str, Any]] | None = None,
    output_format: str | None = None,
) -> Any:
    """A table, or a list of LoggedModel, as search_runs."""
    frames.check_format(output_format)
    store, found, token = tracking_store(), list[LoggedModel](), None
    ids = [str(one) for one in experiment_ids] if experiment_ids else [current_experiment_id()]
    while max_results is None or len(found) < max_results:
        page = store.search_logged_models(
            ids,
            filter_string or None,
            [dataset_filter(one) for one in datasets or ()],
            _PAGE if max_results is None else min(_PAGE, max_results - len(found)),
            [model_order(one) for one in order_by or ()],
            token,
        )
        found += page
        token = page.token
        if token is None:
            break
    return frames.models_as(output_format, found)


def set_logged_model_tags(model_id: str, tags: Mapping[str, Any]) -> None:
    entries = [LoggedModelTag(as_key("tag name", key), as_text(value)) for key, value in tags.items()]
    tracking_store().set_logged_model_tags(model_id, entries)


def delete_logged_model_tag(model_id: str, key: str) -> None:
    tracking_store().delete_logged_model_tag(model_id, key)


def log_model_params(params: Mapping[str, Any], model_id: str | None = None) -> None:
    """On the active model unless model_id says another."""
    model_id = model_id or get_active_model_id()
    if model_id is None:
        raise InvalidValue("model_id", None, "give a model_id, or choose a model by set_active_model first.")
    entries = [LoggedModelParameter(as_key("param name", key), as_text(value)) for key, value in params.items()]
    tracking_store().log_logged_model_params(model_id, entries)


def set_active_model(*, name: str | None = None, model_id: str | None = None) -> ActiveModel:
    """By id, or the newest of that name in the current experiment, made as an external model if there is none."""
    if (name is None) == (model_id is None):
        raise InvalidValue(message="set_active_model needs exactly one of name and model_id.")
    if model_id is not None:
        model = get_logged_model(model_id)
    else:
        assert name is not None
        found = search_logged_models(filter_string=f"name = {_quoted(name)}", max_results=1, output_format="list")
        model = found[0] if found else create_external_model(name)
    fields = {field: getattr(model, field) for field in LoggedModel.__struct_fields__}
    return ActiveModel(**fields, previous_id=exchange(model.model_id))


def _quoted(text: str) -> str:
    if "'" in text:
        raise InvalidValue("name", text, "a model's name holds no quotes.")
    return f"'{text}'"
