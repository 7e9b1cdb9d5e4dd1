"""The fluent calls that start, find and delete runs. Ending one, and which is open: `active_run`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, overload

from headrace import clock, settings
from headrace.client import context, frames
from headrace.client.active_run import ActiveRun, active_run, active_uri, forget_run, push
from headrace.client.experiments import chosen_experiment_id, current_experiment_id, get_experiment_by_name
from headrace.client.experiments import search_experiments as all_experiments
from headrace.client.open import tracking_sink, tracking_store
from headrace.client.outbox.unmet import is_unmet
from headrace.client.system_metrics.sampler import watch_run
from headrace.client.system_metrics.watch import Plan, plan
from headrace.client.tags import MLFLOW_PARENT_RUN_ID, MLFLOW_RUN_NOTE, MLFLOW_USER
from headrace.client.uri import get_tracking_uri, is_tracking_uri_set
from headrace.client.values import as_integer, as_key, as_text
from headrace.entities import LifecycleStage, Run, RunStatus, RunTag, ViewType
from headrace.entities.journal import RunRewound
from headrace.errors import InvalidState, InvalidValue

if TYPE_CHECKING:
    import pandas as pd

_PAGE = 1000


def start_run(
    run_id: str | None = None,
    experiment_id: str | None = None,
    run_name: str | None = None,
    nested: bool = False,
    parent_run_id: str | None = None,
    tags: Mapping[str, Any] | None = None,
    description: str | None = None,
    log_system_metrics: bool | None = None,
    *,
    shared: bool = False,
    resume_from_step: int | None = None,
) -> ActiveRun:
    """Makes a run, or resumes run_id (or the one of MLFLOW_RUN_ID), and keeps it open in this thread.

    shared: other processes write the run too, on purpose; without it, who does so is warned. resume_from_step: of a
    resumed run; points of later steps than that, logged before this call, are hidden from then on but not deleted
    (metrics `system/…` stay). NotSupported with a stock MLflow server.
    """
    open_run = active_run()
    if open_run is not None and not nested:
        raise InvalidState(
            message=f"Run {open_run.info.run_id!r} is open already. End it with end_run() first, or start a run below "
            "it with start_run(nested=True)."
        )
    measured = _measured(log_system_metrics)
    # A nested run goes where its parent is, also if the process has changed its folder meanwhile.
    uri = active_uri() if open_run is not None and not is_tracking_uri_set() else None
    uri = uri or get_tracking_uri()
    given = _described({as_key("tag name", key): as_text(value) for key, value in (tags or {}).items()}, description)
    run_id = run_id or _run_id_of_environment()
    from_step = None if resume_from_step is None else as_integer("resume_from_step", resume_from_step)
    if from_step is not None and run_id is None:
        raise InvalidValue("resume_from_step", from_step, "it belongs to a run that is resumed: give run_id, too.")
    if run_id is not None:
        resumed = push(_resumed(uri, run_id, experiment_id, run_name, given, from_step), uri, shared=shared)
        if measured is not None:
            watch_run(resumed, uri, measured, resumed=True)
        return resumed
    parent = _parent(uri, open_run, parent_run_id)
    if parent is not None:
        given = {MLFLOW_PARENT_RUN_ID: parent, **given}
    resolved = context.resolve_tags(given)
    made = tracking_sink(uri).create_run(
        str(experiment_id) if experiment_id is not None else current_experiment_id(),
        resolved.get(MLFLOW_USER, ""),
        clock.now_ms(),
        [RunTag(key, value) for key, value in resolved.items()],
        run_name,
    )
    started = push(made, uri, shared=shared)
    if measured is not None:
        watch_run(started, uri, measured, resumed=False)
    return started


def current_run() -> ActiveRun:
    """The open run of this thread, started if there is none."""
    return active_run() or start_run()


def get_run(run_id: str) -> Run:
    return tracking_store().get_run(run_id)


def get_parent_run(run_id: str) -> Run | None:
    store = tracking_store()
    parent = store.get_run(run_id).data.tags.get(MLFLOW_PARENT_RUN_ID)
    return None if parent is None else store.get_run(parent)


def delete_run(run_id: str) -> None:
    tracking_store().delete_run(run_id)
    forget_run(run_id)


def restore_run(run_id: str) -> None:
    tracking_store().restore_run(run_id)


@overload
def search_runs(
    experiment_ids: Sequence[str] | None = None,
    filter_string: str = "",
    run_view_type: int = ViewType.ACTIVE_ONLY,
    max_results: int = 100_000,
    order_by: Sequence[str] | None = None,
    *,
    output_format: Literal["list"],
    search_all_experiments: bool = False,
    experiment_names: Sequence[str] | None = None,
) -> list[Run]: ...


@overload
def search_runs(
    experiment_ids: Sequence[str] | None = None,
    filter_string: str = "",
    run_view_type: int = ViewType.ACTIVE_ONLY,
    max_results: int = 100_000,
    order_by: Sequence[str] | None = None,
    output_format: Literal["pandas"] | None = None,
    search_all_experiments: bool = False,
    experiment_names: Sequence[str] | None = None,
) -> "pd.DataFrame": ...  # noqa: UP037 — pandas may be absent


@overload
def search_runs(
    experiment_ids: Sequence[str] | None = None,
    filter_string: str = "",
    run_view_type: int = ViewType.ACTIVE_ONLY,
    max_results: int = 100_000,
    order_by: Sequence[str] | None = None,
    output_format: str | None = None,
    search_all_experiments: bool = False,
    experiment_names: Sequence[str] | None = None,
) -> Any: ...


def search_runs(
    experiment_ids: Sequence[str] | None = None,
    filter_string: str = "",
    run_view_type: int = ViewType.ACTIVE_ONLY,
    max_results: int = 100_000,
    order_by: Sequence[str] | None = None,
    output_format: str | None = None,
    search_all_experiments: bool = False,
    experiment_names: Sequence[str] | None = None,
) -> Any:
    """Runs as a table, newest first unless ordered, at most max_results over as many pages as it takes.

    output_format: "pandas", "polars" or "list" (of Run); None: pandas if it is installed, else polars, else a list.
    """
    frames.check_format(output_format)
    ids = _searched_experiments(experiment_ids, experiment_names, search_all_experiments)
    runs = list(pages(ids, filter_string, run_view_type, max_results, order_by or ()))
    return frames.runs_as(output_format, runs)


def pages(
    experiment_ids: Sequence[str], filter_string: str, view_type: int, max_results: int, order_by: Sequence[str]
) -> Iterator[Run]:
    store, token, left = tracking_store(), None, max_results
    while left > 0 and experiment_ids:
        page = store.search_runs(
            experiment_ids, filter_string or None, ViewType(view_type), min(_PAGE, left), tuple(order_by), token
        )
        yield from page
        left -= len(page)
        token = page.token
        if token is None:
            return


def _searched_experiments(ids: Sequence[str] | None, names: Sequence[str] | None, search_all: bool) -> Sequence[str]:
    if ids and names:
        raise InvalidValue(message="search_runs takes experiment_ids or experiment_names, not both.")
    if ids:
        return [str(one) for one in ([ids] if isinstance(ids, str) else ids)]
    if names:
        found = [get_experiment_by_name(name) for name in ([names] if isinstance(names, str) else names)]
        return [one.experiment_id for one in found if one is not None]
    if search_all:
        return [one.experiment_id for one in all_experiments(ViewType.ACTIVE_ONLY)]
    if ids is not None or names is not None:
        return []
    return [current_experiment_id()]


def _described(tags: dict[str, str], description: str | None) -> dict[str, str]:
    if not description:
        return tags
    if MLFLOW_RUN_NOTE in tags:
        raise InvalidValue("description", description, f"tag {MLFLOW_RUN_NOTE} is given too; keep one of them.")
    return {**tags, MLFLOW_RUN_NOTE: description}


def _measured(wanted: bool | None) -> Plan | None:
    """How the machine is measured while the run is open, if at all."""
    return plan() if (settings.ENABLE_SYSTEM_METRICS_LOGGING.get() if wanted is None else wanted) else None


def _run_id_of_environment() -> str | None:
    """Taken once: the next run of the process is a new one."""
    run_id = settings.RUN_ID.get()
    for name in settings.RUN_ID.names:
        os.environ.pop(name, None)
    return run_id


def _resumed(
    uri: str,
    run_id: str,
    experiment_id: str | None,
    run_name: str | None,
    tags: Mapping[str, str],
    from_step: int | None,
) -> Run:
    sink = tracking_sink(uri)
    info = sink.get_run(run_id).info
    if info.lifecycle_stage != LifecycleStage.ACTIVE:
        raise InvalidState(message=f"Run {run_id!r} is deleted; restore it with restore_run({run_id!r}) to resume it.")
    chosen = str(experiment_id) if experiment_id is not None else chosen_experiment_id()
    if chosen is not None and chosen != info.experiment_id and not is_unmet(info):
        raise InvalidValue(
            "run_id",
            run_id,
            f"the run belongs to experiment {info.experiment_id}, but experiment {chosen} is set; leave that out, or "
            f"call set_experiment(experiment_id={info.experiment_id!r}).",
        )
    joined_ms = sink.moment_after_rewinds(run_id)
    if from_step is not None:
        sink.amend(RunRewound(run_id, from_step, joined_ms, context.user_name()))
    sink.update_run(run_id, RunStatus.RUNNING.name, None, run_name, joined_ms)
    if tags:
        sink.log_batch(run_id, tags=[RunTag(key, value) for key, value in tags.items()])
    return sink.get_run(run_id)


def _parent(uri: str, open_run: ActiveRun | None, parent_run_id: str | None) -> str | None:
    if parent_run_id is None:
        return open_run.info.run_id if open_run is not None else None
    if open_run is not None and open_run.info.run_id != parent_run_id:
        raise InvalidValue(
            "parent_run_id",
            parent_run_id,
            f"run {open_run.info.run_id} is open, and new runs go below it; end it first.",
        )
    parent = tracking_store(uri).get_run(parent_run_id)
    if parent.info.lifecycle_stage != LifecycleStage.ACTIVE:
        raise InvalidState(message=f"Run {parent_run_id!r} is deleted and can't be a parent; restore it first.")
    return parent.info.run_id
