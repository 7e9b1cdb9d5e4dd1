"""The fluent calls for experiments, and the one that new runs go to."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from headrace import settings
from headrace.client.open import tracking_sink, tracking_store
from headrace.client.outbox.unmet import name_of
from headrace.client.uri import get_tracking_uri, shown_uri
from headrace.client.values import as_key, as_text
from headrace.entities import Experiment, ExperimentTag, LifecycleStage, ViewType
from headrace.errors import InvalidState, InvalidValue

DEFAULT_EXPERIMENT_ID = "0"
_PAGE = 1000

_lock = threading.Lock()
_chosen: list[tuple[str, str]] = []  # at most one: id and tracking URI of set_experiment's choice, for all threads


def set_experiment(experiment_name: str | None = None, experiment_id: str | None = None) -> Experiment:
    """The experiment that new runs go to, made if that name is missing; children of this process use it too."""
    if (experiment_name is None) == (experiment_id is None):
        raise InvalidValue(message="set_experiment needs exactly one of experiment_name and experiment_id.")
    if experiment_id is not None:
        experiment = _alive(tracking_store().get_experiment(str(experiment_id)))
    else:
        assert experiment_name is not None
        experiment = _alive(_ensured(experiment_name))
    with _lock:
        _chosen[:] = [(experiment.experiment_id, get_tracking_uri())]
        for name in settings.EXPERIMENT_ID.names:
            os.environ[name] = experiment.experiment_id
    return experiment


def forget_experiment() -> None:
    """Undoes set_experiment."""
    with _lock:
        for chosen, _ in _chosen:
            for name in settings.EXPERIMENT_ID.names:
                if os.environ.get(name) == chosen:
                    del os.environ[name]
        _chosen.clear()


def chosen_experiment_id() -> str | None:
    """What set_experiment chose in this process, unless the tracking URI has changed since: ids belong to a store."""
    for chosen, uri in _chosen.copy():
        if uri == get_tracking_uri():
            return chosen
        forget_experiment()
    return None


def current_experiment_id() -> str:
    """set_experiment's, then EXPERIMENT_NAME (made if missing), then EXPERIMENT_ID (must exist), then "0"."""
    chosen = chosen_experiment_id()
    if chosen is not None:
        return chosen
    name, given = settings.EXPERIMENT_NAME.get(), settings.EXPERIMENT_ID.get()
    if name:
        found = _alive(_ensured(name)).experiment_id
        if given and given != found:
            raise InvalidValue(
                settings.EXPERIMENT_ID.names[0],
                given,
                f"{settings.EXPERIMENT_NAME.names[0]}={name!r} is experiment {found}.",
            )
        return found
    if given and name_of(given) is not None:
        return _ensured(name_of(given) or "").experiment_id
    if given:
        return _alive(tracking_store().get_experiment(given)).experiment_id
    return DEFAULT_EXPERIMENT_ID


def create_experiment(name: str, artifact_location: str | None = None, tags: Mapping[str, Any] | None = None) -> str:
    return tracking_store().create_experiment(
        name,
        artifact_location,
        [ExperimentTag(as_key("tag name", key), as_text(value)) for key, value in (tags or {}).items()],
    )


def get_experiment(experiment_id: str) -> Experiment:
    return tracking_store().get_experiment(str(experiment_id))


def get_experiment_by_name(name: str) -> Experiment | None:
    return tracking_store().get_experiment_by_name(name)


def search_experiments(
    view_type: int = ViewType.ACTIVE_ONLY,
    max_results: int | None = None,
    filter_string: str | None = None,
    order_by: Sequence[str] | None = None,
) -> list[Experiment]:
    """All that match, over as many pages as it takes."""
    store, found, token = tracking_store(), list[Experiment](), None
    while max_results is None or len(found) < max_results:
        size = _PAGE if max_results is None else min(_PAGE, max_results - len(found))
        page = store.search_experiments(ViewType(view_type), size, filter_string, tuple(order_by or ()), token)
        found += page
        token = page.token
        if token is None:
            break
    return found


def delete_experiment(experiment_id: str) -> None:
    tracking_store().delete_experiment(str(experiment_id))


def restore_experiment(experiment_id: str) -> None:
    tracking_store().restore_experiment(str(experiment_id))


def set_experiment_tag(key: str, value: Any) -> None:
    """On the experiment that new runs go to."""
    tracking_store().set_experiment_tag(current_experiment_id(), as_key("tag name", key), as_text(value))


def set_experiment_tags(tags: Mapping[str, Any]) -> None:
    for key, value in tags.items():
        set_experiment_tag(key, value)


def delete_experiment_tag(key: str) -> None:
    tracking_store().delete_experiment_tag(current_experiment_id(), key)


def _ensured(name: str) -> Experiment:
    if not as_key("experiment_name", name).strip():
        raise InvalidValue("experiment_name", name, "a name may not be empty.")
    return tracking_sink().ensure_experiment(name)


def _alive(experiment: Experiment) -> Experiment:
    if experiment.lifecycle_stage != LifecycleStage.ACTIVE:
        raise InvalidState(
            message=f"Experiment {experiment.name!r} at {shown_uri(get_tracking_uri())} is deleted; choose another or "
            f"restore it with restore_experiment({experiment.experiment_id!r})."
        )
    return experiment
