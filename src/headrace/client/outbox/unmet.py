"""What stands for experiments and runs that no server has been told of yet.

An experiment that is only known by name has the id `?NAME`: stores have none such, and its runs name it in their first
record. A run's artifacts lie in the journal's folder until the server is met.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from headrace import clock
from headrace.entities import Experiment, LifecycleStage, Run, RunData, RunInfo, RunTag
from headrace.entities.journal import RunStarted
from headrace.errors import CallerError, Forbidden, HeadraceError, NotSupported, RouteNotFound, Unauthenticated
from headrace.stores import checks

ARTIFACTS = "artifacts"
_MARK = "?"
_NOT_THE_CALLERS = (Unauthenticated, Forbidden, RouteNotFound, NotSupported)


def is_missed(error: HeadraceError) -> bool:
    """Whether a server, or the way to it, is to blame, so that a training job goes on without it."""
    return not isinstance(error, CallerError) or isinstance(error, _NOT_THE_CALLERS)


def experiment_named(name: str) -> Experiment:
    return Experiment(
        experiment_id=f"{_MARK}{checks.experiment_name(name)}",
        name=name,
        artifact_location="",
        lifecycle_stage=LifecycleStage.ACTIVE,
        tags={},
        creation_time=clock.now_ms(),
        last_update_time=clock.now_ms(),
    )


def name_of(experiment_id: str) -> str | None:
    """Of an experiment that is only known by name."""
    return experiment_id[1:] if experiment_id.startswith(_MARK) else None


def is_unmet(info: RunInfo) -> bool:
    """Whether no store has told of the run: its files lie beside a journal."""
    return info.artifact_uri.endswith(f"/{ARTIFACTS}/{info.run_id}")


def start_of(run: Run) -> RunStarted | None:
    """The record that began an unmet run; None for one that began elsewhere, of which only the id is known."""
    info = run.info
    if not info.start_time:
        return None
    return RunStarted(
        run_id=info.run_id,
        experiment_id=None if name_of(info.experiment_id) else info.experiment_id,
        experiment_name=name_of(info.experiment_id),
        user_id=info.user_id,
        start_time=info.start_time,
        run_name=info.run_name,
        tags=dict(run.data.tags),
    )


def started(
    run_id: str, experiment_id: str, user_id: str, start_time: int, tags: Sequence[RunTag], run_name: str | None
) -> RunStarted:
    """The record of a run's start, its name chosen. InvalidValue for what no store would take."""
    name, kept = checks.run_name_and_tags(run_name, tags)
    return RunStarted(
        run_id=run_id,
        experiment_id=None if name_of(experiment_id) else experiment_id,
        experiment_name=name_of(experiment_id),
        user_id=checks.user_id(user_id),
        start_time=checks.milliseconds("start_time", start_time),
        run_name=name,
        tags=kept,
    )


def run_of(record: RunStarted, folder: Path) -> Run:
    """folder: of the journal."""
    return Run(
        info=RunInfo(
            run_id=record.run_id,
            experiment_id=record.experiment_id or f"{_MARK}{record.experiment_name}",
            user_id=record.user_id,
            status="RUNNING",
            start_time=record.start_time,
            end_time=None,
            lifecycle_stage=LifecycleStage.ACTIVE,
            artifact_uri=(folder / ARTIFACTS / record.run_id).as_uri(),
            run_name=record.run_name or "",
        ),
        data=RunData(tags=dict(record.tags)),
    )
